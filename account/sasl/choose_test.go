package sasl

import (
	"crypto/tls"
	"errors"
	"strings"
	"testing"

	"imapop/account"
)

func TestChoose(t *testing.T) {
	secure := &tls.ConnectionState{} // nothing to bind to: not complete
	tlsEP := account.Endpoint{Address: "h:993", Security: account.TLS}
	plainEP := account.Endpoint{Address: "localhost:143", Security: account.Plaintext}
	only := func(ep account.Endpoint, ms ...account.Mechanism) account.Endpoint { ep.Mechanisms = ms; return ep }
	all := []string{"login", "PLAIN", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "XOAUTH2", "OAUTHBEARER", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"}
	for _, c := range []struct {
		name  string
		offer Offer
		terms Terms
		want  account.Mechanism
		err   error
		says  string
	}{
		{"strongest", Offer{Mechanisms: all, Password: true}, Terms{Endpoint: tlsEP, TLS: secure}, account.ScramSHA256, nil, ""},
		{"SHA-1 before PLAIN", Offer{Mechanisms: []string{"PLAIN", "SCRAM-SHA-1"}}, Terms{Endpoint: tlsEP, TLS: secure}, account.ScramSHA1, nil, ""},
		{"PLAIN before LOGIN", Offer{Mechanisms: []string{"LOGIN", "PLAIN"}, Password: true}, Terms{Endpoint: tlsEP, TLS: secure}, account.Plain, nil, ""},
		{"LOGIN before the command", Offer{Mechanisms: []string{"LOGIN"}, Password: true}, Terms{Endpoint: tlsEP, TLS: secure}, account.Login, nil, ""},
		{"the command", Offer{Mechanisms: []string{"GSSAPI"}, Password: true}, Terms{Endpoint: tlsEP, TLS: secure}, account.PasswordCommand, nil, ""},
		{"no CRAM unasked", Offer{Mechanisms: []string{"CRAM-MD5"}}, Terms{Endpoint: tlsEP, TLS: secure}, "", ErrNoMechanism, `mechanisms = ["cram-md5"]`},
		{"no APOP unasked", Offer{Timestamp: true, Password: true}, Terms{Endpoint: tlsEP, TLS: secure}, account.PasswordCommand, nil, ""},
		{"CRAM asked for", Offer{Mechanisms: all}, Terms{Endpoint: only(tlsEP, account.CramMD5), TLS: secure}, account.CramMD5, nil, ""},
		{"APOP asked for", Offer{Mechanisms: all, Timestamp: true}, Terms{Endpoint: only(tlsEP, account.APOP), TLS: secure}, account.APOP, nil, ""},
		{"APOP asked for, none", Offer{Mechanisms: all}, Terms{Endpoint: only(tlsEP, account.APOP), TLS: secure}, "", ErrNoMechanism, "permits only APOP"},
		{"token", Offer{Mechanisms: all, Password: true}, Terms{Endpoint: tlsEP, TLS: secure, OAuth: true}, account.OAuthBearer, nil, ""},
		{"older token", Offer{Mechanisms: []string{"XOAUTH2", "PLAIN"}}, Terms{Endpoint: tlsEP, TLS: secure, OAuth: true}, account.XOAuth2, nil, ""},
		{"no token mechanism", Offer{Mechanisms: []string{"PLAIN"}, Password: true}, Terms{Endpoint: tlsEP, TLS: secure, OAuth: true}, "", ErrNoMechanism, "leave out oauth"},
		{"nothing", Offer{}, Terms{Endpoint: tlsEP, TLS: secure}, "", ErrNoMechanism, "the server offers none"},
		{"a name that is no SASL", Offer{Mechanisms: []string{"PASSWORD", "APOP"}}, Terms{Endpoint: only(tlsEP, account.APOP, account.PasswordCommand), TLS: secure}, "", ErrNoMechanism, ""},
		{"names that are none", Offer{Mechanisms: []string{"\x1b[2J", "PLAIN\x07", strings.Repeat("A", 21), "SCRAM SHA", ""}}, Terms{Endpoint: tlsEP, TLS: secure}, "", ErrNoMechanism, "the server offers none"},

		{"TLS asked for and not there", Offer{Mechanisms: []string{"PLAIN"}, Password: true}, Terms{Endpoint: tlsEP}, "", account.ErrUnsafe, ""},
		{"plaintext permitted", Offer{Mechanisms: []string{"PLAIN"}}, Terms{Endpoint: plainEP}, account.Plain, nil, ""},
		{"plaintext permitted, the server forbids", Offer{Mechanisms: []string{"PLAIN"}, Password: true, Forbidden: true}, Terms{Endpoint: plainEP}, "", account.ErrUnsafe, ""},
		{"SCRAM shows nothing", Offer{Mechanisms: []string{"SCRAM-SHA-256", "PLAIN"}, Forbidden: true}, Terms{Endpoint: plainEP}, account.ScramSHA256, nil, ""},
		{"no token without TLS", Offer{Mechanisms: []string{"OAUTHBEARER"}}, Terms{Endpoint: tlsEP, OAuth: true}, "", account.ErrUnsafe, ""},
		{"only the command is forbidden", Offer{Mechanisms: []string{"PLAIN"}, Password: true, Forbidden: true}, Terms{Endpoint: tlsEP, TLS: secure}, account.Plain, nil, ""},
		{"the command is forbidden", Offer{Password: true, Forbidden: true}, Terms{Endpoint: tlsEP, TLS: secure}, "", account.ErrUnsafe, ""},

		{"the same again", Offer{Mechanisms: []string{"SCRAM-SHA-256"}}, Terms{Endpoint: tlsEP, TLS: secure, NotBelow: account.ScramSHA256}, account.ScramSHA256, nil, ""},
		{"stronger than before", Offer{Mechanisms: []string{"SCRAM-SHA-256"}}, Terms{Endpoint: tlsEP, TLS: secure, NotBelow: account.Plain}, account.ScramSHA256, nil, ""},
		{"weaker than before", Offer{Mechanisms: []string{"PLAIN"}, Password: true}, Terms{Endpoint: tlsEP, TLS: secure, NotBelow: account.ScramSHA256}, "", ErrNoMechanism, "SCRAM-SHA-256 was refused before"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, _, err := Choose(c.offer, c.terms)
			if m != c.want || !errors.Is(err, c.err) || c.err == nil && err != nil {
				t.Errorf("got %q, %v; want %q, %v", m, err, c.want, c.err)
			}
			if c.says != "" && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%q does not say %q", err, c.says)
			}
		})
	}
}
