package live

import (
	"context"
	"errors"
	"fmt"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/compare"
	"imapop/retrieval/safe"
)

// Do runs one action and returns when it is over: nil, a typed error, or
// *retrieval.UnsupportedError with the RFC section. What it brought about is in
// the Views, as happenings that carry the action's number. Actions of one side
// run one after the other; the two sides run side by side.
func (d *Desk) Do(ctx context.Context, a retrieval.Action) error {
	ctx, end := d.cancelable(ctx)
	defer end()
	d.ask(func(b *book) { d.actions++; b.action = d.actions })
	err := d.do(ctx, a)
	d.post(func(b *book) { b.tell(a, err) })
	return err
}

func (d *Desk) do(ctx context.Context, a retrieval.Action) error {
	switch a.Verb {
	case retrieval.VerbPolicy:
		return d.setPolicy(a)
	case retrieval.VerbLimit:
		return d.setLimit(a.Octets)
	case retrieval.VerbDeliver:
		return d.deliver(ctx)
	case retrieval.VerbConnect:
		return d.reconnect(a.Side)
	}
	if err := compare.Support(a.Side, a.Verb); err != nil {
		return err
	}
	switch a.Side {
	case retrieval.POP3:
		return d.doPOP(ctx, a)
	case retrieval.Local:
		return d.onDevice(a)
	}
	return d.doIMAP(ctx, a)
}

// tell records what an action could not do; what it did was told as it was seen.
func (b *book) tell(a retrieval.Action, err error) {
	if err == nil {
		return
	}
	h := retrieval.Happening{Side: a.Side, Kind: retrieval.Failed, UIDs: a.UIDs, Numbers: a.Numbers,
		Text: fmt.Sprintf("%s over %s: %s", a.Verb, a.Side, safe.Line(plain(err)))}
	var un *retrieval.UnsupportedError
	switch {
	case errors.As(err, &un):
		h.Kind, h.Cause, h.Source, h.Text = retrieval.Unsupported, retrieval.CauseProtocol, un.Source, un.Error()
	case errors.Is(err, retrieval.ErrRefused), errors.Is(err, retrieval.ErrGone), errors.Is(err, retrieval.ErrMarked):
		h.Kind, h.Cause = retrieval.Refused, retrieval.CausePolicy
	case errors.Is(err, context.Canceled):
		h.Text = fmt.Sprintf("%s over %s was stopped", a.Verb, a.Side)
		var stop *retrieval.StoppedError
		if errors.As(err, &stop) {
			h.Text += ": " + stop.What
		}
		h.Cause = retrieval.CauseClient
	}
	b.happen(h)
}

func (d *Desk) deliver(ctx context.Context) error {
	if d.o.Deliver == nil {
		return &retrieval.UnsupportedError{Protocol: retrieval.SMTP, What: "test mail on this account",
			Source: "a real account gets mail from real people", Instead: "use the demo account, or send yourself a message"}
	}
	c := &cause{at: time.Now(), name: "the SMTP submission began", kind: retrieval.Exists}
	d.ask(func(b *book) { b.expect(c) })
	at, text, err := d.o.Deliver(ctx, d.tr)
	if err != nil {
		d.ask(func(*book) { c.used = true })
		return &retrieval.OpError{Protocol: retrieval.SMTP, Op: "deliver a message", Err: err}
	}
	d.ask(func(b *book) {
		seq := b.happen(retrieval.Happening{At: at, Side: retrieval.SMTP, Kind: retrieval.Delivered, Cause: retrieval.CauseProtocol,
			Source: "RFC 6409", Text: "SMTP delivered " + safe.Line(text)})
		b.settle(c, seq)
	})
	return nil
}

// reconnect asks a side to try now instead of waiting.
func (d *Desk) reconnect(side retrieval.Protocol) error {
	if d.lockedOut() {
		return &retrieval.OpError{Protocol: side, Op: "connect", Err: errLockedOut}
	}
	if side == retrieval.POP3 {
		ring(d.pop.connect)
	} else {
		ring(d.imap.connect)
	}
	return nil
}

// long shows an action's progress.
func (d *Desk) long(ctx context.Context, a retrieval.Action, unit string) (context.Context, func(what string, done, total int64), func()) {
	ctx, cancel := context.WithCancel(ctx)
	started := time.Now()
	report := func(what string, done, total int64) {
		d.post(func(b *book) {
			b.running = &retrieval.Progress{Action: b.action, Verb: a.Verb, Side: a.Side, What: what,
				Done: done, Total: total, Unit: unit, Started: started, CanStop: true}
		})
	}
	end := func() {
		cancel()
		d.post(func(b *book) { b.running = nil })
	}
	return ctx, report, end
}

// Want says which rows are on the screen; what is missing of them is loaded
// behind everything that a person asked for. It never blocks, and a later call
// replaces an earlier one that was not yet served.
func (d *Desk) Want(rows []retrieval.Row) {
	d.look(func(b *book) {
		var uids []uint32
		var numbers []int
		for i := range rows {
			r := &rows[i]
			if r.UID != 0 && b.known[r.UID] == nil {
				uids = append(uids, r.UID)
			}
			if n := r.Number; n >= 1 && n <= len(b.pop.Drop.Entries) {
				if e := &b.pop.Drop.Entries[n-1]; e.Header == nil && !e.Gone && !e.Marked {
					numbers = append(numbers, n)
				}
			}
		}
		d.mu.Lock()
		d.imap.wantUIDs = uids
		d.pop.wantTops, d.pop.wantOf = numbers, b.pop.Session
		d.mu.Unlock()
		if len(uids) > 0 {
			ring(d.imap.wake)
		}
		if len(numbers) > 0 {
			ring(d.pop.wake)
		}
	})
}
