package pop3d

import (
	"errors"
	"net"
	"time"
)

// acceptPause is how long Serve waits after an Accept that failed for want of
// file descriptors; sessions end and free some.
const acceptPause = 50 * time.Millisecond

// Serve accepts until Close; implicit says that connections start with TLS
// (RFC 8314 section 3.3). It owns the listener, blocks, and gives nil after
// Close. Several listeners may be served at once.
func (s *Server) Serve(ln net.Listener, implicit bool) error {
	defer ln.Close()
	if implicit && s.o.TLS == nil {
		return errors.New("pop3d: implicit TLS without a TLS configuration")
	}
	if !s.addListener(ln) {
		return errors.New("pop3d: the server is closed")
	}
	defer s.removeListener(ln)
	for {
		conn, err := ln.Accept()
		switch {
		case err == nil:
			s.start(conn, implicit)
		case s.isClosed():
			return nil
		case temporary(err):
			s.pause(acceptPause)
		default:
			return err
		}
	}
}

// Close ends every session, deleting nothing, and waits for them. A deletion
// that QUIT has already begun is finished. Further calls wait too.
func (s *Server) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.done)
	}
	for ln := range s.listeners {
		ln.Close()
	}
	for conn := range s.conns {
		conn.Close()
	}
	s.mu.Unlock()
	s.sessions.Wait()
	return nil
}

// start runs a session on the connection in a goroutine of its own.
func (s *Server) start(conn net.Conn, implicit bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		conn.Close()
		return
	}
	s.conns[conn] = struct{}{}
	s.sessions.Add(1)
	go func() {
		defer s.sessions.Done()
		defer s.forget(conn)
		newSession(s, conn).serve(implicit)
	}()
}

func (s *Server) forget(conn net.Conn) {
	conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, conn)
}

func (s *Server) addListener(ln net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.listeners[ln] = struct{}{}
	}
	return !s.closed
}

func (s *Server) removeListener(ln net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, ln)
}

func (s *Server) isClosed() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// pause waits for d or for Close.
func (s *Server) pause(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.done:
	}
}

// temporary says that Accept may work again by itself. The method is deprecated
// for its vagueness; for Accept it means just the cases that are wanted here.
func temporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}
