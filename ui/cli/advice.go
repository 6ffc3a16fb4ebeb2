package cli

import (
	"errors"
	"net"
	"strings"
	"syscall"

	"imapop/account/certificate"
	"imapop/account/submission"
	"imapop/retrieval"
)

// whatToDo is the end of an error's line: what a person can do about it; "" when
// the error says that itself, or nothing is known.
func whatToDo(err error) string {
	var bad *certificate.Error
	var name *net.DNSError
	switch {
	case errors.As(err, &bad) && bad.Problem == certificate.UnknownAuthority:
		return "; nothing secret was sent; ca_file of the account can name the authority, or pin the key, if whoever runs the server confirms it"
	case errors.As(err, &bad):
		return "; nothing secret was sent"
	case errors.As(err, &name):
		return "; is the address right, and is this machine online?"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "; is the server running, is the port right?"
	case (errors.Is(err, retrieval.ErrAuth) || errors.Is(err, submission.ErrAuth)) && !strings.Contains(err.Error(), "password"):
		return "; check user and password"
	}
	return ""
}

// wanted says what a flag wants, where the library says which function of Go
// could not read it.
func wanted(err error) string {
	text := err.Error()
	for at, want := range map[string]string{" flag: strconv.": "it wants a whole number", " flag: time: ": "it wants a duration such as 30s"} {
		if i := strings.Index(text, at); i >= 0 {
			return text[:i] + " flag: " + want
		}
	}
	return text
}
