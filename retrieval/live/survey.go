package live

import (
	"context"
	"slices"

	"imapop/retrieval"
	"imapop/retrieval/imap"
	"imapop/retrieval/pop3"
)

// surveyChunk is how many messages one FETCH of a survey asks for: large enough
// that distance does not matter, small enough that progress shows.
const surveyChunk = 1000

// Survey waits until both sides are open, loads what pairing needs of every
// message, and returns the View. An error is the first side's that failed.
// Headless commands use it; it costs a header of every message.
func (d *Desk) Survey(ctx context.Context) (*retrieval.View, error) {
	var failed *retrieval.Problem
	err := d.until(ctx, func(b *book) bool {
		for _, p := range []*retrieval.Problem{b.imap.Problem, b.pop.Problem} {
			if p != nil {
				failed = p
				return true
			}
		}
		return b.whole && b.imap.Folders != nil && b.pop.Session != 0 && !b.pop.Drop.At.IsZero()
	})
	if err != nil {
		return nil, err
	}
	if failed != nil {
		return nil, failed.Err
	}
	if err := d.loadAll(ctx); err != nil {
		return nil, err
	}
	var v *retrieval.View
	if !d.ask(func(b *book) { v = b.view() }) {
		return nil, retrieval.ErrClosed
	}
	return v, nil
}

// loadAll fetches every envelope over IMAP and, where the unique-ids alone do not
// settle the pairs, every header over POP3.
func (d *Desk) loadAll(ctx context.Context) error {
	var uids []uint32
	d.ask(func(b *book) {
		for _, u := range b.uids {
			if b.known[u] == nil {
				uids = append(uids, u)
			}
		}
	})
	for chunk := range slices.Chunk(uids, surveyChunk) {
		err := enqueue(ctx, d, d.imap.jobs, func(ctx context.Context, s *imap.Session) error { return d.imap.load(ctx, s, chunk) })
		if err != nil {
			return err
		}
	}
	return d.loadHeaders(ctx)
}

// proofs is how many headers prove a unique-id format, beside octets.
const proofs = 10

func (d *Desk) loadHeaders(ctx context.Context) error {
	var numbers []int
	collect := func(max int) {
		d.ask(func(b *book) {
			numbers = nil
			for i := range b.pop.Drop.Entries {
				if e := &b.pop.Drop.Entries[i]; e.Header == nil && !e.Gone && len(numbers) < max {
					numbers = append(numbers, e.Number)
				}
			}
		})
	}
	if collect(proofs); len(numbers) > 0 {
		if err := d.headers(ctx, numbers); err != nil {
			return err
		}
	}
	format := ""
	d.ask(func(b *book) { b.view(); format = b.pairing.Format })
	if format != "" {
		return nil
	}
	if collect(1 << 30); len(numbers) == 0 {
		return nil
	}
	return d.headers(ctx, numbers)
}

func (d *Desk) headers(ctx context.Context, numbers []int) error {
	return enqueue(ctx, d, d.pop.jobs, func(ctx context.Context, s *pop3.Session) error {
		return d.pop.tops(ctx, s, numbers)
	})
}

// Listed waits until one side has listed its messages, and returns the View. The
// other side may be down. Headless commands that need one side use it.
func (d *Desk) Listed(ctx context.Context, side retrieval.Protocol) (*retrieval.View, error) {
	var failed *retrieval.Problem
	err := d.until(ctx, func(b *book) bool {
		if side == retrieval.POP3 {
			failed = b.pop.Problem
			return failed != nil || b.pop.Session != 0 && b.listedIn == b.pop.Session
		}
		failed = b.imap.Problem
		return failed != nil || b.whole && b.isess != nil
	})
	if err != nil {
		return nil, err
	}
	if failed != nil {
		return nil, failed.Err
	}
	var v *retrieval.View
	if !d.ask(func(b *book) { v = b.view() }) {
		return nil, retrieval.ErrClosed
	}
	return v, nil
}
