package stage

import (
	"context"
	"errors"
	"slices"

	"imapop/account"
	"imapop/retrieval/fetch"
	"imapop/retrieval/local"
	"imapop/retrieval/pop3"
)

// errNoUIDL says that a client cannot remember here what it has.
var errNoUIDL = errors.New("this server has no unique-ids (UIDL is optional, RFC 1939 section 7): no client can know what it has downloaded")

// hasUIDL reports whether the open session's list has unique-ids.
func (d *device) hasUIDL() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.list.HasUIDL
}

// item is an entry of the open session as the download knows it.
func (d *device) item(n int) fetch.Item {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.list.Entries[n-1]
	return fetch.Item{Number: n, UniqueID: e.UniqueID, Octets: e.Octets}
}

// download brings messages into the device's local copy, those apart that are
// there; with the policy "delete" a DELE follows, as in the app.
func (d *device) download(ctx context.Context, c *pop3.Session, numbers []int, policy account.LeaveOnServer) error {
	if !d.hasUIDL() {
		return errNoUIDL
	}
	copy, err := d.localCopy()
	if err != nil {
		return err
	}
	copy.SetPolicy(policy)
	var bring, all []fetch.Item
	var here []string
	for _, n := range numbers {
		it := d.item(n)
		all = append(all, it)
		if copy.Has(it.UniqueID) {
			here = append(here, it.UniqueID)
		} else {
			bring = append(bring, it)
		}
	}
	var refused error
	h := fetch.Hooks{Refused: func(_ int, err error) { refused = errors.Join(refused, err) }}
	if err := errors.Join(fetch.Download(ctx, c, copy, bring, h), refused); err != nil {
		return err
	}
	if len(here) > 0 {
		if err := copy.ApplyPolicy(here, policy); err != nil {
			return err
		}
	}
	if policy.Mode != account.LeaveDelete {
		return nil
	}
	return d.delete(ctx, c, all)
}

// tidy deletes on the server what the policy of the device says is due.
func (d *device) tidy(ctx context.Context, c *pop3.Session) error {
	copy, err := d.localCopy()
	if err != nil {
		return err
	}
	var due []fetch.Item
	now := d.now()
	for i, id := range d.uniqueIDs() {
		if r, ok := copy.Lookup(id); ok && d.letterAt(i+1) != "" && local.Due(r, r.Policy, now) {
			due = append(due, d.item(i+1))
		}
	}
	return d.delete(ctx, c, due)
}

// delete sends DELE for what is durable here.
func (d *device) delete(ctx context.Context, c *pop3.Session, items []fetch.Item) error {
	m, err := fetch.Delete(ctx, c, d.copy, items)
	for _, it := range m.Marked {
		d.marks[it.UniqueID] = true
	}
	for _, no := range m.Refused {
		err = errors.Join(err, no)
	}
	return err
}

func (d *device) pending() []string {
	var ids []string
	for id := range d.marks {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// settle tells the ledger how the deletions of this session ended.
func (d *device) settle(deleted, kept []string) error {
	clear(d.marks)
	if d.copy == nil || len(deleted)+len(kept) == 0 {
		return nil
	}
	return d.copy.Settle(deleted, kept)
}

func (d *device) quit(ctx context.Context, c *pop3.Session) error {
	q, err := c.Quit(ctx)
	if q.OK {
		return errors.Join(err, d.settle(d.pending(), nil))
	}
	return err
}
