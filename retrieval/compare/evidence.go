package compare

import (
	"math"

	"imapop/retrieval"
)

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
