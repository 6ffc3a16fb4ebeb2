package compare

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/ui/internal/field"
	"imapop/ui/style"
	"imapop/ui/wish"
)

// createPanel asks for the name of a new folder (RFC 9051 section 6.3.4).
type createPanel struct {
	name    field.Field
	predict bool
	back    panel // the dialog that it was opened from; nil: none
}

// create opens the dialog, on the side that has folders.
func (m Model) create(back panel) Model {
	if err := m.rules.Support(m.side, retrieval.VerbCreate); err != nil {
		m.predict = false
		return m.failed(err)
	}
	m.panel = createPanel{predict: m.predict, back: back, name: field.New("", 0, func(r rune) bool { return r != '*' && r != '%' })}
	return m
}

func (createPanel) title() string       { return "create a folder" }
func (createPanel) hint() string        { return "type a name · enter creates it · esc no" }
func (p createPanel) heard(Model) panel { return p }

func (p createPanel) body(m *Model, w int) []string {
	t := &text{st: m.st, w: w}
	t.typed("name: ", p.name)
	parts := "one level: this server has no folders in folders"
	if d := m.delim(); d != "" {
		parts = "folders in folders are parted by " + safe.Line(d) + ", as in Work" + safe.Line(d) + "Letters"
	}
	t.line(style.Piece{Text: parts, Pen: m.st.Muted})
	t.line(style.Piece{Text: "every IMAP client will see it; POP3 sees no folder but INBOX", Pen: m.st.Muted})
	return t.out
}

// delim is the hierarchy delimiter of INBOX's namespace, as LIST told it.
func (m Model) delim() string {
	for i := range m.view.IMAP.Folders {
		if d := m.view.IMAP.Folders[i].Delim; d != "" {
			return d
		}
	}
	return ""
}

func (p createPanel) key(m Model, k tea.KeyMsg) (Model, []wish.Wish) {
	switch {
	case key.Matches(k, enterKey):
		m.panel, m.predict = p.back, p.predict
		if p.name.Text() == "" {
			m.predict = false
			return m, nil
		}
		if p.back != nil {
			m.predict = false // what is predicted is the move that it is made for
		}
		return m.submit(retrieval.Action{Verb: retrieval.VerbCreate, Side: retrieval.IMAP, Folder: p.name.Text()})
	case k.Type == tea.KeyEsc, k.Type == tea.KeyCtrlC:
		m.panel, m.predict = p.back, false
		return m, nil
	}
	p.name = p.name.Press(k)
	m.panel = p
	return m, nil
}

// typed draws a field behind its name.
func (t *text) typed(name string, f field.Field) {
	l := style.NewLine(t.w).Put(t.st.Muted, name)
	f.Draw(l, t.st.Bold, t.st.IMAP, l.Left())
	t.out = append(t.out, l.End(t.st.Text))
}
