// Package live opens one account over IMAP and POP3 at once and keeps what each
// side knows in one View: the app, the headless commands and the lessons all
// work on a Desk. One goroutine keeps the book; each side has a goroutine that
// owns its session; nothing that waits for a server happens anywhere else.
package live

import (
	"context"
	"sync"
	"time"

	"imapop/account"
	"imapop/account/sasl"
	"imapop/retrieval"
	"imapop/retrieval/local"
	"imapop/retrieval/safe"
	"imapop/retrieval/wire"
)

// Options say which account to open and what stands around it.
type Options struct {
	Account  account.Account
	Password account.Password // kept as long as the Desk: either side may have to log in anew at any time
	Guard    *sasl.Guard      // tokens, and who is told of failed logins; nil: one is made
	Wire     wire.Options     // Transcript nil: one is made
	// OpenCopy opens the local copy and calls locked once its lock is held; the Desk
	// closes it. It runs beside the first connections, since a new ledger is several
	// syncs of a disk. Without the lock there is no POP3 session; nil, or another
	// error: downloads are refused.
	OpenCopy func(locked func()) (*local.Copy, error)

	Window int // messages of the first screen; 0: 50
	APOP   bool

	// Deliver submits one message to the account itself and returns when its 250
	// came; nil where that is not offered.
	Deliver func(ctx context.Context, t *wire.Transcript) (time.Time, string, error)
	// Switches are the demo server's policies; nil on a real account.
	Switches func() []retrieval.Switch
	Flip     func(name, value string) error

	pace *pace // of reconnecting; nil: usual. Tests need not wait
}

// Desk is one account, open on both sides. Safe from any goroutine.
type Desk struct {
	o       Options
	tr      *wire.Transcript
	ctx     context.Context
	stop    context.CancelFunc
	updates chan *retrieval.View
	imap    *imapSide
	pop     *popSide
	wg      sync.WaitGroup

	device deviceCopy

	mu      sync.Mutex
	queue   []entry
	bell    chan struct{}
	cancels map[uint64]context.CancelFunc // of the actions that run
	beside  []neighbour                   // the account's other devices
	started uint64                        // how many actions were begun
	refused int                           // logins that the servers refused
	logins  int                           // that are under way
	actions uint64
	costs   costs
	once    sync.Once
	waiters []waiter // only keepBook touches it
}

// waiter is somebody who waits for the book to say something.
type waiter struct {
	ready func(*book) bool
	done  chan struct{}
}

// Open starts both sides and returns at once; what comes of it is in the Views.
// The Desk lives until Close or until ctx ends.
func Open(ctx context.Context, o Options) *Desk {
	if o.Window <= 0 {
		o.Window = 50
	}
	if o.Guard == nil {
		o.Guard = &sasl.Guard{} // what was refused once is not tried again with less
	}
	if o.pace == nil {
		o.pace = &usualPace
	}
	if o.Wire.Transcript == nil {
		o.Wire.Transcript = wire.NewTranscript(0)
	}
	ctx, stop := context.WithCancel(ctx)
	d := &Desk{
		o: o, tr: o.Wire.Transcript, ctx: ctx, stop: stop,
		updates: make(chan *retrieval.View, 1),
		bell:    make(chan struct{}, 1),
		cancels: map[uint64]context.CancelFunc{},
	}
	d.imap = newIMAPSide(d)
	d.pop = newPOPSide(d)
	d.device.opener = o.OpenCopy
	d.device.start()
	d.wg.Add(3)
	go d.keepBook()
	go d.imap.run()
	go d.pop.run()
	return d
}

// Updates gives the newest View; older ones that nobody took are dropped. The
// channel is closed when the Desk has ended.
func (d *Desk) Updates() <-chan *retrieval.View { return d.updates }

// Lines returns the transcript after a Seq, at most max lines (0: all).
func (d *Desk) Lines(after uint64, max int) []retrieval.Line { return d.tr.Since(after, max) }

// LinesChanged is signalled when the transcript grew.
func (d *Desk) LinesChanged() <-chan struct{} { return d.tr.Changed() }

// Close ends both sessions: IMAP by LOGOUT, POP3 by QUIT when nothing is marked
// and by closing the socket when something is, so that nothing is deleted that
// nobody confirmed. It waits for at most about two seconds for the servers.
func (d *Desk) Close() {
	d.once.Do(func() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			var wg sync.WaitGroup
			wg.Add(2)
			go func() { defer wg.Done(); d.imap.leave() }()
			go func() { defer wg.Done(); d.pop.leave() }()
			wg.Wait()
		}()
		select {
		case <-done:
		case <-time.After(2 * time.Second): // a server never delays the end of the program for longer
		}
		d.stop()
	})
	d.wg.Wait()
	if c := d.copy(); c != nil {
		_ = c.Close() // again is no harm
	}
}

// Cancel ends every action that runs or waits for its turn, also one that waits
// for a server that says nothing. An action whose command is out takes its
// session with it, since neither protocol can take a command back.
func (d *Desk) Cancel() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, cancel := range d.cancels {
		cancel()
	}
}

// cancelable makes an action end by Cancel; end must be called when it is over.
func (d *Desk) cancelable(ctx context.Context) (_ context.Context, end func()) {
	ctx, cancel := context.WithCancel(ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.started++
	n := d.started
	d.cancels[n] = cancel
	return ctx, func() {
		cancel()
		d.mu.Lock()
		delete(d.cancels, n)
		d.mu.Unlock()
	}
}

// Switches lists the demo server's policies; empty on a real account.
func (d *Desk) Switches() []retrieval.Switch {
	if d.o.Switches == nil {
		return nil
	}
	return d.o.Switches()
}

// Flip changes one of the demo server's policies.
func (d *Desk) Flip(name, value string) error {
	if d.o.Flip == nil {
		return &retrieval.OpError{Protocol: retrieval.Local, Op: "change a server policy", Err: retrieval.ErrUnsupported}
	}
	if err := d.o.Flip(name, value); err != nil {
		return err
	}
	d.post(func(b *book) {
		b.happen(retrieval.Happening{Side: retrieval.Local, Kind: retrieval.PolicySet, Cause: retrieval.CausePolicy,
			Text: "the demo server's policy " + name + " is now " + value})
	})
	return nil
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
