package sasl

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"

	"imapop/account"
)

// Offer is what a server lets one log in by, as told under the connection's final
// protection. What it told before TLS is nobody's word.
type Offer struct {
	Mechanisms []string // of SASL, in any case
	Password   bool     // the protocol's own password command may be used
	Timestamp  bool     // the greeting has one: APOP
	// Forbidden says that the server wants no password on this connection
	// (LOGINDISABLED, RFC 9051 section 6.2.3).
	Forbidden bool
}

// Terms are the owner's.
type Terms struct {
	Endpoint account.Endpoint
	OAuth    bool                 // log in by token, and by nothing else
	TLS      *tls.ConnectionState // nil: nothing protects the connection
	// NotBelow is the mechanism of an earlier refusal: nothing weaker is tried
	// later on. "": there was none.
	NotBelow account.Mechanism
}

// ErrNoMechanism is any *NoMechanismError, by errors.Is.
var ErrNoMechanism = errors.New("no way to log in that both sides have")

// NoMechanismError says why nothing could be chosen. Nothing was sent.
type NoMechanismError struct {
	Offered  []string // in upper case; only what has the form of a name
	Why, Try string   // Try may be ""
}

// Error gives one line.
func (e *NoMechanismError) Error() string {
	s := ErrNoMechanism.Error() + ": " + e.Why
	if e.Try != "" {
		s += "; " + e.Try
	}
	return s
}

// Is makes errors.Is(err, ErrNoMechanism) true.
func (e *NoMechanismError) Is(target error) bool { return target == ErrNoMechanism }

// Choose takes the strongest mechanism that is offered, permitted and possible.
// unbound is for Identity. Errors are *NoMechanismError, or account.ErrUnsafe
// where only the missing protection is in the way.
func Choose(o Offer, t Terms) (m account.Mechanism, unbound bool, err error) {
	o.Mechanisms = wellFormed(o.Mechanisms)
	have := map[account.Mechanism]bool{account.PasswordCommand: o.Password && !o.Forbidden, account.APOP: o.Timestamp}
	plus := false
	for _, name := range o.Mechanisms {
		m := account.Mechanism(name)
		have[m] = m != account.PasswordCommand && m != account.APOP
		plus = plus || strings.HasPrefix(string(m), "SCRAM-") && strings.HasSuffix(string(m), "-PLUS")
	}
	unsafe := false
	for _, m := range account.Mechanisms() {
		switch {
		case !have[m] || !t.Endpoint.Allows(m) || m.UsesToken() != t.OAuth:
		case (m == account.ScramSHA256Plus || m == account.ScramSHA1Plus) && !Bindable(t.TLS):
		case m.ShowsPassword() && t.TLS == nil && (t.Endpoint.Security != account.Plaintext || o.Forbidden):
			unsafe = true
		case weaker(m, t.NotBelow):
			return "", false, &NoMechanismError{Offered: o.Mechanisms,
				Why: fmt.Sprintf("%s was refused before, and now the server offers nothing stronger than %s", t.NotBelow, m)}
		default:
			return m, !plus, nil
		}
	}
	if unsafe || o.Forbidden {
		return "", false, fmt.Errorf("%w: the server wants no password on this connection", account.ErrUnsafe)
	}
	return "", false, none(o, t)
}

// maxNames bounds how many mechanisms are looked at; servers have a dozen.
const maxNames = 100

// wellFormed keeps what has the form of a mechanism's name (RFC 4422 section
// 3.1), so that nothing else of a server's gets into an error.
func wellFormed(names []string) []string {
	var out []string
	odd := func(r rune) bool {
		return !(r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
	}
	for _, name := range names {
		name = strings.ToUpper(name)
		if name != "" && len(name) <= 20 && !strings.ContainsFunc(name, odd) && len(out) < maxNames {
			out = append(out, name)
		}
	}
	return out
}

// weaker reports whether m gives more away than an earlier one did.
func weaker(m, earlier account.Mechanism) bool {
	all := account.Mechanisms()
	return earlier != "" && slices.Index(all, m) > slices.Index(all, earlier)
}

// none explains to the owner why nothing fits.
func none(o Offer, t Terms) error {
	e := &NoMechanismError{Offered: o.Mechanisms, Why: "the server offers none"}
	if len(o.Mechanisms) > 0 {
		e.Why = "the server offers " + strings.Join(o.Mechanisms, ", ")
	}
	var weak []string
	for _, name := range o.Mechanisms {
		if m := account.Mechanism(name); m.OnlyIfAsked() {
			weak = append(weak, fmt.Sprintf("%q", strings.ToLower(name)))
		}
	}
	switch {
	case t.OAuth:
		e.Why += ", and the account logs in by OAUTHBEARER or XOAUTH2"
		e.Try = "leave out oauth to log in with a password"
	case len(t.Endpoint.Mechanisms) > 0:
		e.Why += ", and the account permits only " + permitted(t.Endpoint)
		e.Try = "leave out mechanisms to take the strongest that is offered"
	case len(weak) > 0:
		e.Try = "mechanisms = [" + strings.Join(weak, ", ") + "] permits what is weak"
	}
	return e
}

func permitted(ep account.Endpoint) string {
	names := make([]string, len(ep.Mechanisms))
	for i, m := range ep.Mechanisms {
		names[i] = string(m)
	}
	return strings.Join(names, ", ")
}
