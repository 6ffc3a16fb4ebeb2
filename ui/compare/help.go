package compare

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"imapop/ui/style"
	"imapop/ui/wish"
)

// helpPanel shows every key, in as many columns as fit.
type helpPanel struct{}

func (helpPanel) title() string       { return "keys" }
func (helpPanel) hint() string        { return "esc closes" }
func (p helpPanel) heard(Model) panel { return p }

// helpColumn is the least width of a column of keys.
const helpColumn = 26

func (helpPanel) body(m *Model, w int) []string {
	groups := m.keys.groups(m.view.Demo)
	columns := min(max(w/helpColumn, 1), len(groups))
	var cells []helpCell
	for _, g := range groups {
		if len(cells) > 0 && columns < len(groups) {
			cells = append(cells, helpCell{})
		}
		cells = append(cells, helpCell{title: g.title})
		for _, b := range g.keys {
			cells = append(cells, helpCell{key: b.Help().Key, desc: b.Help().Desc})
		}
		for columns == len(groups) && len(cells)%helpTall(groups) != 0 {
			cells = append(cells, helpCell{})
		}
	}
	t := &text{st: m.st, w: w}
	tall := (len(cells) + columns - 1) / columns
	for i := 0; i < tall; i++ {
		l := style.NewLine(w)
		for c := 0; c < columns; c++ {
			if at := c*tall + i; at < len(cells) {
				cells[at].draw(l, m.st, w/columns)
			}
		}
		t.out = append(t.out, l.End(m.st.Text))
	}
	t.legend(m)
	return t.out
}

// legend says what the signs in the panes mean.
func (t *text) legend(m *Model) {
	t.para("signs  ", m.st.Muted, "● unread ○ read ★ flagged ↩ answered ✗ \\Deleted # keyword » changed by the last action ▪ selected · HERE ✓ local copy · SERVER ✓ listed, DELE marked, gone", 3)
}

type helpCell struct{ title, key, desc string }

func (c helpCell) draw(l *style.Line, st *style.Styles, w int) {
	if c.title != "" {
		l.Cell(st.Bold, c.title, w)
		return
	}
	const keyWidth = 6
	l.Cell(st.Key, c.key, keyWidth).Cell(st.Muted, " "+c.desc, w-keyWidth)
}

// helpTall is the height of the tallest group with its title.
func helpTall(groups []group) int {
	n := 0
	for _, g := range groups {
		n = max(n, len(g.keys)+1)
	}
	return n
}

func (p helpPanel) key(m Model, k tea.KeyMsg) (Model, []wish.Wish) {
	if key.Matches(k, closeKey, m.keys.Help, enterKey) {
		m.panel = nil
	}
	return m, nil
}
