// Package certificate says which certificates of a server are good enough, for
// every protocol, and explains the others to the person who has to decide.
// Nobody can wave one through: who trusts a server all the same says so in the
// configuration, by ca_file or by a pin.
package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"imapop/account"
)

// Problem is what is wrong with a certificate.
type Problem string

// The problems.
const (
	Expired          Problem = "expired"
	NotYetValid      Problem = "not yet valid"
	WrongHost        Problem = "wrong host"
	UnknownAuthority Problem = "unknown authority"
	OtherKey         Problem = "another key"  // than the account's pins
	Unacceptable     Problem = "unacceptable" // anything else; Err says what
)

// errPin is the cause of OtherKey.
var errPin = errors.New("the server's key is none that is pinned")

// Config is how TLS with an endpoint begins: at least TLS 1.2, and a certificate
// for its host that is good by the roots (nil: the system's). Where the endpoint
// has pins they decide alone, so that a self-signed certificate can be used, an
// expired one too, and one that any authority signed for an impostor cannot.
func Config(ep account.Endpoint, roots *x509.CertPool) *tls.Config {
	c := &tls.Config{ServerName: ep.Host(), RootCAs: roots, MinVersion: tls.VersionTLS12}
	if len(ep.Pins) == 0 {
		return c
	}
	c.InsecureSkipVerify = true // VerifyConnection, which also sees resumed sessions, takes its place
	c.VerifyConnection = func(st tls.ConnectionState) error {
		if slices.Contains(ep.Pins, Pin(st.PeerCertificates[0])) {
			return nil
		}
		return &tls.CertificateVerificationError{UnverifiedCertificates: st.PeerCertificates, Err: errPin}
	}
	return c
}

// Pin is the pin of a certificate's key.
func Pin(cert *x509.Certificate) account.Pin { return account.PinOf(cert.RawSubjectPublicKeyInfo) }

// Error explains why a server's certificate was refused. It is
// account.ErrUnsafe by errors.Is. Names come from the server: clean them
// before a terminal sees them.
type Error struct {
	Problem   Problem
	Address   string   // host:port that was dialed
	Names     []string // whom the certificate is for: DNS names and IP addresses, else its subject
	Issuer    string
	NotBefore time.Time
	NotAfter  time.Time
	Pin       account.Pin // of its key: what the configuration would have to say to trust it
	Err       error       // crypto/x509's
}

// Error says what is wrong, whom the certificate is for and until when.
func (e *Error) Error() string {
	who := "the certificate of " + e.Address
	facts := fmt.Sprintf("it is for %s, valid from %s to %s, signed by %s, its key is %s",
		strings.Join(e.Names, ", "), e.NotBefore.Format(time.DateOnly), e.NotAfter.Format(time.DateOnly), e.Issuer, e.Pin)
	switch e.Problem {
	case Expired:
		return fmt.Sprintf("%s expired on %s (%s)", who, e.NotAfter.Format(time.DateOnly), facts)
	case NotYetValid:
		return fmt.Sprintf("%s is valid only from %s on (%s)", who, e.NotBefore.Format(time.DateOnly), facts)
	case WrongHost:
		return fmt.Sprintf("%s is for another host (%s)", who, facts)
	case UnknownAuthority:
		return fmt.Sprintf("%s is signed by an unknown authority (%s)", who, facts)
	case OtherKey:
		return fmt.Sprintf("%s has another key than the one that is pinned (%s)", who, facts)
	}
	return fmt.Sprintf("%s is unacceptable: %v (%s)", who, e.Err, facts)
}

// Unwrap gives account.ErrUnsafe and the cause.
func (e *Error) Unwrap() []error { return []error{account.ErrUnsafe, e.Err} }

// Explain turns a failed handshake into an error that says what is missing: an
// *Error where the certificate is why.
func Explain(ep account.Endpoint, err error) error {
	var verify *tls.CertificateVerificationError
	if errors.As(err, &verify) && len(verify.UnverifiedCertificates) > 0 {
		return explainError(ep.Address, verify.UnverifiedCertificates[0], verify.Err)
	}
	var alert tls.AlertError
	var notTLS tls.RecordHeaderError
	switch {
	case errors.As(err, &notTLS):
		return fmt.Errorf("%w: %s does not answer with TLS: %w", account.ErrUnsafe, ep.Address, err)
	case errors.As(err, &alert), strings.Contains(err.Error(), "tls: "):
		return fmt.Errorf("%w: %s: %w", account.ErrUnsafe, ep.Address, err)
	}
	return fmt.Errorf("TLS with %s: %w", ep.Address, err)
}

func explainError(address string, leaf *x509.Certificate, err error) error {
	e := &Error{
		Problem:   Unacceptable,
		Address:   address,
		Names:     names(leaf),
		Issuer:    name(leaf.Issuer.CommonName, leaf.Issuer.String()),
		NotBefore: leaf.NotBefore,
		NotAfter:  leaf.NotAfter,
		Pin:       Pin(leaf),
		Err:       err,
	}
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	var authority x509.UnknownAuthorityError
	switch {
	case errors.Is(err, errPin):
		e.Problem = OtherKey
	case errors.As(err, &host):
		e.Problem = WrongHost
	case errors.As(err, &authority):
		e.Problem = UnknownAuthority
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		e.Problem = Expired
		if time.Now().Before(leaf.NotBefore) {
			e.Problem = NotYetValid
		}
	}
	return e
}

// shownNames bounds how many names of a certificate an error lists.
const shownNames = 5

func names(cert *x509.Certificate) []string {
	all := append([]string(nil), cert.DNSNames...)
	for _, ip := range cert.IPAddresses {
		if s := ip.String(); !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	if len(all) == 0 {
		return []string{Subject(cert)}
	}
	if len(all) > shownNames {
		all = append(all[:shownNames], fmt.Sprintf("%d more", len(all)-shownNames))
	}
	return all
}

// Subject is whom a certificate is for, by one name.
func Subject(cert *x509.Certificate) string {
	if len(cert.DNSNames) > 0 {
		return cert.DNSNames[0]
	}
	return name(cert.Subject.CommonName, cert.Subject.String())
}

func name(common, whole string) string {
	switch {
	case common != "":
		return common
	case whole != "":
		return whole
	}
	return "nobody"
}
