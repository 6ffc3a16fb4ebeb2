package imap

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
)

// gathered is what SORT or THREAD answered: UIDs in the server's order, each once.
type gathered struct {
	most  int
	uids  []uint32
	depth []int // of a thread
	seen  map[uint32]bool
}

func (g *gathered) add(n uint32, depth int) {
	if n == 0 || g.seen[n] || len(g.uids) >= g.most {
		return
	}
	g.seen[n] = true
	g.uids, g.depth = append(g.uids, n), append(g.depth, depth)
}

// sorted takes in "2 3 6" (RFC 5256 section 4, sort-data).
func (g *gathered) sorted(b []byte) {
	for _, f := range bytes.Fields(b) {
		n, err := strconv.ParseUint(string(f), 10, 32)
		if err != nil {
			return
		}
		g.add(uint32(n), 0)
	}
}

// threaded takes in "(2)(3 6 (4 23)(44 7 96))" (RFC 5256 section 4,
// thread-data): numbers behind each other answer each other, parentheses branch.
func (g *gathered) threaded(b []byte) {
	var open []int // depth to go back to at each parenthesis
	depth, first := 0, true
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '(':
			if len(open) == 0 {
				depth, first = 0, true
			}
			open = append(open, depth)
		case c == ')':
			if len(open) == 0 {
				return // no thread
			}
			depth, open = open[len(open)-1], open[:len(open)-1]
		case c >= '0' && c <= '9':
			end := i + 1
			for end < len(b) && b[end] >= '0' && b[end] <= '9' {
				end++
			}
			n, err := strconv.ParseUint(string(b[i:end]), 10, 32)
			if err != nil {
				return
			}
			if depth == 0 && !first {
				depth = 1 // the message above is not in the mailbox: they belong together all the same
			}
			g.add(uint32(n), depth)
			depth, first, i = depth+1, false, end-1
		case c != ' ':
			return
		}
	}
}

// rising sorts the numbers of a SEARCH answer and keeps at most most of them:
// the library takes quadratic time for falling ones. What is no such answer
// stays as it is.
func rising(line []byte, most int) []byte {
	head, rest, found := bytes.Cut(line, []byte("SEARCH "))
	if !found {
		return line
	}
	numbers, tail, modseq := bytes.Cut(rest, []byte("("))
	var list []uint32
	for _, f := range bytes.Fields(numbers) {
		n, err := strconv.ParseUint(string(f), 10, 32)
		if err != nil {
			return line
		}
		list = append(list, uint32(n))
	}
	if slices.IsSorted(list) && len(list) <= most {
		return line
	}
	slices.Sort(list)
	list = slices.Compact(list)
	out := append(bytes.Clone(head), "SEARCH"...)
	for _, n := range list[:min(len(list), most)] {
		out = strconv.AppendUint(append(out, ' '), uint64(n), 10)
	}
	if modseq {
		return append(append(out, " ("...), tail...)
	}
	return append(out, "\r\n"...)
}

// risingSet does the same for the set behind ALL in an ESEARCH answer (RFC 9051
// section 7.3.4), whose ranges may come in any order.
func risingSet(line []byte, most int) []byte {
	at := bytes.Index(line, []byte(" ALL "))
	if at < 0 {
		return line
	}
	at += len(" ALL ")
	set := line[at:]
	if i := bytes.IndexAny(set, " \r\n"); i >= 0 {
		set = set[:i]
	}
	type span struct{ from, to uint64 }
	var spans []span
	for _, part := range bytes.Split(set, []byte(",")) {
		a, b, two := bytes.Cut(part, []byte(":"))
		from, err := strconv.ParseUint(string(a), 10, 32)
		to := from
		if err == nil && two {
			to, err = strconv.ParseUint(string(b), 10, 32)
		}
		if err != nil {
			return line
		}
		spans = append(spans, span{min(from, to), max(from, to)})
	}
	byStart := func(a, b span) int { return cmp.Compare(a.from, b.from) }
	if slices.IsSortedFunc(spans, byStart) && len(spans) <= most {
		return line
	}
	slices.SortFunc(spans, byStart)
	out := bytes.Clone(line[:at])
	for i, s := range spans[:min(len(spans), most)] {
		if i > 0 {
			out = append(out, ',')
		}
		out = strconv.AppendUint(out, s.from, 10)
		if s.to != s.from {
			out = strconv.AppendUint(append(out, ':'), s.to, 10)
		}
	}
	return append(out, line[at+len(set):]...)
}
