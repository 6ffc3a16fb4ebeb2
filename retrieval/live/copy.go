package live

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"imapop/retrieval"
	"imapop/retrieval/local"
)

func (b *book) entries(numbers []int) map[int]retrieval.Entry {
	m := make(map[int]retrieval.Entry, len(numbers))
	for _, n := range numbers {
		if n >= 1 && n <= len(b.pop.Drop.Entries) {
			m[n] = b.pop.Drop.Entries[n-1]
		}
	}
	return m
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
