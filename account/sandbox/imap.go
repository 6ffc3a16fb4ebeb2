package sandbox

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"sync"

	"github.com/emersion/go-imap/v2/imapserver"
)

// imapDoor serves IMAP. The library fixes at its start whether a password may
// be sent in the clear, and cannot see TLS below a wrapper; so there are three
// library servers, and each connection goes to the one that fits.
type imapDoor struct {
	s      *Server
	secure *handoff // inside TLS
	open   *handoff // before TLS, passwords allowed
	strict *handoff // before TLS, LOGINDISABLED
	all    []*imapserver.Server
	wg     sync.WaitGroup // the library's Serve
}

func newIMAPDoor(s *Server) *imapDoor {
	d := &imapDoor{s: s}
	d.secure = d.start(nil, true)
	d.open = d.start(s.id.tls, true)
	d.strict = d.start(s.id.tls, false)
	return d
}

func (d *imapDoor) start(startTLS *tls.Config, passwords bool) *handoff {
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(c *imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &imapSession{s: d.s, conn: c}, nil, nil
		},
		Caps: imapCaps, TLSConfig: startTLS, InsecureAuth: passwords,
		Logger: log.New(io.Discard, "", 0), // what goes wrong is on the wire; there is no other reader
	})
	h := newHandoff()
	d.all = append(d.all, srv)
	d.wg.Go(func() { srv.Serve(h) })
	return h
}

// serve accepts until the listener is closed.
func (d *imapDoor) serve(ln net.Listener, implicit bool) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		if implicit {
			d.secure.give(newIMAPConn(tls.Server(c, d.s.id.tls), nil, false))
			continue
		}
		to := d.open
		if d.s.policies.is(policyPlaintext, "refuse") {
			to = d.strict
		}
		to.give(newIMAPConn(c, d.upgrade, false))
	}
}

// upgrade goes on with a socket after STARTTLS, as a new session whose greeting
// is not sent: nothing that was said before TLS has any effect after it.
func (d *imapDoor) upgrade(c net.Conn) {
	d.secure.give(newIMAPConn(tls.Server(c, d.s.id.tls), nil, true))
}

func (d *imapDoor) close() {
	for _, h := range []*handoff{d.secure, d.open, d.strict} {
		h.Close()
	}
	d.wg.Wait() // the library's Close must not meet a Serve that begins
	for _, srv := range d.all {
		srv.Close()
	}
}

// handoff is a listener that is given its connections.
type handoff struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newHandoff() *handoff { return &handoff{conns: make(chan net.Conn), done: make(chan struct{})} }

func (h *handoff) give(c net.Conn) {
	select {
	case h.conns <- c:
	case <-h.done:
		c.Close()
	}
}

func (h *handoff) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.done:
		return nil, net.ErrClosed
	}
}

func (h *handoff) Close() error {
	h.once.Do(func() { close(h.done) })
	return nil
}

func (h *handoff) Addr() net.Addr { return &net.TCPAddr{} }
