package pop3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"imapop/retrieval"
)

// leastIdle is the shortest silence that is taken for the server's idle limit
// when it hangs up; sooner, it had another reason.
const leastIdle = 10 * time.Second

// begin takes the session for one operation. The returned func gives it back.
func (s *Session) begin(ctx context.Context, op string) (end func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, opError(op, err)
	}
	select {
	case <-s.done:
		return nil, s.over(op)
	default:
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, opError(op, ctx.Err())
	case <-s.done:
		return nil, s.over(op)
	}
	s.mu.Lock()
	ended := s.ended
	s.busy = !ended
	s.mu.Unlock()
	if ended {
		<-s.turn
		return nil, s.over(op)
	}
	stop := s.conn.Begin(ctx)
	return func() { stop(); s.yield(); <-s.turn }, nil
}

// yield lets the watcher listen again, if the operation took over from it.
func (s *Session) yield() {
	s.mu.Lock()
	s.busy = false
	s.mu.Unlock()
	if s.reading {
		s.reading = false
		s.listen <- struct{}{}
	}
}

// over is what an operation gets after the session's end.
func (s *Session) over(op string) error {
	if err := s.Err(); err != nil {
		return opError(op, fmt.Errorf("%w: %w", retrieval.ErrClosed, err))
	}
	return opError(op, retrieval.ErrClosed)
}

// say sends commands: lines joined by CRLF, without the last one.
func (s *Session) say(commands string) error {
	s.mu.Lock()
	s.said = time.Now()
	s.mu.Unlock()
	return s.lib.Send(commands)
}

// ask sends one command and reads its status line.
func (s *Session) ask(ctx context.Context, op, command string) (reply, error) {
	if err := s.say(command); err != nil {
		return reply{}, s.broken(ctx, op, err)
	}
	r, err := s.next()
	if err != nil {
		return reply{}, s.broken(ctx, op, err)
	}
	return r, nil
}

// broken ends the session after anything but a clean answer: the socket is
// closed and nothing is said, so nothing that was marked is deleted.
func (s *Session) broken(ctx context.Context, op string, err error) error {
	e := opError(op, s.cause(ctx, err))
	s.finish(e, func() { s.emit(Event{Kind: retrieval.Failed, Text: e.Error(), Err: e}) })
	return e
}

// tellRefused tells Events of a clean -ERR.
func (s *Session) tellRefused(no *retrieval.OpError, numbers ...int) {
	s.emit(Event{Kind: retrieval.Refused, Numbers: numbers, Text: no.Text, Code: no.Code, Err: no})
}

// finish ends the session once; the first reason stays. tell emits what was
// seen, before Closed.
func (s *Session) finish(err error, tell func()) {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return
	}
	s.ended, s.err, s.state = true, err, retrieval.POP3Closed
	s.mu.Unlock()
	s.conn.Close()
	if tell != nil {
		tell()
	}
	s.emit(Event{Kind: retrieval.Closed, Err: err})
	close(s.done)
}

// watch waits for the answer that the next operation will ask for, so that a
// server that hangs up between two operations is heard at once.
func (s *Session) watch() {
	defer func() {
		if p := recover(); p != nil {
			s.finish(opError("wait", fmt.Errorf("%w: panic: %v", retrieval.ErrProtocol, p)), nil)
		}
	}()
	for {
		select {
		case <-s.listen:
		case <-s.done:
			return
		}
		r, err := s.status()
		s.mu.Lock()
		busy := s.busy
		s.mu.Unlock()
		if !busy {
			err = s.unasked(r, err)
		}
		s.heard <- statusRead{r, err}
	}
}

// unasked ends the session when something came that nobody asked for: the end
// of the connection, or a farewell such as Dovecot's -ERR before it. An operation
// that begins at this very moment gets the error, never the stray line.
func (s *Session) unasked(r reply, err error) error {
	var e *retrieval.OpError
	switch {
	case err != nil:
		e = opError("wait", s.cause(context.Background(), err))
	case r.ok:
		e = opError("wait", fmt.Errorf("%w: an answer came that nothing asked for", retrieval.ErrProtocol))
	default:
		e = refused("wait", r, retrieval.ErrClosed)
	}
	s.mu.Lock()
	silence := time.Since(s.said)
	hungUp := err == nil && !r.ok || errors.Is(e, io.EOF) || errors.Is(e, io.ErrUnexpectedEOF) // not the network
	if hungUp && silence >= leastIdle {
		s.measured = silence
	}
	s.mu.Unlock()
	s.finish(e, nil)
	return e
}

// Drop pulls the cable: it closes the socket and says nothing, so what was
// marked stays (RFC 1939 section 6). It does not wait for a running operation,
// which then fails. After the session's end it does nothing.
func (s *Session) Drop() {
	s.finish(nil, func() { s.emit(Event{Kind: retrieval.Dropped, Numbers: s.Marked()}) })
}
