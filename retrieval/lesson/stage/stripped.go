package stage

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/imap"
	"imapop/retrieval/pop3"
)

// middle is somebody between client and server who takes STARTTLS or STLS out of
// what the server offers, and would like to hear a password. It runs on this
// machine's loopback and forwards nothing.
type middle struct {
	l     net.Listener
	side  retrieval.Protocol
	wg    sync.WaitGroup
	mu    sync.Mutex
	heard []string
}

func listen(side retrieval.Protocol) (*middle, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	m := &middle{l: l, side: side}
	m.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			m.serve(c)
		}
	})
	return m, nil
}

func (m *middle) serve(c net.Conn) {
	defer c.Close()
	say := func(format string, args ...any) { fmt.Fprintf(c, format+"\r\n", args...) }
	if m.side == retrieval.IMAP {
		say("* OK ready")
	} else {
		say("+OK ready")
	}
	lines := bufio.NewScanner(c)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 {
			return
		}
		if m.side == retrieval.POP3 {
			words = append([]string{""}, words...)
		}
		if len(words) < 2 {
			return
		}
		tag, command := words[0], strings.ToUpper(words[1])
		m.note(command)
		switch {
		case m.side == retrieval.IMAP && command == "CAPABILITY":
			say("* CAPABILITY IMAP4rev1 AUTH=PLAIN")
			say("%s OK done", tag)
		case m.side == retrieval.IMAP && command == "LOGOUT":
			say("* BYE")
			say("%s OK done", tag)
		case m.side == retrieval.IMAP:
			say("%s NO not here", tag)
		case command == "CAPA":
			say("+OK\r\nUSER\r\nUIDL\r\nTOP\r\n.")
		case command == "QUIT":
			say("+OK")
		default:
			say("-ERR not here")
		}
	}
}

func (m *middle) note(command string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.heard) < 20 {
		m.heard = append(m.heard, command)
	}
}

// close ends it and gives the commands that it heard.
func (m *middle) close() []string {
	_ = m.l.Close()
	m.wg.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.heard
}

// errLeaked says that a login was tried where TLS had been stripped.
var errLeaked = errors.New("a login was tried without TLS")

// stripped tries to log in where STARTTLS was taken away. It must fail with
// retrieval.ErrUnsafe before anything secret is sent.
func (s *Stage) stripped(ctx context.Context, side retrieval.Protocol) error {
	m, err := listen(side)
	if err != nil {
		return err
	}
	ep := account.Endpoint{Address: m.l.Addr().String(), Security: account.StartTLS}
	// The password is none: the stage would not bet the real one on its own code.
	if side == retrieval.IMAP {
		c := s.o.IMAP
		c.Account.IMAP, c.Password, c.Wire.Transcript, c.Events = ep, account.NewPassword("not-the-real-one"), s.tr, nil
		var sess *imap.Session
		if sess, err = imap.Open(ctx, c); err == nil {
			sess.Drop()
		}
	} else {
		c := s.o.POP3
		c.Account.POP3, c.Password, c.Wire.Transcript, c.Events = ep, account.NewPassword("not-the-real-one"), s.tr, nil
		var sess *pop3.Session
		if sess, err = pop3.Open(ctx, c); err == nil {
			sess.Drop()
		}
	}
	for _, command := range m.close() {
		switch command {
		case "LOGIN", "AUTHENTICATE", "USER", "PASS", "AUTH", "APOP":
			return fmt.Errorf("%w: %s", errLeaked, command)
		}
	}
	return err
}
