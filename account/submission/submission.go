// Package submission sends mail: SMTP submission (RFC 6409) over implicit TLS
// (RFC 8314) or STARTTLS (RFC 3207). It is not retrieval and shares nothing with it.
package submission

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"time"

	"github.com/emersion/go-smtp"

	"imapop/account"
	"imapop/account/sasl"
)

// The waits. An answer after the final dot may take long: the server may be
// filtering (RFC 5321 section 4.5.3.2.6 allows 10 minutes).
const (
	connectTime = 15 * time.Second
	answerTime  = 30 * time.Second
	acceptTime  = 5 * time.Minute
)

// Options is how to send. The zero value is good for a public server.
type Options struct {
	Roots *x509.CertPool // nil: the account's CAFile, else the system's
	Guard *sasl.Guard    // tokens, and what earlier logins came to; nil: a password, and nothing is remembered
	// Line is given each line of the conversation, from the sending goroutine: dir is
	// 'C' or 'S', text is without CRLF, secrets masked, the message folded to a count.
	// It is raw otherwise and must be cleaned before a terminal sees it.
	Line func(dir byte, text string)
	// BeforeData is called when the recipients were accepted and before DATA: from then
	// on the outcome can become unknown. Its error ends the attempt, with nothing sent.
	BeforeData func() error
	Now        func() time.Time                                                     // nil: time.Now
	Dialer     func(ctx context.Context, network, address string) (net.Conn, error) // nil: net.Dialer
}

// Envelope is what the server is told about a message beside its octets.
type Envelope struct {
	From string   // an address with or without a name; "" is the account's
	To   []string // likewise
	// Partial lets the message go to the recipients that were accepted when others
	// were refused. Without it nothing is sent then.
	Partial bool
	// Notify asks for delivery status notifications (RFC 3461) where the server
	// offers them: "success", "failure", "delay", or "never" alone.
	Notify []string
	ID     string // ENVID of such notifications; "" sends none
}

// Result is what the server said.
type Result struct {
	At         time.Time // when the 250 after the final dot came; zero: it did not
	Text       string    // that answer, cleaned
	Recipients []Recipient
	Offers     []string // of these extensions, what the server offers: SIZE 8BITMIME SMTPUTF8 PIPELINING DSN
	Notified   bool     // the notifications asked for were asked of the server
}

// Recipient is the server's answer to one RCPT.
type Recipient struct {
	Address string
	Code    int    // 250 or 251: accepted; 0: no answer
	Text    string // cleaned; "" when accepted
}

// Accepted reports whether the server took this recipient.
func (r Recipient) Accepted() bool { return r.Code/100 == 2 }

// Accepted and Refused split the recipients by the server's answers.
func (r Result) Accepted() []Recipient { return r.recipients(true) }

// Refused returns those that were answered, and not accepted.
func (r Result) Refused() []Recipient { return r.recipients(false) }

func (r Result) recipients(accepted bool) (out []Recipient) {
	for _, to := range r.Recipients {
		if to.Accepted() == accepted && to.Code != 0 {
			out = append(out, to)
		}
	}
	return out
}

// Send submits one message (RFC 5322, CRLF or LF). When a recipient is refused,
// nothing is sent to anybody unless e.Partial. It blocks until the server has
// answered or ctx ends, which closes the connection. Errors are *Error; one that
// is ErrUnknown may have been delivered, with any other nobody was sent anything.
// A login that failed is an *account.LoginError besides.
func Send(ctx context.Context, a account.Account, pw account.Password, o Options, e Envelope, msg []byte) (Result, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if e.From == "" {
		e.From = a.From
	}
	t := transaction{partial: e.Partial, notify: e.Notify, id: e.ID, msg: msg}
	var err error
	if t.from, t.to, err = envelope(e.From, e.To); err != nil {
		return Result{}, &Error{Step: "addresses", Err: err}
	}
	if err := check(a, pw, o.Guard); err != nil {
		return Result{}, &Error{Step: "account", Err: err}
	}
	c, err := dial(ctx, a, o, pw)
	if err != nil {
		return Result{}, err
	}
	stop := context.AfterFunc(ctx, func() { c.Conn.Close() })
	defer stop()
	defer c.Conn.Close()
	s := &session{ctx: ctx, conn: c, client: smtp.NewClient(c), now: o.Now, beforeData: o.BeforeData}
	s.client.CommandTimeout, s.client.SubmissionTimeout = answerTime, acceptTime
	if err := s.login(a, pw, o.Guard); err != nil {
		return Result{}, err
	}
	return s.submit(t)
}

// check refuses before anything is dialed.
func check(a account.Account, pw account.Password, g *sasl.Guard) error {
	if err := CheckEndpoint(a.Submission); err != nil {
		return err
	}
	if err := account.CheckCredential("the user", a.User); err != nil {
		return err
	}
	if g.OAuth() {
		return nil
	}
	return account.CheckCredential("the password", pw.Reveal())
}

// CheckEndpoint says why nothing can be submitted there; nil when it can be tried.
func CheckEndpoint(ep account.Endpoint) error {
	if ep.Address == "" {
		return fmt.Errorf("submission: %w", account.ErrNoEndpoint)
	}
	if err := ep.Check(); err != nil {
		return err
	}
	if _, port, _ := net.SplitHostPort(ep.Address); port == "25" || port == "smtp" {
		return errors.New("port 25 is where servers hand mail to servers; a person submits on 465 with tls or on 587 with starttls (RFC 6409 section 3.1, RFC 8314 section 3.3)")
	}
	return nil
}

// envelope takes the bare addresses out of what people write.
func envelope(from string, to []string) (sender string, rcpts []string, err error) {
	f, err := mail.ParseAddress(from)
	if err != nil {
		return "", nil, fmt.Errorf("the sender %q is not an address", from)
	}
	if len(to) == 0 {
		return "", nil, errors.New("there is no recipient")
	}
	for _, t := range to {
		r, err := mail.ParseAddress(t)
		if err != nil {
			return "", nil, fmt.Errorf("the recipient %q is not an address", t)
		}
		rcpts = append(rcpts, r.Address)
	}
	return f.Address, rcpts, nil
}

// session is one connection, secured and greeted.
type session struct {
	ctx    context.Context
	conn   *tap
	client *smtp.Client
	now    func() time.Time

	beforeData func() error // nil: nothing
}

func ascii(ss ...string) bool {
	for _, s := range ss {
		for i := range len(s) {
			if s[i] >= 0x80 {
				return false
			}
		}
	}
	return true
}
