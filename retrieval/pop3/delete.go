package pop3

import (
	"context"

	"imapop/retrieval"
)

// Delete marks messages by DELE and calls each, which may be nil, with what came
// of every one, in the order of numbers. A mark is a promise that only Quit keeps
// (RFC 1939 section 6). A message that is marked already gives ErrMarked, one that the
// server refuses to mark ErrRefused or a code's error; the session goes on.
// Every answer to a RETR was read before: Cyrus deletes what was never received.
func (s *Session) Delete(ctx context.Context, numbers []int, each func(number int, err error)) error {
	const op = "delete"
	end, err := s.beginWith(ctx, op, numbers)
	if err != nil || end == nil {
		return err
	}
	defer end()
	var marked []int
	err = s.run(ctx, exchange{op: op, numbers: numbers, command: "DELE", tiny: true,
		answer: func(_ context.Context, n int, r reply) error {
			var no error
			if r.ok {
				s.mark(n)
				marked = append(marked, n)
			} else {
				no = s.notMarked(n, r)
			}
			if each != nil {
				each(n, no)
			}
			return nil
		}})
	if len(marked) > 0 && err == nil {
		s.emit(Event{Kind: retrieval.Marked, Numbers: marked})
	}
	return err
}

func (s *Session) mark(n int) {
	s.mu.Lock()
	s.marked[n] = true
	s.mu.Unlock()
}

// notMarked says what a clean -ERR to DELE means, and tells Events.
func (s *Session) notMarked(n int, r reply) error {
	plain := retrieval.ErrRefused
	if s.isMarked(n) {
		plain = retrieval.ErrMarked
	}
	no := refused(numbered("delete", n), r, plain)
	s.tellRefused(no, n)
	return no
}

// Reset unmarks every message by RSET (RFC 1939 section 5); there is no way to unmark one.
func (s *Session) Reset(ctx context.Context) error {
	end, err := s.begin(ctx, "reset")
	if err != nil {
		return err
	}
	defer end()
	if err := s.simple(ctx, "reset", "RSET"); err != nil {
		return err
	}
	numbers := s.Marked()
	s.mu.Lock()
	clear(s.marked)
	s.mu.Unlock()
	s.emit(Event{Kind: retrieval.Unmarked, Numbers: numbers})
	return nil
}

// Noop sends NOOP, which starts the server's idle clock anew.
func (s *Session) Noop(ctx context.Context) error {
	end, err := s.begin(ctx, "noop")
	if err != nil {
		return err
	}
	defer end()
	return s.simple(ctx, "noop", "NOOP")
}

// simple is a command whose +OK says everything.
func (s *Session) simple(ctx context.Context, op, command string) error {
	r, err := s.ask(ctx, op, command)
	if err != nil {
		return err
	}
	if !r.ok {
		no := refused(op, r, retrieval.ErrRefused)
		s.tellRefused(no)
		return no
	}
	return nil
}
