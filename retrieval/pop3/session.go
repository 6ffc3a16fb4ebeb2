// Package pop3 is one POP3 session (RFC 1939) over go-pop3: from the greeting to
// QUIT, or to a cable that was pulled. The library sends commands and parses
// status lines; multi-line answers are read by this package, strictly, straight
// from the connection. After anything but a clean answer nothing more is sent,
// QUIT included, so that a session out of step can never delete.
//
// What POP3 does not have (flags, folders, search) is not emulated: see Unsupported.
package pop3

import (
	"context"
	"net"
	"sync"
	"time"

	gopop3 "github.com/knadh/go-pop3"

	"imapop/account"
	"imapop/account/sasl"
	"imapop/retrieval"
	"imapop/retrieval/wire"
)

// rfcIdle is how long a server must let a session be silent at the least (RFC
// 1939 section 3). Courier hangs up after 300 s all the same.
const rfcIdle = 10 * time.Minute

// Config says how to open a session.
type Config struct {
	Account  account.Account
	Password account.Password
	Wire     wire.Options
	Guard    *sasl.Guard // tokens, and what earlier logins came to; nil: a password, and nothing is remembered
	APOP     bool        // log in by APOP (RFC 1939 section 7) and by nothing else; needs a timestamp in the greeting, which is not to be had with STLS
	Events   func(Event) // told what happened, in order; must not block nor call the session's operations; nil: nobody is told
}

// Event is something that happened in a session.
type Event struct {
	At      time.Time
	Kind    retrieval.Kind
	Numbers []int               // message numbers of this session; may be nil
	State   retrieval.POP3State // after the event
	Text    string              // one cleaned line; may be ""
	Code    string              // response code without brackets; "" when there was none
	Octets  int64               // Retrieved: of the message. Listed: of the maildrop
	Line    uint64              // Seq of the transcript's latest line at that moment
	Err     error               // Failed, Refused, Closed: why; nil otherwise
}

// Session is one POP3 session. Its operations may be called from any goroutine:
// they run one after the other. When the context of an operation ends, the
// session ends with it, since POP3 has no way to take a command back. Callbacks
// run on the caller's goroutine and must not call operations; State and its like may be.
type Session struct {
	c     Config
	conn  *wire.Conn
	guard *guard
	lib   *gopop3.Conn

	turn    chan struct{}   // capacity 1: the right to run an operation
	listen  chan struct{}   // capacity 1: the watcher may read
	heard   chan statusRead // capacity 1: what the watcher read
	reading bool            // the operation reads by itself; only the operation's goroutine touches it
	done    chan struct{}

	first   []byte // the greeting, whole
	proving bool   // a SASL challenge may come; only Open touches it

	mu        sync.Mutex // guards what follows
	state     retrieval.POP3State
	mechanism account.Mechanism // of the login
	caps      Capabilities
	sizes     []int64   // octets by LIST, index number-1; nil before a snapshot; never changed, only replaced
	login     time.Time // when the maildrop was frozen
	said      time.Time
	marked    map[int]bool
	busy      bool // an operation runs
	ended     bool
	err       error
	measured  time.Duration // the silence after which the server hung up; 0: it has not

	events sync.Mutex // keeps Events in order
}

// Open dials, waits for the greeting, asks for capabilities, logs in by the
// strongest mechanism that is offered and permitted and asks for capabilities
// again. It blocks. End the session by Quit or Drop. Errors: ErrAuth, ErrInUse, ErrLoginDelay,
// ErrSysTemp, ErrSysPerm, ErrUnsafe, ErrRefused, ErrProtocol, ErrClosed, sasl.ErrNoMechanism, or what dialing
// gave; a login that failed is an *account.LoginError.
func Open(ctx context.Context, c Config) (*Session, error) {
	ep := c.Account.POP3
	if ep.Address == "" {
		return nil, opError("connect", account.ErrNoEndpoint)
	}
	if err := checkBefore(c); err != nil {
		return nil, err
	}
	conn, err := wire.Dial(ctx, retrieval.POP3, ep, c.Wire)
	if err != nil {
		return nil, wrap("connect", err)
	}
	s := newSession(c, conn)
	if err := s.start(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	go s.watch()
	s.emit(Event{Kind: retrieval.Connected, Text: s.Security().WithLogin()})
	return s, nil
}

func newSession(c Config, conn *wire.Conn) *Session {
	return &Session{c: c, conn: conn, guard: &guard{Conn: conn},
		turn: make(chan struct{}, 1), listen: make(chan struct{}, 1), heard: make(chan statusRead, 1),
		done: make(chan struct{}), state: retrieval.POP3Connecting, marked: map[int]bool{}, reading: true}
}

// given hands a connection that is already made to the library.
type given struct{ conn net.Conn }

func (g given) Dial(string, string) (net.Conn, error) { return g.conn, nil }

// start runs everything before TRANSACTION as one operation.
func (s *Session) start(ctx context.Context) error {
	end := s.conn.Begin(ctx)
	defer end()
	s.busy = true
	if err := s.greet(ctx); err != nil {
		return err
	}
	s.setState(retrieval.POP3Authorization)
	if err := s.askCapabilities(ctx); err != nil {
		return err
	}
	if err := s.speakUTF8(ctx); err != nil {
		return err
	}
	if err := s.logIn(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	s.login, s.state = time.Now(), retrieval.POP3Transaction
	s.mu.Unlock()
	if s.caps.Known {
		if err := s.askCapabilities(ctx); err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.busy, s.reading = false, false
	s.mu.Unlock()
	s.listen <- struct{}{}
	return nil
}

// State is the session's state (RFC 1939 section 3).
func (s *Session) State() retrieval.POP3State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

func (s *Session) setState(st retrieval.POP3State) {
	s.mu.Lock()
	s.state = st
	s.mu.Unlock()
}

// Caps is what the server said it can do, as asked last: after the login.
func (s *Session) Caps() Capabilities {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.caps
}

// Security says what protects the connection, and how we proved who we are.
func (s *Session) Security() retrieval.Security {
	sec := s.conn.Security()
	s.mu.Lock()
	defer s.mu.Unlock()
	sec.Mechanism = s.mechanism.In("pop3")
	return sec
}

// Meter says what the connection cost so far.
func (s *Session) Meter() retrieval.Meter { return s.conn.Meter() }

// Number is the session's number on the POP3 side, 1-based.
func (s *Session) Number() int { return s.conn.Session() }

// LastLine is the Seq of the session's latest transcript line; 0 without a transcript.
func (s *Session) LastLine() uint64 { return s.conn.LastLine() }

// LastSaid is when the last command went out: the server's idle clock starts there.
func (s *Session) LastSaid() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said
}

// IdleLimit is how long the server lets the session be silent. known is true
// only after it was seen: the server hung up on this session. Until then d is
// RFC 1939's least, 10 minutes, which not every server keeps.
func (s *Session) IdleLimit() (d time.Duration, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.measured > 0 {
		return s.measured, true
	}
	return rfcIdle, false
}

// Done is closed when the session has ended.
func (s *Session) Done() <-chan struct{} { return s.done }

// Err says why the session ended; nil while it lives, and when we ended it: by Drop, or by a QUIT that was answered +OK.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// emit tells Events; fields that every event has are filled in.
func (s *Session) emit(e Event) {
	if s.c.Events == nil {
		return // callers that would make a slice for it ask first
	}
	s.events.Lock()
	defer s.events.Unlock()
	e.At, e.State, e.Line = time.Now(), s.State(), s.conn.LastLine()
	s.c.Events(e)
}
