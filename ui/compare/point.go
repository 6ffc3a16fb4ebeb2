package compare

// Point moves the cursor to a row, as when its message is read elsewhere.
func (m Model) Point(row int) Model {
	m.cursor, m.follow = row, false
	return m.arranged().explained()
}
