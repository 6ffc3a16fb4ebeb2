package local

import (
	"errors"
	"os"
	"slices"
	"time"

	"imapop/retrieval/plan"
)

// Reconciliation is what a list of unique-ids told.
type Reconciliation struct {
	Adopted    []string // copies that a crash had cut off from the ledger
	Deleted    []string // a pending or unknown deletion that did happen
	Kept       []string // a pending or unknown deletion that did not: it may be tried again
	Back       []string // listed again although the server had deleted them
	Duplicates []string // given to more than one message: never deleted by imapop
	Malformed  []string // not as RFC 1939 section 7 wants them: never deleted by imapop
	Missing    int      // downloaded, and no longer listed though imapop did not delete them
}

// maxSeen bounds what an endless supply of unique-ids can make us remember.
const maxSeen = 1 << 20

// Reconcile takes the whole list of unique-ids of a new session. It settles what
// an unclear QUIT left open, adopts what a crash cut off, and finds duplicates.
// Nothing is forgotten because a list lacks it: that is noted with the time, and
// removed from the ledger only when 90 days of lists that were not empty lacked it.
func (c *Copy) Reconcile(listed []string) (Reconciliation, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return Reconciliation{}, ErrClosed
	}
	var out Reconciliation
	now := c.now().UTC().Truncate(time.Microsecond)
	if !slices.IsSorted(listed) {
		listed = slices.Sorted(slices.Values(listed))
	}
	c.inspect(listed, now, &out)
	adopted, err := c.adopt(c.orphansOf(listed))
	if err != nil {
		return Reconciliation{}, err
	}
	var put, remove []Record
	for _, r := range adopted {
		out.Adopted = append(out.Adopted, r.UniqueID)
	}
	has := finder(listed)
	for r := range c.records.open(func(id string) bool { return has(id) && !c.twice[id] }) {
		before, id := r, r.UniqueID
		on := has(id)
		r.Duplicate = r.Duplicate || c.twice[id]
		if on {
			c.isListed(&r, &out)
		} else {
			c.isMissing(&r, now, &out)
		}
		if len(listed) > 0 && !on && forgotten(r, now) {
			remove = append(remove, r)
		} else if r != before {
			put = append(put, r)
		}
	}
	return out, c.commit(put, remove)
}

// finder tells whether a sorted list has a unique-id, and is quick when it is
// asked in the list's order.
func finder(sorted []string) func(id string) bool {
	next := 0
	return func(id string) bool {
		for next < len(sorted) && sorted[next] < id {
			next++
		}
		if next < len(sorted) && sorted[next] == id {
			return true
		}
		if next > 0 && sorted[next-1] >= id {
			_, on := slices.BinarySearch(sorted, id)
			return on
		}
		return false
	}
}

// inspect finds duplicates and malformed unique-ids, and notes what is new.
func (c *Copy) inspect(sorted []string, now time.Time, out *Reconciliation) {
	clear(c.twice)
	earlier := c.seen
	c.seen = map[string]time.Time{}
	for i, id := range sorted {
		switch {
		case i == 0 || sorted[i-1] != id:
			if !plan.Trusted(id) {
				out.Malformed = append(out.Malformed, id)
			}
			if !c.records.has(id) && len(c.seen) < maxSeen {
				c.seen[id] = now
				if t, ok := earlier[id]; ok {
					c.seen[id] = t
				}
			}
		case !c.twice[id]:
			c.twice[id] = true
			out.Duplicates = append(out.Duplicates, id)
		}
	}
}

// isListed settles a record whose message is on the server.
func (c *Copy) isListed(r *Record, out *Reconciliation) {
	switch r.State {
	case Pending, Unknown:
		out.Kept = append(out.Kept, r.UniqueID)
	case Deleted:
		out.Back = append(out.Back, r.UniqueID)
	}
	r.State, r.Settled, r.Missing = OnServer, time.Time{}, time.Time{}
}

// isMissing settles a record whose message is not on the server.
func (c *Copy) isMissing(r *Record, now time.Time, out *Reconciliation) {
	switch {
	case r.State == Pending || r.State == Unknown:
		r.State, r.Settled = Deleted, now
		out.Deleted = append(out.Deleted, r.UniqueID)
	case r.State == OnServer:
		out.Missing++
		if r.Missing.IsZero() {
			r.Missing = now
		}
	}
}

// forgotten reports whether a tombstone has stood long enough.
func forgotten(r Record, now time.Time) bool {
	since := r.Missing
	if r.State == Deleted {
		since = r.Settled
	}
	return !since.IsZero() && now.Sub(since) > tombstone
}

// orphansOf finds the unique-ids whose file has no ledger entry, by digest.
func (c *Copy) orphansOf(listed []string) map[string]string {
	found := map[string]string{}
	if len(c.orphans) == 0 {
		return found
	}
	for _, id := range listed {
		digest := c.digest.uniqueID(id, 0)
		if !c.records.has(id) && c.orphans[digest] != "" && !c.busy[id] {
			found[digest] = id
		}
	}
	return found
}

// adopt gives ledger entries to files that have none: unique-ids by digest. The
// files are synced again: how far they came before the crash is not known.
func (c *Copy) adopt(wanted map[string]string) ([]Record, error) {
	var put []Record
	for digest, id := range wanted {
		r, err := c.adoptFile(id, c.orphans[digest])
		if errors.Is(err, ErrFileGone) {
			delete(c.orphans, digest)
			continue
		}
		if err != nil {
			return nil, err
		}
		put = append(put, r)
	}
	if len(put) == 0 {
		return nil, nil
	}
	for _, sub := range []string{"/new", "/cur"} {
		if err := syncDir(c.dir + sub); err != nil {
			return nil, failed("sync", c.dir+sub, err)
		}
	}
	if err := c.commit(put, nil); err != nil {
		return nil, err
	}
	for _, r := range put {
		n, _ := parseName(r.File)
		delete(c.orphans, n.digest)
		delete(c.seen, r.UniqueID)
	}
	return put, nil
}

func (c *Copy) adoptFile(id, base string) (Record, error) {
	path, size, err := c.locate(base)
	if err != nil {
		return Record{}, err
	}
	n, _ := parseName(base)
	if size != n.octets {
		return Record{}, ErrFileGone // not what was stored: it is downloaded again, and this one left alone
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err == nil {
		err = errors.Join(f.Sync(), f.Close())
	}
	if err != nil {
		return Record{}, failed("adopt", path, err)
	}
	seen := c.seen[id]
	if seen.IsZero() || seen.After(n.at) {
		seen = n.at
	}
	return Record{UniqueID: id, FirstSeen: seen, Downloaded: n.at, File: base, Octets: n.octets, Listed: n.listed, Policy: c.policy}, nil
}
