// Package transcript is the wire, live and in full: what each protocol said, on
// one time line, secrets masked long before they come here.
package transcript

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/ui/internal/field"
	"imapop/ui/style"
	"imapop/ui/wish"
)

// Model is the screen. It is a value.
type Model struct {
	st     *style.Styles
	keys   KeyMap
	w, h   int
	lines  []retrieval.Line
	shown  []int              // indexes of the lines of the chosen side
	side   retrieval.Protocol // "": all
	top    int
	follow bool // the last line stays in sight
	answer string
	failed bool
	asking bool // for the name of the file
	name   field.Field
	now    time.Time
	device int // whose wire it is, where there are several; 0: there is one only
}

// SetDevice says which of the account's devices this wire is of.
func (m Model) SetDevice(n, of int) Model {
	if m.device = n; of < 2 {
		m.device = 0
	}
	return m
}

// New makes the screen.
func New(st *style.Styles) Model { return Model{st: st, keys: Keys(), follow: true} }

// SetSize fits the screen into w by h cells.
func (m Model) SetSize(w, h int) Model {
	m.w, m.h = w, h
	return m.placed()
}

// SetNow brings the time, for the name of a file.
func (m Model) SetNow(now time.Time) Model {
	m.now = now
	return m
}

// SetLines brings all kept lines, cleaned, oldest first; the slice must not
// change afterwards.
func (m Model) SetLines(lines []retrieval.Line) Model {
	from := len(m.lines)
	if from == 0 || len(lines) < from || lines[0].Seq != m.lines[0].Seq {
		m.shown, from = nil, 0 // the oldest were dropped: every index is another
	}
	m.lines = lines
	return m.filtered(from)
}

// filtered adds the lines of the chosen side from an index on.
func (m Model) filtered(from int) Model {
	for i := from; i < len(m.lines); i++ {
		if m.side == "" || m.lines[i].Side == m.side {
			m.shown = append(m.shown, i)
		}
	}
	return m.placed()
}

// Saved hears where the transcript was written, or why it was not.
func (m Model) Saved(path string, err error) Model {
	m.answer, m.failed = "saved to "+safe.Line(path), false
	if err != nil {
		m.answer, m.failed = "not saved: "+safe.Line(err.Error()), true
	}
	return m
}

func (m Model) rows() int { return max(m.h-3, 1) }

func (m Model) placed() Model {
	last := max(len(m.shown)-m.rows(), 0)
	if m.follow {
		m.top = last
	}
	m.top = min(max(m.top, 0), last)
	return m
}

// Update takes a key or the mouse.
func (m Model) Update(msg tea.Msg) (Model, []wish.Wish) {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		m.answer = ""
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
	if m.asking {
		return m.typed(k)
	}
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
		return m.scrolled(-len(m.shown)), nil
	case key.Matches(k, m.keys.Last):
		return m.scrolled(len(m.shown)), nil
	case key.Matches(k, m.keys.Side):
		m.side, m.shown = following(m.side), nil
		return m.filtered(0), nil
	case key.Matches(k, m.keys.Save):
		m.asking, m.name = true, field.New("imapop-"+m.now.Format("2006-01-02-150405")+".txt", 0, nil)
		return m, nil
	case key.Matches(k, m.keys.Lessons):
		return m, []wish.Wish{wish.Open{Screen: wish.Lesson}}
	case key.Matches(k, m.keys.Account):
		return m, []wish.Wish{wish.Open{Screen: wish.Account}}
	case key.Matches(k, m.keys.Back, m.keys.Quit):
		return m, []wish.Wish{wish.Open{Screen: wish.Compare}}
	}
	return m, nil
}

func following(p retrieval.Protocol) retrieval.Protocol {
	switch p {
	case "":
		return retrieval.IMAP
	case retrieval.IMAP:
		return retrieval.POP3
	case retrieval.POP3:
		return retrieval.SMTP
	}
	return ""
}

func (m Model) scrolled(by int) Model {
	m.follow = false
	m.top += by
	m = m.placed()
	m.follow = m.top == max(len(m.shown)-m.rows(), 0)
	return m
}

// View draws exactly h lines of w cells; nothing before the first size.
func (m Model) View() string {
	if m.w == 0 || m.h == 0 {
		return ""
	}
	st := m.st
	out := make([]string, 0, m.h)
	side := "all sides"
	if m.side != "" {
		side = string(m.side)
	}
	at := fmt.Sprintf("%d-%d of %d", min(m.top+1, len(m.shown)), min(m.top+m.rows(), len(m.shown)), len(m.shown))
	if m.follow {
		at += ", following"
	}
	out = append(out, style.Rule(m.w, st.Edge, "─", "─",
		[]style.Piece{{Text: m.title(), Pen: st.Bold}, {Text: " · " + side, Pen: st.Text}},
		[]style.Piece{{Text: at, Pen: st.Muted}}))
	out = append(out, m.heads())
	for i := m.top; i < m.top+m.rows(); i++ {
		if i < len(m.shown) {
			out = append(out, m.line(&m.lines[m.shown[i]]))
		} else {
			out = append(out, style.Spaces(m.w))
		}
	}
	out = append(out, m.foot())
	return strings.Join(out[max(len(out)-m.h, 0):], "\n")
}

func (m Model) heads() string {
	l := style.NewLine(m.w).Put(m.st.Muted, " TIME         ").Cell(m.st.Muted, "SIDE", m.sideWidth())
	return l.Put(m.st.Muted, " # D    OCTETS  LINE").End(m.st.Text)
}

// sideName is a side, with the number of the device where there are several.
func (m Model) sideName(p retrieval.Protocol) string {
	if m.device > 0 {
		return string(p) + string(rune('₀'+m.device))
	}
	return string(p)
}

func (m Model) sideWidth() int {
	if m.device > 0 {
		return 5
	}
	return 4
}

func (m Model) title() string {
	if m.device > 0 {
		return fmt.Sprintf("3 Wire of device %d", m.device)
	}
	return "3 Wire"
}

func (m Model) line(t *retrieval.Line) string {
	st := m.st
	pen, side := st.Text, st.Muted
	switch t.Side {
	case retrieval.IMAP:
		side = st.IMAP
	case retrieval.POP3:
		side = st.POP3
	case retrieval.SMTP:
		side = st.SMTP
	}
	if t.Dir != retrieval.ClientSays {
		pen = st.Muted
	}
	l := style.NewLine(m.w).Gap(st.Text, 1)
	l.Put(st.Muted, t.At.Format("15:04:05.000")).Gap(st.Text, 1).Cell(side, m.sideName(t.Side), m.sideWidth())
	l.Right(st.Muted, fmt.Sprint(t.Session), 2).Gap(st.Text, 1).Put(side, string(rune(t.Dir)))
	l.Right(st.Muted, retrieval.Octets(t.Octets), 10).Gap(st.Text, 2)
	l.Put(pen, t.Text)
	return l.End(st.Text)
}

func (m Model) foot() string {
	l := style.NewLine(m.w).Gap(m.st.Text, 1)
	if m.asking {
		l.Put(m.st.Bold, "save to: ")
		m.name.Draw(l, m.st.Text, m.st.IMAP, m.w-40)
		return l.Put(m.st.Muted, "  enter saves · esc does not").End(m.st.Text)
	}
	if m.answer != "" {
		pen := m.st.Good
		if m.failed {
			pen = m.st.Danger
		}
		return l.Put(pen, m.answer).End(m.st.Text)
	}
	return m.st.Help(m.w, []key.Binding{m.keys.Side, m.keys.Save, m.keys.Back, m.keys.Down, m.keys.Up, m.keys.PageDown, m.keys.Last, m.keys.First})
}
