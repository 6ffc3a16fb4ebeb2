package compare

import "imapop/retrieval"

// rowKey is what a message is known by while lists change under it: UID with
// UIDVALIDITY, unique-id, or, without UIDL, the number in its session.
type rowKey struct {
	validity, uid   uint32
	uniqueID        string
	session, number int
}

func keyOf(v *retrieval.View, r *retrieval.Row) rowKey {
	k := rowKey{uid: r.UID}
	if r.UID != 0 {
		k.validity = v.IMAP.Mailbox.UIDValidity
	}
	if r.Entry != nil && r.Entry.UniqueID != "" {
		k.uniqueID = r.Entry.UniqueID
	} else if r.Number != 0 {
		k.session, k.number = v.POP3.Session, r.Number
	}
	return k
}

// same reports whether two keys are of one message: one identity that both have
// is equal. A row whose message left one side is still the same row.
func (k rowKey) same(o rowKey) bool {
	switch {
	case k.uid != 0 && o.uid != 0:
		return k.uid == o.uid && k.validity == o.validity
	case k.uniqueID != "" && o.uniqueID != "":
		return k.uniqueID == o.uniqueID
	case k.number != 0 && o.number != 0:
		return k.number == o.number && k.session == o.session
	}
	return false
}

// best keeps of a key the one identity that is best, so that a message stays
// selected when a counterpart of it is found.
func (k rowKey) best() rowKey {
	switch {
	case k.uid != 0:
		return rowKey{validity: k.validity, uid: k.uid}
	case k.uniqueID != "":
		return rowKey{uniqueID: k.uniqueID}
	}
	return k
}

func (m Model) isSelected(r *retrieval.Row) bool {
	return len(m.selected) > 0 && m.selected[keyOf(m.view, r).best()]
}

func (m Model) keyAt(i int) (rowKey, bool) {
	if i < 0 || i >= len(m.view.Rows) {
		return rowKey{}, false
	}
	return keyOf(m.view, &m.view.Rows[i]), true
}

// find returns the index of the row with key, looking near the cursor first: a
// list of 100,000 mostly stays where it was. Not found: the cursor as it is.
func (m Model) find(key rowKey) int {
	const near = 50
	rows := m.view.Rows
	for d := 0; d <= near; d++ {
		for _, i := range [2]int{m.cursor - d, m.cursor + d} {
			if i >= 0 && i < len(rows) && key.same(keyOf(m.view, &rows[i])) {
				return i
			}
		}
	}
	for i := range rows {
		if key.same(keyOf(m.view, &rows[i])) {
			return i
		}
	}
	return m.cursor
}

// stillThere keeps of the selection what the new view still has.
func (m Model) stillThere() map[rowKey]bool {
	if len(m.selected) == 0 {
		return nil
	}
	kept := make(map[rowKey]bool, len(m.selected))
	for i := range m.view.Rows {
		key := keyOf(m.view, &m.view.Rows[i]).best()
		if m.selected[key] {
			kept[key] = true
		}
	}
	return kept
}

// selectAll selects every message that is shown.
func (m Model) selectAll() Model {
	next := make(map[rowKey]bool, len(m.view.Rows))
	for i := range m.view.Rows {
		next[keyOf(m.view, &m.view.Rows[i]).best()] = true
	}
	m.selected = next
	return m.saySelected()
}

// inverted selects what is shown and was not selected, and nothing else.
func (m Model) inverted() Model {
	next := make(map[rowKey]bool, len(m.view.Rows))
	for i := range m.view.Rows {
		if key := keyOf(m.view, &m.view.Rows[i]).best(); !m.selected[key] {
			next[key] = true
		}
	}
	m.selected = next
	return m.saySelected()
}

func (m Model) saySelected() Model {
	return m.say(plainly, "%s selected: %d over IMAP, %d over POP3; an action key means them all, esc clears",
		plural(len(m.selected), "message"), len(m.uids()), len(m.numbers()))
}

// toggled returns the selection with the row under the cursor in it, or out of it.
func (m Model) toggled() map[rowKey]bool {
	key, ok := m.keyAt(m.cursor)
	if !ok {
		return m.selected
	}
	key = key.best()
	next := make(map[rowKey]bool, len(m.selected)+1)
	for k := range m.selected {
		next[k] = true
	}
	if next[key] {
		delete(next, key)
	} else {
		next[key] = true
	}
	return next
}

// chosen returns the indexes of the selected rows, or of the one under the
// cursor when none is selected.
func (m Model) chosen() []int {
	if len(m.view.Rows) == 0 {
		return nil
	}
	if len(m.selected) == 0 {
		return []int{m.cursor}
	}
	out := make([]int, 0, len(m.selected))
	for i := range m.view.Rows {
		if m.isSelected(&m.view.Rows[i]) {
			out = append(out, i)
		}
	}
	return out
}

// uids are the chosen messages that IMAP has.
func (m Model) uids() []uint32 {
	var out []uint32
	for _, i := range m.chosen() {
		if u := m.view.Rows[i].UID; u != 0 {
			out = append(out, u)
		}
	}
	return out
}

// numbers are the chosen messages that the POP3 session has.
func (m Model) numbers() []int {
	var out []int
	for _, i := range m.chosen() {
		if n := m.view.Rows[i].Number; n != 0 {
			out = append(out, n)
		}
	}
	return out
}
