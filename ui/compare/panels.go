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
	rows   []*retrieval.Row
}

func (p confirmPanel) title() string {
	if p.action.Side == retrieval.Local {
		return "this removes something from this device"
	}
	return "this removes something from a server"
}
func (p confirmPanel) hint() string { return "y yes, do it · n or esc no" }

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
func (t *text) rows(m *Model, rows []*retrieval.Row, n int) {
	for i, r := range rows {
		if i == n {
			t.line(style.Piece{Text: fmt.Sprintf("  and %d more", len(rows)-n), Pen: m.st.Muted})
			return
		}
		t.line(style.Piece{Text: "  " + safe.Line(subjectOf(r)), Pen: m.st.Text})
	}
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
