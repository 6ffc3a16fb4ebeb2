package submission

import (
	"context"
	"errors"
	"strings"
	"testing"

	"imapop/account"
	"imapop/account/certificate"
	"imapop/account/sandbox"
	"imapop/account/sasl"
)

// TestMechanisms submits by each mechanism that the demo server has, and is
// refused by each once; no secret is in what is shown.
func TestMechanisms(t *testing.T) {
	srv, err := sandbox.Start(t.Context(), sandbox.Options{Empty: true, Password: "wönderland, and a long one: " + strings.Repeat("x", 400)})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	for _, m := range []account.Mechanism{"", account.ScramSHA256Plus, account.ScramSHA256, account.ScramSHA1, account.OAuthBearer,
		account.XOAuth2, account.CramMD5, account.Plain, account.Login} {
		for _, s := range []account.Security{account.TLS, account.StartTLS} {
			a := srv.Account()
			if a.Submission.Security = s; s == account.StartTLS {
				a.Submission.Address = srv.Info().Submission
			}
			if m != "" {
				a.Submission.Mechanisms = []account.Mechanism{m}
			}
			token := srv.Info().Token
			var shown strings.Builder
			var told *account.LoginError
			send := func(secret string) error {
				g := &sasl.Guard{Failed: func(e *account.LoginError) { told = e }}
				if m.UsesToken() {
					g.Token = func(context.Context, account.Password) (account.Password, error) {
						return account.NewPassword(strings.Replace(secret, srv.Info().Password, token, 1)), nil
					}
				}
				_, err := Send(t.Context(), a, account.NewPassword(secret), Options{Roots: srv.Roots(), Guard: g,
					Line: func(dir byte, text string) { shown.WriteString(string(dir) + " " + text + "\n") }},
					Envelope{To: []string{a.From}}, []byte("Subject: x\r\n\r\nx\r\n"))
				return err
			}
			if err := send(srv.Info().Password); err != nil || told != nil {
				t.Errorf("%s %s: %v", s, m, err)
			}
			err := send("not " + srv.Info().Password)
			var login *account.LoginError
			if !errors.Is(err, ErrAuth) || !errors.As(err, &login) || login != told || !login.Refused || login.Code != "535" || m != "" && login.Mechanism != m {
				t.Errorf("%s %s, wrong: %v, told %+v", s, m, err, told)
			}
			want := m
			if m == "" {
				want = account.ScramSHA256Plus
			}
			if strings.Count(shown.String(), "C AUTH "+string(want)) != 2 || strings.Contains(shown.String(), "xxxx") || strings.Contains(shown.String(), token) {
				t.Errorf("%s %s:\n%s", s, m, shown.String())
			}
		}
	}
}

// A pin stands for the authority, and a refused certificate is explained.
func TestPinnedSubmission(t *testing.T) {
	srv, err := sandbox.Start(t.Context(), sandbox.Options{Empty: true})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	for _, s := range []account.Security{account.TLS, account.StartTLS} {
		a := srv.Account()
		if a.CAFile, a.Submission.Security = "", s; s == account.StartTLS {
			a.Submission.Address = srv.Info().Submission
		}
		send := func(pins ...account.Pin) error {
			a.Submission.Pins = pins
			_, err := Send(t.Context(), a, a.Secret.Literal, Options{}, Envelope{To: []string{a.From}}, []byte("Subject: x\r\n\r\nx\r\n"))
			return err
		}
		err := send()
		var refused *certificate.Error
		if !errors.Is(err, ErrUnsafe) || !errors.As(err, &refused) || refused.Problem != certificate.UnknownAuthority {
			t.Fatalf("%s, nobody's certificate: %v", s, err)
		}
		if err := send(refused.Pin); err != nil {
			t.Errorf("%s, pinned: %v", s, err)
		}
		if err := send(account.Pin{1}); !errors.As(err, &refused) || refused.Problem != certificate.OtherKey {
			t.Errorf("%s, another key: %v", s, err)
		}
	}
}
