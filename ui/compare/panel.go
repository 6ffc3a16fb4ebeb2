package compare

import (
	tea "github.com/charmbracelet/bubbletea"

	"imapop/ui/style"
	"imapop/ui/wish"
)

// panel is a dialog in the place of the message and the wire: both panes stay
// in sight above it.
type panel interface {
	title() string
	hint() string                  // the keys, for the help line
	body(m *Model, w int) []string // lines of w cells
	heard(m Model) panel           // the panel after a new view or a second
	key(Model, tea.KeyMsg) (Model, []wish.Wish)
}

// whole marks a dialog that may cover the panes when it is long.
type whole interface{ whole() }

// panelBox draws the open dialog; what does not fit is cut at the end.
func (m Model) panelBox() []string {
	w := m.lay.Width
	body := m.panel.body(&m, w-4)
	lines := make([]string, 0, m.lay.Panel)
	for i := 0; i < m.lay.Panel-2; i++ {
		s := style.Spaces(w - 4)
		if i < len(body) {
			s = body[i]
		}
		lines = append(lines, " "+s+" ")
	}
	title := []style.Piece{{Text: m.panel.title(), Pen: m.st.Changed}}
	return style.Frame(w, m.st.Changed, title, nil, nil, lines)
}

// text collects lines of w cells for a dialog.
type text struct {
	st  *style.Styles
	w   int
	out []string
}

func (t *text) line(pieces ...style.Piece) {
	l := style.NewLine(t.w)
	for _, p := range pieces {
		l.Put(p.Pen, p.Text)
	}
	t.out = append(t.out, l.End(t.st.Text))
}

// para wraps s, after a lead that its further lines are indented by.
func (t *text) para(lead string, p style.Pen, s string, lines int) {
	n := style.Width(lead)
	for i, s := range style.Wrap(s, t.w-n, lines) {
		if i > 0 {
			lead = style.Spaces(n)
		}
		t.line(style.Piece{Text: lead, Pen: t.st.Muted}, style.Piece{Text: s, Pen: p})
	}
}
