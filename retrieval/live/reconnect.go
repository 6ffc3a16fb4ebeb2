package live

import (
	"context"
	"errors"
	"fmt"
	"time"

	"imapop/account"
	"imapop/account/sasl"
	"imapop/retrieval"
)

// pace is how a side comes back.
type pace struct {
	first, last time.Duration // between two tries: the first, doubled until the last
	steady      time.Duration // a session that lived this long was no failed try
}

var usualPace = pace{first: time.Second, last: time.Minute, steady: time.Minute}

const (
	maxRetries    = 12 // then only on a key: a server that is gone is not to be hammered
	laterRefusals = 3  // logins after the first that was refused, both sides together: servers lock accounts
)

func (p *pace) backoff(attempt int, err error) time.Duration {
	if errors.Is(err, retrieval.ErrLoginDelay) {
		return p.last // sooner would only begin the server's delay anew
	}
	return min(p.first<<min(attempt, 10), p.last)
}

// tries counts what a side tried in a row.
type tries struct {
	pace *pace
	n    int
}

// lived is told how long a session that was open did live: one that ends as
// soon as it begins is a failed try like any other.
func (t *tries) lived(d time.Duration) {
	if d >= t.pace.steady {
		t.n = 0
	}
}

// next says how long to wait before the next try; false: only a key helps.
func (t *tries) next(err error) (time.Duration, bool) {
	if !retries(err) || t.n >= maxRetries {
		return 0, false
	}
	t.n++
	return t.pace.backoff(t.n-1, err), true
}

// retries says whether a failure to connect may pass by itself. A refused
// credential or missing security never does.
func retries(err error) bool {
	for _, lasting := range []error{retrieval.ErrAuth, retrieval.ErrUnsafe, retrieval.ErrUnsupported, retrieval.ErrSysPerm, sasl.ErrNoMechanism, account.ErrConsent, errByUs, errLockedOut} {
		if errors.Is(err, lasting) {
			return false
		}
	}
	return !broken(err)
}

// errByUs marks a session that the person ended.
var errByUs = errors.New("ended here")

// errLockedOut stands in the way of more logins.
var errLockedOut = fmt.Errorf("%d logins were refused, and servers lock accounts that go on: %w", 1+laterRefusals, retrieval.ErrAuth)

// login runs open, unless too many logins were refused before it. It counts
// what is refused.
func login[S any](d *Desk, open func() (S, error)) (s S, err error) {
	d.mu.Lock()
	if d.refused+d.logins > laterRefusals {
		d.mu.Unlock()
		return s, errLockedOut
	}
	d.logins++
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.logins--
		if errors.Is(err, retrieval.ErrAuth) {
			d.refused++
		}
	}()
	return open()
}

// lockedOut says that no more logins are sent in this run.
func (d *Desk) lockedOut() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.refused > laterRefusals
}

// endsWith gives a context that also ends when over is closed.
func endsWith(ctx context.Context, over <-chan struct{}) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-over:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}
