// Package pop3d serves POP3 (RFC 1939, with RFC 2449, 2595, 3206, 5034 and 6856)
// over a maildrop that somebody else keeps. All session state (marks, numbers,
// TLS) lives on the session.
package pop3d

import (
	"crypto/tls"
	"errors"
	"net"
	"time"
)

// Errors of a Backend, each with its response code on the wire.
var (
	ErrAuth  = errors.New("wrong user name or password")               // [AUTH]
	ErrInUse = errors.New("the maildrop is locked by another session") // [IN-USE]
	ErrDelay = errors.New("too soon after the last login")             // [LOGIN-DELAY]
	ErrGone  = errors.New("the message was expunged by another session")
)

// Backend keeps maildrops.
type Backend interface {
	// Authenticate checks a password; ErrAuth when it is wrong.
	Authenticate(user, password string) error
	// Secret gives the stored password for challenge mechanisms (APOP, CRAM-MD5).
	Secret(user string) (string, bool)
	// Lock takes the maildrop's lock and freezes its list; ErrInUse, ErrDelay.
	Lock(user string) (Maildrop, error)
}

// Message is one entry of a frozen list.
type Message struct {
	Octets   int64
	UniqueID string // RFC 1939 section 7
}

// Maildrop is one session's locked, frozen view. Index i is message number i+1.
type Maildrop interface {
	Messages() []Message
	// Read gives the message with CRLF line ends, unstuffed; ErrGone when another session expunged it.
	Read(i int) ([]byte, error)
	// Retrieved is told after RETR i was sent whole.
	Retrieved(i int)
	// Update deletes; QUIT is answered after it returns.
	Update(deleted []int) error
	// Unlock frees the lock; nothing is deleted. Called once, always.
	Unlock()
}

// Policy is what a server may decide; read anew for each session (IdleTimeout for each command).
type Policy struct {
	IdleTimeout time.Duration // 0: 10 minutes (RFC 1939 section 3)
	NoUIDL      bool
	APOP        bool
	RefusePlain bool          // no login before TLS
	LoginDelay  time.Duration // announced; the Backend enforces it
	ExpireDays  int           // CAPA EXPIRE n; negative: NEVER
}

// Options make a Server.
type Options struct {
	Backend Backend
	TLS     *tls.Config   // nil: no STLS
	Policy  func() Policy // nil: the zero Policy
	Name    string        // IMPLEMENTATION
}

// Server serves POP3.
type Server struct{ o Options }

// New makes a server.
func New(o Options) *Server { return &Server{o} }

// Serve accepts until Close; implicit says that connections start with TLS.
func (s *Server) Serve(ln net.Listener, implicit bool) error { panic("being written") }

// Close ends every session, deleting nothing, and waits for them.
func (s *Server) Close() error { panic("being written") }
