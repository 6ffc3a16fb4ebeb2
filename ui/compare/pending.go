package compare

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	"imapop/ui/style"
	"imapop/ui/wish"
)

// pendingPanel lists what is marked for deletion on either side, with the ways out.
type pendingPanel struct{}

func (pendingPanel) title() string { return "pending deletions" }
func (pendingPanel) hint() string {
	return "Q QUIT · R RSET · ! drop the cable · x EXPUNGE · u undelete · esc back"
}
func (p pendingPanel) heard(Model) panel { return p }

func (pendingPanel) body(m *Model, w int) []string {
	t := &text{st: m.st, w: w}
	marked, deleted := m.pending()
	t.line(style.Piece{Text: "POP3  ", Pen: m.st.POP3}, style.Piece{Text: plural(len(marked), "message") + " marked with DELE, in this session only", Pen: m.st.Text})
	t.rows(m, marked, 5)
	t.way("Q", "QUIT", "the server enters UPDATE and deletes them; final")
	t.way("R", "RSET", "unmarks all of them")
	t.way("!", "drop the cable", "no QUIT, no UPDATE: nothing is deleted")
	t.line(style.Piece{Text: "IMAP  ", Pen: m.st.IMAP}, style.Piece{Text: plural(len(deleted), "message") + ` with \Deleted, for every IMAP client to see`, Pen: m.st.Text})
	t.rows(m, deleted, 5)
	t.way("x", "UID EXPUNGE", "removes them; final")
	t.way("u", `-FLAGS \Deleted`, "undoes it")
	return t.out
}

func (t *text) way(k, name, what string) {
	t.line(style.Piece{Text: "  " + style.Fit(k, 6), Pen: t.st.Key}, style.Piece{Text: style.Fit(name, 18), Pen: t.st.Bold}, style.Piece{Text: what, Pen: t.st.Muted})
}

// pending are the rows that carry a DELE mark and those that carry \Deleted,
// shown or not.
func (m Model) pending() (marked, deleted []*retrieval.Row) {
	for i := range m.full.Rows {
		row := &m.full.Rows[i]
		if row.Entry != nil && row.Entry.Marked {
			marked = append(marked, row)
		}
		if row.Message != nil && row.Message.Has(`\Deleted`) {
			deleted = append(deleted, row)
		}
	}
	return marked, deleted
}

func (p pendingPanel) key(m Model, k tea.KeyMsg) (Model, []wish.Wish) {
	m.panel = nil
	switch {
	case key.Matches(k, m.keys.QuitSession, m.keys.Reset, m.keys.Drop):
		m.side = retrieval.POP3
		return m.sessionKey(k)
	case key.Matches(k, m.keys.Expunge):
		m.side, m.selected = retrieval.IMAP, nil
		return m.expunge()
	case key.Matches(k, m.keys.Undelete):
		m.side, m.selected = retrieval.IMAP, nil
		uids := m.deleted()
		if len(uids) == 0 {
			return m.say(plainly, `nothing here carries \Deleted`), nil
		}
		return m.submit(retrieval.Action{Verb: retrieval.VerbUndelete, Side: retrieval.IMAP, UIDs: uids})
	case key.Matches(k, closeKey, m.keys.Pending):
		return m, nil
	}
	m.panel = p
	return m, nil
}

// leavePanel asks how to leave while POP3 marks are pending.
type leavePanel struct{}

func (leavePanel) title() string { return "leave imapop" }
func (leavePanel) hint() string {
	return "enter leaves and keeps · Q deletes, then leaves · esc stays"
}
func (p leavePanel) heard(Model) panel { return p }

func (leavePanel) body(m *Model, w int) []string {
	t := &text{st: m.st, w: w}
	marked, _ := m.pending()
	t.line(style.Piece{Text: plural(m.view.POP3.Pending, "message") + " marked for deletion over POP3, not deleted yet:", Pen: m.st.Warn})
	t.rows(m, marked, 6)
	t.way("enter", "leave", "the session ends without QUIT: nothing is deleted")
	t.way("Q", "QUIT, then leave", "the server deletes them, for every device")
	t.way("esc", "stay", "")
	return t.out
}

func (p leavePanel) key(m Model, k tea.KeyMsg) (Model, []wish.Wish) {
	switch {
	case key.Matches(k, enterKey), k.String() == "ctrl+c":
		return m, []wish.Wish{wish.Quit{}}
	case key.Matches(k, m.keys.QuitSession):
		m.panel = nil
		m.side = retrieval.POP3
		a := m.onSession(retrieval.VerbQuit)
		next, wishes := m.begin(a)
		if len(wishes) == 1 {
			wishes = []wish.Wish{wish.Do{Action: a, Leave: true}}
		}
		return next, wishes
	case key.Matches(k, closeKey):
		m.panel = nil
	}
	return m, nil
}

// leave quits the app, or first asks what becomes of the POP3 marks.
func (m Model) leave() (Model, []wish.Wish) {
	if !m.Marked() {
		return m, []wish.Wish{wish.Quit{}}
	}
	return m.AskLeave(), nil
}

// Marked says whether a POP3 session with marks is open.
func (m Model) Marked() bool {
	return m.view.POP3.Pending > 0 && m.view.POP3.State == retrieval.POP3Transaction
}

// AskLeave asks how to leave while POP3 marks are pending.
func (m Model) AskLeave() Model {
	m.panel = leavePanel{}
	return m.arranged()
}
