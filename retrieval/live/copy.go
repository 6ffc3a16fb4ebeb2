package live

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"imapop/retrieval"
	"imapop/retrieval/compare"
	"imapop/retrieval/fetch"
	"imapop/retrieval/local"
	"imapop/retrieval/pop3"
)

// kept collects what has become durable of one download.
type kept struct {
	d    *Desk
	line func() uint64
	done []int // message numbers whose copy is on disk and in the ledger
}

// stored tells of a batch that is durable; only then may a DELE follow.
func (k *kept) stored(batch []local.Stored) {
	var numbers []int
	var octets int64
	for _, s := range batch {
		numbers = append(numbers, s.Number)
		octets += s.Record.Octets
	}
	k.done = append(k.done, numbers...)
	line := k.line()
	k.d.ask(func(b *book) {
		b.setEntries(numbers, func(e *retrieval.Entry) { e.Here = true })
		b.happen(retrieval.Happening{Side: retrieval.POP3, Kind: retrieval.Retrieved, Numbers: numbers, Octets: octets, Line: line,
			Cause: retrieval.CauseClient, Text: fmt.Sprintf("POP3 downloaded %s, %s: safe on this device's disk", numbered(numbers), retrieval.Octets(octets))})
	})
}

// download brings messages into the local copy and, when the policy says so,
// marks on the server those whose copy is durable: write, sync, rename, sync the
// directory, commit the ledger, and only then DELE.
func (d *Desk) download(ctx context.Context, s *pop3.Session, a retrieval.Action) error {
	if d.copy() == nil {
		return &retrieval.OpError{Protocol: retrieval.POP3, Op: "download", Err: errors.Join(errNoCopy, d.copyErr)}
	}
	var plan compare.Plan
	var listed map[int]retrieval.Entry
	d.ask(func(b *book) { plan = compare.PlanDownload(b.view(), a.Numbers); listed = b.entries(a.Numbers) })
	long, report, end := d.long(ctx, a, "octets")
	defer end()
	k := &kept{d: d, line: s.LastLine}
	items := make([]fetch.Item, len(plan.Retr))
	for i, n := range plan.Retr {
		items[i] = fetch.Item{Number: n, UniqueID: listed[n].UniqueID, Octets: listed[n].Octets}
	}
	got := d.retrieveInto(long, s, items, k, report)
	var dele []int
	for _, n := range plan.Dele {
		if slices.Contains(k.done, n) || listed[n].Here {
			dele = append(dele, n)
		}
	}
	var disk *local.Error
	if len(dele) == 0 || errors.Is(got, retrieval.ErrClosed) || errors.As(got, &disk) {
		return got
	}
	return errors.Join(got, d.deleteCopied(ctx, s, dele, listed))
}

// openCopy opens the local copy while the first connections are made.
func (d *Desk) openCopy() {
	defer d.wg.Done()
	defer close(d.copyOpen)
	if d.o.OpenCopy != nil {
		d.localCopy, d.copyErr = d.o.OpenCopy()
	}
}

// copy waits until the local copy is open; nil when there is none. The book's
// goroutine must not call it: it never waits for a disk.
func (d *Desk) copy() *local.Copy {
	<-d.copyOpen
	return d.localCopy
}

var errNoCopy = errors.New("there is no local copy to download into")

func (b *book) entries(numbers []int) map[int]retrieval.Entry {
	m := make(map[int]retrieval.Entry, len(numbers))
	for _, n := range numbers {
		if n >= 1 && n <= len(b.pop.Drop.Entries) {
			m[n] = b.pop.Drop.Entries[n-1]
		}
	}
	return m
}

// retrieveInto is fetch's download, told to the person while it runs.
func (d *Desk) retrieveInto(ctx context.Context, s *pop3.Session, items []fetch.Item, k *kept, report func(text string, done, total int64)) error {
	var numbers []int
	for _, it := range items {
		numbers = append(numbers, it.Number)
	}
	d.ask(func(b *book) { b.taking(numbers) })
	var refused error
	err := fetch.Download(ctx, s, d.copy(), items, fetch.Hooks{
		Stored: k.stored,
		Refused: func(n int, err error) {
			refused = errors.Join(refused, err)
			if errors.Is(err, retrieval.ErrGone) {
				d.post(func(b *book) { b.refusedRetr(n, err) })
			}
		},
		Progress: func(done, total int64, whole int) {
			report(fmt.Sprintf("%d of %d messages", whole, len(items)), done, total)
		},
	})
	return errors.Join(err, refused)
}

// deleteCopied marks messages whose copy is here, as far as the ledger lets it.
func (d *Desk) deleteCopied(ctx context.Context, s *pop3.Session, numbers []int, listed map[int]retrieval.Entry) error {
	var ids []string
	var marks []int
	var refused error
	for _, n := range numbers {
		e := listed[n]
		if err := d.copy().Deletable(e.UniqueID, e.Octets); err != nil {
			refused = errors.Join(refused, fmt.Errorf("message %d stays on the server: %w", n, err))
			continue
		}
		ids, marks = append(ids, e.UniqueID), append(marks, n)
	}
	if len(marks) == 0 {
		return refused
	}
	if err := d.copy().MarkDeletePending(ids); err != nil {
		return errors.Join(refused, err)
	}
	return errors.Join(refused, d.mark(ctx, s, marks))
}

// deleteByHand marks messages that a person chose. On a real account a message
// without a durable copy here is refused: after QUIT it would be nowhere.
func (d *Desk) deleteByHand(ctx context.Context, s *pop3.Session, numbers []int) error {
	if d.o.Account.Demo {
		return d.mark(ctx, s, numbers)
	}
	if d.copy() == nil {
		return &retrieval.OpError{Protocol: retrieval.POP3, Op: "delete", Err: errors.Join(errNoCopy, d.copyErr)}
	}
	var listed map[int]retrieval.Entry
	d.ask(func(b *book) { listed = b.entries(numbers) })
	for _, n := range numbers {
		if !listed[n].Here {
			return &retrieval.OpError{Protocol: retrieval.POP3, Op: fmt.Sprintf("delete message %d", n),
				Err: fmt.Errorf("%w: after QUIT it would be nowhere; download it first", local.ErrNotHere)}
		}
	}
	return d.deleteCopied(ctx, s, numbers, listed)
}

// copied keeps the ids that the ledger knows.
func (d *Desk) copied(ids []string) []string {
	if d.copy() == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == "" || !d.copy().Has(id) })
}

// settleCopy tells the ledger how the session's marks ended.
func (d *Desk) settleCopy(ids []string, end func(ids []string) error) {
	known := d.copied(ids)
	if len(known) == 0 {
		return
	}
	if err := end(known); err != nil {
		d.post(func(b *book) { b.failed(retrieval.POP3, "write the ledger", err) })
	}
}

func (d *Desk) copyQuit(ids []string, err error) {
	d.settleCopy(ids, func(ids []string) error {
		if err != nil {
			return d.copy().Unknown(ids)
		}
		return d.copy().Settle(ids, nil)
	})
}

func (d *Desk) copyKept(ids []string) {
	d.settleCopy(ids, func(ids []string) error { return d.copy().Settle(nil, ids) })
}

// reconcile shows the ledger a session's whole list, and says what that settled.
func (d *Desk) reconcile(drop retrieval.Maildrop) {
	if d.copy() == nil || !drop.HasUIDL {
		return
	}
	ids := make([]string, len(drop.Entries))
	for i := range drop.Entries {
		ids[i] = drop.Entries[i].UniqueID
	}
	r, err := d.copy().Reconcile(ids)
	d.post(func(b *book) {
		if err != nil {
			b.failed(retrieval.POP3, "compare the ledger with the server", err)
		}
		for _, part := range []struct {
			n    int
			text string
		}{
			{len(r.Adopted), "%d downloads that were cut off were found again on disk: nothing is fetched twice"},
			{len(r.Deleted), "%d deletions of an earlier session did happen"},
			{len(r.Kept), "%d deletions of an earlier session did not happen; the messages are still on the server"},
			{len(r.Duplicates), "the server gives %d unique-ids to more than one message: those are never deleted by imapop"},
			{len(r.Malformed), "%d unique-ids are not as RFC 1939 section 7 wants them: those messages are never deleted by imapop"},
		} {
			if part.n > 0 {
				b.happen(retrieval.Happening{Side: retrieval.POP3, Kind: retrieval.Listed, Cause: retrieval.CauseClient, Text: fmt.Sprintf(part.text, part.n)})
			}
		}
	})
}

// copyRead reads a message from the local copy; false when it is not here.
func (d *Desk) copyRead(id string) ([]byte, bool, error) {
	if d.copy() == nil || id == "" || !d.copy().Has(id) {
		return nil, false, nil
	}
	f, err := d.copy().OpenMessage(id)
	if err != nil {
		return nil, !errors.Is(err, local.ErrNotHere), err
	}
	defer f.Close()
	buf := &bounded{}
	_, err = io.Copy(buf, f)
	return buf.Bytes(), true, err
}
