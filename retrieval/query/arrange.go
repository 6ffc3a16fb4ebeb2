package query

import (
	"cmp"
	"slices"
	"strings"

	"imapop/retrieval"
)

// Placed is a list in an order: Rows are indexes into the rows it was made of.
type Placed struct {
	Rows  []int
	Depth []int // as long as Rows; how many messages stand above each in its thread
	Known int   // of how many rows enough was known to place them; the others come last
}

// As puts rows into the order that a server gave. Rows that it does not name
// come last, in the order they had.
func As(rows []retrieval.Row, a retrieval.Arranged) Placed {
	at := make(map[uint32]int, len(rows))
	for i := range rows {
		if u := rows[i].UID; u != 0 {
			at[u] = i
		}
	}
	p := Placed{Rows: make([]int, 0, len(rows)), Depth: make([]int, 0, len(rows))}
	for i, u := range a.UIDs {
		row, here := at[u]
		if !here {
			continue
		}
		delete(at, u)
		depth := 0
		if i < len(a.Depth) {
			depth = a.Depth[i]
		}
		p.Rows, p.Depth = append(p.Rows, row), append(p.Depth, depth)
	}
	p.Known = len(p.Rows)
	for i := range rows {
		if u := rows[i].UID; u == 0 || has(at, u) {
			p.Rows, p.Depth = append(p.Rows, i), append(p.Depth, 0)
		}
	}
	return p
}

func has(m map[uint32]int, u uint32) bool { _, ok := m[u]; return ok }

// facts are what a side knows of a row.
type facts struct {
	header *retrieval.Header
	octets int64
	seen   bool
	marked bool // whether seen is known
}

func factsOf(r *retrieval.Row, side retrieval.Protocol) (f facts, here bool) {
	switch {
	case side == retrieval.IMAP && r.Message != nil:
		return facts{&r.Message.Header, r.Message.Octets, r.Message.Has(`\Seen`), true}, true
	case side == retrieval.POP3 && r.Entry != nil:
		f := facts{header: r.Entry.Header, octets: r.Entry.Octets}
		if r.Entry.Here {
			f.marked, f.seen = true, r.Entry.Copy.Has('S')
		}
		return f, true
	}
	return facts{}, false
}

// By puts rows into an order by what one side knows of them. POP3 lists sizes;
// of headers it has those that TOP or a copy brought, and read state only of the
// copies on this device.
func By(rows []retrieval.Row, side retrieval.Protocol, by retrieval.Order) Placed {
	if by == retrieval.ByThread {
		return threads(rows, side)
	}
	type item struct {
		row   int
		facts facts
		text  string
	}
	var known []item
	var rest []int
	for i := range rows {
		f, here := factsOf(&rows[i], side)
		if !here || !sortable(f, by) {
			rest = append(rest, i)
			continue
		}
		it := item{row: i, facts: f}
		switch by {
		case retrieval.ByFrom:
			it.text = strings.ToLower(cmp.Or(f.header.Address, f.header.From))
		case retrieval.BySubject:
			it.text = Base(f.header.Subject)
		}
		known = append(known, it)
	}
	slices.SortStableFunc(known, func(a, b item) int {
		switch by {
		case retrieval.ByDate:
			return a.facts.header.Date.Compare(b.facts.header.Date)
		case retrieval.BySize:
			return cmp.Compare(b.facts.octets, a.facts.octets)
		case retrieval.ByUnread:
			if a.facts.seen == b.facts.seen {
				return 0
			}
			if b.facts.seen {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.text, b.text)
	})
	p := Placed{Known: len(known), Depth: make([]int, len(rows))}
	for i := range known {
		p.Rows = append(p.Rows, known[i].row)
	}
	p.Rows = append(p.Rows, rest...)
	return p
}

func sortable(f facts, by retrieval.Order) bool {
	switch by {
	case retrieval.BySize:
		return true
	case retrieval.ByUnread:
		return f.marked
	case retrieval.ByDate:
		return f.header != nil && !f.header.Date.IsZero()
	}
	return f.header != nil
}

// Base is what is left of a subject without the signs of an answer or of
// forwarding, in lower case; shorter than RFC 5256 section 2.1 has it, and with
// the words that mail programs of other languages use.
func Base(subject string) string {
	s := strings.ToLower(strings.TrimSpace(subject))
	for {
		before := s
		for _, p := range []string{"re:", "fwd:", "fw:", "aw:", "wg:", "sv:", "tr:", "rv:"} {
			s = strings.TrimSpace(strings.TrimPrefix(s, p))
		}
		s = strings.TrimSpace(strings.TrimSuffix(s, "(fwd)"))
		if s == before {
			return s
		}
	}
}

// answers reports whether a subject shows that its message is an answer.
func answers(subject string) bool {
	return Base(subject) != strings.ToLower(strings.TrimSpace(subject))
}
