package live

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"imapop/account"
	"imapop/account/certificate"
	"imapop/account/sasl"
	"imapop/retrieval"
	"imapop/retrieval/local"
	"imapop/retrieval/safe"
)

// problem turns an error of a side into what the person is told: what was
// tried and where, what went wrong, what to do.
func problem(p retrieval.Protocol, ep account.Endpoint, err error, retry time.Time) *retrieval.Problem {
	pr := &retrieval.Problem{What: "open " + string(p) + " on " + ep.Address, Retry: retry, Err: err}
	var op *retrieval.OpError
	if errors.As(err, &op) {
		pr.What = op.Op
		if !strings.Contains(op.Op, ep.Address) {
			pr.What += " (" + ep.Address + ")"
		}
	}
	if errors.Is(err, errByUs) {
		pr.What = fmt.Sprintf("the %s session is closed", p)
	}
	pr.Why, pr.Do = whyAndDo(p, ep, err)
	pr.What, pr.Why = safe.Line(pr.What), safe.Line(pr.Why)
	return pr
}

func whyAndDo(p retrieval.Protocol, ep account.Endpoint, err error) (why, do string) {
	again := fmt.Sprintf("o opens a new %s session", p)
	switch {
	case errors.Is(err, errByUs):
		return "you ended it here", again
	case errors.Is(err, errLockedOut):
		return plain(err), "correct user and password, then start imapop anew"
	case errors.Is(err, local.ErrBusy):
		return "the mailbox is busy on this device: " + busyWith(err), "close the other imapop, or wait; o tries again"
	case errors.Is(err, retrieval.ErrAuth):
		return "the server refused the user name or password" + said(err), "check user and password; then press o to try again"
	case errors.Is(err, sasl.ErrNoMechanism):
		return plain(err), "nothing was sent; mechanisms of this account says what may be used; o tries again"
	case errors.Is(err, account.ErrConsent):
		return "the provider of this account wants your consent, anew or for the first time", "quit and start imapop again: it asks for it on the terminal"
	case errors.Is(err, sasl.ErrUnproven):
		return "the server did not prove that it knows the password: it may be an impostor", "the password was not shown to it; tell who runs the server; o tries again"
	case errors.Is(err, retrieval.ErrUnsafe):
		return unsafe(ep, err)
	case errors.Is(err, retrieval.ErrInUse):
		return "the mailbox is busy: another session holds it, or there are too many" + said(err), "close the other program, or wait; o tries again"
	case errors.Is(err, retrieval.ErrLoginDelay):
		return "the server wants more time between two logins" + said(err), "wait; o tries again"
	case errors.Is(err, retrieval.ErrSysTemp):
		return "the server has a passing fault" + said(err), "wait; o tries again"
	case errors.Is(err, retrieval.ErrSysPerm):
		return "the server has a lasting fault" + said(err), "only who runs the server can help; o tries again"
	case errors.Is(err, retrieval.ErrTooMuch):
		return plain(err), "imapop hung up and sent nothing more; w shows what the server said"
	case errors.Is(err, retrieval.ErrProtocol):
		return plain(err), "imapop hung up and sent nothing more; w shows what the server said; o tries again"
	}
	if why, do, ok := unreachable(ep, err); ok {
		return why, do
	}
	return plain(err), again
}

// unsafe explains what is missing before a credential may be sent.
func unsafe(ep account.Endpoint, err error) (why, do string) {
	do = "nothing secret was sent; check port, security and ca_file of this account; o tries again"
	var cert *certificate.Error
	if !errors.As(err, &cert) {
		var op *retrieval.OpError
		if errors.As(err, &op) && op.Text != "" {
			return op.Text, do
		}
		return strings.TrimPrefix(plain(err), retrieval.ErrUnsafe.Error()+": "), do
	}
	switch cert.Problem {
	case certificate.UnknownAuthority:
		do = "nothing secret was sent; ca_file of this account can name the authority, or pin the key, if whoever runs the server confirms it"
	case certificate.OtherKey:
		do = "nothing secret was sent; change pin only if whoever runs the server confirms the new key: else somebody stands between"
	case certificate.WrongHost:
		do = "nothing secret was sent; is " + ep.Host() + " the name that the server goes by?"
	case certificate.Expired, certificate.NotYetValid:
		do = "nothing secret was sent; look at this machine's clock, or tell who runs the server"
	}
	return cert.Error(), do
}

// unreachable explains what the network did.
func unreachable(ep account.Endpoint, err error) (why, do string, ok bool) {
	var dns *net.DNSError
	is := func(targets ...error) bool {
		for _, t := range targets {
			if errors.Is(err, t) {
				return true
			}
		}
		return false
	}
	switch {
	case is(syscall.ECONNREFUSED):
		return "nothing listens on " + ep.Address, "is the server running, is the port right? o tries again", true
	case errors.As(err, &dns):
		return "the name " + ep.Host() + " was not found", "check the address in the configuration, and the network; o tries again", true
	case is(syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.ENETDOWN):
		return "there is no way to " + ep.Host(), "is this machine online? o tries again", true
	case is(os.ErrDeadlineExceeded, context.DeadlineExceeded):
		return "the server did not answer in time", "o tries again; a firewall may be in the way", true
	case is(io.EOF, io.ErrUnexpectedEOF):
		return "the server closed the connection" + said(err), "o tries again; w shows what the server said last", true
	case is(syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED):
		return "the connection was cut" + said(err), "o tries again", true
	}
	return "", "", false
}

// busyWith names who holds this device's lock.
func busyWith(err error) string {
	var busy *local.BusyError
	if errors.As(err, &busy) && busy.Holder != "" {
		return "another imapop has its local copy (" + busy.Holder + "), and one POP3 session at a time is enough"
	}
	return "another imapop has its local copy, and one POP3 session at a time is enough"
}

// said gives the server's own words, when there were any.
func said(err error) string {
	var op *retrieval.OpError
	if errors.As(err, &op) && op.Text != "" {
		return " (" + op.Text + ")"
	}
	return ""
}

// plain gives the error without the protocol and step that the Problem names
// itself, and without the news that the session is over, which the pane shows.
func plain(err error) string {
	text := err.Error()
	var op *retrieval.OpError
	if errors.As(err, &op) {
		text = op.Err.Error() + said(err)
	}
	return strings.TrimPrefix(text, retrieval.ErrClosed.Error()+": ")
}
