package wire

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// watch bounds the silence of one operation at a time. All of it is safe from
// any goroutine.
type watch struct {
	raw   net.Conn
	waits Timeouts
	bulk  atomic.Bool // the reader is inside a literal or a body
	send  atomic.Bool // a write is in progress: no answer is due yet

	mu       sync.Mutex
	active   bool
	gen      uint64 // of the operation; 0: the greeting
	deadline time.Time
	release  func() bool // of the operation's context
}

// begin starts an operation, in place of one that still runs.
func (w *watch) begin(ctx context.Context, cut func()) (end func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.release != nil {
		w.release()
	}
	w.gen++
	gen := w.gen
	w.active = true
	w.release = context.AfterFunc(ctx, cut)
	w.set()
	return func() { w.end(gen) }
}

// end ends the operation gen, if it is the one that runs.
func (w *watch) end(gen uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.active || w.gen != gen {
		return
	}
	w.active = false
	if w.release != nil {
		w.release()
		w.release = nil
	}
	w.deadline = time.Time{}
	w.raw.SetReadDeadline(time.Time{})
}

// touch gives a running operation its full time again: something moved.
func (w *watch) touch() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.active {
		w.set()
	}
}

// set puts the deadline on the socket, which a Read in progress obeys too.
func (w *watch) set() {
	w.deadline = time.Now().Add(w.wait())
	w.raw.SetReadDeadline(w.deadline)
}

// wait is how long the silence may be now.
func (w *watch) wait() time.Duration {
	if w.bulk.Load() || w.send.Load() {
		return w.waits.Stall
	}
	return w.waits.Answer
}

// expired tells whether a timeout that a Read met still counts: the operation
// may have ended, or another begun, meanwhile.
func (w *watch) expired() (time.Duration, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.wait(), w.active && !time.Now().Before(w.deadline)
}

// done forgets the operation's context when the connection is over.
func (w *watch) done() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.active = false
	if w.release != nil {
		w.release()
		w.release = nil
	}
}

// await bounds the silence before the greeting, unless an operation does already.
func (w *watch) await() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gen == 0 {
		w.active = true
		w.set()
	}
}
