package query

import (
	"slices"

	"imapop/retrieval"
)

// threads puts answers below what they answer, by Message-ID and, where that
// names nothing that is here, by subject: the idea of RFC 5256 section 2.2, on
// what one side knows. A thread stands where its first message stood.
func threads(rows []retrieval.Row, side retrieval.Protocol) Placed {
	headers := make([]*retrieval.Header, len(rows))
	byID := make(map[string]int, len(rows))
	p := Placed{Rows: make([]int, 0, len(rows)), Depth: make([]int, 0, len(rows))}
	for i := range rows {
		f, here := factsOf(&rows[i], side)
		if !here || f.header == nil {
			continue
		}
		headers[i] = f.header
		p.Known++
		if id := f.header.MessageID; id != "" {
			if _, twice := byID[id]; !twice {
				byID[id] = i
			}
		}
	}
	parent := parents(headers, byID)
	children := make(map[int][]int, len(rows))
	for i, up := range parent {
		if up >= 0 {
			children[up] = append(children[up], i)
		}
	}
	var rest []int
	for i := range rows {
		switch {
		case headers[i] == nil:
			rest = append(rest, i)
		case parent[i] < 0:
			p.walk(i, children)
		}
	}
	p.Rows, p.Depth = append(p.Rows, rest...), append(p.Depth, make([]int, len(rest))...)
	return p
}

// parents finds what each message answers; -1 for none.
func parents(headers []*retrieval.Header, byID map[string]int) []int {
	f := make(forest, len(headers))
	parent := make([]int, len(headers))
	for i := range f {
		f[i], parent[i] = i, -1
	}
	first := map[string]int{} // by subject: where a thread of it begins
	for i, h := range headers {
		if h == nil {
			continue
		}
		if up, here := byID[h.Answers]; here && f.under(i, up) {
			parent[i] = up
		}
		base := Base(h.Subject)
		if begun, ok := first[base]; !ok {
			first[base] = i
		} else if parent[i] < 0 && base != "" && answers(h.Subject) && f.under(i, begun) {
			parent[i] = begun
		}
	}
	return parent
}

// forest knows the top of the tree that each message is in.
type forest []int

func (f forest) top(i int) int {
	for f[i] != i {
		f[i] = f[f[i]]
		i = f[i]
	}
	return i
}

// under puts the top of a tree below a message; false when that is in the tree
// itself: a ring of answers is no thread.
func (f forest) under(i, up int) bool {
	t := f.top(up)
	if t == i {
		return false
	}
	f[i] = t
	return true
}

// walk lists a message and all below it, without recursion: a thread can be as
// deep as a mailbox is long.
func (p *Placed) walk(root int, children map[int][]int) {
	type step struct{ row, depth int }
	stack := []step{{root, 0}}
	for len(stack) > 0 {
		s := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		p.Rows, p.Depth = append(p.Rows, s.row), append(p.Depth, s.depth)
		for _, c := range slices.Backward(children[s.row]) {
			stack = append(stack, step{c, s.depth + 1})
		}
	}
}
