package live

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/safe"
)

// problem turns an error of a side into what the person is told: what was
// tried, what went wrong, what to do.
func problem(p retrieval.Protocol, ep account.Endpoint, err error, retry time.Time) *retrieval.Problem {
	pr := &retrieval.Problem{What: "open " + string(p) + " on " + ep.Address, Retry: retry, Err: err}
	var op *retrieval.OpError
	if errors.As(err, &op) {
		pr.What = op.Op
	}
	pr.Why, pr.Do = whyAndDo(p, ep, err)
	pr.Why = safe.Line(pr.Why)
	return pr
}

func whyAndDo(p retrieval.Protocol, ep account.Endpoint, err error) (why, do string) {
	var dns *net.DNSError
	switch {
	case errors.Is(err, retrieval.ErrAuth):
		return "the server refused the user name or password" + said(err), "check user and password; then press o to try again"
	case errors.Is(err, retrieval.ErrUnsafe):
		return plain(err), "nothing secret was sent; check the port, the security and ca_file of this account"
	case errors.Is(err, retrieval.ErrInUse):
		return "the mailbox is busy: another session holds it, or there are too many" + said(err), "close the other program, or wait; o tries again"
	case errors.Is(err, retrieval.ErrLoginDelay):
		return "the server wants more time between two logins" + said(err), "wait; o tries again"
	case errors.Is(err, retrieval.ErrSysTemp):
		return "the server has a passing fault" + said(err), "it is tried again by itself"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens on " + ep.Address, "is the server running, is the port right? o tries again"
	case errors.As(err, &dns):
		return "the name " + ep.Host() + " was not found", "check the address in the configuration, and the network"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return "the server did not answer in time", "o tries again; a firewall may be in the way"
	case errors.Is(err, retrieval.ErrProtocol), errors.Is(err, retrieval.ErrTooMuch):
		return plain(err), "the connection was closed and nothing more was sent; w shows what the server said"
	case errors.Is(err, errByUs):
		return plain(err), fmt.Sprintf("o opens a new %s session", p)
	}
	return plain(err), fmt.Sprintf("o opens a new %s session", p)
}

// said gives the server's own words, when there were any.
func said(err error) string {
	var op *retrieval.OpError
	if errors.As(err, &op) && op.Text != "" {
		return " (" + op.Text + ")"
	}
	return ""
}

// plain gives the error without the protocol and step that the Problem names itself.
func plain(err error) string {
	var op *retrieval.OpError
	if errors.As(err, &op) {
		return op.Err.Error() + said(err)
	}
	return err.Error()
}
