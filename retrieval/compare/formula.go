package compare

import (
	"sort"

	"imapop/retrieval"
)

// LikelyFormula marks a pair whose unique-id carries this mailbox's UIDVALIDITY
// and a UID that is there, though no message at hand could prove the format.
const LikelyFormula retrieval.Certainty = "unique-id, not checked"

// LikelyOctets marks a pair of the same octets, when nothing else was to be had
// and no other message on either side has as many.
const LikelyOctets retrieval.Certainty = "octets alone"

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
