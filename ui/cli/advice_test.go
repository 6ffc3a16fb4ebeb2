package cli

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"

	"imapop/account/certificate"
	"imapop/retrieval"
)

func TestErrorsSayWhatToDo(t *testing.T) {
	login := func(text string) error {
		return &retrieval.OpError{Protocol: retrieval.POP3, Op: "login", Text: text, Err: retrieval.ErrAuth}
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{&retrieval.OpError{Protocol: retrieval.IMAP, Op: "connect", Err: fmt.Errorf("connect to x:993: %w", syscall.ECONNREFUSED)}, "is the port right?"},
		{fmt.Errorf("imap: %w", &net.DNSError{Name: "x"}), "is the address right"},
		{&certificate.Error{Problem: certificate.UnknownAuthority}, "ca_file"},
		{&certificate.Error{Problem: certificate.Expired}, "nothing secret was sent"},
		{login("no"), "check user and password"},
		{login("if user and password are right, ..."), ""},
		{errors.New("other"), ""},
	} {
		if got := whatToDo(c.err); c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}

func TestFlagsSayWhatTheyWant(t *testing.T) {
	for in, want := range map[string]string{
		`invalid argument "x" for "--uid" flag: strconv.ParseUint: parsing "x": invalid syntax`: `invalid argument "x" for "--uid" flag: it wants a whole number`,
		`invalid argument "x" for "--patience" flag: time: invalid duration "x"`:                `invalid argument "x" for "--patience" flag: it wants a duration such as 30s`,
		"unknown flag: --nope": "unknown flag: --nope",
	} {
		if got := wanted(errors.New(in)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
