package submission

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/emersion/go-smtp"

	"imapop/account"
)

// Sentinels, found with errors.Is.
var (
	ErrAuth    = errors.New("the server refused the credentials")                          // 535, 534, 530
	ErrRefused = errors.New("the server refused")                                          // any other 4xx or 5xx
	ErrUnsafe  = account.ErrUnsafe                                                         // nothing secret was sent
	ErrNeeds   = errors.New("the server lacks what this message needs")                    // SIZE, SMTPUTF8, 8BITMIME; nothing was sent
	ErrUnknown = errors.New("the outcome is unknown: the message may have been delivered") // sent whole and not answered
)

var (
	errTooMuch = errors.New("the server sent more than a conversation needs")
	errBehind  = errors.New("the server sent something behind its answer to STARTTLS")
	errNoTLS   = errors.New("the server does not offer STARTTLS, which the account requires")
)

// afterDot is the step at which a lost answer leaves the outcome open.
const afterDot = "end of message"

// Error is what Send returns when it fails.
type Error struct {
	Step string // what was tried: "connect", "STARTTLS", "login", "RCPT TO bob@example.org"
	Code int    // the server's reply code; 0: it gave none
	Text string // what the server said, cleaned, with its enhanced code (RFC 3463)
	Err  error  // a sentinel or a network error; never nil
}

// Error gives one line: "smtp: login: the server refused the credentials (535): 5.7.8 ...".
func (e *Error) Error() string {
	s := fmt.Sprintf("smtp: %s: %v", e.Step, e.Err)
	if e.Code != 0 {
		s += fmt.Sprintf(" (%d)", e.Code)
	}
	if e.Text != "" {
		s += ": " + e.Text
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// fail turns what the library returned into an Error. A context that ended is the
// cause of whatever else went wrong.
func (s *session) fail(step string, err error) *Error {
	e := &Error{Step: step, Err: err}
	var said *smtp.SMTPError
	switch {
	case errors.As(err, &said):
		e.Code, e.Err = said.Code, ErrRefused
		e.Text = s.conn.clean(said.Message)
		if c := said.EnhancedCode; c[0] > 0 {
			e.Text = fmt.Sprintf("%d.%d.%d %s", c[0], c[1], c[2], e.Text)
		}
		if step == "login" && (said.Code == 535 || said.Code == 534 || said.Code == 530) {
			e.Err = ErrAuth
		}
		return e
	case s.ctx.Err() != nil:
		e.Err = s.ctx.Err()
	case s.conn.failed != nil:
		e.Err = s.conn.failed
	}
	if step == afterDot {
		e.Err = fmt.Errorf("%w: %w", ErrUnknown, e.Err)
	}
	return e
}

// clean makes server text fit for one line of any terminal, without our secrets.
func (t *tap) clean(s string) string {
	q := strconv.Quote(t.mask(s))
	q = q[1 : len(q)-1]
	return q[:min(len(q), 500)]
}
