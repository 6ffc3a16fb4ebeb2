package pop3d

import (
	"crypto/tls"
	"errors"
	"time"
)

// handshakeTimeout is for a TLS handshake as a whole.
const handshakeTimeout = 30 * time.Second

var errHandshake = errors.New("no TLS came about")

// canSTLS says that STLS would work now, and so whether CAPA names it
// (RFC 2595 section 4).
func (s *session) canSTLS() bool {
	return s.srv.o.TLS != nil && !s.secure && s.state == authorization
}

// stls upgrades the connection. Octets that are here already came over the
// open line, perhaps from somebody in the middle: they are neither run inside
// TLS nor thrown away, the connection ends. Octets that come later break the
// handshake.
func (s *session) stls() error {
	if !s.canSTLS() {
		return refuse("no TLS to start here")
	}
	if s.r.Buffered() > 0 {
		s.ended = true
		return refuse("octets behind STLS, closing")
	}
	s.ok("begin TLS now")
	if err := s.flush(); err != nil {
		return err
	}
	return s.startTLS()
}

// startTLS does the server's side of the handshake. On failure nothing more
// can be said on the connection, so the error never asks for a farewell.
func (s *session) startTLS() error {
	conn := tls.Server(s.raw, s.srv.o.TLS)
	if s.raw.SetDeadline(time.Now().Add(handshakeTimeout)) != nil ||
		conn.Handshake() != nil ||
		s.raw.SetDeadline(time.Time{}) != nil {
		return errHandshake
	}
	s.secure = true
	s.attach(conn)
	return nil
}
