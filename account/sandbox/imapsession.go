package sandbox

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-sasl"

	"imapop/account/sandbox/sasld"
)

// imapSession is one IMAP connection's state above the protocol library, which
// calls it from one goroutine, and from a second one while it idles.
type imapSession struct {
	s    *Server
	conn *imapserver.Conn
	in   bool  // logged in
	view *view // nil: nothing is selected; guarded by store.mu
}

var (
	_ imapserver.SessionIMAP4rev2 = (*imapSession)(nil)
	_ imapserver.SessionSASL      = (*imapSession)(nil)
)

var imapCaps = imap.CapSet{
	imap.CapIMAP4rev1: {}, imap.CapIMAP4rev2: {}, imap.CapNamespace: {}, imap.CapUIDPlus: {},
	imap.CapESearch: {}, imap.CapSearchRes: {}, imap.CapListExtended: {}, imap.CapListStatus: {},
	imap.CapMove: {}, imap.CapStatusSize: {}, imap.CapBinary: {}, imap.CapChildren: {},
	imap.CapSpecialUse: {}, imap.CapCreateSpecialUse: {}, imap.CapLiteralPlus: {},
}

func imapNo(code imap.ResponseCode, text string) error {
	return &imap.Error{Type: imap.StatusResponseTypeNo, Code: code, Text: text}
}

// imapError gives a store's error its response code (RFC 5530).
func imapError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errNoMailbox):
		return imapNo(imap.ResponseCodeNonExistent, "No such mailbox")
	case errors.Is(err, errMailboxExists):
		return imapNo(imap.ResponseCodeAlreadyExists, "The mailbox exists already")
	case errors.Is(err, errMailboxName), errors.Is(err, errInbox):
		return imapNo(imap.ResponseCodeCannot, err.Error())
	case errors.Is(err, errBadFlag):
		return &imap.Error{Type: imap.StatusResponseTypeBad, Text: "No such system flag"}
	}
	return err
}

func (c *imapSession) lock() func() {
	c.s.store.mu.Lock()
	return c.s.store.mu.Unlock
}

// Close ends the session; an IDLE that still runs finds no view.
func (c *imapSession) Close() error {
	if c.in {
		c.s.imapLogins.Add(-1)
	}
	return c.Unselect()
}

// Login checks the password of LOGIN.
func (c *imapSession) Login(user, password string) error {
	if c.s.authenticate(user, password) != nil {
		return imapserver.ErrAuthFailed
	}
	c.loggedIn()
	return nil
}

func (c *imapSession) loggedIn() {
	c.in = true
	c.s.imapLogins.Add(1)
	if conn, ok := c.conn.NetConn().(*imapConn); ok {
		conn.login()
	}
}

// AuthenticateMechanisms lists what AUTHENTICATE takes.
func (c *imapSession) AuthenticateMechanisms() []string { return c.door().Names() }

// Authenticate starts one of them.
func (c *imapSession) Authenticate(mech string) (sasl.Server, error) {
	if c.s.faulty(faultOneIMAP) && c.s.imapLogins.Load() >= 1 {
		return nil, imapNo(imap.ResponseCodeLimit, "No more sessions, by a fault of this server")
	}
	var user string
	server, _, ok := c.door().New(mech, &user)
	if !ok {
		return nil, imapNo("", "SASL mechanism not supported")
	}
	return judged{server, imapserver.ErrAuthFailed, c.loggedIn}, nil
}

// handshakeTime bounds a TLS handshake that nobody goes on with.
const handshakeTime = 30 * time.Second

// door is the connection as SASL sees it. The greeting names the mechanisms, so
// the handshake, which would else wait for the greeting, comes first.
func (c *imapSession) door() sasld.Door {
	conn, ok := c.conn.NetConn().(*imapConn)
	if !ok {
		return c.s.door(nil)
	}
	secured, ok := conn.Conn.(*tls.Conn)
	if !ok {
		return c.s.door(nil)
	}
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTime)
	defer cancel()
	_ = secured.HandshakeContext(ctx) // one that fails fails again at the next octet
	state := secured.ConnectionState()
	return c.s.door(&state)
}

// Select opens a mailbox; nothing but its list of messages is copied.
func (c *imapSession) Select(name string, o *imap.SelectOptions) (*imap.SelectData, error) {
	defer c.lock()()
	b, err := c.s.store.box(name)
	if err != nil {
		return nil, imapError(err)
	}
	c.view = openView(b, o.ReadOnly)
	data := &imap.SelectData{
		Flags: b.allFlags(), NumMessages: uint32(len(b.msgs)), UIDNext: b.next, UIDValidity: b.validity,
	}
	if c.conn.EnabledCaps().Has(imap.CapIMAP4rev2) {
		data.List = &imap.ListData{Mailbox: b.name, Delim: delimiter, Attrs: b.use}
	}
	if !o.ReadOnly {
		data.PermanentFlags = append(b.allFlags(), imap.FlagWildcard)
	}
	for i, m := range b.msgs {
		if !m.has(imap.FlagSeen) {
			data.FirstUnseenSeqNum = uint32(i + 1)
			break
		}
	}
	return data, nil
}

// Unselect closes the mailbox without removing anything.
func (c *imapSession) Unselect() error {
	defer c.lock()()
	if c.view != nil {
		c.view.close()
		c.view = nil
	}
	return nil
}

// Poll tells what the others did since the last command.
func (c *imapSession) Poll(w *imapserver.UpdateWriter, expunge bool) error {
	unlock := c.lock()
	var todo []update
	if c.view != nil {
		todo = c.view.changes(expunge, c.s.policies.is(policyExpunges, "up"))
	}
	unlock()
	for _, u := range todo {
		if err := u(w); err != nil {
			return err
		}
	}
	return nil
}

// Idle tells it at once, or after the policy's notify-delay (RFC 2177).
func (c *imapSession) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	unlock := c.lock()
	var wake <-chan struct{}
	if c.view != nil {
		wake = c.view.wake // holds what came before IDLE, too
	}
	unlock()
	delay := func() time.Duration { return c.s.policies.duration(policyNotifyDelay) }
	return idle(wake, stop, delay, func() error { return c.Poll(w, true) })
}

// idle tells after each wake and its delay, until stop. What is not told by
// then is told by the poll that ends the IDLE command.
func idle(wake, stop <-chan struct{}, delay func() time.Duration, tell func() error) error {
	for {
		select {
		case <-stop:
			return nil
		case <-wake:
		}
		if d := delay(); d > 0 {
			timer := time.NewTimer(d)
			select {
			case <-stop:
				timer.Stop()
				return nil
			case <-timer.C:
			}
		}
		if err := tell(); err != nil {
			return err
		}
	}
}

// Append takes a message from the client (RFC 9051 section 6.3.12).
func (c *imapSession) Append(name string, r imap.LiteralReader, o *imap.AppendOptions) (*imap.AppendData, error) {
	var buf bytes.Buffer
	if _, err := io.Copy(&buf, r); err != nil {
		return nil, err
	}
	flags, err := clientFlags(o.Flags)
	switch {
	case err != nil:
		return nil, imapError(err)
	case buf.Len() == 0:
		return nil, imapNo("", "A message has at least one octet")
	case bytes.IndexByte(buf.Bytes(), 0) >= 0:
		return nil, imapNo("", "The message contains NUL, which RFC 5322 forbids")
	}
	date := o.Time
	if date.IsZero() {
		date = c.s.store.now()
	}
	body := newStored(normalize(buf.Bytes()))
	defer c.lock()()
	b, err := c.s.store.box(name)
	if err != nil {
		return nil, imapNo(imap.ResponseCodeTryCreate, "No such mailbox")
	}
	if c.s.faulty(faultAppendLost) {
		return &imap.AppendData{UID: b.next, UIDValidity: b.validity}, nil
	}
	m := c.s.store.add(b, body, flags, date, 0)
	return &imap.AppendData{UID: m.uid, UIDValidity: b.validity}, nil
}

// clientFlags spells flags and sorts them; errBadFlag for one that no client sets.
func clientFlags(flags []imap.Flag) ([]imap.Flag, error) {
	var out []imap.Flag
	for _, f := range flags {
		f, ok := canonicalFlag(f)
		if !ok {
			return nil, errBadFlag
		}
		out = append(out, f)
	}
	return changeFlags(nil, imap.StoreFlagsAdd, out), nil
}
