// Package checkup is the Account screen: what the account's servers offer, side
// by side, how safe that is, and what to do.
package checkup

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval/check"
	"imapop/retrieval/safe"
	"imapop/ui/style"
	"imapop/ui/wish"
)

// Model is the screen. It is a value.
type Model struct {
	st      *style.Styles
	keys    KeyMap
	w, h    int
	report  *check.Report
	lines   []check.Line // of the report, for this width
	top     int
	running bool
	done    int // of total, while it runs
	total   int
	what    string // what was looked at last
	failed  string // why there is no newer report
}

// New makes the screen.
func New(st *style.Styles) Model { return Model{st: st, keys: Keys()} }

// SetSize fits the screen into w by h cells.
func (m Model) SetSize(w, h int) Model {
	m.w, m.h = w, h
	return m.laid()
}

// laid makes the lines for the width.
func (m Model) laid() Model {
	m.lines = nil
	if m.report != nil && m.w > 0 {
		m.lines = m.report.Lines(m.w - 2)
	}
	return m.placed()
}

// Fresh reports whether no check was ever begun.
func (m Model) Fresh() bool { return !m.running && m.report == nil && m.failed == "" }

// Begun hears that a check runs.
func (m Model) Begun() Model {
	m.running, m.done, m.total, m.what, m.failed = true, 0, 0, "", ""
	return m
}

// Went hears how far it is.
func (m Model) Went(done, total int, what string) Model {
	if m.running {
		m.done, m.total, m.what = done, total, safe.Line(what)
	}
	return m
}

// Checked hears what came of it.
func (m Model) Checked(r *check.Report, err error) Model {
	m.running = false
	if err != nil {
		m.failed = safe.Line(err.Error())
		return m.placed()
	}
	m.report, m.top, m.failed = r, 0, ""
	return m.laid()
}

func (m Model) rows() int { return max(m.h-2, 1) }

func (m Model) placed() Model {
	m.top = min(max(m.top, 0), max(len(m.lines)-m.rows(), 0))
	return m
}

func (m Model) scrolled(by int) Model {
	m.top += by
	return m.placed()
}

// Update takes a key or the mouse.
func (m Model) Update(msg tea.Msg) (Model, []wish.Wish) {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		return m.press(msg)
	case tea.MouseMsg:
		switch msg.Button {
		case tea.MouseButtonWheelUp:
			return m.scrolled(-3), nil
		case tea.MouseButtonWheelDown:
			return m.scrolled(3), nil
		}
	}
	return m, nil
}

func (m Model) press(k tea.KeyMsg) (Model, []wish.Wish) {
	switch {
	case key.Matches(k, m.keys.Up):
		return m.scrolled(-1), nil
	case key.Matches(k, m.keys.Down):
		return m.scrolled(1), nil
	case key.Matches(k, m.keys.PageUp):
		return m.scrolled(-m.rows()), nil
	case key.Matches(k, m.keys.PageDown):
		return m.scrolled(m.rows()), nil
	case key.Matches(k, m.keys.First):
		return m.scrolled(-len(m.lines)), nil
	case key.Matches(k, m.keys.Last):
		return m.scrolled(len(m.lines)), nil
	case key.Matches(k, m.keys.Again):
		if m.running {
			return m, []wish.Wish{wish.StopCheck{}}
		}
		return m, []wish.Wish{wish.Check{}}
	case key.Matches(k, m.keys.Wire):
		return m, []wish.Wish{wish.Open{Screen: wish.Transcript}}
	case key.Matches(k, m.keys.Lessons):
		return m, []wish.Wish{wish.Open{Screen: wish.Lesson}}
	case key.Matches(k, m.keys.Back, m.keys.Quit):
		return m, []wish.Wish{wish.Open{Screen: wish.Compare}}
	}
	return m, nil
}

// View draws exactly h lines of w cells; nothing before the first size.
func (m Model) View() string {
	if m.w == 0 || m.h == 0 {
		return ""
	}
	out := make([]string, 0, m.h)
	out = append(out, m.title())
	for i := m.top; i < m.top+m.rows(); i++ {
		out = append(out, m.line(i))
	}
	out = append(out, m.foot())
	return strings.Join(out[max(len(out)-m.h, 0):], "\n")
}

func (m Model) title() string {
	st := m.st
	title := []style.Piece{{Text: "5 Account", Pen: st.Bold}}
	info := []style.Piece{}
	if m.report != nil {
		title = append(title, style.Piece{Text: " · checked at " + m.report.Facts.At.Format("15:04:05"), Pen: st.Muted})
		at := fmt.Sprintf("%d-%d of %d", min(m.top+1, len(m.lines)), min(m.top+m.rows(), len(m.lines)), len(m.lines))
		info = append(info, style.Piece{Text: at, Pen: st.Muted})
	}
	return style.Rule(m.w, st.Edge, "─", "─", title, info)
}

// line draws one line of the report, or of what stands in its place.
func (m Model) line(i int) string {
	l := style.NewLine(m.w).Gap(m.st.Text, 1)
	if m.report == nil && i == 1 {
		switch {
		case m.running:
			l.Put(m.st.Text, "Looking at the account's servers; nothing is changed.")
		case m.failed == "":
			l.Put(m.st.Text, "c looks at the account's servers; nothing is changed.")
		}
	}
	if i < len(m.lines) {
		l.Put(m.pen(m.lines[i]), m.lines[i].Text)
	}
	return l.End(m.st.Text)
}

// pen is the colour of a line; its level stands in words too.
func (m Model) pen(l check.Line) style.Pen {
	switch {
	case l.Head:
		return m.st.Bold
	case l.Level == check.Serious:
		return m.st.Danger
	case l.Level == check.Warning:
		return m.st.Warn
	case l.Level == check.Notice:
		return m.st.Changed
	case l.Level == check.Info:
		return m.st.Good
	}
	return m.st.Text
}

func (m Model) foot() string {
	l := style.NewLine(m.w).Gap(m.st.Text, 1)
	switch {
	case m.running && m.total > 0:
		l.Put(m.st.Text, style.Bar(20, float64(m.done)/float64(m.total)))
		l.Put(m.st.Text, fmt.Sprintf(" %d of %d, %s", m.done, m.total, m.what)).Put(m.st.Muted, " · c stops · esc goes back meanwhile")
		return l.End(m.st.Text)
	case m.running:
		return l.Put(m.st.Text, "looking …").Put(m.st.Muted, " · c stops · esc goes back meanwhile").End(m.st.Text)
	case m.failed != "":
		return l.Put(m.st.Danger, "not checked: "+m.failed).Put(m.st.Muted, " · c tries again").End(m.st.Text)
	}
	return m.st.Help(m.w, []key.Binding{m.keys.Again, m.keys.Back, m.keys.Down, m.keys.Up, m.keys.PageDown, m.keys.PageUp, m.keys.First, m.keys.Last})
}
