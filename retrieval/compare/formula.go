package compare

import (
	"math"
	"sort"

	"imapop/retrieval"
)

// LikelyFormula marks a pair whose unique-id carries this mailbox's UIDVALIDITY
// and a UID that is there, though no message at hand could prove the format.
const LikelyFormula retrieval.Certainty = "unique-id, not checked"

// LikelyOctets marks a pair of the same octets, when nothing else was to be had
// and no other message on either side has as many.
const LikelyOctets retrieval.Certainty = "octets alone"

// shape is how a unique-id is written, before it is known what it means.
type shape byte

const (
	shapeOther shape = iota
	shapeHex         // 16 hexadecimal digits: two numbers of 8
	shapeDot         // decimal.decimal
	shapeDash        // decimal-decimal
	shapePlain       // one decimal number
)

// uniqueID is a unique-id taken apart: the two numbers in the order written;
// b is 0 for shapePlain.
type uniqueID struct {
	shape shape
	a, b  uint32
}

// parseUniqueID takes apart what could be made of UID and UIDVALIDITY. Anything
// else, such as Courier's UID108-1795487385 with numbers of its own, is shapeOther.
func parseUniqueID(s string) uniqueID {
	if len(s) == 16 {
		a, okA := hex8(s[:8])
		b, okB := hex8(s[8:])
		if okA && okB && !mixedCase(s) {
			return uniqueID{shapeHex, a, b}
		}
	}
	a, rest, ok := decimal(s)
	if !ok {
		return uniqueID{}
	}
	if rest == "" {
		return uniqueID{shape: shapePlain, a: a}
	}
	kind := shapeDot
	switch rest[0] {
	case '.':
	case '-':
		kind = shapeDash
	default:
		return uniqueID{}
	}
	b, rest, ok := decimal(rest[1:])
	if !ok || rest != "" {
		return uniqueID{}
	}
	return uniqueID{kind, a, b}
}

// decimal reads a number from 1 to 2^32-1 without leading zeros, as UIDs and
// UIDVALIDITY are (RFC 9051 section 9, nz-number).
func decimal(s string) (n uint32, rest string, ok bool) {
	var v uint64
	i := 0
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		if v = v*10 + uint64(s[i]-'0'); v > math.MaxUint32 {
			return 0, "", false
		}
	}
	if i == 0 || s[0] == '0' {
		return 0, "", false
	}
	return uint32(v), s[i:], true
}

// hex8 reads eight hexadecimal digits; zero is neither a UID nor a UIDVALIDITY.
func hex8(s string) (uint32, bool) {
	var v uint32
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		v = v<<4 | uint32(c)
	}
	return v, v != 0
}

func mixedCase(s string) bool {
	lower, upper := false, false
	for i := range len(s) {
		lower = lower || s[i] >= 'a' && s[i] <= 'f'
		upper = upper || s[i] >= 'A' && s[i] <= 'F'
	}
	return lower && upper
}

// format is one way to read a shape: which number is the UID.
type format struct {
	name     string
	shape    shape
	uidFirst bool
	validity bool // whether the other number is UIDVALIDITY
}

const numFormats = 7

// formats are those that servers are known to use or can be set to.
var formats = [numFormats]format{
	{"UID and UIDVALIDITY, 8 hex digits each (Dovecot)", shapeHex, true, true},
	{"UIDVALIDITY and UID, 8 hex digits each", shapeHex, false, true},
	{"UIDVALIDITY.UID (Cyrus)", shapeDot, false, true},
	{"UID.UIDVALIDITY", shapeDot, true, true},
	{"UIDVALIDITY-UID", shapeDash, false, true},
	{"UID-UIDVALIDITY", shapeDash, true, true},
	{"UID alone", shapePlain, true, false},
}

// uid reads a unique-id by the format; 0 when it does not fit or belongs to
// another UIDVALIDITY.
func (f format) uid(id uniqueID, validity uint32) uint32 {
	if id.shape != f.shape {
		return 0
	}
	u, v := id.a, id.b
	if !f.uidFirst {
		u, v = v, u
	}
	if f.validity && v != validity {
		return 0
	}
	return u
}

// trust is how far a format can be believed.
type trust int

const (
	trustNone   trust = iota // a message at hand contradicts it, or nothing speaks for it
	trustLikely              // UIDVALIDITY fits and every UID is there
	trustProven              // messages at hand agree, none contradicts
)

// verdict is a format held against the messages at hand.
type verdict struct {
	format format
	trust  trust
	proof  int     // messages at hand that agree and could have disagreed
	row    []int32 // by entry: index of its UID in Listing.UIDs; entryOther, entryGone, entryTwice
}

const (
	entryOther int32 = -1 // the format does not cover it
	entryGone  int32 = -2 // the format gives a UID that the mailbox does not have
	entryTwice int32 = -3 // another entry gives the same UID
)

// The evidence that proves a format. A message proves as many bits as its size
// is rare among the maildrop's, since a wrong format would hit the right size
// that often by chance; each size counts once, so that a box of equal messages
// proves nothing. Formats without UIDVALIDITY have nothing else to show and need more.
const (
	factsValidity, bitsValidity = 3, 12.0
	factsPlain, bitsPlain       = 5, 20.0
	chanceValidity              = 1 << 16 // a UIDVALIDITY below may equal some other counter by chance
	maxFacts                    = 1000    // more agreeing messages than this are not kept: they prove no more
)

// judge finds the format to believe; its trust is trustNone when there is none.
func judge(l Listing, entries []retrieval.Entry) verdict {
	ids := make([]uniqueID, len(entries))
	var fits [numFormats]int
	for i := range entries {
		ids[i] = parseUniqueID(entries[i].UniqueID)
		if ids[i].shape == shapeOther {
			continue
		}
		for f := range formats {
			if formats[f].uid(ids[i], l.UIDValidity) != 0 {
				fits[f]++
			}
		}
	}
	best := verdict{}
	order := make([]int, numFormats)
	for f := range order {
		order[f] = f
	}
	sort.SliceStable(order, func(i, j int) bool { return fits[order[i]] > fits[order[j]] })
	for _, f := range order {
		if fits[f] == 0 || best.trust == trustProven {
			break
		}
		if v := try(formats[f], l, entries, ids); v.trust > best.trust {
			best = v
		}
	}
	return best
}

// try holds one format against everything at hand.
func try(f format, l Listing, entries []retrieval.Entry, ids []uniqueID) verdict {
	v := verdict{format: f, row: locate(f, l, ids)}
	c := evidence{sizes: map[int64]int{}, names: map[string]int{}}
	covered, present, twice := 0, 0, false
	for i, r := range v.row {
		switch {
		case r == entryOther:
			continue
		case r == entryTwice:
			twice = true
		case r >= 0:
			present++
			if !c.add(l.Known[l.UIDs[r]], &entries[i]) {
				return verdict{}
			}
		}
		covered++
	}
	bits := c.weigh(entries)
	v.proof = c.facts
	facts, need := factsValidity, bitsValidity
	if !f.validity {
		facts, need = factsPlain, bitsPlain
	}
	complete := present > 0 && c.distinct == present && (f.validity && l.UIDValidity >= chanceValidity || present == len(entries))
	switch {
	case c.facts >= facts && bits >= need, complete:
		v.trust = trustProven
	case f.validity && l.UIDValidity >= chanceValidity && present == len(entries) && covered == present && !twice && present > 0:
		v.trust = trustLikely
	}
	return v
}

// locate finds the UIDs that the format gives. Both lists mostly run the same
// way, so the next UID is tried before a search.
func locate(f format, l Listing, ids []uniqueID) []int32 {
	row := make([]int32, len(ids))
	taken := make([]int32, len(l.UIDs)) // entry+1
	next := 0
	for i, id := range ids {
		u := f.uid(id, l.UIDValidity)
		if u == 0 {
			row[i] = entryOther
			continue
		}
		at := next
		if at >= len(l.UIDs) || l.UIDs[at] != u {
			at = sort.Search(len(l.UIDs), func(k int) bool { return l.UIDs[k] >= u })
		}
		switch {
		case at == len(l.UIDs) || l.UIDs[at] != u:
			row[i] = entryGone
		case taken[at] != 0:
			row[i], row[taken[at]-1] = entryTwice, entryTwice
		default:
			row[i], taken[at] = int32(at), int32(i+1)
		}
		next = at + 1
	}
	return row
}

// evidence collects what agrees.
type evidence struct {
	sizes    map[int64]int  // agreeing octets
	names    map[string]int // agreeing Message-IDs
	facts    int            // agreeing messages that differ from each other
	distinct int            // agreeing messages that no other entry resembles
}

// add compares one message at hand with its entry; false: they contradict.
func (c *evidence) add(m *retrieval.Message, e *retrieval.Entry) bool {
	if m == nil {
		return true
	}
	a := messageID(m.Header.MessageID)
	if e.Header != nil && a != "" {
		if b := messageID(e.Header.MessageID); b != "" {
			if a != b {
				return false
			}
			if len(c.names) < maxFacts {
				c.names[a]++
			}
			return true
		}
	}
	if m.Octets <= 0 || e.Octets <= 0 {
		return true
	}
	if m.Octets != e.Octets {
		return false
	}
	if len(c.sizes) < maxFacts {
		c.sizes[m.Octets]++
	}
	return true
}

// weigh counts facts, distinct messages and bits.
func (c *evidence) weigh(entries []retrieval.Entry) (bits float64) {
	alike := make(map[int64]int, len(c.sizes))
	named := make(map[string]int, len(c.names))
	for i := range entries {
		e := &entries[i]
		if _, ok := c.sizes[e.Octets]; ok {
			alike[e.Octets]++
		}
		if e.Header != nil && len(c.names) > 0 {
			if id := messageID(e.Header.MessageID); id != "" {
				named[id]++
			}
		}
	}
	n := float64(len(entries))
	for o := range c.sizes {
		if alike[o] == 1 {
			c.distinct++
		}
		if b := math.Log2(n / float64(alike[o])); b > 0 {
			bits += b
			c.facts++
		}
	}
	for id := range c.names {
		if named[id] == 1 {
			c.distinct++
		}
		if b := math.Log2(n / float64(named[id])); b > 0 {
			bits += b
			c.facts++
		}
	}
	if n == 1 {
		c.facts = c.distinct
	}
	return bits
}
