// Package account says who a person is and where their mail is: the three
// endpoints, the security each asks for, and where the secret comes from. It is
// plain data and rules; it opens no socket, reads no file and asks no clock.
package account

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// Security is the protection an endpoint must have before a credential is sent.
type Security string

// The three kinds of security. There is no default and no fall-back between them.
const (
	TLS       Security = "tls"       // implicit TLS from the first octet (RFC 8314 section 3)
	StartTLS  Security = "starttls"  // STARTTLS (RFC 9051 section 6.2.1) or STLS (RFC 2595 section 4), required
	Plaintext Security = "plaintext" // none; off loopback only with Endpoint.Insecure
)

// Endpoint is one protocol's door: where to connect and what must protect it.
type Endpoint struct {
	Address    string // host:port; empty: the account has no such endpoint
	Security   Security
	Insecure   bool        // permits Plaintext off loopback; the panes then always say so
	Pins       []Pin       // keys of which the server must have one; empty: its certificate is checked against the roots
	Mechanisms []Mechanism // the only ones that may be used; empty: all but those that are OnlyIfAsked
}

// Allows reports whether the owner lets a mechanism be used here.
func (e Endpoint) Allows(m Mechanism) bool {
	if len(e.Mechanisms) == 0 {
		return !m.OnlyIfAsked()
	}
	return slices.Contains(e.Mechanisms, m)
}

// Host returns the host part of the address, without brackets; "" when the
// address has no port.
func (e Endpoint) Host() string {
	host, _, err := net.SplitHostPort(e.Address)
	if err != nil {
		return ""
	}
	return host
}

// Loopback reports whether the endpoint is on this machine: a loopback IP
// address or the name localhost. Other names are not looked up.
func (e Endpoint) Loopback() bool {
	host := e.Host()
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// Check reports what is wrong with the endpoint, in words for its owner; nil
// when it can be used.
func (e Endpoint) Check() error {
	_, port, err := net.SplitHostPort(e.Address)
	if err != nil || port == "" || e.Host() == "" {
		return fmt.Errorf("address %q is not host:port", e.Address)
	}
	switch e.Security {
	case TLS, StartTLS:
		return nil
	case Plaintext:
		if len(e.Pins) > 0 {
			return errors.New("pin: with plaintext no key is ever shown; use security = \"tls\" or \"starttls\"")
		}
		if !e.Insecure && !e.Loopback() {
			return fmt.Errorf("plaintext to %s would send the password for all to read; use security = \"tls\" or \"starttls\", or say insecure = true", e.Host())
		}
		return nil
	}
	return fmt.Errorf("security %q is none of tls, starttls, plaintext", e.Security)
}

// SecretSource says where the password comes from; at most one of Command, Env,
// Keyring and Literal is set. The zero value asks the person.
type SecretSource struct {
	Command string   // run by the shell; its first line of output is the password
	Env     string   // name of an environment variable
	Keyring string   // the item's name in the system's keyring: KeyringItem
	Literal Password // the demo account's, or one that stands in the file
	InFile  bool     // Literal stands in the file, because its owner insisted
}

// KeyringItem names what belongs to an account in the system's keyring.
func KeyringItem(name, user string) string { return name + "/" + user }

// Account is one person's mail.
type Account struct {
	Name          string // the key in the configuration, "demo" for the sandbox
	User          string // what the server calls the person
	From          string // RFC 5322 address for mail that is sent; may be empty
	Secret        SecretSource
	OAuth         OAuth  // logs in by tokens instead of the Secret; zero: by the Secret
	CAFile        string // PEM; empty: the system's roots
	LeaveOnServer LeaveOnServer
	MaxOctets     int64  // POP3 downloads nothing larger unless it is asked for by name; 0: no limit
	HeadersOnly   bool   // POP3 downloads nothing unless it is asked for by name, and looks at headers (TOP)
	Maildir       string // absolute; where POP3 downloads go
	Reading       Reading
	AuthservID    string // name in whose Authentication-Results fields this account's server speaks (RFC 8601 section 2.2); "": derived
	IMAP          Endpoint
	POP3          Endpoint
	Submission    Endpoint
	Demo          bool // the in-process sandbox: nothing on it can be lost, so nothing is asked
}

// ErrUnsafe says that the security that the account asks for cannot be had. No
// credential was sent.
var ErrUnsafe = errors.New("the security that the account asks for is missing")

// ErrNoEndpoint says that an account has no endpoint for the wanted protocol.
var ErrNoEndpoint = errors.New("the account has no such endpoint")

// Check reports everything that is wrong with the account, joined; nil when it
// can be opened. IMAP and POP3 are both needed: showing the two is the product.
func (a Account) Check() error {
	var errs []error
	if err := CheckCredential("user", a.User); err != nil {
		errs = append(errs, err)
	}
	for _, e := range []struct {
		name string
		ep   Endpoint
		must bool
	}{{"imap", a.IMAP, true}, {"pop3", a.POP3, true}, {"submission", a.Submission, false}} {
		if e.ep.Address == "" && !e.must {
			continue
		}
		if err := e.ep.Check(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", e.name, err))
		} else if err := checkMechanisms(e.name, e.ep.Mechanisms, a.OAuth.Used()); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", e.name, err))
		}
	}
	if a.OAuth.Used() {
		if err := a.OAuth.Check(); err != nil {
			errs = append(errs, fmt.Errorf("oauth: %w", err))
		}
	}
	return errors.Join(errs...)
}

// Warnings are what its owner has permitted and should be reminded of at each
// start, one line each; none for the demo account.
func (a Account) Warnings() []string {
	var out []string
	if a.Demo {
		return nil
	}
	if a.Secret.InFile {
		out = append(out, "the password stands in the configuration file: whoever reads the file has the mail; keyring = true or password_command keeps it out")
	}
	for _, e := range []struct {
		name string
		ep   Endpoint
	}{{"imap", a.IMAP}, {"pop3", a.POP3}, {"submission", a.Submission}} {
		if e.ep.Security == Plaintext && e.ep.Insecure && !e.ep.Loopback() {
			out = append(out, fmt.Sprintf("%s: nothing protects the connection to %s: everyone on the way reads the password and the mail", e.name, e.ep.Host()))
		}
	}
	return out
}

// CheckCredential refuses what could leave its line on the wire: CR, LF and NUL
// (RFC 1939 section 3 and RFC 9051 section 9 end commands with CRLF), and nothing at all.
func CheckCredential(what, s string) error {
	if s == "" {
		return fmt.Errorf("%s is empty", what)
	}
	if strings.ContainsAny(s, "\r\n\x00") {
		return fmt.Errorf("%s contains a line break or NUL, which no mail protocol can carry", what)
	}
	return nil
}
