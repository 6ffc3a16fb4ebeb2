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
