package compare

import (
	"slices"

	"imapop/retrieval"
	"imapop/ui/style"
)

// rearranged makes the lists that are shown out of the account's: the messages
// that the search found, in the order that was asked for. One row is one
// message on both sides in any order. stay keeps the cursor on its message, or
// puts it on the last one when that is not shown any more.
func (m Model) rearranged(stay bool) Model {
	key, had := m.keyAt(m.cursor)
	m.view, m.depth = m.full, nil
	if m.search.on || m.order.by != retrieval.ByServer {
		if m.search.on {
			m.search = m.search.counted(m.full)
		}
		shown := *m.full
		shown.Rows, m.depth = m.pick()
		m.view = &shown
	}
	m.selected = m.stillThere()
	if !stay {
		return m
	}
	if at := m.indexOf(key); had && at >= 0 {
		m.cursor = at
	} else {
		m.cursor = len(m.view.Rows) - 1
	}
	return m.arranged()
}

// shownOf takes a new view in. Most views tell of a state or a cost and have the
// rows of the one before: then so has what is shown of them.
func (m Model) shownOf(v *retrieval.View) Model {
	n, was := len(v.Rows), m.full.Rows
	same := n > 0 && n == len(was) && &v.Rows[0] == &was[0] && m.view != m.full && (m.search.on || m.order.by != retrieval.ByServer)
	m.full = v
	if !same {
		return m.rearranged(false)
	}
	shown := *v
	shown.Rows = m.view.Rows
	m.view = &shown
	return m
}

// pick gives the rows to show, and how deep each stands in its thread.
func (m Model) pick() ([]retrieval.Row, []int) {
	all := m.full.Rows
	at := make([]int, m.order.of, m.order.of+8) // index into all, plus one, by place
	var late []int
	depths := map[int]int{}
	for i := range all {
		p, placed := m.order.place[keyOf(m.full, &all[i]).best()]
		if m.order.by == retrieval.ByServer || !placed || p.at >= len(at) || at[p.at] != 0 {
			late = append(late, i+1)
			continue
		}
		at[p.at] = i + 1
		if p.depth > 0 {
			depths[i] = p.depth
		}
	}
	var rows []retrieval.Row
	var depth []int
	for _, i := range slices.Concat(at, late) {
		if i == 0 || m.search.on && !m.search.hit(retrieval.IMAP, m.full, &all[i-1]) && !m.search.hit(retrieval.POP3, m.full, &all[i-1]) {
			continue
		}
		rows, depth = append(rows, all[i-1]), append(depth, depths[i-1])
	}
	return rows, depth
}

// indexOf is the index of the shown row with key; -1 for none.
func (m Model) indexOf(key rowKey) int {
	for i := range m.view.Rows {
		if key.same(keyOf(m.view, &m.view.Rows[i])) {
			return i
		}
	}
	return -1
}

// depthOf is how deep row i stands in its thread.
func (m Model) depthOf(i int) int {
	if i >= len(m.depth) || m.order.by != retrieval.ByThread {
		return 0
	}
	return m.depth[i]
}

// asShown is what a side's edge says of search and order; nil for all messages
// in the mailbox's order.
func (m Model) asShown(side retrieval.Protocol) []style.Piece {
	out := m.searchPiece(side)
	for _, p := range m.orderPiece(side) {
		if len(out) > 0 {
			p.Text = " · " + p.Text
		}
		out = append(out, p)
	}
	return out
}
