// Package reader shows one message: its header fields and its text, and how it
// was fetched. What it draws is cleaned; a part is never run, opened or saved.
package reader

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/viewport"
	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/ui/style"
	"imapop/ui/wish"
)

// KeyMap is every key of the screen.
type KeyMap struct {
	Up, Down, PageUp, PageDown, First, Last, Raw, Back key.Binding
}

func bind(shown, help string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(shown, help))
}

// Keys is the KeyMap as shipped.
func Keys() KeyMap {
	return KeyMap{
		Up: bind("k/↑", "up", "k", "up"), Down: bind("j/↓", "down", "j", "down", "enter"),
		PageUp: bind("pgup", "page up", "pgup", "ctrl+b", "b"), PageDown: bind("space", "page down", " ", "pgdown", "ctrl+f"),
		First: bind("g", "first", "g", "home"), Last: bind("G", "last", "G", "end"),
		Raw: bind("r", "as it came", "r", "h"), Back: bind("esc", "back", "esc", "q", "1", "ctrl+c"),
	}
}

// Model is the screen. It is a value.
type Model struct {
	st      *style.Styles
	keys    KeyMap
	w, h    int
	action  retrieval.Action
	opened  bool
	loading bool
	err     error
	octets  []byte
	message message
	raw     bool
	text    viewport.Model // the text, wrapped to the width
}

// New makes the screen, with no message in it.
func New(st *style.Styles) Model { return Model{st: st, keys: Keys()} }

// Opened reports whether there is a message, or one on its way.
func (m Model) Opened() bool { return m.opened }

// Opening says that a message is being fetched.
func (m Model) Opening(a retrieval.Action) Model {
	return Model{st: m.st, keys: m.keys, w: m.w, h: m.h, action: a, opened: true, loading: true}
}

// Fetched brings the message's octets, or why there are none.
func (m Model) Fetched(octets []byte, err error) Model {
	m.loading, m.err, m.octets = false, err, octets
	if err == nil {
		m.message = parse(octets)
	}
	return m.wrapped()
}

// SetSize fits the screen into w by h cells.
func (m Model) SetSize(w, h int) Model {
	m.w, m.h = w, h
	return m.wrapped()
}

// maxWidth keeps lines of text readable on a wide terminal.
const maxWidth = 100

// wrapped breaks the text anew for the width.
func (m Model) wrapped() Model {
	body := m.message.text
	if m.raw {
		body = rawText(m.octets)
	}
	var lines []string
	w := min(m.w-2, maxWidth)
	for _, s := range strings.Split(body, "\n") {
		for _, l := range style.Wrap(s, w, 1000) {
			lines = append(lines, " "+m.st.Text.Ink(l))
		}
	}
	m.text.Width, m.text.Height = max(m.w, 0), max(m.h-len(m.head())-1, 1)
	m.text.SetContent(strings.Join(lines, "\n"))
	return m
}

// Update takes a key or the mouse.
func (m Model) Update(msg tea.Msg) (Model, []wish.Wish) {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		return m.press(msg)
	case tea.MouseMsg:
		switch msg.Button {
		case tea.MouseButtonWheelUp:
			m.text.ScrollUp(3)
		case tea.MouseButtonWheelDown:
			m.text.ScrollDown(3)
		}
	}
	return m, nil
}

func (m Model) press(k tea.KeyMsg) (Model, []wish.Wish) {
	switch {
	case key.Matches(k, m.keys.Up):
		m.text.ScrollUp(1)
	case key.Matches(k, m.keys.Down):
		m.text.ScrollDown(1)
	case key.Matches(k, m.keys.PageUp):
		m.text.PageUp()
	case key.Matches(k, m.keys.PageDown):
		m.text.PageDown()
	case key.Matches(k, m.keys.First):
		m.text.GotoTop()
	case key.Matches(k, m.keys.Last):
		m.text.GotoBottom()
	case key.Matches(k, m.keys.Raw):
		m.raw = !m.raw
		m.text.GotoTop()
		return m.wrapped(), nil
	case key.Matches(k, m.keys.Back):
		wishes := []wish.Wish{wish.Open{Screen: wish.Compare}}
		if m.loading {
			wishes = append(wishes, wish.Cancel{})
		}
		return m, wishes
	}
	return m, nil
}

// how says by which command the message came, and what that did to it.
func (m Model) how() (string, style.Pen) {
	if m.action.Side == retrieval.POP3 {
		n := 0
		if len(m.action.Numbers) > 0 {
			n = m.action.Numbers[0]
		}
		return fmt.Sprintf("POP3 message %d: the local copy, or RETR %d. POP3 cannot mark it read (RFC 1939 §1); some servers set \\Seen by themselves", n, n), m.st.POP3
	}
	var uid uint32
	if len(m.action.UIDs) > 0 {
		uid = m.action.UIDs[0]
	}
	return fmt.Sprintf("IMAP UID FETCH %d BODY.PEEK[]: reading did not set \\Seen; r in the list does (RFC 9051 §6.4.5)", uid), m.st.IMAP
}

// head is what stands above the text.
func (m Model) head() []string {
	st := m.st
	how, pen := m.how()
	out := []string{style.Rule(m.w, st.Edge, "─", "─", []style.Piece{{Text: "read", Pen: st.Bold}, {Text: " over " + string(m.action.Side), Pen: pen}},
		[]style.Piece{{Text: retrieval.Octets(int64(len(m.octets))), Pen: st.Muted}})}
	add := func(name, s string, p style.Pen) {
		if s != "" {
			out = append(out, style.NewLine(m.w).Gap(st.Text, 1).Cell(st.Muted, name, 9).Put(p, safe.Line(s)).End(st.Text))
		}
	}
	if !m.raw {
		add("From", m.message.from, st.Text)
		add("To", m.message.to, st.Text)
		add("Date", m.message.date, st.Text)
		add("Subject", m.message.subject, st.Bold)
		if len(m.message.parts) > 1 {
			add("Parts", strings.Join(m.message.parts, " · "), st.Muted)
		}
	}
	for i, s := range style.Wrap(how, m.w-11, 2) {
		add([]string{"How", ""}[i], s, pen)
	}
	return append(out, style.NewLine(m.w).Fill(st.Edge, "─", 0).End(st.Text))
}

// View draws exactly h lines of w cells; nothing before the first size.
func (m Model) View() string {
	if m.w == 0 || m.h == 0 {
		return ""
	}
	out := m.head()
	say := func(p style.Pen, s string) {
		for _, s := range style.Wrap(safe.Line(s), m.w-2, 4) {
			out = append(out, style.NewLine(m.w).Gap(m.st.Text, 1).Put(p, s).End(m.st.Text))
		}
	}
	switch {
	case m.loading:
		say(m.st.Muted, "fetching; esc stops it")
	case m.err != nil:
		say(m.st.Danger, m.err.Error())
	default:
		out = append(out, strings.Split(m.text.View(), "\n")...)
	}
	for len(out) < m.h-1 {
		out = append(out, style.Spaces(m.w))
	}
	return strings.Join(append(out[:max(m.h-1, 0)], m.foot()), "\n")
}

func (m Model) foot() string {
	return m.st.Help(m.w, []key.Binding{m.keys.Down, m.keys.Up, m.keys.PageDown, m.keys.First, m.keys.Last, m.keys.Raw, m.keys.Back})
}
