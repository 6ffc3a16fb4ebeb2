package compare

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"imapop/ui/style"
	"imapop/ui/wish"
)

// helpPanel shows every key, in as many columns as fit, and scrolls where they do not.
type helpPanel struct{ top int }

func (helpPanel) whole()              {}
func (helpPanel) title() string       { return "keys" }
func (helpPanel) hint() string        { return "j k scroll · esc closes" }
func (p helpPanel) heard(Model) panel { return p }

// helpColumn is the least width of a column of keys.
const helpColumn = 24

func (p helpPanel) body(m *Model, w int) []string {
	t := &text{st: m.st, w: w}
	columns := m.helpCells(min(max(w/helpColumn, 1), 3))
	for i := 0; i < tallest(columns); i++ {
		l := style.NewLine(w)
		for _, c := range columns {
			if i < len(c) {
				c[i].draw(l, m.st, w/len(columns))
			} else {
				l.Gap(m.st.Text, w/len(columns))
			}
		}
		t.out = append(t.out, l.End(m.st.Text))
	}
	t.para("signs ", m.st.Muted, `● unread ○ read ★ flagged ↩ answered ✗ \Deleted # keyword ▪ selected » changed by the last action`, 3)
	t.para("      ", m.st.Muted, "HERE ✓ local copy · SERVER ✓ listed, DELE marked, gone expunged by another · ↳ an effect of the other side", 3)
	if m.version != "" {
		t.line(style.Piece{Text: "imapop " + m.version, Pen: m.st.Muted})
	}
	return t.out[min(p.top, len(t.out)):]
}

// helpCells deals the groups out over n columns, whole groups; the last
// column takes what is left over.
func (m Model) helpCells(n int) [][]helpCell {
	out := make([][]helpCell, n)
	for i, g := range m.keys.groups(m.view.Demo) {
		c := &out[min(i, n-1)]
		if len(*c) > 0 {
			*c = append(*c, helpCell{})
		}
		*c = append(*c, helpCell{title: g.title})
		for _, b := range g.keys {
			*c = append(*c, helpCell{key: b.Help().Key, desc: b.Help().Desc})
		}
	}
	return out
}

func tallest(columns [][]helpCell) int {
	n := 0
	for _, c := range columns {
		n = max(n, len(c))
	}
	return n
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

func (p helpPanel) key(m Model, k tea.KeyMsg) (Model, []wish.Wish) {
	switch {
	case key.Matches(k, m.keys.Down):
		if len(p.body(&m, m.lay.Width-4)) > m.lay.Panel-2 {
			p.top++
		}
	case key.Matches(k, m.keys.Up):
		p.top = max(p.top-1, 0)
	case key.Matches(k, closeKey, m.keys.Help, enterKey):
		m.panel = nil
		return m, nil
	}
	m.panel = p
	return m, nil
}
