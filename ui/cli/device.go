package cli

import (
	"context"
	"sync"

	"imapop/retrieval"

	"imapop/retrieval/live"
	"imapop/ui"
)

// secondDevice opens the account as another device would: a local copy beside
// the first one's, a transcript and two sessions of its own. What the servers make
// of that (one POP3 session at a time, or two) is theirs to say.
type secondDevice struct {
	ctx   context.Context // the program's: the screen's own ends before the sessions are left
	first live.Options
	one   *live.Desk

	mu     sync.Mutex
	desk   *live.Desk // nil: not opened
	closed bool
}

func (s *secondDevice) open(context.Context) (ui.Desk, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, retrieval.ErrClosed
	}
	o := s.first
	o.Wire.Transcript = nil
	o.Account.Maildir += "-2"
	o.OpenCopy = copyOpener(o.Account)
	s.desk = live.Open(s.ctx, o)
	live.Beside(s.one, "device 1", s.desk, "device 2")
	return s.desk, nil
}

func (s *secondDevice) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.desk != nil {
		s.desk.Close()
	}
}
