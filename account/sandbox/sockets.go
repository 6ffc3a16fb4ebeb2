package sandbox

import (
	"net"
	"sync"
)

// sockets knows every listener and connection, so that Close need not ask the
// protocols to be polite: a TLS goodbye to a peer that does not read takes seconds.
type sockets struct {
	mu        sync.Mutex
	closed    bool
	listeners []net.Listener
	conns     map[*tracked]struct{}
}

func newSockets() *sockets { return &sockets{conns: make(map[*tracked]struct{})} }

func (s *sockets) listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners = append(s.listeners, l)
	return &trackedListener{l, s}, nil
}

func (s *sockets) close() {
	s.mu.Lock()
	s.closed = true
	listeners := s.listeners
	conns := s.conns
	s.conns = nil
	s.mu.Unlock()
	for _, l := range listeners {
		l.Close()
	}
	for c := range conns {
		c.Conn.Close()
	}
}

type trackedListener struct {
	net.Listener
	s *sockets
}

func (l *trackedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	t := &tracked{c, l.s}
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	if l.s.closed {
		c.Close()
		return nil, net.ErrClosed
	}
	l.s.conns[t] = struct{}{}
	return t, nil
}

type tracked struct {
	net.Conn
	s *sockets
}

func (t *tracked) Close() error {
	t.s.mu.Lock()
	delete(t.s.conns, t)
	t.s.mu.Unlock()
	return t.Conn.Close()
}
