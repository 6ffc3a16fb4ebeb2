package lesson

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"

	"imapop/retrieval/safe"
	"imapop/ui/style"
)

// The least terminal that the screen can be drawn in.
const (
	minWidth  = 60
	minHeight = 20
	wide      = 118 // from here on the text stands beside the panes
)

// View draws exactly h lines of w cells; nothing before the first size.
func (m Model) View() string {
	if m.w == 0 || m.h == 0 {
		return ""
	}
	if m.w < minWidth || m.h < minHeight {
		return strings.Join(style.Wrap(fmt.Sprintf("imapop needs %dx%d; this is %dx%d", minWidth, minHeight, m.w, m.h), m.w, m.h), "\n")
	}
	var body []string
	switch m.phase {
	case listing:
		body = m.list(m.h - 2)
	case agreeing:
		body = m.agreement()
	case setting:
		body = m.waiting("Setting the stage: the lesson's messages are put into INBOX …")
		if m.target >= 0 {
			body = m.waiting("Everything is put back as it was, and the steps before this one are done again …")
		}
	case leaving:
		body = m.waiting("The lesson's messages and folders are being removed …")
	default:
		body = m.stage(m.h - 2)
	}
	out := append([]string{m.header()}, fill(body, m.w, m.h-2)...)
	return strings.Join(append(out, m.foot()), "\n")
}

// fill cuts or pads to exactly h lines.
func fill(lines []string, w, h int) []string {
	for len(lines) < h {
		lines = append(lines, style.Spaces(w))
	}
	return lines[:max(h, 0)]
}

// header names the lesson, the step, the clock and the score.
func (m Model) header() string {
	st := m.st
	l := style.NewLine(m.w).Put(st.Bold, " imapop").Gap(st.Text, 2)
	if m.phase == listing || m.phase == agreeing {
		l.Put(st.Chip, "4 Lessons").Gap(st.Text, 2).Put(st.Muted, m.account)
		return l.End(st.Text)
	}
	right, decided := m.Score()
	step, score := fmt.Sprintf("step %d/%d  ", m.step+1, len(m.lesson().Steps)), fmt.Sprintf("score %d/%d ", right, decided)
	info := step + m.clock() + "  " + score
	l.Put(st.Text, fmt.Sprintf("lesson %d  ", m.lesson().Number))
	if style.Width(m.lesson().Title)+style.Width(info) >= l.Left() {
		info = step + score // the title before the clock
	}
	l.Put(st.Chip, style.Fit(m.lesson().Title, min(style.Width(m.lesson().Title), max(l.Left()-style.Width(info)-1, 0))))
	l.Fill(st.Text, " ", style.Width(info))
	return l.Put(st.Muted, info).End(st.Text)
}

// clock is how long the lesson has gone on, of the time that it should take.
func (m Model) clock() string {
	d := max(m.now.Sub(m.began), 0).Truncate(time.Second)
	s := fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
	if n := m.lesson().Minutes; n > 0 {
		s += fmt.Sprintf(" of %d min", n)
	}
	return s
}

// foot shows the keys that mean something now.
func (m Model) foot() string {
	k := m.keys
	named := func(b key.Binding, help string) key.Binding {
		return key.NewBinding(key.WithKeys(b.Keys()...), key.WithHelp(b.Help().Key, help))
	}
	var keys []key.Binding
	switch {
	case m.phase == listing:
		keys = []key.Binding{named(k.Go, "begin"), k.Choose, k.Leave, k.Down, k.Up}
	case m.phase == agreeing:
		keys = []key.Binding{bind("y", "yes, begin", "y"), bind("any other key", "no", "n")}
	case m.phase != playing:
		keys = []key.Binding{named(k.Leave, "give up")}
	case m.paused:
		keys = []key.Binding{named(k.Go, "back to this step"), k.Free, k.Leave}
	case m.asked() != nil:
		last := string(rune('a' + len(m.asked().Choices) - 1))
		keys = []key.Binding{bind("a-"+last, "answer", "a"), k.Leave, k.Notes, k.PageDown, k.Back, k.Again, k.Free}
	case m.running || m.target >= 0:
		keys = []key.Binding{named(k.Leave, "stop and leave"), k.Notes, k.Picture}
	case m.over():
		keys = []key.Binding{named(k.Go, "end the lesson"), k.Leave, k.Picture, k.Back, k.Again, k.Notes, k.Free}
	default:
		help := "next step"
		if m.statement() != nil {
			help = "do it"
		}
		keys = []key.Binding{named(k.Go, help), k.Leave, k.Picture, k.Notes, k.Back, k.Again, k.PageDown, k.Free}
	}
	return m.st.Help(m.w, keys)
}

// list shows the lessons, and what the one under the cursor is about.
func (m Model) list(h int) []string {
	st := m.st
	if len(m.lessons) == 0 {
		return m.waiting("There are no lessons here.")
	}
	about := m.about(max(h-len(m.lessons)-2, 4))
	rows := max(h-len(about)-1, 3)
	from := min(max(m.cursor-rows+1, 0), max(len(m.lessons)-rows, 0))
	var out []string
	for i := from; i < min(from+rows, len(m.lessons)); i++ {
		l, pen, mark := m.lessons[i], st.Inks, "  "
		if i == m.cursor {
			pen, mark = st.Cursor, "▌ "
		}
		line := style.NewLine(m.w).Put(pen.Bold, mark).Right(pen.Muted, fmt.Sprint(l.Number), 2).Gap(pen.Text, 2)
		line.Cell(pen.Text, l.Title, m.w-14)
		out = append(out, line.Right(pen.Muted, fmt.Sprintf("%d min", l.Minutes), 7).End(pen.Text))
	}
	for len(out) < rows {
		out = append(out, style.Spaces(m.w))
	}
	out = append(out, style.Rule(m.w, st.Edge, "─", "─", nil, nil))
	return append(out, about...)
}

// about is the summary of the lesson under the cursor, or what went wrong.
func (m Model) about(h int) []string {
	if m.say != "" {
		return m.paras([]string{m.say}, m.st.Warn, m.w-2, min(h, 4))
	}
	return m.paras(m.lessons[m.cursor].Summary, m.st.Text, m.w-2, min(h, 5))
}

// paras wraps paragraphs into at most h lines.
func (m Model) paras(list []string, pen style.Pen, w, h int) []string {
	var text []string
	for i, p := range list {
		if i > 0 {
			text = append(text, "")
		}
		text = append(text, style.Wrap(plain(p), w, 100)...)
	}
	if h > 0 && len(text) > h { // what is cut says so
		text[h-1] = safe.Cut(text[h-1]+" …", w)
	}
	out := make([]string, 0, len(text))
	for _, line := range text[:min(len(text), max(h, 0))] {
		out = append(out, style.NewLine(w+2).Gap(pen, 1).Put(pen, line).End(m.st.Text))
	}
	return out
}

// plain takes Markdown's marks out of a paragraph.
func plain(s string) string { return safe.Line(strings.NewReplacer("`", "", "**", "").Replace(s)) }

func (m Model) waiting(text string) []string {
	return append([]string{style.Spaces(m.w)}, m.paras([]string{text}, m.st.Muted, m.w-2, 4)...)
}

// agreement says what a lesson will do, before it does anything.
func (m Model) agreement() []string {
	l := m.lesson()
	text := []string{fmt.Sprintf("Lesson %d, %s.", l.Number, l.Title)}
	if !m.demo {
		text = append(text, fmt.Sprintf("This is %s, a real account. The lesson puts %d messages of its own into INBOX, works with these and with folders "+
			"of its own, and removes them when you leave it. It touches no other message.", m.account, len(l.Mails)))
	}
	text = append(text, "While a lesson runs, the main screen's POP3 session is closed, since there should be only one.")
	if m.pending > 0 {
		text = append(text, fmt.Sprintf("That takes back its %d marks of DELE: nothing is deleted.", m.pending))
	}
	return append([]string{style.Spaces(m.w)}, m.paras(append(text, "Begin?"), m.st.Text, m.w-2, m.h-3)...)
}
