package compare

import (
	"slices"

	"imapop/retrieval"
)

// changedNear is how far from its place a changed row is looked for in the view
// before the action; beyond it, both sides are marked.
const changedNear = 200

// changedOn reports whether a row that changed in the last action did so on this
// side: a DELE changes nothing for IMAP, and that is the point.
func (m Model) changedOn(side retrieval.Protocol, i int, row *retrieval.Row) bool {
	old := m.rowBefore(i, row)
	if old == nil {
		return true
	}
	if side == retrieval.IMAP {
		return row.UID != old.UID || !sameMessage(row.Message, old.Message)
	}
	return row.Number != old.Number || !sameEntry(row.Entry, old.Entry)
}

// rowBefore finds the row as it was before the last action; nil: not found.
func (m Model) rowBefore(i int, row *retrieval.Row) *retrieval.Row {
	if m.before == nil {
		return nil
	}
	key, rows := keyOf(m.view, row), m.before.Rows
	for d := 0; d <= changedNear; d++ {
		for _, j := range [2]int{i - d, i + d} {
			if j >= 0 && j < len(rows) && key.same(keyOf(m.before, &rows[j])) {
				return &rows[j]
			}
		}
	}
	return nil
}

// sameMessage and sameEntry leave out what was merely loaded since.
func sameMessage(a, b *retrieval.Message) bool {
	return a == b || a == nil || b == nil || slices.Equal(a.Flags, b.Flags)
}

func sameEntry(a, b *retrieval.Entry) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Marked == b.Marked && a.Gone == b.Gone && a.Here == b.Here && a.Copy.Signs() == b.Copy.Signs()
}
