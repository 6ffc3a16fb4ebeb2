package compare

import (
	"fmt"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	"imapop/retrieval/compare"
	"imapop/retrieval/safe"
	"imapop/ui/style"
	"imapop/ui/wish"
)

var (
	yesKey   = key.NewBinding(key.WithKeys("y", "Y"))
	noKey    = key.NewBinding(key.WithKeys("n", "N", "esc", "q"))
	enterKey = key.NewBinding(key.WithKeys("enter"))
	closeKey = key.NewBinding(key.WithKeys("esc", "q", "ctrl+c"))
)

// confirmPanel shows exactly what leaves a server and asks.
type confirmPanel struct {
	action retrieval.Action
	what   string
	rows   []int
}

func (p confirmPanel) title() string { return "this removes something from a server" }
func (p confirmPanel) hint() string  { return "y yes, do it · n or esc no" }

// heard names the messages anew: indexes move when the list changes, and what is
// shown must be what goes.
func (p confirmPanel) heard(m Model) panel {
	p.rows = m.affected(p.action)
	return p
}

func (p confirmPanel) body(m *Model, w int) []string {
	t := &text{st: m.st, w: w}
	t.para("", m.st.Danger, safe.Line(fmt.Sprintf("%s: %s", plural(len(p.rows), "message"), p.what)), 2)
	t.rows(m, p.rows, 6)
	t.line(style.Piece{Text: "Do it? y / n", Pen: m.st.Bold})
	return t.out
}

func (p confirmPanel) key(m Model, k tea.KeyMsg) (Model, []wish.Wish) {
	switch {
	case key.Matches(k, yesKey):
		m.panel = nil
		return m.begin(p.action)
	case key.Matches(k, noKey):
		m.panel = nil
		return m.say(plainly, "nothing was sent"), nil
	}
	return m, nil
}

// rows lists messages by name, at most n, and says how many more there are.
func (t *text) rows(m *Model, rows []int, n int) {
	for i, r := range rows {
		if i == n {
			t.line(style.Piece{Text: fmt.Sprintf("  and %d more", len(rows)-n), Pen: m.st.Muted})
			return
		}
		if r < len(m.view.Rows) {
			t.line(style.Piece{Text: "  " + safe.Line(m.subjectOf(r)), Pen: m.st.Text})
		}
	}
}

// planPanel shows what a download will send and what leaves the server.
type planPanel struct {
	action retrieval.Action
	plan   compare.Plan
	ask    bool // a real account: only y goes on
}

func (p planPanel) title() string { return "download, leave on server OFF: the plan" }
func (p planPanel) heard(m Model) panel {
	p.plan = m.rules.PlanDownload(m.view, p.action.Numbers, m.now)
	return p
}
func (p planPanel) hint() string {
	if p.ask {
		return "y yes, download and mark · n or esc no"
	}
	return "enter goes on · esc no"
}

func (p planPanel) body(m *Model, w int) []string {
	t := &text{st: m.st, w: w}
	none := func(n []int) string {
		if len(n) == 0 {
			return "none"
		}
		return numberList(n, 8)
	}
	t.para("RETR    ", m.st.Text, none(p.plan.Retr)+"  ("+retrieval.Octets(p.plan.Octets)+"), each stored and synced first", 1)
	t.para("DELE    ", m.st.Warn, none(p.plan.Dele)+"  only a mark: QUIT deletes, RSET or a dropped cable does not", 2)
	t.para("leaves  ", m.st.Danger, none(p.plan.Leaves)+"  at QUIT, for every device", 1)
	if p.plan.Have > 0 {
		t.para("here    ", m.st.Muted, plural(p.plan.Have, "message")+" already on this device: no RETR", 1)
	}
	if p.plan.Who != "" {
		t.para("notices ", m.st.Text, safe.Line(p.plan.Who), 2)
	}
	for i, why := range p.plan.Why {
		if i == 3 {
			break
		}
		t.para("kept    ", m.st.Muted, safe.Line(why), 1)
	}
	say := "enter: go on   esc: no"
	if p.ask {
		say = "Go on? y / n"
	}
	t.line(style.Piece{Text: say, Pen: m.st.Bold})
	return t.out
}

func (p planPanel) key(m Model, k tea.KeyMsg) (Model, []wish.Wish) {
	switch {
	case key.Matches(k, yesKey), !p.ask && key.Matches(k, enterKey, m.keys.Download):
		m.panel = nil
		return m.begin(p.action)
	case key.Matches(k, noKey):
		m.panel = nil
		return m.say(plainly, "nothing was sent"), nil
	}
	return m, nil
}

// detailsPanel shows every aspect of the chosen message in full.
type detailsPanel struct{}

func (detailsPanel) whole()              {}
func (detailsPanel) title() string       { return "this message, every aspect" }
func (detailsPanel) hint() string        { return "j k another message · esc back" }
func (p detailsPanel) heard(Model) panel { return p }

func (detailsPanel) body(m *Model, w int) []string {
	t := &text{st: m.st, w: w}
	for _, a := range m.aspects {
		for _, s := range []struct {
			side retrieval.Protocol
			fact compare.Fact
			name string
		}{{retrieval.IMAP, a.IMAP, a.Name}, {retrieval.POP3, a.POP3, ""}} {
			pen := m.st.Text
			if s.fact.None {
				pen = m.st.Muted
			}
			tail := causeTag(s.fact.Cause, s.fact.Source)
			if tail != "" {
				tail = " [" + tail + "]"
			}
			t.para(style.Fit(s.name, aspectName)+style.Fit(string(s.side), 5), pen, safe.Line(s.fact.Text)+tail, 3)
		}
	}
	return t.out
}

func (p detailsPanel) key(m Model, k tea.KeyMsg) (Model, []wish.Wish) {
	if next, took := m.moved(k); took {
		return next.arranged().explained(), nil
	}
	if key.Matches(k, closeKey, m.keys.Details) {
		m.panel = nil
	}
	return m, nil
}
