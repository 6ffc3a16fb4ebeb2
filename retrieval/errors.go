package retrieval

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"imapop/account"
)

// Sentinels, found with errors.Is. They come from response codes and states,
// never from the wording of a server.
var (
	ErrUnsupported = errors.New("the protocol has no such thing")
	ErrAuth        = errors.New("the server refused the credentials")           // [AUTH] (RFC 3206), [AUTHENTICATIONFAILED] (RFC 5530)
	ErrInUse       = errors.New("the mailbox is busy with another session")     // [IN-USE] (RFC 2449 section 8.1.2)
	ErrLoginDelay  = errors.New("the server asks for more time between logins") // [LOGIN-DELAY] (RFC 2449 section 8.1.1)
	ErrSysTemp     = errors.New("the server has a passing fault")               // [SYS/TEMP] (RFC 3206), [UNAVAILABLE]
	ErrSysPerm     = errors.New("the server has a lasting fault")               // [SYS/PERM] (RFC 3206)
	ErrRefused     = errors.New("the server refused")                           // -ERR, NO or BAD without a code that says more
	ErrGone        = errors.New("the message is no longer there")               // expunged by another session
	ErrMarked      = errors.New("the message is marked for deletion")           // DELE, not yet QUIT
	ErrClosed      = errors.New("the session has ended")                        // by us, by the server, or by the network
	ErrProtocol    = errors.New("the server's answer breaks the protocol")      // the connection was closed, nothing more was sent on it
	ErrUnsafe      = account.ErrUnsafe                                          // nothing secret was sent
	ErrTooMuch     = errors.New("the server sent more than the limit")
	ErrUnknown     = errors.New("the outcome is unknown") // a QUIT that was sent and not answered
	ErrStale       = errors.New("this belongs to an earlier session")
)

// OpError is what every operation of a session returns when it fails.
type OpError struct {
	Protocol Protocol
	Op       string // what was tried, in the RFC's words: "login", "select Archive", "retrieve message 3"
	Code     string // response code without brackets: "IN-USE", "AUTHENTICATIONFAILED"; "" when there was none
	Text     string // what the server said, cleaned; "" when it said nothing
	Err      error  // one of the sentinels or a network error; never nil
}

// Error gives one line: "pop3: login: the server refused the credentials [AUTH]: Authentication failed."
func (e *OpError) Error() string {
	s := e.Err.Error()
	if !strings.HasPrefix(s, e.Op+" ") { // "connect to HOST: ..." names it
		s = e.Op + ": " + s
	}
	s = lower(e.Protocol) + ": " + s
	if e.Code != "" {
		s += " [" + e.Code + "]"
	}
	if e.Text != "" {
		s += ": " + e.Text
	}
	return s
}

// Unwrap gives the cause.
func (e *OpError) Unwrap() error { return e.Err }

// UnsupportedError says that a protocol has no such thing, and which RFC says so.
type UnsupportedError struct {
	Protocol Protocol
	What     string // "flags", "folders", "search on the server"
	Source   string // "RFC 1939 section 3"
	Instead  string // what the protocol has in its place, or what the person can do; may be ""
}

// Error gives one line.
func (e *UnsupportedError) Error() string {
	s := fmt.Sprintf("%s has no %s (%s)", e.Protocol, e.What, e.Source)
	if e.Instead != "" {
		s += "; " + e.Instead
	}
	return s
}

// Is makes errors.Is(err, ErrUnsupported) true.
func (e *UnsupportedError) Is(target error) bool { return target == ErrUnsupported }

// StoppedError says that a person stopped an action, and what is whole of it. It
// is context.Canceled.
type StoppedError struct{ What string }

// Error gives one line.
func (e *StoppedError) Error() string { return "stopped: " + e.What }

// Is makes errors.Is(err, context.Canceled) true.
func (e *StoppedError) Is(target error) bool { return target == context.Canceled }

func lower(p Protocol) string {
	switch p {
	case IMAP:
		return "imap"
	case POP3:
		return "pop3"
	case SMTP:
		return "smtp"
	}
	return string(p)
}
