package local

import (
	"slices"
	"strings"

	"imapop/account"
)

// Dir is the Maildir.
func (c *Copy) Dir() string { return c.dir }

// Policy is what applies to messages downloaded from now on.
func (c *Copy) Policy() account.LeaveOnServer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.policy
}

// SetPolicy changes what applies to messages downloaded from now on. Those that
// are here keep theirs: ApplyPolicy changes it.
func (c *Copy) SetPolicy(p account.LeaveOnServer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.policy = p
}

// ApplyPolicy changes the policy of messages that were downloaded already.
func (c *Copy) ApplyPolicy(ids []string, p account.LeaveOnServer) error {
	return c.change(ids, func(r *Record) bool {
		changed := !r.Downloaded.IsZero() && r.Policy != p
		r.Policy = p
		return changed
	})
}

// Has reports whether the message was downloaded: a copy is durable here, or was
// before its owner removed it. It reads memory only.
func (c *Copy) Has(uniqueID string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.has(uniqueID)
}

func (c *Copy) has(uniqueID string) bool {
	if uniqueID == "" || c.twice[uniqueID] {
		return false
	}
	if r, ok := c.records.get(uniqueID); ok && !r.Downloaded.IsZero() {
		return true
	}
	return c.orphan(uniqueID) != ""
}

// orphan is the file of a unique-id whose ledger entry was lost; "" for none.
func (c *Copy) orphan(uniqueID string) string {
	if len(c.orphans) == 0 || uniqueID == "" {
		return ""
	}
	return c.orphans[c.digest.uniqueID(uniqueID, 0)]
}

// Lookup returns what the ledger knows of a unique-id; false: nothing.
func (c *Copy) Lookup(uniqueID string) (Record, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.records.get(uniqueID)
}

// Listed is what LIST said of a unique-id's message when it was downloaded;
// false: it was not. It reads memory only.
func (c *Copy) Listed(uniqueID string) (octets int64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	octets, _, ok = c.records.listed(uniqueID)
	return octets, ok
}

// Settled reports whether a message that LIST gives listed octets was downloaded,
// and nothing happened to it since: a run that keeps has nothing to ask about it.
func (c *Copy) Settled(uniqueID string, listed int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	octets, settled, ok := c.records.listed(uniqueID)
	return ok && settled && octets == listed && (len(c.twice) == 0 || !c.twice[uniqueID])
}

// Records returns every record that has a unique-id, by download and unique-id.
func (c *Copy) Records() []Record {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := slices.Collect(c.records.all())
	slices.SortFunc(list, func(a, b Record) int {
		if n := a.Downloaded.Compare(b.Downloaded); n != 0 {
			return n
		}
		return strings.Compare(a.UniqueID, b.UniqueID)
	})
	return list
}

// change edits the records of ids and commits those that edit says it changed.
func (c *Copy) change(ids []string, edit func(*Record) bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changeLocked(ids, edit)
}

func (c *Copy) changeLocked(ids []string, edit func(*Record) bool) error {
	if c.closed {
		return ErrClosed
	}
	var put []Record
	for _, id := range ids {
		if r, ok := c.records.get(id); ok && edit(&r) {
			put = append(put, r)
		}
	}
	return c.commit(put, nil)
}

// commit writes to the ledger and then to memory. mu is held.
func (c *Copy) commit(put, remove []Record) error {
	if err := c.step("commit"); err != nil {
		return failed("write the ledger", c.ledger.path, err)
	}
	if err := c.ledger.write(put, remove); err != nil {
		return err
	}
	for _, r := range put {
		c.remember(r)
	}
	for _, r := range remove {
		c.records.remove(r.UniqueID)
	}
	return nil
}

// Knows reports whether the ledger has any unique-id of this account.
func (c *Copy) Knows() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.records.base)+len(c.records.over) > 0
}
