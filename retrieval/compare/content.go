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

// headerKey names a message by its header: the Message-ID, or else date, sender
// and subject together; "" when that is not enough to go by.
func headerKey(h *retrieval.Header) string {
	if id := messageID(h.MessageID); id != "" {
		return "<" + id
	}
	if h.Date.IsZero() || h.From == "" && h.Subject == "" {
		return ""
	}
	return strconv.FormatInt(h.Date.Unix(), 10) + "\x00" + h.From + "\x00" + h.Subject
}

// group holds messages that look alike: indices into the UIDs and the entries, in order.
type group struct {
	uids, entries []int32
	blind         bool // an entry of the same octets, whose header was not asked for, may be one more
}

// byContent pairs what no formula covers. free are the entries to pair; pairs
// holds, by entry, the index of its UID, and is filled in along with sure.
func (p *pairer) byContent(free []int32) {
	if len(free) == 0 || len(p.l.Known) == 0 {
		return
	}
	all := true // every free UID is known
	var open []int32
	for i, uid := range p.l.UIDs {
		switch m := p.l.Known[uid]; {
		case p.uidUsed[i]:
		case m == nil:
			all = false
		default:
			open = append(open, int32(i))
		}
	}
	blind := map[int64]bool{}
	for _, e := range free {
		if p.entries[e].Header == nil {
			blind[p.entries[e].Octets] = true
		}
	}
	p.match(open, free, true, func(s retrieval.Certainty, octets int64) retrieval.Certainty {
		if !all || blind[octets] {
			return retrieval.LikelyHeader
		}
		return s
	})
	p.match(open, free, false, func(retrieval.Certainty, int64) retrieval.Certainty { return retrieval.LikelyHeader })
	if all {
		p.bySize(open, free)
	}
}

// contentKey is what must be equal: octets and header, or the header alone.
type contentKey struct {
	octets int64
	header string
}

// match pairs the groups that are alike, in the order of each side, so that two
// identical messages stay two. A group of one and one is sure, as weaken allows.
func (p *pairer) match(open, free []int32, octets bool, weaken func(retrieval.Certainty, int64) retrieval.Certainty) {
	groups := map[contentKey]*group{}
	var order []contentKey // for the same result each time
	at := func(h *retrieval.Header, size int64) *group {
		k := contentKey{header: headerKey(h)}
		if k.header == "" {
			return nil
		}
		if octets {
			k.octets = size
		}
		g := groups[k]
		if g == nil {
			g = &group{}
			groups[k] = g
			order = append(order, k)
		}
		return g
	}
	for _, i := range open {
		if p.uidUsed[i] {
			continue
		}
		m := p.l.Known[p.l.UIDs[i]]
		if g := at(&m.Header, m.Octets); g != nil {
			g.uids = append(g.uids, i)
		}
	}
	for _, e := range free {
		if p.pairs[e] >= 0 || p.entries[e].Header == nil {
			continue
		}
		if g := at(p.entries[e].Header, p.entries[e].Octets); g != nil {
			g.entries = append(g.entries, e)
		}
	}
	for _, k := range order {
		g := groups[k]
		sure := retrieval.LikelyHeader
		if len(g.uids) == 1 && len(g.entries) == 1 {
			sure = weaken(retrieval.SureOctets, k.octets)
		}
		for i := range min(len(g.uids), len(g.entries)) {
			p.join(g.entries[i], g.uids[i], sure)
		}
	}
}

// bySize pairs what has only its size to go by: entries whose header was never
// asked for, of a size that no other free message on either side has.
func (p *pairer) bySize(open, free []int32) {
	groups := map[int64]*group{}
	var order []int64
	at := func(octets int64) *group {
		g := groups[octets]
		if g == nil {
			g = &group{}
			groups[octets] = g
			order = append(order, octets)
		}
		return g
	}
	for _, i := range open {
		if !p.uidUsed[i] {
			g := at(p.l.Known[p.l.UIDs[i]].Octets)
			g.uids = append(g.uids, i)
		}
	}
	for _, e := range free {
		if p.pairs[e] < 0 {
			g := at(p.entries[e].Octets)
			g.entries = append(g.entries, e)
			g.blind = g.blind || p.entries[e].Header == nil
		}
	}
	for _, octets := range order {
		g := groups[octets]
		if octets > 0 && g.blind && len(g.uids) == 1 && len(g.entries) == 1 {
			p.join(g.entries[0], g.uids[0], LikelyOctets)
		}
	}
}
