package live

import (
	"fmt"

	"imapop/retrieval"
)

// keptCosts bounds how many messages' costs are remembered.
const keptCosts = 1000

// costs is what reading messages has cost. Desk.mu guards it.
type costs struct {
	by  map[string]retrieval.Cost // by costKey
	odd map[string]bool           // messages whose structure ended the connection
}

// costKey names a message on a side for as long as the server promises that the
// name means it: UID and UIDVALIDITY, or unique-id; else the session's number.
func costKey(side retrieval.Protocol, a retrieval.Action, box retrieval.Mailbox) string {
	return fmt.Sprintf("%s %d %d %s", side, box.UIDValidity, firstOf(a.UIDs), box.Name)
}

func popKey(session, number int, id string) string {
	if id != "" {
		return "POP3 " + id
	}
	return fmt.Sprintf("POP3 %d %d", session, number)
}

func firstOf[T any](list []T) (v T) {
	if len(list) > 0 {
		v = list[0]
	}
	return v
}

// spent adds to a message's account on the action's side and tells both sides'.
func (d *Desk) spent(a retrieval.Action, m retrieval.Meter, went bool) retrieval.Costs {
	var box retrieval.Mailbox
	var e retrieval.Entry
	var whole int64
	session := 0
	d.ask(func(b *book) {
		box, session = b.imap.Mailbox, b.pop.Session
		if n := firstOf(a.Numbers); n >= 1 && n <= len(b.pop.Drop.Entries) {
			e = b.pop.Drop.Entries[n-1]
		}
		if k := b.known[firstOf(a.UIDs)]; k != nil {
			whole = k.Octets
		}
	})
	imap, pop := costKey(retrieval.IMAP, a, box), popKey(session, e.Number, e.UniqueID)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.costs.by == nil || len(d.costs.by) > keptCosts {
		d.costs.by = map[string]retrieval.Cost{}
	}
	key := imap
	if a.Side == retrieval.POP3 {
		key = pop
	}
	if c := d.costs.by[key]; m.In+m.Out > 0 || went {
		c = c.Add(m)
		c.Local = m.In+m.Out == 0
		d.costs.by[key] = c
	}
	out := retrieval.Costs{}
	if len(a.UIDs) > 0 {
		out.IMAP = d.costs.by[imap]
		out.IMAP.Whole = whole
	}
	if e.Number > 0 {
		out.POP3 = d.costs.by[pop]
		out.POP3.Whole = e.Octets
	}
	return out
}

func (d *Desk) oddStructure(key string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.costs.odd[key]
}

func (d *Desk) setOddStructure(key string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.costs.odd == nil {
		d.costs.odd = map[string]bool{}
	}
	d.costs.odd[key] = true
}
