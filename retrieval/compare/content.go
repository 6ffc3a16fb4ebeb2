package compare

import (
	"strconv"
	"strings"

	"imapop/retrieval"
)

// messageID gives a Message-ID without its brackets, and without the blanks
// that a folded header leaves and an ENVELOPE does not.
func messageID(s string) string {
	if strings.ContainsAny(s, " \t\r\n") {
		s = strings.Join(strings.Fields(s), "")
	}
	return strings.TrimSuffix(strings.TrimPrefix(s, "<"), ">")
}

// contentKey is what must be equal for two messages to look alike. Message-ID
// alone names a message; without one, date, sender and subject do together.
type contentKey struct {
	octets int64
	header string
}

// keyOf gives the key of a header; false when it is not enough to go by.
func keyOf(h *retrieval.Header, octets int64) (contentKey, bool) {
	if id := messageID(h.MessageID); id != "" {
		return contentKey{octets, id}, true
	}
	if h.Date.IsZero() || h.From == "" && h.Subject == "" {
		return contentKey{}, false
	}
	// No Message-ID has a line break in it, so the two kinds of key never meet.
	return contentKey{octets, strconv.FormatInt(h.Date.Unix(), 10) + "\n" + h.From + "\n" + h.Subject}, true
}

// bucket holds messages that look alike, in the order of each side: chains of
// index+1 through pairer.nextUID and pairer.nextEntry.
type bucket struct {
	uid, lastUID, entry, lastEntry int32
	uids, entries                  int32
	blind                          bool // an entry of these octets, whose header was not asked for, may be one more
}

// buckets are filled from IMAP's side first; what POP3 has besides cannot pair.
type buckets[K comparable] struct {
	p    *pairer
	at   map[K]int32 // index+1 into list
	list []bucket
}

func bucketsFor[K comparable](p *pairer, n int) *buckets[K] {
	return &buckets[K]{p: p, at: make(map[K]int32, n), list: make([]bucket, 0, n)}
}

func (b *buckets[K]) addUID(k K, i int32) {
	at := b.at[k]
	if at == 0 {
		b.list = append(b.list, bucket{})
		at = int32(len(b.list))
		b.at[k] = at
	}
	g := &b.list[at-1]
	if g.uids++; g.uid == 0 {
		g.uid = i + 1
	} else {
		b.p.nextUID[g.lastUID] = i + 1
	}
	g.lastUID = i
	b.p.nextUID[i] = 0
}

// addEntry gives the entry's bucket, or nil.
func (b *buckets[K]) addEntry(k K, e int32) *bucket {
	at := b.at[k]
	if at == 0 {
		return nil
	}
	g := &b.list[at-1]
	if g.entries++; g.entry == 0 {
		g.entry = e + 1
	} else {
		b.p.nextEntry[g.lastEntry] = e + 1
	}
	g.lastEntry = e
	b.p.nextEntry[e] = 0
	return g
}

// join pairs within one bucket, in order, so that two identical messages stay two.
func (b *buckets[K]) join(g *bucket, sure retrieval.Certainty) {
	u, e := g.uid, g.entry
	for u != 0 && e != 0 {
		nextU, nextE := b.p.nextUID[u-1], b.p.nextEntry[e-1]
		b.p.join(e-1, u-1, sure)
		u, e = nextU, nextE
	}
}

// byContent pairs what no formula covers; free are the entries to pair.
func (p *pairer) byContent(free []int32) {
	if len(free) == 0 || len(p.l.Known) == 0 {
		return
	}
	all := true // every free UID is known
	open := make([]int32, 0, min(len(p.l.Known), len(p.l.UIDs)))
	for i, uid := range p.l.UIDs {
		switch {
		case p.uidUsed[i]:
		case p.l.Known[uid] == nil:
			all = false
		default:
			open = append(open, int32(i))
		}
	}
	p.nextUID, p.nextEntry = make([]int32, len(p.l.UIDs)), make([]int32, len(p.entries))
	p.byHeader(open, free, true, all)
	p.byHeader(open, free, false, false)
	if all {
		p.bySize(open, free)
	}
}

// byHeader pairs by header, and by octets too if said. A pair is sure when it
// is alone in its bucket and nothing unlooked-at can belong there.
func (p *pairer) byHeader(open, free []int32, octets, all bool) {
	b := bucketsFor[contentKey](p, len(open))
	sizes := make(map[int64]bool, len(open)) // whether an entry without header has this size
	key := func(h *retrieval.Header, size int64) (contentKey, bool) {
		if !octets {
			size = 0
		}
		return keyOf(h, size)
	}
	for _, i := range open {
		m := p.l.Known[p.l.UIDs[i]]
		if p.uidUsed[i] {
			continue
		}
		if k, ok := key(&m.Header, m.Octets); ok {
			b.addUID(k, i)
			sizes[m.Octets] = false
		}
	}
	for _, e := range free {
		entry := &p.entries[e]
		switch {
		case p.pairs[e] >= 0:
		case entry.Header == nil:
			if _, ok := sizes[entry.Octets]; ok {
				sizes[entry.Octets] = true
			}
		default:
			if k, ok := key(entry.Header, entry.Octets); ok {
				b.addEntry(k, e)
			}
		}
	}
	for i := range b.list {
		g := &b.list[i]
		if g.uids == 0 || g.entries == 0 {
			continue
		}
		sure := retrieval.LikelyHeader
		if all && g.uids == 1 && g.entries == 1 && !sizes[p.entries[g.entry-1].Octets] {
			sure = retrieval.SureOctets
		}
		b.join(g, sure)
	}
}

// bySize pairs what has only its size to go by: entries whose header was never
// asked for, of a size that no other free message on either side has.
func (p *pairer) bySize(open, free []int32) {
	b := bucketsFor[int64](p, len(open))
	for _, i := range open {
		if octets := p.l.Known[p.l.UIDs[i]].Octets; !p.uidUsed[i] && octets > 0 {
			b.addUID(octets, i)
		}
	}
	for _, e := range free {
		if p.pairs[e] < 0 {
			if g := b.addEntry(p.entries[e].Octets, e); g != nil {
				g.blind = g.blind || p.entries[e].Header == nil
			}
		}
	}
	for i := range b.list {
		if g := &b.list[i]; g.blind && g.uids == 1 && g.entries == 1 {
			b.join(g, LikelyOctets)
		}
	}
}
