package compare

import (
	"fmt"
	"slices"

	"imapop/retrieval"
)

// pairer is one run of Pair.
type pairer struct {
	l                  Listing
	entries            []retrieval.Entry
	format             verdict
	pairs              []int32 // by entry: index of its UID, or one of entryOther, entryGone, entryTwice
	sure               []retrieval.Certainty
	uidUsed            []bool
	uidPair            []int32 // by UID index: its entry+1
	order              bool
	nextUID, nextEntry []int32 // chains of byContent
	paired             int
	settled            bool   // every entry is paired or gone, so that a UID without one is not listed at all
	newest             uint32 // highest UID that the snapshot is known to hold; 0: none
}

// Pair puts the two lists side by side. It runs in time proportional to their
// length, is deterministic, and pairs by unique-id only with a format that
// messages at hand have proven (RFC 1939 section 7 leaves the format to the
// server); without a proof, a format that carries this mailbox's UIDVALIDITY and
// of which every UID is there counts as likely. Else messages pair by octets and
// header. drop nil: there is no POP3 session, every row is IMAP's alone. With
// another folder than INBOX selected the rows are that folder's alone. It fills
// Row.UID, Number, Message, Entry, Sure and Hole; Message and Entry are shared
// with the arguments.
func Pair(l Listing, drop *retrieval.Maildrop) ([]retrieval.Row, retrieval.Pairing) {
	none := l.UIDValidity == 0 && len(l.UIDs) == 0 // no mailbox is selected
	switch {
	case !l.Inbox && !none:
		return alone(l, retrieval.HoleFolder), retrieval.Pairing{
			Method: "not paired", OnlyIMAP: len(l.UIDs),
			Why: "another folder than INBOX is selected: POP3 has only INBOX (RFC 1939 section 3)",
		}
	case drop == nil:
		return alone(l, retrieval.HoleNoSession), retrieval.Pairing{
			Method: "not paired", OnlyIMAP: len(l.UIDs), Why: "there is no POP3 session to compare with",
		}
	}
	p := &pairer{l: l, entries: drop.Entries, order: true}
	p.pairs = make([]int32, len(p.entries))
	p.sure = make([]retrieval.Certainty, len(p.entries))
	p.uidUsed = make([]bool, len(l.UIDs))
	p.uidPair = make([]int32, len(l.UIDs))
	p.byFormula()
	var free []int32
	for i, at := range p.pairs {
		if at == entryOther || at == entryTwice {
			free = append(free, int32(i))
		}
	}
	p.byContent(free)
	p.survey()
	return p.rows(none), p.pairing(none)
}

// alone gives rows that IMAP alone has.
func alone(l Listing, why retrieval.Hole) []retrieval.Row {
	rows := make([]retrieval.Row, len(l.UIDs))
	for i, uid := range l.UIDs {
		rows[i] = retrieval.Row{UID: uid, Message: l.Known[uid], Hole: why}
	}
	return rows
}

func (p *pairer) join(entry, uid int32, sure retrieval.Certainty) {
	p.pairs[entry], p.sure[entry] = uid, sure
	p.uidUsed[uid], p.uidPair[uid] = true, entry+1
}

// byFormula pairs by the format that can be believed, if there is one.
func (p *pairer) byFormula() {
	for i := range p.pairs {
		p.pairs[i] = entryOther
	}
	if p.l.UIDValidity == 0 {
		return
	}
	p.format = judge(p.l, p.entries)
	sure := retrieval.SureFormula
	switch p.format.trust {
	case trustNone:
		return
	case trustLikely:
		sure = LikelyFormula
	}
	for i, at := range p.format.row {
		if at >= 0 {
			p.join(int32(i), at, sure)
		} else {
			p.pairs[i] = at
		}
	}
}

// survey learns what the pairs say together: whether the order is the same, and
// up to which UID the snapshot reaches.
func (p *pairer) survey() {
	before := int32(-1)
	p.settled = true
	for i, at := range p.pairs {
		if at >= 0 {
			p.paired++
			p.order = p.order && at > before
			before = at
			p.newest = max(p.newest, p.l.UIDs[at])
			continue
		}
		if at != entryGone {
			p.settled = false
		} else {
			u := p.format.format.uid(parseUniqueID(p.entries[i].UniqueID), p.l.UIDValidity)
			p.newest = max(p.newest, u)
		}
	}
}

// rows lists the UIDs in order, each POP3-only message behind the row of the
// message that POP3 lists before it.
func (p *pairer) rows(noIMAP bool) []retrieval.Row {
	head := make([]int32, len(p.l.UIDs)+1) // by UID index+1: first POP3-only entry+1 behind it
	next := make([]int32, len(p.entries))
	anchor, tail, only := 0, int32(-1), 0
	for i, at := range p.pairs {
		if at >= 0 {
			anchor, tail = int(at)+1, -1
			continue
		}
		if tail < 0 {
			head[anchor] = int32(i + 1)
		} else {
			next[tail] = int32(i + 1)
		}
		tail = int32(i)
		only++
	}
	rows := make([]retrieval.Row, 0, len(p.l.UIDs)+only)
	chain := func(e int32) {
		for ; e != 0; e = next[e-1] {
			rows = append(rows, retrieval.Row{
				Number: p.entries[e-1].Number, Entry: &p.entries[e-1], Hole: p.holeOfEntry(int(e-1), noIMAP),
			})
		}
	}
	chain(head[0])
	for i, uid := range p.l.UIDs {
		row := retrieval.Row{UID: uid, Message: p.l.Known[uid]}
		if e := p.uidPair[i]; e != 0 {
			row.Number, row.Entry, row.Sure = p.entries[e-1].Number, &p.entries[e-1], p.sure[e-1]
		} else {
			row.Hole = p.holeOfUID(uid, row.Message)
		}
		rows = append(rows, row)
		chain(head[i+1])
	}
	return rows
}

// holeOfEntry says why IMAP's side of an entry is empty.
func (p *pairer) holeOfEntry(i int, noIMAP bool) retrieval.Hole {
	at := p.pairs[i]
	switch {
	case noIMAP:
		return retrieval.HoleNoSession
	case len(p.l.UIDs) == 0: // whatever it is, an empty INBOX does not hold it
		return retrieval.HoleGone
	case at == entryGone:
		u := p.format.format.uid(parseUniqueID(p.entries[i].UniqueID), p.l.UIDValidity)
		if p.l.UIDNext != 0 && u >= p.l.UIDNext {
			return retrieval.HolePending
		}
		return retrieval.HoleGone
	case p.entries[i].Header == nil || len(p.l.Known) < len(p.l.UIDs):
		return retrieval.HolePending
	}
	return retrieval.HoleUnpaired
}

// holeOfUID says why POP3's side of a UID is empty.
func (p *pairer) holeOfUID(uid uint32, m *retrieval.Message) retrieval.Hole {
	last := p.l.AtLogin // what IMAP had at the login beats what can be inferred from the list
	if last == 0 && p.settled {
		last = p.newest
	}
	switch {
	case last != 0 && uid > last:
		return retrieval.HoleArrived
	case p.settled && (p.newest != 0 || p.l.AtLogin != 0):
		return retrieval.HoleHidden
	case m == nil:
		return retrieval.HolePending
	}
	return retrieval.HoleUnpaired
}

// pairing sums up.
func (p *pairer) pairing(noIMAP bool) retrieval.Pairing {
	r := retrieval.Pairing{
		Paired: p.paired, OnlyIMAP: len(p.l.UIDs) - p.paired, OnlyPOP3: len(p.entries) - p.paired, Order: p.order,
	}
	f := p.format
	switch {
	case noIMAP:
		r.Method, r.Why = "not paired", "there is no IMAP mailbox to compare with"
	case f.trust == trustProven:
		r.Method, r.Format, r.Proof = "unique-id = UID and UIDVALIDITY", f.format.name, f.proof
		if !f.format.validity {
			r.Method = "unique-id = UID"
		}
		r.Why = fmt.Sprintf("this server makes unique-ids of %s; %s at hand agree", f.format.name, count(f.proof, "message"))
	case f.trust == trustLikely:
		r.Method = "unique-id = UID and UIDVALIDITY, not checked"
		r.Why = "each unique-id reads as " + f.format.name + " and fits this mailbox; no message at hand has proven it yet"
	case p.paired > 0:
		r.Method = "octets and Message-ID"
		if !slices.ContainsFunc(p.sure, func(c retrieval.Certainty) bool { return c == retrieval.SureOctets || c == retrieval.LikelyHeader }) {
			r.Method = "octets alone"
		}
		r.Why = "the unique-ids do not tell the UID here (RFC 1939 section 7 leaves them to the server)"
	default:
		r.Method, r.Why = "not paired", "no message was found on both sides"
		if len(p.entries) == 0 || len(p.l.UIDs) == 0 {
			r.Why = "one side is empty"
		} else if len(p.l.Known) < len(p.l.UIDs) {
			r.Why = "not enough messages were looked at yet"
		}
	}
	return r
}

// count gives "1 message", "3 messages".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
