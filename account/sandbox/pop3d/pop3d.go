// Package pop3d serves POP3 (RFC 1939, with RFC 2449, 2595, 3206 and 5034)
// over a maildrop that somebody else keeps. All session state (marks, numbers,
// TLS) lives on the session.
//
// What CAPA says is what works: a command that CAPA does not name in a state
// is refused in that state. A session that ends in any other way than by QUIT
// (dropped, idle, too many errors, Close) deletes nothing.
//
// UTF8 (RFC 6856) is not offered on purpose: a server that offers it has to
// rewrite or withhold messages with UTF-8 headers for clients that do not ask
// for it, and this one gives every client the octets that IMAP gives.
package pop3d

import (
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"time"

	"imapop/account/sandbox/sasld"
)

// Errors of a Backend, each with its response code on the wire.
var (
	ErrAuth  = sasld.ErrAuth                                           // [AUTH]
	ErrInUse = errors.New("the maildrop is locked by another session") // [IN-USE]
	ErrDelay = errors.New("too soon after the last login")             // [LOGIN-DELAY]
	ErrGone  = errors.New("the message was expunged by another session")
)

// Backend keeps maildrops. Its methods are called from many goroutines, one a
// session. An error that is none of the above is [SYS/TEMP] on the wire; its
// text is not shown to the client.
type Backend interface {
	// Authenticate checks a password; ErrAuth when it is wrong.
	Authenticate(user, password string) error
	// Secret gives the stored password for challenge mechanisms (APOP,
	// CRAM-MD5, SCRAM). A Backend that is sasld.Tokens too takes tokens.
	Secret(user string) (string, bool)
	// Lock takes the maildrop's lock and freezes its list; ErrInUse, ErrDelay,
	// ErrAuth when the user has none.
	Lock(user string) (Maildrop, error)
}

// Message is one entry of a frozen list.
type Message struct {
	Octets   int64
	UniqueID string // RFC 1939 section 7
}

// Maildrop is one session's locked, frozen view. Index i is message number i+1.
// Only its session's goroutine calls it.
type Maildrop interface {
	// Messages is asked once, at login.
	Messages() []Message
	// Read gives the message with CRLF line ends, unstuffed; ErrGone when
	// another session expunged it. The octets are not changed by the server.
	Read(i int) ([]byte, error)
	// Retrieved is told after RETR i was sent whole.
	Retrieved(i int)
	// Update deletes; QUIT is answered after it returns. Called at QUIT, also
	// when nothing is marked. The indexes rise.
	Update(deleted []int) error
	// Unlock frees the lock; nothing is deleted. Called once, always, and
	// after Update; before QUIT is answered, so that the next login gets the lock.
	Unlock()
}

// Resetter is what a Maildrop may be besides. A server that marks what was
// retrieved when the session ends may forget it at RSET (Dovecot does).
type Resetter interface {
	// Reset is told of RSET, after Retrieved of all that went before.
	Reset()
}

// Marker is what a Maildrop may be besides: it is told of each DELE that was answered +OK.
type Marker interface{ Marked(i int) }

// Grower is what a Maildrop may be besides: asked before each LIST, UIDL and STAT,
// it gives what must be appended to the list that RFC 1939 freezes. It is there to
// build servers that break that rule.
type Grower interface{ Grown() []Message }

// Policy is what a server may decide; read anew for each session (IdleTimeout for each command).
type Policy struct {
	IdleTimeout time.Duration // 0: 10 minutes (RFC 1939 section 3)
	NoUIDL      bool
	APOP        bool          // a time stamp in the greeting, and APOP works
	RefusePlain bool          // no login before TLS
	LoginDelay  time.Duration // announced; the Backend enforces it
	ExpireDays  int           // CAPA EXPIRE n; 0 or negative: NEVER
	KeepMarks   bool          // a fault: RSET unmarks nothing
	ServeMarked bool          // a fault: a marked message is given all the same
}

// Options make a Server.
type Options struct {
	Backend Backend
	TLS     *tls.Config   // nil: no STLS
	Policy  func() Policy // nil: the zero Policy; called from many goroutines
	Name    string        // IMPLEMENTATION; "": "imapop"

	// Report is told of a panic in a session, with the stack, and of what
	// the Backend answered with [SYS/TEMP]; called from many goroutines. It
	// may name paths, never passwords. nil: nobody is told.
	Report func(error)
}

// Server serves POP3. Its methods may be called from any goroutine.
type Server struct {
	o Options

	mu        sync.Mutex
	closed    bool
	done      chan struct{} // closed by Close
	listeners map[net.Listener]struct{}
	conns     map[net.Conn]struct{} // raw ones: closing a TLS one may block
	sessions  sync.WaitGroup
}

// New makes a server.
func New(o Options) *Server {
	if o.Policy == nil {
		o.Policy = func() Policy { return Policy{} }
	}
	if o.Name == "" {
		o.Name = "imapop"
	}
	if o.Report == nil {
		o.Report = func(error) {}
	}
	return &Server{
		o:         o,
		done:      make(chan struct{}),
		listeners: make(map[net.Listener]struct{}),
		conns:     make(map[net.Conn]struct{}),
	}
}
