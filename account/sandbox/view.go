package sandbox

import (
	"slices"
	"sort"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// view is what one IMAP session believes about its selected mailbox: sequence
// number n is msgs[n-1] until the session has been told otherwise (RFC 9051
// section 7.5.1). Guarded by store.mu; wake may be used without it.
type view struct {
	box        *mailbox
	msgs       []*message
	told       imap.UID   // every message up to here has been announced or was gone before
	flagged    []*message // flags changed by somebody else
	newKeyword bool
	gone       bool // some of msgs are expunged and not yet told
	readOnly   bool
	found      imap.UIDSet   // what SEARCH RETURN (SAVE) kept, for "$"
	wake       chan struct{} // holds one when there is something to tell
}

func openView(b *mailbox, readOnly bool) *view {
	v := &view{box: b, msgs: slices.Clone(b.msgs), told: b.next - 1, readOnly: readOnly, wake: make(chan struct{}, 1)}
	b.views[v] = struct{}{}
	return v
}

func (v *view) close() { delete(v.box.views, v) }

func (v *view) notify() {
	select {
	case v.wake <- struct{}{}:
	default:
	}
}

// index gives the place of a UID in msgs, or where it would be.
func (v *view) index(uid imap.UID) (int, bool) {
	i := sort.Search(len(v.msgs), func(i int) bool { return v.msgs[i].uid >= uid })
	return i, i < len(v.msgs) && v.msgs[i].uid == uid
}

// update is one untagged response that a session is owed.
type update func(w *imapserver.UpdateWriter) error

// changes brings the view up to date and gives what has to be written for it,
// in order. EXPUNGE is held back where RFC 9051 section 7.5.1 forbids it. With up
// the lowest expunged number comes first; either way each number is right when
// the client applies it after those before it.
func (v *view) changes(expunge, up bool) []update {
	var out []update
	if v.newKeyword {
		v.newKeyword = false
		flags := v.box.allFlags()
		out = append(out, func(w *imapserver.UpdateWriter) error { return w.WriteMailboxFlags(flags) })
	}
	if v.box.next-1 > v.told {
		out = append(out, v.arrivals()...)
	}
	for _, m := range dedupe(v.flagged) {
		if i, ok := v.index(m.uid); ok && !m.gone {
			flags := m.flags
			out = append(out, func(w *imapserver.UpdateWriter) error { return w.WriteMessageFlags(uint32(i+1), m.uid, flags) })
		}
	}
	v.flagged = nil
	if v.gone && expunge {
		out = append(out, v.expunges(up)...)
	}
	return out
}

func (v *view) arrivals() []update {
	b := v.box
	before := len(v.msgs)
	from := sort.Search(len(b.msgs), func(i int) bool { return b.msgs[i].uid > v.told })
	v.msgs = append(v.msgs, b.msgs[from:]...)
	v.told = b.next - 1
	n := uint32(len(v.msgs))
	if len(v.msgs) == before {
		return nil
	}
	return []update{func(w *imapserver.UpdateWriter) error { return w.WriteNumMessages(n) }}
}

func (v *view) expunges(up bool) []update {
	var numbers []int
	for i, m := range v.msgs {
		if m.gone {
			numbers = append(numbers, i+1)
		}
	}
	v.msgs = slices.DeleteFunc(v.msgs, func(m *message) bool { return m.gone })
	v.gone = false
	if !up {
		slices.Reverse(numbers)
	}
	out := make([]update, len(numbers))
	for i, n := range numbers {
		if up {
			n -= i // as many are gone before it
		}
		out[i] = func(w *imapserver.UpdateWriter) error { return w.WriteExpunge(uint32(n)) }
	}
	return out
}

func dedupe(msgs []*message) []*message {
	if len(msgs) < 2 {
		return msgs
	}
	seen := make(map[*message]bool, len(msgs))
	return slices.DeleteFunc(msgs, func(m *message) bool {
		was := seen[m]
		seen[m] = true
		return was
	})
}

// numbered is a message with the sequence number the session knows it by.
type numbered struct {
	seq   uint32
	flags []imap.Flag
	*message
}

// pick gives the messages of a set, ascending, without looking at the others.
// Numbers that the session does not know are left out (RFC 9051 section 6.4.9
// asks that of UIDs).
func (v *view) pick(set imap.NumSet) []numbered {
	var out []numbered
	next := 0
	for _, r := range v.ranges(set) {
		for i := max(r[0], next); i < r[1]; i++ {
			m := v.msgs[i]
			out = append(out, numbered{uint32(i + 1), m.flags, m})
		}
		next = max(next, r[1])
	}
	return out
}

// ranges resolves a set to half-open index ranges, ascending.
func (v *view) ranges(set imap.NumSet) [][2]int {
	if imap.IsSearchRes(set) {
		set = v.found
	}
	n := len(v.msgs)
	if n == 0 {
		return nil
	}
	var out [][2]int
	switch set := set.(type) {
	case imap.SeqSet:
		for _, r := range set {
			start, stop := ordered(r.Start, r.Stop, uint32(n))
			out = append(out, [2]int{min(int(start), n+1) - 1, min(int(stop), n)})
		}
	case imap.UIDSet:
		for _, r := range set {
			start, stop := ordered(r.Start, r.Stop, v.msgs[n-1].uid)
			from, _ := v.index(start)
			to, ok := v.index(stop)
			if ok {
				to++
			}
			out = append(out, [2]int{from, to})
		}
	}
	return out
}

// ordered resolves "*", which is 0 here, and puts the smaller number first:
// "9:*" is the last message even when that is number 5 (RFC 9051 section 9, seq-range).
func ordered[N ~uint32](start, stop, last N) (N, N) {
	if start == 0 {
		start = last
	}
	if stop == 0 {
		stop = last
	}
	if start > stop {
		return stop, start
	}
	return start, stop
}

// allFlags lists what FLAGS announces.
func (b *mailbox) allFlags() []imap.Flag { return append(slices.Clone(systemFlags), b.keywords...) }

func (b *mailbox) count(f imap.Flag) uint32 {
	n := uint32(0)
	for _, m := range b.msgs {
		if m.has(f) {
			n++
		}
	}
	return n
}

func (b *mailbox) octets() int64 {
	n := int64(0)
	for _, m := range b.msgs {
		n += m.Size()
	}
	return n
}

// withFlag gives the messages that carry a flag, and with uids only those of them.
func (b *mailbox) withFlag(f imap.Flag, uids *imap.UIDSet) []*message {
	var out []*message
	for _, m := range b.msgs {
		if (uids == nil || uids.Contains(m.uid)) && m.has(f) {
			out = append(out, m)
		}
	}
	return out
}
