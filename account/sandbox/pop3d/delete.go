package pop3d

import (
	"errors"
	"strings"
)

var errClosed = errors.New("the server is closed")

func (s *session) dele(arg string) error {
	i, err := s.list.index(strings.TrimRight(arg, " "))
	if err != nil {
		return err
	}
	s.list.mark(i)
	if m, ok := s.drop.(Marker); ok {
		m.Marked(i)
	}
	s.ok("message %d marked, it goes at QUIT", i+1)
	return nil
}

func (s *session) rset() error {
	if r, ok := s.drop.(Resetter); ok {
		if err := s.flush(); err != nil { // and with it Retrieved
			return err
		}
		r.Reset()
	}
	if !s.policy.KeepMarks {
		s.list.unmark()
	}
	s.ok("maildrop has %d messages (%d octets)", s.list.count, s.list.octets)
	return nil
}

func (s *session) noop() error {
	s.ok("nothing done")
	return nil
}

// quit ends the session. In TRANSACTION it is the UPDATE state of RFC 1939
// section 6: delete, free the lock, and only then answer.
func (s *session) quit() error {
	if s.state == authorization {
		s.ended = true
		s.ok("bye")
		return nil
	}
	// A client that is gone, or does not take what it asked for before, has
	// not got the messages whose deletion it asks for.
	if err := s.flush(); err != nil {
		return err
	}
	if s.srv.isClosed() {
		return errClosed
	}
	deleted := s.list.deleted()
	s.ended = true
	err := s.drop.Update(deleted)
	s.release()
	if err != nil {
		return s.fault("not all marked messages were deleted", err)
	}
	s.ok("bye, %d deleted", len(deleted))
	return nil
}
