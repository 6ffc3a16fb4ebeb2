package live

import (
	"context"
	"fmt"
	"runtime"
	"strings"

	"imapop/retrieval"
)

// job is one thing to do on a side's session. It ends exactly once.
type job[S any] struct {
	ctx  context.Context
	run  func(ctx context.Context, s S) error
	done chan error
}

// enqueue hands a job to a side and waits for its end, for ctx, or for the Desk.
func enqueue[S any](ctx context.Context, d *Desk, jobs chan<- job[S], run func(context.Context, S) error) error {
	j := job[S]{ctx, run, make(chan error, 1)}
	select {
	case jobs <- j:
	case <-ctx.Done():
		return ctx.Err()
	case <-d.ctx.Done():
		return retrieval.ErrClosed
	}
	select {
	case err := <-j.done:
		return err
	case <-d.ctx.Done():
		return retrieval.ErrClosed
	}
}

// end runs the job on a session. The error is a panic's, which the session does
// not survive: nobody knows what it was in the middle of.
func (j job[S]) end(s S) error {
	err := safely(func() error { return j.run(j.ctx, s) })
	j.done <- err
	if broken(err) {
		return err
	}
	return nil
}

// faultError is a panic of this program: it ends what it happened in, and
// nothing else.
type faultError struct{ text string }

func (e *faultError) Error() string { return e.text }

func broken(err error) bool {
	_, ok := err.(*faultError)
	return ok
}

// safely runs f and makes an error of its panic, so that a fault of one side
// leaves the other, the screen and the terminal as they are.
func safely(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &faultError{fmt.Sprintf("a fault in imapop itself: %v (%s)", r, place())}
		}
	}()
	return f()
}

// place names the function and line that a panic came from.
func place() string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "runtime.") || !more {
			return fmt.Sprintf("%s, line %d", f.Function, f.Line)
		}
	}
}
