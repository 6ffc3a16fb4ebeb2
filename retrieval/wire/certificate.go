package wire

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"imapop/account"
	"imapop/retrieval"
)

// CertificateProblem is what is wrong with a certificate.
type CertificateProblem string

// The problems.
const (
	Expired          CertificateProblem = "expired"
	NotYetValid      CertificateProblem = "not yet valid"
	WrongHost        CertificateProblem = "wrong host"
	UnknownAuthority CertificateProblem = "unknown authority"
	Unacceptable     CertificateProblem = "unacceptable" // anything else; Err says what
)

// CertificateError explains why a server's certificate was refused. It is
// retrieval.ErrUnsafe by errors.Is. Names come from the server: clean them
// before a terminal sees them.
type CertificateError struct {
	Problem   CertificateProblem
	Address   string   // host:port that was dialed
	Names     []string // whom the certificate is for: DNS names and IP addresses, else its subject
	Issuer    string
	NotBefore time.Time
	NotAfter  time.Time
	Err       error // crypto/x509's
}

// Error says what is wrong, whom the certificate is for and until when.
func (e *CertificateError) Error() string {
	who := "the certificate of " + e.Address
	facts := fmt.Sprintf("it is for %s, valid from %s to %s, signed by %s",
		strings.Join(e.Names, ", "), e.NotBefore.Format(time.DateOnly), e.NotAfter.Format(time.DateOnly), e.Issuer)
	switch e.Problem {
	case Expired:
		return fmt.Sprintf("%s expired on %s (%s)", who, e.NotAfter.Format(time.DateOnly), facts)
	case NotYetValid:
		return fmt.Sprintf("%s is valid only from %s on (%s)", who, e.NotBefore.Format(time.DateOnly), facts)
	case WrongHost:
		return fmt.Sprintf("%s is for another host (%s)", who, facts)
	case UnknownAuthority:
		return fmt.Sprintf("%s is signed by an unknown authority (%s)", who, facts)
	}
	return fmt.Sprintf("%s is unacceptable: %v (%s)", who, e.Err, facts)
}

// Unwrap gives retrieval.ErrUnsafe and the cause.
func (e *CertificateError) Unwrap() []error { return []error{retrieval.ErrUnsafe, e.Err} }

// ErrHandshake is any failure of a TLS handshake, by errors.Is: the server agreed
// to TLS, or was expected to speak it from the first octet, and it did not come about.
var ErrHandshake = errors.New("no TLS handshake")

// handshakeError is ErrHandshake in the words of its cause.
type handshakeError struct{ error }

func (e handshakeError) Unwrap() error        { return e.error }
func (e handshakeError) Is(target error) bool { return target == ErrHandshake }

// explain turns a failed handshake into an error that says what is missing.
func explain(ep account.Endpoint, err error) error {
	return handshakeError{explained(ep, err)}
}

func explained(ep account.Endpoint, err error) error {
	var verify *tls.CertificateVerificationError
	if errors.As(err, &verify) && len(verify.UnverifiedCertificates) > 0 {
		return explainCertificate(ep.Address, verify.UnverifiedCertificates[0], verify.Err)
	}
	var alert tls.AlertError
	var notTLS tls.RecordHeaderError
	switch {
	case errors.As(err, &notTLS):
		return fmt.Errorf("%w: %s does not answer with TLS: %w", retrieval.ErrUnsafe, ep.Address, err)
	case errors.As(err, &alert), strings.Contains(err.Error(), "tls: "):
		return fmt.Errorf("%w: %s: %w", retrieval.ErrUnsafe, ep.Address, err)
	}
	return fmt.Errorf("TLS with %s: %w", ep.Address, err)
}

func explainCertificate(address string, leaf *x509.Certificate, err error) error {
	e := &CertificateError{
		Problem:   Unacceptable,
		Address:   address,
		Names:     names(leaf),
		Issuer:    name(leaf.Issuer.CommonName, leaf.Issuer.String()),
		NotBefore: leaf.NotBefore,
		NotAfter:  leaf.NotAfter,
		Err:       err,
	}
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	var authority x509.UnknownAuthorityError
	switch {
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
		all = append(all, ip.String())
	}
	if len(all) == 0 {
		return []string{subject(cert)}
	}
	if len(all) > shownNames {
		all = append(all[:shownNames], fmt.Sprintf("%d more", len(all)-shownNames))
	}
	return all
}

func subject(cert *x509.Certificate) string {
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
