package account

import (
	"fmt"
	"slices"
	"strings"
)

// Mechanism is a way to prove who one is: a SASL mechanism by its registered
// name (RFC 4422), APOP, or the protocol's own password command.
type Mechanism string

// The mechanisms, strongest first. What the server learns by each: with SCRAM
// nothing that it could use elsewhere, and it proves itself too; with a token
// only something that expires; with CRAM-MD5 and APOP a digest that a guessed
// password explains; with the rest the password.
const (
	ScramSHA256Plus Mechanism = "SCRAM-SHA-256-PLUS" // RFC 7677, bound to the TLS connection
	ScramSHA1Plus   Mechanism = "SCRAM-SHA-1-PLUS"   // RFC 5802, bound to the TLS connection
	ScramSHA256     Mechanism = "SCRAM-SHA-256"      // RFC 7677
	ScramSHA1       Mechanism = "SCRAM-SHA-1"        // RFC 5802
	OAuthBearer     Mechanism = "OAUTHBEARER"        // RFC 7628; only with OAuth
	XOAuth2         Mechanism = "XOAUTH2"            // Google's forerunner of it; only with OAuth
	CramMD5         Mechanism = "CRAM-MD5"           // RFC 2195; only when asked for
	APOP            Mechanism = "APOP"               // RFC 1939 section 7, POP3; only when asked for
	Plain           Mechanism = "PLAIN"              // RFC 4616
	Login           Mechanism = "LOGIN"              // draft-murchison-sasl-login
	PasswordCommand Mechanism = "PASSWORD"           // IMAP's LOGIN (RFC 9051 section 6.2.3), POP3's USER and PASS (RFC 1939 section 7)
)

// Mechanisms lists all, strongest first.
func Mechanisms() []Mechanism {
	return []Mechanism{ScramSHA256Plus, ScramSHA1Plus, ScramSHA256, ScramSHA1, OAuthBearer, XOAuth2,
		CramMD5, APOP, Plain, Login, PasswordCommand}
}

// ParseMechanism reads a name in any case.
func ParseMechanism(s string) (Mechanism, error) {
	if m := Mechanism(strings.ToUpper(s)); slices.Contains(Mechanisms(), m) {
		return m, nil
	}
	return "", fmt.Errorf("mechanism %q is none of %s", s, listMechanisms(Mechanisms()))
}

func listMechanisms(ms []Mechanism) string {
	names := make([]string, len(ms))
	for i, m := range ms {
		names[i] = strings.ToLower(string(m))
	}
	return strings.Join(names, ", ")
}

// In is the name for people, in a protocol's own words: IMAP's password command
// is LOGIN, POP3's is USER/PASS. protocol is the endpoint's name in the configuration.
func (m Mechanism) In(protocol string) string {
	switch {
	case m == PasswordCommand && protocol == "imap":
		return "LOGIN"
	case m == PasswordCommand && protocol == "pop3":
		return "USER/PASS"
	}
	return string(m)
}

// UsesToken reports whether the mechanism carries an OAuth token, not a password.
func (m Mechanism) UsesToken() bool { return m == OAuthBearer || m == XOAuth2 }

// ShowsPassword reports whether the server, and whoever reads along, gets the
// secret itself: such a mechanism needs TLS.
func (m Mechanism) ShowsPassword() bool {
	return m == Plain || m == Login || m == PasswordCommand || m.UsesToken()
}

// OnlyIfAsked reports whether the mechanism is too weak to be chosen unasked: it
// is built on MD5 and the server must keep the password readable (RFC 6331, RFC 8314 section 5).
func (m Mechanism) OnlyIfAsked() bool { return m == CramMD5 || m == APOP }

// checkMechanisms reports what is wrong with the mechanisms of one endpoint.
// protocol is the endpoint's name in the file.
func checkMechanisms(protocol string, ms []Mechanism, oauth bool) error {
	usable := 0
	for _, m := range ms {
		switch {
		case !slices.Contains(Mechanisms(), m):
			return fmt.Errorf("mechanism %q is none of %s", m, listMechanisms(Mechanisms()))
		case m == APOP && protocol != "pop3", m == PasswordCommand && protocol == "submission":
			// Said for all three protocols at once: this one has no such thing.
		case m.UsesToken() == oauth:
			usable++
		}
	}
	switch {
	case len(ms) == 0 || usable > 0:
		return nil
	case oauth:
		return fmt.Errorf("mechanisms: none of %s carries an OAuth token; use oauthbearer or xoauth2, or leave mechanisms out", listMechanisms(ms))
	}
	return fmt.Errorf("mechanisms: none of %s can log in here with a password; leave mechanisms out to take the strongest that the server offers", listMechanisms(ms))
}
