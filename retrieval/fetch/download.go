package fetch

import (
	"context"
	"errors"

	"imapop/retrieval"
	"imapop/retrieval/local"
	"imapop/retrieval/pop3"
)

// Hooks are told of a download while it runs, on the goroutine that called
// Download. Any may be nil.
type Hooks struct {
	Stored   func([]local.Stored)               // on disk and in the ledger: DELE may name them
	Twin     func(number int)                   // its unique-id is in the copy already: its octets were let pass
	Refused  func(number int, err error)        // the server did not give it; the run goes on
	Short    func(number int, r pop3.Retrieved) // fewer octets came than LIST announced
	Progress func(done, total int64, whole int) // octets, and messages that came whole
	Stop     func() bool                        // asked after each message: true asks for no more
}

// ErrStopped is what Download returns when Hooks.Stop ended it. The message in
// hand is whole, and everything that is whole is durable.
var ErrStopped = errors.New("stopped before its end")

// Download brings messages into the copy in batches, each of which becomes
// durable while the next one is arriving. What has arrived whole is made durable
// whatever ends the run; an error is the first thing that went wrong. After a
// full disk, and after ErrStopped, the session still lives.
func Download(ctx context.Context, s Retriever, c *local.Copy, items []Item, h Hooks) error {
	if len(items) == 0 {
		return nil
	}
	d := &download{c: c, h: h, items: make(map[int]Item, len(items)), open: map[int]*local.Delivery{}}
	for _, it := range items {
		d.items[it.Number] = it
	}
	defer d.discard()
	err := s.Retrieve(ctx, numbersOf(items), d.begin, d.end, d.progress)
	last := d.finish()
	if last != nil && (err == nil || errors.Is(err, ErrStopped)) {
		return last
	}
	return err
}

type download struct {
	c       *local.Copy
	h       Hooks
	items   map[int]Item
	open    map[int]*local.Delivery
	whole   int          // messages that came whole
	running chan flushed // a flush that runs beside the download; nil: none
	halt    error        // why no more is asked for
}

type flushed struct {
	stored []local.Stored
	err    error
}

// held keeps a delivery open when the session closes its sink: only the
// session's verdict says whether the message is whole.
type held struct{ *local.Delivery }

func (held) Close() error { return nil }

// past lets a message's octets pass.
type past struct{}

func (past) Write(p []byte) (int, error) { return len(p), nil }
func (past) Close() error                { return nil }

func (d *download) begin(n int, octets int64) (pop3.Sink, error) {
	dl, err := d.c.Create(n, d.items[n].UniqueID, octets)
	if errors.Is(err, local.ErrHere) {
		return past{}, nil
	}
	if err != nil {
		return nil, err
	}
	d.open[n] = dl
	return held{dl}, nil
}

// end takes the session's verdict on a message.
func (d *download) end(n int, r pop3.Retrieved, err error) error {
	dl := d.open[n]
	delete(d.open, n)
	switch {
	case err != nil:
		if dl != nil {
			dl.Close()
		}
		if refusal(err) && d.h.Refused != nil {
			d.h.Refused(n, err)
		}
		return nil
	case dl == nil:
		if d.h.Twin != nil {
			d.h.Twin(n)
		}
	default:
		if r.Short && d.h.Short != nil {
			d.h.Short(n, r)
		}
		d.whole++
		if err := d.stage(dl); err != nil {
			return err
		}
	}
	if d.h.Stop != nil && d.h.Stop() {
		d.halt = ErrStopped
	}
	return d.halt
}

// refusal reports whether an error is the server's clean no to one message.
func refusal(err error) bool {
	var op *retrieval.OpError
	if !errors.As(err, &op) || errors.Is(err, retrieval.ErrClosed) || errors.Is(err, retrieval.ErrProtocol) || errors.Is(err, retrieval.ErrTooMuch) {
		return false
	}
	for _, no := range []error{retrieval.ErrRefused, retrieval.ErrGone, retrieval.ErrMarked, retrieval.ErrSysTemp, retrieval.ErrSysPerm,
		retrieval.ErrInUse, retrieval.ErrLoginDelay, retrieval.ErrAuth} {
		if errors.Is(err, no) {
			return true
		}
	}
	return false
}

// stage adds a whole message to the batch and sends a full batch on its way.
func (d *download) stage(dl *local.Delivery) error {
	if err := dl.Stage(); err != nil {
		dl.Close()
		return err
	}
	if d.running != nil {
		select {
		case f := <-d.running:
			if err := d.take(f); err != nil {
				return err
			}
		default:
		}
	}
	if !d.c.Full() || d.running != nil && !d.c.Overfull() {
		return nil
	}
	if err := d.wait(); err != nil {
		return err
	}
	running := make(chan flushed, 1)
	d.running = running
	go func() {
		stored, err := d.c.Flush()
		running <- flushed{stored, err}
	}()
	return nil
}

// wait lets the flush that runs beside come to its end.
func (d *download) wait() error {
	if d.running == nil {
		return nil
	}
	return d.take(<-d.running)
}

func (d *download) take(f flushed) error {
	d.running = nil
	if len(f.stored) > 0 && d.h.Stored != nil {
		d.h.Stored(f.stored)
	}
	return f.err
}

// finish makes durable what is whole.
func (d *download) finish() error {
	err := d.wait()
	stored, last := d.c.Flush()
	return errors.Join(err, d.take(flushed{stored, last}))
}

func (d *download) progress(done, total int64) {
	if d.h.Progress != nil {
		d.h.Progress(done, total, d.whole)
	}
}

func (d *download) discard() {
	for _, dl := range d.open {
		dl.Close()
	}
}
