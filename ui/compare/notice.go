package compare

import (
	"errors"
	"fmt"

	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/ui/style"
)

// notice is the answer to the last key, until the next one.
type notice struct {
	text string
	pen  func(*style.Styles) style.Pen
}

// markedHere answers DELE. It is true as long as the session is.
const markedHere = "marked in this session only: Q (QUIT) deletes, R (RSET) unmarks, ! or a timeout keeps them"

func plainly(s *style.Styles) style.Pen  { return s.Text }
func warning(s *style.Styles) style.Pen  { return s.Warn }
func danger(s *style.Styles) style.Pen   { return s.Danger }
func markedly(s *style.Styles) style.Pen { return s.Changed }

func (m Model) say(pen func(*style.Styles) style.Pen, format string, args ...any) Model {
	m.notice = notice{text: safe.Line(fmt.Sprintf(format, args...)), pen: pen}
	return m
}

// Say shows a line of the app's own, until the next key.
func (m Model) Say(text string) Model { return m.say(plainly, "%s", text) }

// Warn shows a line that its reader should not miss, until the next key.
func (m Model) Warn(text string) Model { return m.say(warning, "%s", text) }

// failed shows why something did not go. What a protocol lacks is no failure.
func (m Model) failed(err error) Model {
	if errors.Is(err, retrieval.ErrUnsupported) {
		return m.say(markedly, "%v", err)
	}
	return m.say(danger, "%v", err)
}

// noticeLines wraps the notice into at most three lines.
func (m Model) noticeLines() []string {
	w := m.lay.Width
	lines := style.Wrap(m.notice.text, w-4, 3)
	pen := m.notice.pen(m.st)
	for i, s := range lines {
		lead := "▸ "
		if i > 0 {
			lead = "  "
		}
		lines[i] = style.NewLine(w).Gap(m.st.Text, 1).Put(pen, lead).Put(pen, s).End(m.st.Text)
	}
	return lines
}

// progressLine shows how far the running action is, and how to stop it.
func (m Model) progressLine() string {
	p := m.view.Running
	l := style.NewLine(m.lay.Width).Gap(m.st.Text, 1)
	l.Put(m.accent(p.Side), string(p.Side)+" ").Put(m.st.Bold, string(p.Verb)).Gap(m.st.Text, 1)
	l.Put(m.st.Text, safe.Cut(p.What, 40)).Gap(m.st.Text, 1)
	if p.Total > 0 {
		l.Put(m.st.Edge, "[").Put(m.accent(p.Side), style.Bar(20, float64(p.Done)/float64(p.Total))).Put(m.st.Edge, "] ")
	}
	l.Put(m.st.Text, amount(p)).Gap(m.st.Text, 2)
	if p.CanStop {
		l.Put(m.st.Key, "esc").Put(m.st.Muted, " stops it")
	}
	return l.End(m.st.Text)
}

func amount(p *retrieval.Progress) string {
	show := retrieval.Octets
	if p.Unit == "messages" {
		show = thousands
	}
	if p.Total <= 0 {
		return show(p.Done)
	}
	return show(p.Done) + " of " + show(p.Total)
}
