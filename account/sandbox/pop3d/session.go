package pop3d

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"strings"
	"time"
)

const (
	// defaultIdle is the least that RFC 1939 section 3 allows.
	defaultIdle = 10 * time.Minute
	// maxBad is how many commands in a row may be none; a client that speaks
	// another protocol is then sent away.
	maxBad = 10
	// maxFailed is how many logins one connection may try in vain.
	maxFailed = 5
)

// state is a session state of RFC 1939 section 3. UPDATE has no commands, so
// it is the end of quit and no state here.
type state uint8

const (
	authorization state = 1 << iota
	transaction
)

func (s state) String() string {
	if s == authorization {
		return "AUTHORIZATION"
	}
	return "TRANSACTION"
}

// session is one connection, owned by one goroutine.
type session struct {
	srv    *Server
	policy Policy // as it was when the session began
	raw    net.Conn
	conn   net.Conn // raw, or TLS over it
	r      *bufio.Reader
	w      *bufio.Writer
	secure bool

	deadline  time.Time // of the command that is being read; zero: not set yet
	state     state
	ended     bool
	user      string // of a USER that waits for its PASS
	stamp     string // APOP's, from the greeting; "": no APOP
	bad       int
	failed    int
	drop      Maildrop // nil: no lock is held
	list      list
	retrieved []int // sent into the buffer, not yet flushed
}

func newSession(srv *Server, conn net.Conn) *session {
	s := &session{srv: srv, raw: conn, state: authorization}
	limitUnread(conn)
	s.attach(conn)
	return s
}

// serve is the life of a session. It never panics and frees the lock always.
func (s *session) serve(implicit bool) {
	defer s.linger()
	defer s.release()
	defer s.contain()
	s.policy = s.srv.o.Policy()
	if implicit && s.startTLS() != nil {
		return
	}
	s.greet()
	for !s.ended {
		if err := s.step(); err != nil {
			s.farewell(err)
			return
		}
	}
	s.flush()
}

func (s *session) greet() {
	if s.policy.APOP {
		s.stamp = newStamp()
		s.ok("%s POP3 server ready %s", s.srv.o.Name, s.stamp)
		return
	}
	s.ok("%s POP3 server ready", s.srv.o.Name)
}

// step reads one command and answers it. An error ends the session.
func (s *session) step() error {
	line, err := s.readLine(maxCommand)
	if err == nil {
		err = s.dispatch(line)
	}
	var no *refusal
	if !errors.As(err, &no) {
		if err == nil {
			s.bad = 0
		}
		return err
	}
	if no.bad {
		s.bad++
	}
	if s.bad >= maxBad {
		s.ended = true
		no = &refusal{text: no.text + "; too many bad commands, closing"}
	}
	s.no(no)
	return nil
}

// farewell says the one line that is owed to a client whose session ends
// without its asking.
func (s *session) farewell(err error) {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.no(&refusal{text: "idle for too long, closing; nothing was deleted"})
	case errors.Is(err, errFlood):
		s.no(&refusal{text: "line far too long, closing"})
	default:
		return
	}
	s.flush()
}

// contain keeps a panic inside its session.
func (s *session) contain() {
	v := recover()
	if v == nil {
		return
	}
	s.panicked(v)
	s.retrieved = nil // it may be Retrieved that panics
	s.no(&refusal{code: "SYS/TEMP", text: "internal error, closing"})
	s.flush()
}

func (s *session) panicked(v any) {
	s.srv.o.Report(fmt.Errorf("pop3d: panic in a session: %v\n%s", v, debug.Stack()))
}

// release frees the lock, once. A panic in Unlock does not change what the
// client is told: the messages are deleted or not, all the same.
func (s *session) release() {
	drop := s.drop
	if drop == nil {
		return
	}
	s.drop = nil
	defer func() {
		if v := recover(); v != nil {
			s.panicked(v)
		}
	}()
	drop.Unlock()
}

// fault hides an error of the Backend from the client and tells Report.
func (s *session) fault(text string, err error) error {
	s.srv.o.Report(fmt.Errorf("pop3d: %s: %w", text, err))
	return &refusal{code: "SYS/TEMP", text: text}
}

// refusal is an answer -ERR; the session goes on.
type refusal struct {
	code string // RFC 2449 section 8, RFC 3206; "": none
	text string
	bad  bool // a command that no client in its right mind sends
}

func (r *refusal) Error() string { return r.text }

// bad is the refusal of something that is no command.
func bad(format string, args ...any) error {
	return &refusal{text: fmt.Sprintf(format, args...), bad: true}
}

// refuse is the refusal of a command that was understood.
func refuse(format string, args ...any) error {
	return &refusal{text: fmt.Sprintf(format, args...)}
}

func (s *session) ok(format string, args ...any) {
	s.w.WriteString("+OK ")
	fmt.Fprintf(s.w, format, args...)
	s.w.WriteString("\r\n")
}

func (s *session) no(r *refusal) {
	s.w.WriteString("-ERR ")
	if r.code != "" {
		s.w.WriteString("[" + r.code + "] ")
	}
	s.w.WriteString(strings.TrimSpace(r.text) + "\r\n")
}
