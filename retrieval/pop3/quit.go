package pop3

import (
	"context"
	"fmt"

	"imapop/retrieval"
	"imapop/retrieval/safe"
)

// Quit is what came of QUIT.
type Quit struct {
	Answered bool   // a whole status line came
	OK       bool   // +OK: the UPDATE state deleted what was marked
	Text     string // the answer's text, cleaned
	Marked   []int  // what was marked when QUIT went out
}

// Quit sends QUIT, which enters UPDATE and deletes what is marked (RFC 1939
// section 6), and ends the session whatever comes. Without an answer the error is
// ErrUnknown: the server may have deleted all, some or nothing. -ERR is
// ErrRefused or a code's error: some of it may not have been deleted.
func (s *Session) Quit(ctx context.Context) (Quit, error) {
	const op = "quit"
	end, err := s.begin(ctx, op)
	if err != nil {
		return Quit{}, err
	}
	defer end()
	q := Quit{Marked: s.Marked()}
	s.setState(retrieval.POP3Update)
	err = s.say("QUIT")
	var r reply
	if err == nil {
		r, err = s.next()
	}
	if err != nil {
		e := opError(op, fmt.Errorf("%w: %w", retrieval.ErrUnknown, s.cause(ctx, err)))
		s.finish(e, func() { s.emit(Event{Kind: retrieval.Failed, Numbers: q.Marked, Text: e.Error(), Err: e}) })
		return q, e
	}
	q.Answered, q.OK = true, r.ok
	if !r.ok {
		no := refused(op, r, retrieval.ErrRefused)
		q.Text = no.Text
		s.finish(no, func() { s.tellRefused(no, q.Marked...) })
		return q, no
	}
	q.Text = cut(safe.Line(string(r.text)), 300)
	s.finish(nil, func() { s.emit(Event{Kind: retrieval.Updated, Numbers: q.Marked, Text: q.Text}) })
	return q, nil
}
