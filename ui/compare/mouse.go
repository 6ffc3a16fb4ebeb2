package compare

import (
	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
)

// wheelRows is how far one notch of the wheel goes.
const wheelRows = 3

// mouse lets a click choose a side, a row or a folder, and the wheel scroll.
func (m Model) mouse(e tea.MouseMsg) Model {
	if m.lay.TooSmall || m.panel != nil {
		return m
	}
	m.follow = false
	switch {
	case e.Button == tea.MouseButtonWheelUp:
		m.cursor -= wheelRows
	case e.Button == tea.MouseButtonWheelDown:
		m.cursor += wheelRows
	case e.Button == tea.MouseButtonLeft && e.Action == tea.MouseActionPress:
		m = m.clicked(e.X, e.Y)
	}
	return m
}

func (m Model) clicked(x, y int) Model {
	l := m.lay
	if y < l.Top || y >= l.Top+l.Panes {
		return m
	}
	line := y - l.Top - 2 // below the frame and the heads
	if x >= l.IMAP {
		m.side, m.tree = retrieval.POP3, false
		return m.toRow(line)
	}
	m.side = retrieval.IMAP
	if l.Tree > 0 && x <= l.Tree {
		m = m.openTree()
		first := min(max(m.folder-l.Rows+1, 0), max(len(m.view.IMAP.Folders)-l.Rows, 0))
		if i := first + line; line >= 0 && i < len(m.view.IMAP.Folders) {
			m.folder = i
		}
		return m
	}
	m.tree = false
	return m.toRow(line)
}

func (m Model) toRow(line int) Model {
	if i := m.top + line; line >= 0 && line < m.lay.Rows && i < len(m.view.Rows) {
		m.cursor = i
	}
	return m
}
