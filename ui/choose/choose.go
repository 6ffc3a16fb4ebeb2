// Package choose is the checklist: questions on the left of the mind, points and
// reasons below, weighed anew with every answer.
package choose

import (
	"fmt"
	"maps"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	"imapop/retrieval/choose"
	"imapop/retrieval/safe"
	"imapop/ui/style"
	"imapop/ui/wish"
)

// KeyMap is every key of the screen.
type KeyMap struct {
	Up, Down, Yes, No, Clear, PageUp, PageDown, Back key.Binding
}

func bind(shown, help string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(shown, help))
}

// Keys is the KeyMap as shipped.
func Keys() KeyMap {
	return KeyMap{
		Up: bind("k/↑", "up", "k", "up"), Down: bind("j/↓", "down", "j", "down"),
		Yes: bind("y", "yes", "y"), No: bind("n", "no", "n"), Clear: bind("space", "not sure", " "),
		PageUp: bind("pgup", "reasons up", "pgup"), PageDown: bind("pgdn", "reasons down", "pgdown"),
		Back: bind("esc", "back", "esc", "q", "ctrl+c", "4"),
	}
}

// Model is the screen. It is a value.
type Model struct {
	st      *style.Styles
	keys    KeyMap
	w, h    int
	cursor  int
	top     int
	answers map[string]choose.Answer
	can     choose.Abilities
}

// New makes the screen.
func New(st *style.Styles) Model {
	return Model{st: st, keys: Keys(), answers: map[string]choose.Answer{}}
}

// SetSize fits the screen into w by h cells.
func (m Model) SetSize(w, h int) Model {
	m.w, m.h = w, h
	return m
}

// SetView brings what the account's servers said of themselves.
func (m Model) SetView(v *retrieval.View) Model {
	known := len(v.IMAP.Caps) > 0 && len(v.POP3.Caps) > 0
	m.can = choose.Abilities{Known: known, IMAP: v.IMAP.Caps, POP3: v.POP3.Caps, Submission: m.can.Submission}
	return m
}

// SetSubmission says whether the account can send.
func (m Model) SetSubmission(can bool) Model {
	m.can.Submission = can
	return m
}

// Update takes a key.
func (m Model) Update(msg tea.Msg) (Model, []wish.Wish) {
	k, ok := msg.(tea.KeyMsg)
	if !ok {
		return m, nil
	}
	last := len(choose.Questions()) - 1
	switch {
	case key.Matches(k, m.keys.Up):
		m.cursor = max(m.cursor-1, 0)
	case key.Matches(k, m.keys.Down):
		m.cursor = min(m.cursor+1, last)
	case key.Matches(k, m.keys.Yes):
		return m.answer(choose.Yes), nil
	case key.Matches(k, m.keys.No):
		return m.answer(choose.No), nil
	case key.Matches(k, m.keys.Clear):
		return m.answer(choose.Unknown), nil
	case key.Matches(k, m.keys.PageDown):
		m.top = min(m.top+3, max(len(m.reasons())-m.room(), 0))
	case key.Matches(k, m.keys.PageUp):
		m.top = max(m.top-3, 0)
	case key.Matches(k, m.keys.Back):
		return m, []wish.Wish{wish.Open{Screen: wish.Lesson}}
	}
	return m, nil
}

func (m Model) answer(a choose.Answer) Model {
	q := choose.Questions()
	m.answers = maps.Clone(m.answers)
	m.answers[q[m.cursor].Name] = a
	m.top = 0
	if a != choose.Unknown {
		m.cursor = min(m.cursor+1, len(q)-1)
	}
	return m
}

// room is how many lines the reasons have.
func (m Model) room() int { return max(m.h-len(choose.Questions())-5, 1) }

// View draws exactly h lines of w cells; nothing before the first size.
func (m Model) View() string {
	if m.w == 0 || m.h == 0 {
		return ""
	}
	if m.w < 60 || m.h < 20 {
		return strings.Join(style.Wrap(fmt.Sprintf("imapop needs 60x20; this is %dx%d", m.w, m.h), m.w, m.h), "\n")
	}
	st := m.st
	a := choose.Weigh(m.answers, m.can)
	out := []string{style.NewLine(m.w).Put(st.Bold, " imapop").Gap(st.Text, 2).Put(st.Chip, "IMAP or POP3?").Put(st.Muted, "  y, n, or space for not sure").End(st.Text)}
	for i, q := range choose.Questions() {
		pen, mark := st.Inks, "  "
		if i == m.cursor {
			pen, mark = st.Cursor, "▌ "
		}
		box := map[choose.Answer]string{choose.Yes: "[yes]", choose.No: "[no ]", choose.Unknown: "[ ? ]"}[m.answers[q.Name]]
		out = append(out, style.NewLine(m.w).Put(pen.Bold, mark).Put(pen.Changed, box).Gap(pen.Text, 1).Put(pen.Text, q.Text).End(pen.Text))
	}
	out = append(out, style.Rule(m.w, st.Edge, "─", "─", nil, nil))
	verdict := style.NewLine(m.w).Gap(st.Text, 1).Put(st.Bold, string(a.Verdict))
	out = append(out, verdict.End(st.Text))
	out = append(out, style.NewLine(m.w).Put(st.IMAP, fmt.Sprintf(" IMAP %2d ", a.IMAP)).Put(st.IMAP, style.Bar(20, part(a.IMAP, a.POP3))).
		Put(st.POP3, fmt.Sprintf("  POP3 %2d ", a.POP3)).Put(st.POP3, style.Bar(20, part(a.POP3, a.IMAP))).End(st.Text))
	lines := m.reasons()
	lines = lines[min(m.top, len(lines)):]
	for i := range m.room() {
		if i < len(lines) {
			out = append(out, lines[i])
		} else {
			out = append(out, style.Spaces(m.w))
		}
	}
	k := m.keys
	out = append(out, st.Help(m.w, []key.Binding{k.Yes, k.No, k.Clear, k.Back, k.Down, k.Up, k.PageDown, k.PageUp}))
	return strings.Join(out, "\n")
}

func part(n, of int) float64 { return float64(n) / float64(max(n, of, 1)) }

// reasons are the lines below the points.
func (m Model) reasons() []string {
	a := choose.Weigh(m.answers, m.can)
	var out []string
	say := func(pen style.Pen, lead, text string) {
		for i, line := range style.Wrap(safe.Line(text), max(m.w-style.Width(lead)-2, 20), 6) {
			l := style.NewLine(m.w).Gap(m.st.Text, 1)
			if i == 0 {
				l.Put(pen, lead)
			} else {
				l.Gap(m.st.Text, style.Width(lead))
			}
			out = append(out, l.Put(m.st.Text, line).End(m.st.Text))
		}
	}
	for _, r := range a.Reasons {
		lead, pen := "        ", m.st.SMTP
		if r.For != "" {
			lead, pen = fmt.Sprintf("%s +%d ", r.For, r.Points), map[retrieval.Protocol]style.Pen{retrieval.IMAP: m.st.IMAP, retrieval.POP3: m.st.POP3}[r.For]
		}
		text := r.Text
		if r.Source != "" {
			text += " (" + r.Source + ")"
		}
		say(pen, lead, text)
	}
	for _, f := range a.Server {
		lead, pen := "here: yes  ", m.st.Good
		if !f.Can {
			lead, pen = "here: no   ", m.st.Warn
		}
		say(pen, lead, string(f.Side)+" "+f.Text)
	}
	for _, t := range a.Turns {
		say(m.st.Muted, "turns if  ", t)
	}
	for _, s := range a.SMTP {
		say(m.st.SMTP, "SMTP  ", s)
	}
	return out
}
