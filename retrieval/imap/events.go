package imap

import (
	"context"
	"maps"
	"slices"
	"sync"

	"imapop/retrieval"
)

// maxQueued is how many events may wait for the listener. Neighbours are
// merged, so only a flooding server comes near it.
const maxQueued = 10_000

// queue hands events to the listener, in order, from one goroutine. push never
// blocks: it is called while the connection is read.
type queue struct {
	mu     sync.Mutex
	ready  sync.Cond
	list   []Event
	pushed uint64 // events that ever stood in list
	told   uint64 // of them, those that the listener has had
	waits  []wait
	closed bool
	over   func() // called once, when too many wait
	ended  chan struct{}
}

// wait is for somebody who waits until the listener has had so many events.
type wait struct {
	until uint64
	done  chan struct{}
}

func newQueue(f func(Event), over func()) *queue {
	q := &queue{over: over, ended: make(chan struct{})}
	q.ready.L = &q.mu
	go q.run(f)
	return q
}

func (q *queue) run(f func(Event)) {
	defer close(q.ended)
	for {
		q.mu.Lock()
		for len(q.list) == 0 && !q.closed {
			q.ready.Wait()
		}
		list := q.list
		q.list = nil
		q.mu.Unlock()
		if len(list) == 0 {
			return
		}
		for _, e := range list {
			if f != nil {
				f(e)
			}
			q.hadOne()
		}
	}
}

func (q *queue) hadOne() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.told++
	q.waits = slices.DeleteFunc(q.waits, func(w wait) bool {
		if w.until > q.told {
			return false
		}
		close(w.done)
		return true
	})
}

// caughtUp waits until the listener has had every event pushed so far, or ctx ends.
func (q *queue) caughtUp(ctx context.Context) {
	q.mu.Lock()
	w := wait{q.pushed, make(chan struct{})}
	if w.until == q.told {
		q.mu.Unlock()
		return
	}
	q.waits = append(q.waits, w)
	q.mu.Unlock()
	select {
	case <-w.done:
	case <-ctx.Done():
	}
}

func (q *queue) push(e Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || len(q.list) > maxQueued {
		return
	}
	if n := len(q.list); n > 0 && merge(&q.list[n-1], e) {
		return
	}
	q.list = append(q.list, e)
	q.pushed++
	if len(q.list) == maxQueued && q.over != nil {
		go q.over()
	}
	q.ready.Signal()
}

// last queues the final event, whatever waits already, and lets run end.
func (q *queue) last(e Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = append(q.list, e)
	q.pushed++
	q.closed = true
	q.ready.Signal()
}

// merge puts e into the event before it when both tell the same kind of thing.
func merge(into *Event, e Event) bool {
	if into.Kind != e.Kind || into.ByUs != e.ByUs || e.State != "" || into.State != "" {
		return false
	}
	switch e.Kind {
	case retrieval.Exists:
		into.Count = e.Count
	case retrieval.Expunged:
		into.UIDs = append(into.UIDs, e.UIDs...)
		into.Seqs = append(into.Seqs, e.Seqs...)
	case retrieval.FlagsChanged:
		for _, uid := range e.UIDs {
			if _, known := into.Flags[uid]; !known {
				into.UIDs = append(into.UIDs, uid)
			}
		}
		into.Seqs = append(into.Seqs, e.Seqs...)
		if into.Flags == nil {
			into.Flags = e.Flags
		} else {
			maps.Copy(into.Flags, e.Flags)
		}
	default:
		return false
	}
	into.At, into.Line = e.At, e.Line
	return true
}
