package wire

import (
	"bytes"
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
	release  func() bool   // of the operation's context
	used     time.Duration // of the wait, by reads that brought less than a step
	brought  int           // octets of those reads
	since    time.Time     // when the Read in progress began to count: it may be older than the operation
}

// step is how much has to come for a line to count as on its way, in octets:
// who sends one octet at a time must not hold an operation for ever.
const step = 256

// begin starts an operation, in place of one that still runs.
func (w *watch) begin(ctx context.Context, cut func()) (end func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.release != nil {
		w.release()
	}
	w.gen++
	w.used, w.brought, w.since = 0, 0, time.Now()
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
	w.used, w.brought, w.since = 0, 0, time.Now()
	if w.active {
		w.set()
	}
}

// reading puts what is left of the wait on a Read that begins. What passed since
// the last one was ours, not the server's.
func (w *watch) reading() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since = time.Now()
	if w.active {
		w.set()
	}
}

// read takes in what a Read brought. Anything is progress inside a
// literal or a body; elsewhere the end of a line is, or a step of octets.
func (w *watch) read(octets []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.used, w.brought = w.used+time.Since(w.since), w.brought+len(octets)
	if w.bulk.Load() || w.brought >= step || bytes.IndexByte(octets, '\n') >= 0 {
		w.used, w.brought = 0, 0
	}
}

// set puts the deadline on the socket, which a Read in progress obeys too.
func (w *watch) set() {
	w.deadline = time.Now().Add(w.wait() - w.used)
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
