package imap

import (
	"context"
	"errors"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"imapop/retrieval"
)

const (
	// idleAfter is how long nothing must be asked before IDLE begins: entering it
	// costs a turnaround, so it must not come between two commands of one task.
	idleAfter = 30 * time.Millisecond
	// idleRestart ends and begins IDLE anew: servers may log out after 30 min
	// (RFC 2177 section 3 says 29; middleboxes are less patient).
	idleRestart = 25 * time.Minute
	// keepAlive is between NOOPs while no mailbox is selected.
	keepAlive = 10 * time.Minute
	// defaultPoll is between NOOPs where there is no IDLE.
	defaultPoll = 30 * time.Second
	// logoutLimit is how long a goodbye may take: quitting never waits for a server.
	logoutLimit = 2 * time.Second
)

// op is one operation on its way to the owner goroutine.
type op struct {
	ctx    context.Context
	causes cause
	run    func(ctx context.Context) error
	done   chan error // buffered
}

// do runs f on the owner goroutine, when its turn comes. Until then ctx can end
// it without harm; afterwards it closes the connection.
func (s *Session) do(ctx context.Context, name string, causes cause, f func(ctx context.Context) error) error {
	o := &op{ctx: ctx, causes: causes, run: f, done: make(chan error, 1)}
	select {
	case s.ops <- o:
	case <-ctx.Done():
		return &retrieval.OpError{Protocol: retrieval.IMAP, Op: name, Err: context.Cause(ctx)}
	case <-s.done:
		return s.ended(name)
	}
	err := <-o.done
	s.events.caughtUp(ctx) // who asks for news and then looks has heard it
	if err != nil {
		return s.fail(ctx, name, err)
	}
	return nil
}

// ended is the error of what is asked of a session that is over.
func (s *Session) ended(name string) error {
	err := s.Err()
	if op := (*retrieval.OpError)(nil); errors.As(err, &op) {
		err = op.Err
	}
	if err == nil {
		err = retrieval.ErrClosed
	}
	return &retrieval.OpError{Protocol: retrieval.IMAP, Op: name, Err: err}
}

// run owns the connection until it ends.
func (s *Session) run() {
	timer := time.NewTimer(s.patience())
	defer timer.Stop()
	for {
		select {
		case o := <-s.ops:
			o.done <- s.perform(o)
		case <-timer.C:
			s.rest()
		case <-s.client.Closed():
			s.finish()
			return
		}
		timer.Reset(s.patience())
	}
}

// patience is how long to wait for an operation before rest is called.
func (s *Session) patience() time.Duration {
	switch st := s.State(); {
	case s.idle != nil:
		return idleRestart
	case st != retrieval.IMAPSelected:
		return keepAlive
	case !s.noIdle && s.has(goimap.CapIdle):
		return idleAfter
	case s.cfg.Poll > 0:
		return s.cfg.Poll
	}
	return defaultPoll
}

// perform runs one operation. IDLE is left by writing DONE and the command
// behind it: waiting for the answer to DONE would cost a turnaround.
func (s *Session) perform(o *op) error {
	if err := o.ctx.Err(); err != nil {
		return &retrieval.OpError{Protocol: retrieval.IMAP, Op: "begin", Err: context.Cause(o.ctx)}
	}
	end := s.conn.Begin(o.ctx)
	defer end()
	idle := s.leaveIdle()
	s.mu.Lock()
	s.causes, s.gone = o.causes, nil
	s.mu.Unlock()
	err := guard(func() error { return o.run(o.ctx) })
	if idle != nil {
		idle.Wait() // how it ended shows in the command behind it
	}
	s.mu.Lock()
	s.causes = 0
	s.mu.Unlock()
	return err
}

// leaveIdle sends DONE without waiting for its answer.
func (s *Session) leaveIdle() *imapclient.IdleCommand {
	idle := s.idle
	if idle == nil {
		return nil
	}
	s.idle = nil
	idle.Close()
	s.setState("", retrieval.IMAPSelected)
	return idle
}

// rest is called when nothing was asked for a while: it begins IDLE, renews it,
// or asks with NOOP.
func (s *Session) rest() {
	ctx := context.Background()
	end := s.conn.Begin(ctx)
	defer end()
	old := s.leaveIdle()
	err := guard(func() error {
		if s.State() != retrieval.IMAPSelected || s.noIdle || !s.has(goimap.CapIdle) {
			return s.client.Noop().Wait()
		}
		idle, err := s.client.Idle()
		if err == nil {
			s.idle = idle
			s.setState("", retrieval.IMAPIdle)
		}
		return err
	})
	if old != nil {
		old.Wait()
	}
	var no *goimap.Error
	if errors.As(err, &no) {
		s.noIdle = true // it offers what it refuses: NOOP does as well
	} else if err != nil {
		s.conn.Close()
	}
}

// finish ends the session: the raw connection goes first, since the library's
// Close waits for a reader that may wait for us.
func (s *Session) finish() {
	s.conn.Close()
	if s.idle != nil {
		s.idle.Close()
		s.idle = nil
	}
	err := s.client.Close()
	if !s.byUs.Load() {
		cause := s.cause(context.Background(), err)
		text := s.lastWords()
		s.mu.Lock()
		s.err = &retrieval.OpError{Protocol: retrieval.IMAP, Op: "stay connected", Text: text, Err: cause}
		s.mu.Unlock()
	}
	s.mu.Lock()
	s.state = retrieval.IMAPClosed
	s.events.last(Event{At: time.Now(), Kind: retrieval.Closed, State: s.state, Err: s.err, Line: s.conn.LastLine()})
	s.mu.Unlock()
	close(s.done)
}

// Noop asks the server for news (RFC 9051 section 6.1.2).
func (s *Session) Noop(ctx context.Context) error {
	return s.do(ctx, "ask for news", 0, func(context.Context) error { return s.client.Noop().Wait() })
}

// Logout says goodbye and closes the connection; both take at most two seconds.
func (s *Session) Logout(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, logoutLimit)
	defer stop()
	s.byUs.Store(true)
	s.setState("", retrieval.IMAPLogout)
	err := s.do(ctx, "logout", 0, func(context.Context) error { return s.client.Logout().Wait() })
	s.conn.Close()
	return err
}
