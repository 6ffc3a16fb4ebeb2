package live

import (
	"context"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/safe"
)

// waiter is somebody who waits for the book to say something.
type waiter struct {
	ready func(*book) bool
	done  chan struct{}
}

// entry is something to do with the book; looks says that it changes nothing.
type entry struct {
	do    func(*book)
	looks bool
}

// post queues a change of the book; it never blocks.
func (d *Desk) post(f func(*book)) { d.enter(entry{do: f}) }

// look queues a look at the book, of which no new View comes: a screen that asks
// for what it shows after each View would never come to rest.
func (d *Desk) look(f func(*book)) { d.enter(entry{do: f, looks: true}) }

func (d *Desk) enter(e entry) {
	d.mu.Lock()
	d.queue = append(d.queue, e)
	d.mu.Unlock()
	select {
	case d.bell <- struct{}{}:
	default:
	}
}

// ask runs f on the book and waits for it; false when the Desk has ended.
func (d *Desk) ask(f func(*book)) bool {
	done := make(chan struct{})
	d.post(func(b *book) {
		defer close(done)
		f(b)
	})
	select {
	case <-done:
		return true
	case <-d.ctx.Done():
		return false
	}
}

// publishEvery bounds how often a flood of events makes a new View: once a frame.
const publishEvery = 16 * time.Millisecond

func (d *Desk) keepBook() {
	defer d.wg.Done()
	defer close(d.updates)
	b := newBook(d)
	d.publish(b)
	var frame <-chan time.Time // runs while a change waits to be published
	var last time.Time
	for {
		select {
		case <-d.bell:
		case <-frame:
			frame = nil
			d.publish(b)
			last = time.Now()
			continue
		case <-d.ctx.Done():
			return
		}
		for d.drain(b) {
		}
		d.notify(b)
		if b.dirty && frame == nil {
			frame = time.After(publishEvery - time.Since(last))
		}
	}
}

// until waits for the book to satisfy ready, or for ctx or the Desk to end.
func (d *Desk) until(ctx context.Context, ready func(*book) bool) error {
	w := waiter{ready, make(chan struct{})}
	d.post(func(*book) { d.waiters = append(d.waiters, w) })
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-d.ctx.Done():
		return retrieval.ErrClosed
	}
}

func (d *Desk) notify(b *book) {
	keep := d.waiters[:0]
	for _, w := range d.waiters {
		if w.ready(b) {
			close(w.done)
		} else {
			keep = append(keep, w)
		}
	}
	d.waiters = keep
}

// drain runs what is queued; false when nothing was.
func (d *Desk) drain(b *book) bool {
	d.mu.Lock()
	q := d.queue
	d.queue = nil
	d.mu.Unlock()
	for _, e := range q {
		if err := safely(func() error { e.do(b); return nil }); err != nil {
			b.happen(retrieval.Happening{Side: retrieval.Local, Kind: retrieval.Failed, Cause: retrieval.CauseClient, Text: safe.Line(err.Error())})
			b.dirty = true
		}
		b.dirty = b.dirty || !e.looks
	}
	return len(q) > 0
}

func (d *Desk) publish(b *book) {
	v := b.view()
	select {
	case <-d.updates: // nobody took the older one
	default:
	}
	d.updates <- v
}
