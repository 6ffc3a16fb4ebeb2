// Package imap holds one IMAP session (RFC 9051, RFC 3501) over go-imap. It
// keeps what the library leaves to its caller: order of events, sequence numbers
// against UIDs, limits on what a server may claim, and the proof that what was
// asked for really came. It opens no second connection and never reconnects.
package imap

import (
	"context"
	"crypto/tls"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"imapop/account"
	"imapop/account/sasl"
	"imapop/retrieval"
	"imapop/retrieval/wire"
)

// Config is what a session needs.
type Config struct {
	Account  account.Account
	Password account.Password
	Guard    *sasl.Guard // tokens, and what earlier logins came to; nil: a password, and nothing is remembered
	Wire     wire.Options
	// Events is called in order from one goroutine of the session; it must not block. What came before
	// the answer to a command is told before the command's method returns. nil: nobody listens.
	Events func(Event)
	Poll   time.Duration // between NOOPs where the server has no IDLE; 0: 30 s
}

// Event is something that the session heard or became, in the order in which
// it came over the wire. Neighbours of one kind may be told as one.
type Event struct {
	At    time.Time
	Kind  retrieval.Kind      // Connected, Selected, Exists, Expunged, FlagsChanged, Alert, Closed; "" when only State is new
	UIDs  []uint32            // Expunged, FlagsChanged: the messages whose UIDs are known
	Seqs  []uint32            // the others, by their sequence number at that moment
	Flags map[uint32][]string // FlagsChanged: by UID, sorted
	Count uint32              // Exists: how many messages the mailbox holds now
	State retrieval.IMAPState // the new state; "" when it is the old one
	Text  string              // Alert: what the server said, not cleaned
	Line  uint64              // Seq of the transcript's latest line then; 0: none is kept
	ByUs  bool                // a command of ours that can cause this was running
	Err   error               // Closed: why; nil when we ended the session
}

// conn is what the session needs of *wire.Conn.
type conn interface {
	net.Conn
	Begin(ctx context.Context) (end func())
	Meter() retrieval.Meter
	Security() retrieval.Security
	TLS() (st tls.ConnectionState, ok bool)
	Session() int
	LastLine() uint64
	Err() error
	OnServerText(f func(kind, text string))
	Hide(text string) string
}

// Session is one connection that is logged in. Its methods are safe from any
// goroutine; operations run one after the other. Every operation takes a ctx:
// when it ends before the server has answered, the connection is closed, since
// IMAP has no way to take a command back, and the session has ended.
type Session struct {
	cfg    Config
	conn   conn
	tap    *tap
	client *imapclient.Client
	ops    chan *op
	events *queue
	done   chan struct{}
	news   chan struct{} // signalled when the server told its capabilities
	byUs   atomic.Bool   // Logout or Drop: the end is no failure

	noIdle bool                    // the server refused IDLE; only the owner goroutine
	idle   *imapclient.IdleCommand // running; only the owner goroutine
	hint   map[string]uint32       // what folders held when last counted; only the owner goroutine

	mu        sync.Mutex        // guards all below
	mechanism account.Mechanism // of the login; "" with PREAUTH
	view      view
	sel       selecting
	bye       string          // what the server said in BYE
	gone      []uint32        // UIDs that the running command saw expunged, 0 for those not known
	odd       map[string]bool // folders whose names cannot be sent back
	caps      []string        // as sent
	capsAt    int             // how often the server told its capabilities
	box       retrieval.Mailbox
	state     retrieval.IMAPState
	causes    cause     // what the running command can bring about
	gather    *gathered // of the SORT or THREAD that runs; nil: none does
	fault     error     // of our own finding: why we closed the connection
	err       error
}

// cause is a set of effects that a command of ours can have.
type cause uint8

const (
	causesExists cause = 1 << iota
	causesExpunge
	causesFlags
)

// State is the session's state and whether it idles.
func (s *Session) State() retrieval.IMAPState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// Caps are the capabilities as the server last told them.
func (s *Session) Caps() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.caps)
}

// Revision is the protocol in force: a server that offers both stays with
// IMAP4rev1 until ENABLE (RFC 9051 section 6.3.1), which is never sent.
func (s *Session) Revision() string {
	if s.has(goimap.CapIMAP4rev1) || !s.has(goimap.CapIMAP4rev2) {
		return string(goimap.CapIMAP4rev1)
	}
	return string(goimap.CapIMAP4rev2)
}

// Security says what protects the connection, and how we proved who we are.
func (s *Session) Security() retrieval.Security {
	sec := s.conn.Security()
	s.mu.Lock()
	defer s.mu.Unlock()
	sec.Mechanism = s.mechanism.In("imap")
	return sec
}

// Meter is what the connection cost so far.
func (s *Session) Meter() retrieval.Meter { return s.conn.Meter() }

// Number is the connection's number on its side, 1-based.
func (s *Session) Number() int { return s.conn.Session() }

// LastLine is the Seq of the connection's latest transcript line; 0: none is kept.
func (s *Session) LastLine() uint64 { return s.conn.LastLine() }

// Mailbox is the selected mailbox, its count kept up to date; zero when none is.
func (s *Session) Mailbox() retrieval.Mailbox {
	s.mu.Lock()
	defer s.mu.Unlock()
	box := s.box
	if box.Name != "" {
		box.Messages = s.view.exists
	}
	return box
}

// Done is closed when the session has ended.
func (s *Session) Done() <-chan struct{} { return s.done }

// Err tells why the session ended; nil while it lives, and after Logout and Drop.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Drop closes the socket and says nothing. It does not wait.
func (s *Session) Drop() {
	s.byUs.Store(true)
	s.conn.Close()
}

// has reports whether the server offers a capability, also by being IMAP4rev2.
func (s *Session) has(c goimap.Cap) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	set := make(goimap.CapSet, len(s.caps))
	for _, name := range s.caps {
		set[canonical(name)] = struct{}{}
	}
	if _, both := set[goimap.CapIMAP4rev1]; both {
		_, ok := set[c] // what IMAP4rev2 includes is only promised after ENABLE
		return ok
	}
	return set.Has(c)
}

func (s *Session) setState(kind retrieval.Kind, st retrieval.IMAPState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == st && kind == "" {
		return
	}
	s.state = st
	s.emit(Event{Kind: kind, State: st})
}

// emit completes an event and queues it; s.mu is held.
func (s *Session) emit(e Event) {
	e.At, e.Line = time.Now(), s.conn.LastLine()
	s.events.push(e)
}
