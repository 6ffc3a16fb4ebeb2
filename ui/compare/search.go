package compare

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	"imapop/ui/internal/field"
	"imapop/ui/style"
	"imapop/ui/wish"
)

// searchPanel asks for a text, on the side with the focus.
type searchPanel struct{ text field.Field }

func newSearchPanel() searchPanel { return searchPanel{field.New("", 0, nil)} }

func (searchPanel) title() string       { return "search" }
func (searchPanel) hint() string        { return "type a text · enter searches · esc no" }
func (p searchPanel) heard(Model) panel { return p }

func (p searchPanel) body(m *Model, w int) []string {
	t := &text{st: m.st, w: w}
	t.typed("search over "+string(m.side)+": ", p.text)
	how := "IMAP: the server looks into the headers and bodies of this folder (UID SEARCH TEXT, RFC 9051 section 6.4.4)"
	if m.side == retrieval.POP3 {
		how = "POP3 has no search: only what is here is looked at, the headers that TOP told and the copies on this device"
	}
	t.para("", m.st.Muted, how, 2)
	t.line(style.Piece{Text: "what is found is selected, so that the next key means all of it", Pen: m.st.Muted})
	return t.out
}

func (p searchPanel) key(m Model, k tea.KeyMsg) (Model, []wish.Wish) {
	switch k.Type {
	case tea.KeyEnter:
		m.panel = nil
		if p.text.Text() == "" {
			return m, nil
		}
		return m.say(plainly, "searching for %q over %s", p.text.Text(), m.side), []wish.Wish{wish.Search{Side: m.side, Text: p.text.Text()}}
	case tea.KeyEsc, tea.KeyCtrlC:
		m.panel = nil
		return m, nil
	}
	p.text = p.text.Press(k)
	m.panel = p
	return m, nil
}

// Found selects what a search brought and goes to the newest of it.
func (m Model) Found(f retrieval.Found, err error) Model {
	if err != nil {
		return m.failed(err)
	}
	hit := map[int64]bool{}
	for _, u := range f.UIDs {
		hit[int64(u)] = true
	}
	for _, n := range f.Numbers {
		hit[-int64(n)] = true
	}
	selected, last := map[rowKey]bool{}, -1
	for i := range m.view.Rows {
		r := &m.view.Rows[i]
		if r.UID != 0 && hit[int64(r.UID)] || r.Number != 0 && hit[-int64(r.Number)] {
			selected[keyOf(m.view, r).best()] = true
			last = i
		}
	}
	text := fmt.Sprintf("%s %s %q", howSearched(f, len(m.view.Rows)), has(len(selected)), f.Text)
	if last < 0 {
		return m.say(plainly, "%s", text)
	}
	m.selected, m.cursor, m.follow = selected, last, false
	return m.say(plainly, "%s; selected, esc clears", text).arranged().explained()
}

func has(n int) string {
	if n == 1 {
		return "1 message has"
	}
	return fmt.Sprintf("%d messages have", n)
}

// howSearched says who looked, and at what.
func howSearched(f retrieval.Found, rows int) string {
	if f.Side == retrieval.IMAP {
		return fmt.Sprintf("IMAP's server looked at all %s (%s, %s):", thousands(int64(rows)), retrieval.Octets(f.Spent.In+f.Spent.Out), plural(f.Spent.Turnarounds, "round trip"))
	}
	return fmt.Sprintf("POP3 has no search (RFC 1939); of what is here, %s and %s,", plural(f.Headers, "header"), copies(f.Copies))
}

func copies(n int) string {
	if n == 1 {
		return "1 copy"
	}
	return fmt.Sprintf("%d copies", n)
}
