package imap

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"strings"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-message/charset"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/wire"
)

// Open connects, logs in by the strongest mechanism that is offered and permitted,
// and returns the session in the authenticated state. It never sends a password
// under LOGINDISABLED (RFC 9051 section 6.2.3) or without the security that the
// account asks for, and tries no second mechanism after a refusal. Errors: ErrAuth, ErrInUse,
// ErrSysTemp, ErrUnsafe, ErrProtocol, sasl.ErrNoMechanism, or the network's; a login that failed is
// an *account.LoginError.
func Open(ctx context.Context, c Config) (*Session, error) {
	return open(ctx, c, func(ctx context.Context) (conn, error) {
		return wire.Dial(ctx, retrieval.IMAP, c.Account.IMAP, c.Wire)
	})
}

func open(ctx context.Context, c Config, dial func(context.Context) (conn, error)) (*Session, error) {
	if err := credentials(c); err != nil {
		return nil, err
	}
	s := &Session{cfg: c, state: retrieval.IMAPConnecting, ops: make(chan *op), done: make(chan struct{}),
		news: make(chan struct{}, 1), hint: map[string]uint32{}}
	w, err := dial(ctx)
	if err != nil {
		return nil, dialError(err)
	}
	s.conn = w
	s.events = newQueue(c.Events, s.flooded)
	w.OnServerText(s.serverText)
	s.tap = &tap{conn: w, see: s.see, said: s.said}
	s.client = imapclient.New(s.tap, &imapclient.Options{WordDecoder: &mime.WordDecoder{CharsetReader: charset.Reader}})
	if err := s.enter(ctx); err != nil {
		s.byUs.Store(true)
		s.finish()
		return nil, err
	}
	go s.run()
	return s, nil
}

func credentials(c Config) error {
	for _, x := range []struct{ what, s string }{{"user", c.Account.User}, {"password", c.Password.Reveal()}} {
		if x.what == "password" && c.Guard.OAuth() {
			continue
		}
		if err := account.CheckCredential(x.what, x.s); err != nil {
			return &retrieval.OpError{Protocol: retrieval.IMAP, Op: "login", Err: fmt.Errorf("%w: %w", retrieval.ErrAuth, err)}
		}
	}
	return nil
}

func dialError(err error) error {
	var op *retrieval.OpError
	if errors.As(err, &op) {
		return err
	}
	return &retrieval.OpError{Protocol: retrieval.IMAP, Op: "connect", Err: err} // wire says where to
}

// enter goes from the greeting to the authenticated state.
func (s *Session) enter(ctx context.Context) (err error) {
	end := s.conn.Begin(ctx)
	defer end()
	if err := s.client.WaitGreeting(); err != nil {
		return s.fail(ctx, "read the greeting", err)
	}
	if s.client.Caps() == nil {
		return s.fail(ctx, "ask for the capabilities", errors.New("the server did not tell its capabilities"))
	}
	if err := s.secure(); err != nil {
		return err
	}
	if s.client.State() == goimap.ConnStateAuthenticated { // PREAUTH; the wire refuses it before an upgrade
		s.setState(retrieval.Connected, retrieval.IMAPAuthenticated)
		return nil
	}
	s.setState("", retrieval.IMAPNotAuthenticated)
	told := s.told()
	if err := s.logIn(ctx); err != nil {
		return err
	}
	for s.told() == told { // RFC 9051 section 6.2: they change; the library has asked, but shows the old ones for a moment
		select {
		case <-s.news:
		case <-s.client.Closed():
			return s.fail(ctx, "ask for the capabilities", errors.New("the server did not tell its capabilities"))
		}
	}
	s.setState(retrieval.Connected, retrieval.IMAPAuthenticated)
	return nil
}

// told counts how often the server told its capabilities.
func (s *Session) told() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.capsAt
}

// secure checks that the connection is what the account asks for. The wire has
// done so already; nothing secret goes out on one check alone.
func (s *Session) secure() error {
	ep := s.cfg.Account.IMAP
	if err := ep.Check(); err != nil {
		return unsafe(err.Error())
	}
	if ep.Security != account.Plaintext && s.conn.Security().Protocol == "" {
		return unsafe("the connection is not protected by TLS")
	}
	return nil
}

// serverText is called for BYE and ALERT texts while the connection is read.
func (s *Session) serverText(kind, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if strings.EqualFold(kind, "BYE") {
		s.bye = text
		if s.byUs.Load() {
			return // the answer to LOGOUT
		}
	}
	s.emit(Event{Kind: retrieval.Alert, Text: text})
}

// flooded is called when events come faster than they can be told.
func (s *Session) flooded() {
	s.mu.Lock()
	s.fault = fmt.Errorf("%w: %d events wait to be told", retrieval.ErrTooMuch, maxQueued)
	s.mu.Unlock()
	s.conn.Close()
}
