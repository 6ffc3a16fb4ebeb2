package sandbox

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/mail"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"imapop/account/sandbox/sasld"
)

// Domain is the mail domain of the demo account.
const Domain = "sandbox.example"

const (
	maxMessage    = 50 << 20 // octets, announced as SIZE
	maxRecipients = 100
	maxSMTPLine   = 1 << 20 // octets; mail with longer lines than RFC 5322's 998 exists and must come through
)

// newSubmission serves message submission (RFC 6409) with STARTTLS; over a TLS
// listener it is implicit TLS (RFC 8314).
func newSubmission(s *Server) *smtp.Server {
	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &submission{s: s, conn: c}, nil
	}))
	srv.Domain = "localhost"
	srv.TLSConfig = s.id.tls
	srv.AllowInsecureAuth = true // the policy decides, in AuthMechanisms and Auth
	srv.MaxMessageBytes = maxMessage
	srv.MaxRecipients = maxRecipients
	srv.MaxLineLength = maxSMTPLine
	srv.EnableSMTPUTF8 = true
	srv.ErrorLog = log.New(io.Discard, "", 0)
	return srv
}

// submission is one SMTP session.
type submission struct {
	s    *Server
	conn *smtp.Conn
	user string // empty: not authenticated
	from string
	to   []string
}

func (c *submission) refusesPlaintext() bool {
	_, secure := c.conn.TLSConnectionState()
	return !secure && c.s.policies.is(policyPlaintext, "refuse")
}

func (c *submission) AuthMechanisms() []string {
	if c.refusesPlaintext() {
		return nil
	}
	return c.door().Names()
}

func (c *submission) Auth(mech string) (sasl.Server, error) {
	if c.refusesPlaintext() {
		return nil, &smtp.SMTPError{Code: 538, EnhancedCode: smtp.EnhancedCode{5, 7, 11}, Message: "Encryption required for requested authentication mechanism"}
	}
	var user string
	server, _, ok := c.door().New(mech, &user)
	if !ok {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	return judged{server, smtp.ErrAuthFailed, func() { c.user = user }}, nil
}

func (c *submission) door() sasld.Door {
	if state, secure := c.conn.TLSConnectionState(); secure {
		return c.s.door(&state)
	}
	return c.s.door(nil)
}

func (c *submission) Mail(from string, _ *smtp.MailOptions) error {
	if c.user == "" {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}
	}
	c.from = from
	return nil
}

func (c *submission) Rcpt(to string, _ *smtp.RcptOptions) error {
	if !c.s.isLocal(to) && !c.s.correspondent(to) {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such user here; the demo account knows itself and who wrote to it"}
	}
	c.to = append(c.to, to)
	return nil
}

// isLocal accepts the demo's user at any domain, and anybody at the demo's domain.
func (s *Server) isLocal(addr string) bool {
	at := strings.LastIndexByte(addr, '@')
	if at < 0 {
		return strings.EqualFold(addr, s.user)
	}
	user, _, _ := strings.Cut(s.user, "@")
	return strings.EqualFold(addr[:at], user) || strings.EqualFold(addr, s.user) || strings.EqualFold(addr[at+1:], Domain)
}

// lookedThrough bounds how many messages are searched for a correspondent.
const lookedThrough = 500

// correspondent reports whether somebody wrote to the account from this address.
// Mail for such a person is accepted and goes to their own mailbox, which nobody
// can see from here: so a demo message can be answered.
func (s *Server) correspondent(addr string) bool {
	s.store.mu.Lock()
	var list []*message
	for _, box := range s.store.boxes {
		list = append(list, box.msgs[max(0, len(box.msgs)-lookedThrough):]...)
	}
	s.store.mu.Unlock()
	for _, m := range list {
		if e := m.Envelope(); len(e.From) > 0 && strings.EqualFold(e.From[0].Addr(), addr) {
			return true
		}
	}
	return false
}

func (c *submission) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if bytes.IndexByte(raw, 0) >= 0 {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "The message contains NUL"}
	}
	switch c.s.policies.get(policyFault) {
	case faultMailLost:
		return nil
	case faultMailRefused:
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "Refused by a fault of this server"}
	case faultSubject:
		raw = bytes.Replace(raw, []byte("\r\nSubject: "), []byte("\r\nSubject: [changed] "), 1)
	}
	for _, to := range c.to {
		if c.s.isLocal(to) { // once, however many of the recipients are this one mailbox
			_, err = c.s.deliver(c.from, to, c.conn.Hostname(), raw)
			return err
		}
	}
	return nil
}

func (c *submission) Reset()        { c.from, c.to = "", nil }
func (c *submission) Logout() error { return nil }

// Deliver puts a message into INBOX as submission does, with Return-Path and
// Received before it (RFC 5321 section 4.4), and gives its UID. The sender is
// taken from the message's From field. When it returns the message is there for
// every door; sessions in IDLE are being told, the others hear at their next command.
func (s *Server) Deliver(msg []byte) (uid uint32, err error) {
	if len(msg) == 0 || bytes.IndexByte(msg, 0) >= 0 {
		return 0, fmt.Errorf("sandbox: deliver: a message has at least one octet and no NUL")
	}
	from := ""
	if m, err := mail.ReadMessage(bytes.NewReader(msg)); err == nil {
		if a, err := mail.ParseAddress(m.Header.Get("From")); err == nil {
			from = a.Address
		}
	}
	id, err := s.deliver(from, s.user+"@"+Domain, "localhost", msg)
	return uint32(id), err
}

func (s *Server) deliver(from, to, helo string, raw []byte) (imap.UID, error) {
	now := s.store.now()
	trace := fmt.Sprintf("Return-Path: <%s>\r\nReceived: from %s by localhost (imapop sandbox)\r\n\tfor <%s>; %s\r\n",
		oneLine(from), oneLine(helo), oneLine(to), now.Format("Mon, 2 Jan 2006 15:04:05 -0700"))
	body := newStored(normalize(append([]byte(trace), raw...)))
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	inbox, err := s.store.box("INBOX")
	if err != nil {
		return 0, fmt.Errorf("sandbox: deliver: %w", err)
	}
	return s.store.add(inbox, body, nil, now, 0).uid, nil
}

// oneLine keeps what a client said from adding header lines.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

// serveSubmission serves until the listener is closed.
func (s *Server) serveSubmission(ln net.Listener, implicit bool) {
	if implicit {
		ln = tls.NewListener(ln, s.id.tls)
	}
	s.smtp.Serve(ln)
}
