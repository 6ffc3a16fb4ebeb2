package compare

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval/safe"
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
	columns := m.helpColumns(min(max(w/helpColumn, 1), 3))
	for i := 0; i < tallest(columns); i++ {
		line, each := "", w/len(columns)
		for _, c := range columns {
			s := ""
			if i < len(c) {
				s = safe.Truncate(c[i], each-1, "…")
			}
			line += s + style.Spaces(each-safe.Width(s))
		}
		t.out = append(t.out, line+style.Spaces(w-each*len(columns)))
	}
	t.para("signs ", m.st.Muted, `● unread ○ read ★ flagged ↩ answered ✗ \Deleted # keyword ▪ selected » changed by the last action`, 3)
	t.para("      ", m.st.Muted, "HERE ✓ a copy on this device, with signs of its own (● unread ○ read ★ ↩) that no server knows; rm removed here", 3)
	t.para("      ", m.st.Muted, "(folder) not subscribed · · before a message: the search did not find it on this side · └ answers the message above", 3)
	t.para("      ", m.st.Muted, "SERVER ✓ listed, DELE marked, gone expunged by another · ↳ an effect of the other side", 3)
	if m.version != "" {
		t.line(style.Piece{Text: "imapop " + m.version, Pen: m.st.Muted})
	}
	return t.out[min(p.top, len(t.out)):]
}

// helpColumns deals the groups out over n columns, whole groups; the last
// column takes what is left over.
func (m Model) helpColumns(n int) [][]string {
	out := make([][]string, n)
	for i, g := range m.keys.groups(m.view.Demo, m.setup) {
		c := &out[min(i, n-1)]
		if len(*c) > 0 {
			*c = append(*c, "")
		}
		*c = append(*c, m.st.Bold.Ink(g.title))
		*c = append(*c, strings.Split(m.st.HelpColumn(g.keys), "\n")...)
	}
	return out
}

func tallest(columns [][]string) int {
	n := 0
	for _, c := range columns {
		n = max(n, len(c))
	}
	return n
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
