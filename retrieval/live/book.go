package live

import (
	"maps"
	"slices"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/compare"
	"imapop/retrieval/imap"
	"imapop/retrieval/pop3"
)

// keptHappenings bounds the list in a View.
const keptHappenings = 300

// book is everything that is known. Only the desk's own goroutine touches it.
type book struct {
	d       *Desk
	version uint64
	dirty   bool

	imap  retrieval.IMAPSide
	isess *imap.Session
	icost retrieval.Meter // of earlier connections
	uids  []uint32        // of the selected mailbox, rising; nil: not listed yet
	known map[uint32]*retrieval.Message
	whole bool     // uids is the whole mailbox, not only its newest messages
	inbox struct { // what INBOX held when it was last selected; for what POP3 missed
		uidValidity uint32
		uids        []uint32
	}

	pop      retrieval.POP3Side
	psess    *pop3.Session
	pcost    retrieval.Meter
	newest   uint32   // the highest UID that INBOX had when pop.Drop was listed; 0: IMAP was not looked at
	listedIn int      // number of the session that pop.Drop was listed in
	taken    []uint32 // UIDs of what RETR was asked for in this session: what a server may mark as read
	dropped  []string // unique-ids that were marked when the cable was pulled: the next session must still list them
	deleted  []string // unique-ids that a QUIT deleted: the next session must lack them

	rows     []retrieval.Row
	pairing  retrieval.Pairing
	stale    bool // rows must be paired anew
	complete bool // both lists were whole when rows were paired

	happened []retrieval.Happening
	seq      uint64
	action   uint64
	running  *retrieval.Progress
	policy   string
	limit    int64
	links    links
}

func newBook(d *Desk) *book {
	return &book{
		d: d, known: map[uint32]*retrieval.Message{}, stale: true,
		imap:   retrieval.IMAPSide{State: retrieval.IMAPConnecting},
		pop:    retrieval.POP3Side{State: retrieval.POP3Connecting},
		policy: d.o.Account.LeaveOnServer.String(), limit: limitOf(d.o.Account),
	}
}

// view makes an immutable View of the book. Slices that later changes would
// touch are copied before they are changed, not here: a frame of 100,000 rows
// must cost nothing when only a state changed.
func (b *book) view() *retrieval.View {
	b.version++
	b.dirty = false
	if b.stale {
		b.pair()
	}
	b.meter()
	return &retrieval.View{
		Version: b.version, At: time.Now(),
		Account: b.d.o.Account.User + "@" + b.d.o.Account.Name, Demo: b.d.o.Account.Demo,
		IMAP: b.imap, POP3: b.pop, Rows: b.rows, Pairing: b.pairing,
		Happened: b.happened, Policy: b.policy, Limit: b.limit, Maildir: b.d.o.Account.Maildir, Running: b.running,
	}
}

// pair puts the two lists side by side anew and marks the rows that changed.
func (b *book) pair() {
	b.stale = false
	l := compare.Listing{
		UIDValidity: b.imap.Mailbox.UIDValidity, UIDs: b.uids, Known: b.known,
		Inbox:   b.imap.Mailbox.Name == "" || isInbox(b.imap.Mailbox.Name),
		AtLogin: b.newest,
	}
	var drop *retrieval.Maildrop
	if b.pop.Session != 0 && (b.whole || b.isess == nil) {
		drop = &b.pop.Drop
	}
	before := b.rows
	b.rows, b.pairing = compare.Pair(l, drop)
	b.unlooked()
	complete := b.whole && drop != nil
	markChanged(before, b.rows, b.version, complete && b.complete)
	b.complete = complete
	b.pop.Missed, b.pop.Elsewhere = 0, 0
	for i := range b.rows {
		if b.rows[i].Hole == retrieval.HoleArrived {
			b.pop.Missed++
		}
	}
	for _, f := range b.imap.Folders {
		if !isInbox(f.Name) {
			b.pop.Elsewhere += int(f.Messages)
		}
	}
}

// unlooked names the holes that only say that a side was not looked at: while
// IMAP's list is partly known, or has no session, nothing may be called gone.
func (b *book) unlooked() {
	for i := range b.rows {
		r := &b.rows[i]
		switch {
		case r.Hole == retrieval.HoleNone:
		case r.Number == 0 && !b.whole && b.pop.State != retrieval.POP3Closed:
			r.Hole = retrieval.HolePending
		case r.UID == 0 && !b.whole:
			r.Hole = retrieval.HoleNoSession
		}
	}
}

// markChanged gives every row that differs from its earlier self the version.
// A row that was not there before is a change only when both lists were
// complete then as now: until that, it was merely not looked at yet.
func markChanged(before, now []retrieval.Row, version uint64, complete bool) {
	type key struct {
		uid uint32
		id  string
	}
	keyOf := func(r *retrieval.Row) key {
		if r.UID != 0 {
			return key{uid: r.UID}
		}
		return key{id: r.Entry.UniqueID}
	}
	old := make(map[key]*retrieval.Row, len(before))
	same := 0 // rows mostly keep their place: look there first and fill the map only from where they stop doing so
	for same < len(before) && same < len(now) && keyOf(&before[same]) == keyOf(&now[same]) {
		now[same].Changed = changedSince(&before[same], &now[same], version)
		same++
	}
	for i := same; i < len(before); i++ {
		old[keyOf(&before[i])] = &before[i]
	}
	for i := same; i < len(now); i++ {
		if o := old[keyOf(&now[i])]; o != nil {
			now[i].Changed = changedSince(o, &now[i], version)
		} else if complete {
			now[i].Changed = version
		}
	}
}

func changedSince(old, now *retrieval.Row, version uint64) uint64 {
	if old.Hole != now.Hole && old.Hole != retrieval.HolePending && old.Hole != retrieval.HoleNoSession {
		return version
	}
	if old.Message != nil && now.Message != nil && !slices.Equal(old.Message.Flags, now.Message.Flags) {
		return version
	}
	if o, n := old.Entry, now.Entry; o != nil && n != nil && (o.Marked != n.Marked || o.Here != n.Here || o.Gone != n.Gone || o.Copy.Signs() != n.Copy.Signs()) {
		return version
	}
	return old.Changed
}

func (b *book) meter() {
	b.imap.Meter = b.icost
	if b.isess != nil {
		b.imap.Meter = b.imap.Meter.Add(b.isess.Meter())
	}
	b.pop.Meter = b.pcost
	if b.psess != nil {
		b.pop.Meter = b.pop.Meter.Add(b.psess.Meter())
		b.pop.LastSaid = b.psess.LastSaid()
	}
}

// happen records that something was seen, and returns its Seq. The list is
// copied when it grows, so that Views keep theirs.
func (b *book) happen(h retrieval.Happening) uint64 {
	b.seq++
	h.Seq = b.seq
	if h.At.IsZero() {
		h.At = time.Now()
	}
	if h.Action == 0 {
		h.Action = b.action
	}
	start := max(0, len(b.happened)+1-keptHappenings)
	list := make([]retrieval.Happening, 0, len(b.happened)+1-start)
	b.happened = append(append(list, b.happened[start:]...), h)
	return h.Seq
}

// amend changes a recorded happening; f gets a copy of it.
func (b *book) amend(seq uint64, f func(*retrieval.Happening)) {
	list := slices.Clone(b.happened)
	for i := range list {
		if list[i].Seq == seq {
			f(&list[i])
		}
	}
	b.happened = list
}

// last returns the latest happening of a kind on a side within a span; nil when there is none.
func (b *book) last(side retrieval.Protocol, kind retrieval.Kind, at time.Time, within time.Duration) *retrieval.Happening {
	for i := len(b.happened) - 1; i >= 0; i-- {
		h := &b.happened[i]
		if h.Side == side && h.Kind == kind {
			if at.Sub(h.At) <= within {
				return h
			}
			return nil
		}
	}
	return nil
}

// setMessages takes in what IMAP told of messages.
func (b *book) setMessages(ms []retrieval.Message) {
	if len(ms) == 0 {
		return
	}
	known := maps.Clone(b.known)
	for i := range ms {
		m := ms[i]
		known[m.UID] = &m
	}
	b.known = known
	b.stale = true
}

// setEntries changes entries of the POP3 list by number.
func (b *book) setEntries(numbers []int, f func(*retrieval.Entry)) {
	list := slices.Clone(b.pop.Drop.Entries)
	for _, n := range numbers {
		if n >= 1 && n <= len(list) {
			f(&list[n-1])
		}
	}
	b.pop.Drop.Entries = list
	b.pop.Pending = 0
	for i := range list {
		if list[i].Marked {
			b.pop.Pending++
		}
	}
	b.stale = true
}

// uidsOf gives the UIDs that the open rows pair with these message numbers.
func (b *book) uidsOf(numbers []int) []uint32 {
	var uids []uint32
	for i := range b.rows {
		if r := &b.rows[i]; r.UID != 0 && r.Number != 0 && slices.Contains(numbers, r.Number) {
			uids = append(uids, r.UID)
		}
	}
	return uids
}
