package live

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/pop3"
)

func (d *Desk) doPOP(ctx context.Context, a retrieval.Action) error {
	return enqueue(ctx, d, d.pop.jobs, func(ctx context.Context, s *pop3.Session) error {
		if a.Session != 0 && a.Session != s.Number() {
			return &retrieval.OpError{Protocol: retrieval.POP3, Op: fmt.Sprintf("%s in session %d", a.Verb, a.Session), Err: retrieval.ErrStale}
		}
		switch a.Verb {
		case retrieval.VerbDownload, retrieval.VerbFetch:
			return d.download(ctx, s, a)
		case retrieval.VerbDelete:
			return d.deleteByHand(ctx, s, a.Numbers)
		case retrieval.VerbReset, retrieval.VerbUndelete:
			return d.reset(ctx, s)
		case retrieval.VerbQuit:
			return d.quit(ctx, s)
		case retrieval.VerbRefresh:
			return d.renew(ctx, s)
		case retrieval.VerbDrop:
			d.pull(s)
			return nil
		}
		return fmt.Errorf("imapop cannot %q over POP3", a.Verb)
	})
}

// mark sends DELE: a promise that QUIT keeps (RFC 1939 sections 5 and 6). It is
// for the demo account's messages that have no copy here.
func (d *Desk) mark(ctx context.Context, s *pop3.Session, numbers []int) error {
	var marked []int
	var refused error
	err := s.Delete(ctx, numbers, func(n int, err error) {
		if err == nil {
			marked = append(marked, n)
		} else {
			refused = errors.Join(refused, fmt.Errorf("message %d: %w", n, err))
		}
	})
	d.ask(func(b *book) { b.marks(s, marked) })
	return errors.Join(err, refused)
}

// marks notes the messages whose DELE was answered +OK.
func (b *book) marks(s *pop3.Session, numbers []int) {
	if len(numbers) == 0 {
		return
	}
	b.setEntries(numbers, func(e *retrieval.Entry) { e.Marked = true })
	b.happen(retrieval.Happening{Side: retrieval.POP3, Kind: retrieval.Marked, Numbers: numbers, Line: s.LastLine(),
		Cause: retrieval.CauseProtocol, Source: "RFC 1939 section 5",
		Text: fmt.Sprintf("POP3 marked %s: nothing is deleted before QUIT", numbered(numbers))})
}

func numbered(numbers []int) string {
	if len(numbers) == 1 {
		return fmt.Sprintf("message %d", numbers[0])
	}
	return fmt.Sprintf("%d messages", len(numbers))
}

// reset sends RSET, which unmarks every message: POP3 cannot unmark one (RFC 1939 section 5).
func (d *Desk) reset(ctx context.Context, s *pop3.Session) error {
	if err := s.Reset(ctx); err != nil {
		return err
	}
	var ids []string
	defer func() { d.copyKept(ids) }()
	d.ask(func(b *book) {
		marked := b.marked()
		ids = b.idsOf(marked)
		b.setEntries(marked, func(e *retrieval.Entry) { e.Marked = false })
		b.happen(retrieval.Happening{Side: retrieval.POP3, Kind: retrieval.Unmarked, Numbers: marked, Line: s.LastLine(),
			Cause: retrieval.CauseProtocol, Source: "RFC 1939 section 5",
			Text: fmt.Sprintf("POP3 RSET: %s no longer marked", numbered(marked))})
	})
	return nil
}

// marked lists the message numbers that DELE marked in the open session.
func (b *book) marked() (numbers []int) {
	for i := range b.pop.Drop.Entries {
		if b.pop.Drop.Entries[i].Marked {
			numbers = append(numbers, b.pop.Drop.Entries[i].Number)
		}
	}
	return numbers
}

// idsOf gives the unique-ids of message numbers of the open session.
func (b *book) idsOf(numbers []int) (ids []string) {
	for _, n := range numbers {
		ids = append(ids, b.pop.Drop.Entries[n-1].UniqueID)
	}
	return ids
}

// quit sends QUIT, records what the server said of it, and lets a new session follow.
func (d *Desk) quit(ctx context.Context, s *pop3.Session) error {
	c := &cause{at: time.Now(), name: "POP3's QUIT", kind: retrieval.Expunged}
	seen := &cause{at: c.at, name: "POP3's QUIT", kind: retrieval.FlagsChanged}
	var numbers []int
	var ids []string
	d.ask(func(b *book) {
		numbers = b.marked()
		ids = b.idsOf(numbers)
		c.uids = b.uidsOf(numbers)
		if len(c.uids) > 0 {
			b.expect(c)
		}
		if seen.uids = b.taken; len(seen.uids) > 0 {
			b.expect(seen)
		}
	})
	sent := time.Now()
	d.ask(func(*book) { c.at, seen.at = sent, sent })
	q, err := s.Quit(ctx)
	d.copyQuit(ids, err)
	d.ask(func(b *book) { b.quitted(s, q, err, numbers, ids, c, seen) })
	d.pop.again = true
	return err
}

func (b *book) quitted(s *pop3.Session, q pop3.Quit, err error, numbers []int, ids []string, c, seen *cause) {
	h := retrieval.Happening{Side: retrieval.POP3, Kind: retrieval.Updated, Numbers: numbers, UniqueIDs: ids, UIDs: c.uids, Line: s.LastLine(),
		Cause: retrieval.CauseProtocol, Source: "RFC 1939 section 6"}
	switch {
	case err == nil && len(numbers) == 0:
		h.Text = "POP3 QUIT: nothing was marked, nothing was deleted"
	case err == nil:
		h.Text = fmt.Sprintf("POP3 QUIT: the server says that %s is deleted", numbered(numbers))
		if len(numbers) > 1 {
			h.Text = fmt.Sprintf("POP3 QUIT: the server says that %s are deleted", numbered(numbers))
		}
		b.deleted = ids
	default:
		h.Kind = retrieval.Failed
		h.Text = fmt.Sprintf("POP3 QUIT was not confirmed (%s): whether %s left the server is unknown until the next session", plain(err), numbered(numbers))
		b.dropped = ids
	}
	seq := b.happen(h)
	b.settle(c, seq)
	b.settle(seen, seq)
	b.setEntries(numbers, func(e *retrieval.Entry) { e.Marked = false })
	b.pop.State = retrieval.POP3Update
}

// renew ends a session in which nothing is marked and opens a new one: the only
// way for POP3 to see what changed (RFC 1939 section 5: the list is frozen).
func (d *Desk) renew(ctx context.Context, s *pop3.Session) error {
	pending := 0
	d.ask(func(b *book) { pending = b.pop.Pending })
	if pending > 0 {
		return fmt.Errorf("%d marked messages would be deleted by QUIT, which a new session needs; choose: QUIT deletes them, RSET keeps them, dropping the cable keeps them: %w", pending, retrieval.ErrMarked)
	}
	return d.quit(ctx, s)
}

// pull closes the socket and says nothing: the dropped cable.
func (d *Desk) pull(s *pop3.Session) {
	var ids []string
	d.ask(func(b *book) { ids = b.idsOf(b.marked()) })
	d.ask(func(b *book) {
		n := b.pop.Pending
		text := "the POP3 cable was pulled: nothing was said to the server"
		if n > 0 {
			text = fmt.Sprintf("the POP3 cable was pulled with %d marked: no QUIT, no UPDATE, so they must stay", n)
		}
		b.happen(retrieval.Happening{Side: retrieval.POP3, Kind: retrieval.Dropped, Numbers: b.marked(), Cause: retrieval.CauseProtocol,
			Source: "RFC 1939 section 3", Text: text})
		if len(b.taken) > 0 {
			b.expect(&cause{at: time.Now(), name: "the POP3 connection was cut", kind: retrieval.FlagsChanged, seq: b.seq, uids: b.taken})
		}
	})
	s.Drop()
	d.copyKept(ids)
}

// popOctets brings one message over POP3 to look at, and what that cost.
func (d *Desk) popOctets(ctx context.Context, a retrieval.Action) ([]byte, retrieval.Meter, error) {
	var id string
	var spent retrieval.Meter
	if len(a.Numbers) != 1 {
		return nil, spent, errors.New("choose one message to read")
	}
	d.ask(func(b *book) {
		if n := a.Numbers[0]; n >= 1 && n <= len(b.pop.Drop.Entries) {
			id = b.pop.Drop.Entries[n-1].UniqueID
		}
	})
	if octets, ok, err := d.copyRead(id); ok {
		if err == nil {
			d.wasRead(a.Numbers[0], id)
		}
		return octets, spent, err
	}
	buf := &bounded{}
	err := enqueue(ctx, d, d.pop.jobs, func(ctx context.Context, s *pop3.Session) error {
		ctx, report, end := d.long(ctx, a, "octets")
		defer end()
		before := s.Meter()
		defer func() { spent = s.Meter().Sub(before) }()
		return d.retrieve(ctx, s, a.Numbers, func(int, string, int64) (part, error) { return looked{buf}, nil },
			func(n int, p part, r pop3.Retrieved) error { return nil },
			func(done, total int64) { report("reading", done, total) })
	})
	return buf.Bytes(), spent, err
}

// part takes one message's octets.
type part interface {
	Write(p []byte) (int, error)
	Close() error
}

type looked struct{ *bounded }

func (looked) Close() error { return nil }

// retrieve runs RETR for the numbers. A message that the server refuses is
// told and skipped; anything else ends it.
func (d *Desk) retrieve(ctx context.Context, s *pop3.Session, numbers []int,
	open func(n int, id string, octets int64) (part, error), kept func(n int, p part, r pop3.Retrieved) error, progress func(done, total int64)) error {
	ids := make(map[int]string, len(numbers))
	d.ask(func(b *book) {
		for _, n := range numbers {
			if n >= 1 && n <= len(b.pop.Drop.Entries) {
				ids[n] = b.pop.Drop.Entries[n-1].UniqueID
			}
		}
		b.taking(numbers)
	})
	parts := map[int]part{}
	var refused error
	err := s.Retrieve(ctx, numbers, func(n int, octets int64) (pop3.Sink, error) {
		p, err := open(n, ids[n], octets)
		parts[n] = p
		return p, err
	}, func(n int, r pop3.Retrieved, err error) error {
		if err != nil {
			refused = errors.Join(refused, err)
			if errors.Is(err, retrieval.ErrGone) {
				d.post(func(b *book) { b.refusedRetr(n, err) })
			}
			return nil
		}
		return kept(n, parts[n], r)
	}, progress)
	return errors.Join(err, refused)
}

// refusedRetr marks a message that could not be retrieved: expunged by another
// session, most likely, but -ERR is no proof (Courier says it of a renamed file).
func (b *book) refusedRetr(n int, err error) {
	b.setEntries([]int{n}, func(e *retrieval.Entry) { e.Gone = true })
	b.happen(retrieval.Happening{Side: retrieval.POP3, Kind: retrieval.Refused, Numbers: []int{n}, Cause: retrieval.CausePolicy,
		Text: fmt.Sprintf("POP3 refused message %d: %s; this session's list still holds it", n, plain(err))})
}

// taking notes that RETR is asked for these messages: what a server may mark as
// read for it, now, at QUIT or when the connection ends.
func (b *book) taking(numbers []int) {
	uids := b.uidsOf(numbers)
	b.taken = append(slices.Clone(b.taken), uids...)
	b.expect(&cause{at: time.Now(), name: "POP3's RETR", kind: retrieval.FlagsChanged, uids: uids})
}
