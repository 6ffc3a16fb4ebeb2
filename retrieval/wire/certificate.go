package wire

import (
	"errors"

	"imapop/account"
	"imapop/account/certificate"
)

// CertificateError explains why a server's certificate was refused.
type CertificateError = certificate.Error

// ErrHandshake is any failure of a TLS handshake, by errors.Is: the server agreed
// to TLS, or was expected to speak it from the first octet, and it did not come about.
var ErrHandshake = errors.New("no TLS handshake")

// handshakeError is ErrHandshake in the words of its cause.
type handshakeError struct{ error }

func (e handshakeError) Unwrap() error        { return e.error }
func (e handshakeError) Is(target error) bool { return target == ErrHandshake }

// explain turns a failed handshake into an error that says what is missing.
func explain(ep account.Endpoint, err error) error {
	return handshakeError{certificate.Explain(ep, err)}
}
