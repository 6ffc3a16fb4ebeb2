package live

import (
	"context"
	"errors"
	"time"

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

// Backoff for reconnecting by itself.
const (
	firstRetry = time.Second
	lastRetry  = time.Minute
	maxRetries = 12 // then only on a key: a server that is gone is not to be hammered
)

func backoff(attempt int) time.Duration {
	return min(firstRetry<<min(attempt, 10), lastRetry)
}

// retries says whether a failure to connect may pass by itself. A refused
// credential or missing security never does: three tries lock accounts.
func retries(err error) bool {
	for _, lasting := range []error{retrieval.ErrAuth, retrieval.ErrUnsafe, retrieval.ErrUnsupported, retrieval.ErrSysPerm, errByUs} {
		if errors.Is(err, lasting) {
			return false
		}
	}
	return true
}

// errByUs marks a session that the person ended.
var errByUs = errors.New("ended here")
