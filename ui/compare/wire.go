package compare

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/ui/style"
)

// said is one line of the wire: a transcript line with the happening that it
// shows, or a happening that has no line of its own.
type said struct {
	line  *retrieval.Line
	event *retrieval.Happening
}

func (s said) at() time.Time {
	if s.line != nil {
		return s.line.At
	}
	return s.event.At
}

// wireBox draws the latest lines of both transcripts on one time line.
func (m Model) wireBox() []string {
	l := m.lay
	if l.Wire == 0 {
		return nil
	}
	title := []style.Piece{{Text: "wire", Pen: m.st.Bold}, {Text: "  w: all of it", Pen: m.st.Muted}}
	if !l.Boxed {
		out := []string{style.Rule(l.Width, m.st.Edge, "─", "─", title, m.link())}
		return append(out, m.wireLines(l.Width, l.Wire-1)...)
	}
	return style.Frame(l.Width, m.st.Edge, title, m.link(), nil, m.wireLines(l.Width-2, l.Wire-2))
}

// link is the latest effect of one side on the other, with its delay: it stays
// in sight when the lines that showed it have scrolled away.
func (m Model) link() []style.Piece {
	for i := len(m.view.Happened) - 1; i >= 0; i-- {
		h := &m.view.Happened[i]
		if h.CausedBy == 0 {
			continue
		}
		pen := m.st.Changed
		if m.now.Sub(h.At) > freshEffect {
			pen = m.st.Muted
		}
		s := "↳ " + safe.Line(h.Text)
		if c := m.event(h.CausedBy); style.Width(s) > m.lay.Width-16 && c != nil {
			s = fmt.Sprintf("↳ %s → %s in %s", c.Side, h.Side, delay(h.Delay))
		}
		return []style.Piece{{Text: s, Pen: pen}}
	}
	return nil
}

// freshEffect is how long an effect is set off as news.
const freshEffect = time.Minute

// event finds a happening by its Seq among the kept ones; nil: no longer kept.
func (m Model) event(seq uint64) *retrieval.Happening {
	for i := len(m.view.Happened) - 1; i >= 0; i-- {
		if h := &m.view.Happened[i]; h.Seq == seq {
			return h
		}
	}
	return nil
}

func delay(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "under 1 ms"
	case d < 10*time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return span(d)
}

func (m Model) wireLines(w, n int) []string {
	beside := w >= 110 // room for the happening beside its line
	merged := m.latest(n, beside)
	out := make([]string, 0, n)
	for _, s := range merged {
		out = append(out, m.wireLine(s, w, beside))
	}
	for len(out) < n {
		out = append(out, style.Spaces(w))
	}
	return out
}

// lookBack bounds how many lines are passed over for the ones that tell something.
const lookBack = 400

// telling returns the last n lines that tell something: the bodies of lists and
// the coming and going of IDLE are left to the transcript's own screen.
func (m Model) telling(n int) []retrieval.Line {
	out := make([]retrieval.Line, 0, n)
	for i := len(m.lines) - 1; i >= max(len(m.lines)-lookBack, 0) && len(out) < n; i-- {
		if l := &m.lines[i]; !routine(l) {
			out = append(out, *l)
		}
	}
	slices.Reverse(out)
	return out
}

// routine reports whether a line is one of many alike: a line of a POP3 list,
// a folder of IMAP's, or IDLE, its continuation and DONE.
func routine(l *retrieval.Line) bool {
	if l.Text == "" {
		return true
	}
	switch {
	case l.Side == retrieval.POP3 && l.Dir == retrieval.ServerSays:
		return l.Text[0] != '+' && l.Text[0] != '-'
	case l.Side == retrieval.IMAP && l.Dir == retrieval.ClientSays:
		return l.Text == "DONE" || strings.HasSuffix(l.Text, " IDLE")
	case l.Side == retrieval.IMAP && l.Dir == retrieval.ServerSays:
		return l.Text[0] == '+' || strings.HasPrefix(l.Text, "* LIST ") || strings.HasPrefix(l.Text, "* STATUS ")
	}
	return false
}

// latest merges the last lines and happenings by time, at most n. Where there
// is room beside a line, its happening stands there; else below it.
func (m Model) latest(n int, beside bool) []said {
	lines := m.telling(n)
	events := m.view.Happened[max(len(m.view.Happened)-2*n, 0):]
	out := make([]said, 0, len(lines)+len(events))
	e := 0
	flush := func(until time.Time) {
		for ; e < len(events) && !events[e].At.After(until); e++ {
			if !beside || !shows(lines, &events[e]) {
				out = append(out, said{event: &events[e]})
			}
		}
	}
	for i := range lines {
		flush(lines[i].At.Add(-1))
		s := said{line: &lines[i]}
		if beside {
			s.event = shownBy(events, lines[i].Seq)
		}
		out = append(out, s)
	}
	for ; e < len(events); e++ {
		if !beside || !shows(lines, &events[e]) {
			out = append(out, said{event: &events[e]})
		}
	}
	return out[max(len(out)-n, 0):]
}

// shows reports whether the line of a happening is among lines.
func shows(lines []retrieval.Line, h *retrieval.Happening) bool {
	return h.Line != 0 && slices.ContainsFunc(lines, func(l retrieval.Line) bool { return l.Seq == h.Line })
}

// shownBy is the latest happening that a line shows; nil: none.
func shownBy(events []retrieval.Happening, seq uint64) *retrieval.Happening {
	for i := len(events) - 1; i >= 0; i-- {
		if events[i].Line == seq {
			return &events[i]
		}
	}
	return nil
}

func (m Model) wireLine(s said, w int, beside bool) string {
	l := style.NewLine(w).Gap(m.st.Text, 1)
	l.Put(m.st.Muted, s.at().Format("15:04:05.000")).Gap(m.st.Text, 1)
	if s.line == nil {
		l.Cell(m.accent(s.event.Side), string(s.event.Side), 5).Put(m.st.Muted, "· ")
		m.happened(l, s.event, l.Left()-1)
		return l.End(m.st.Text)
	}
	l.Cell(m.accent(s.line.Side), string(s.line.Side), 5)
	pen := m.st.Text
	if s.line.Dir != retrieval.ClientSays {
		pen = m.st.Muted
	}
	l.Put(m.st.Muted, string(rune(s.line.Dir))+" ")
	if !beside || s.event == nil {
		l.Cell(pen, s.line.Text, l.Left()-1)
		return l.End(m.st.Text)
	}
	half := (l.Left() - 3) / 2
	l.Cell(pen, s.line.Text, half).Gap(m.st.Text, 2)
	m.happened(l, s.event, l.Left()-1)
	return l.End(m.st.Text)
}

// happened draws a happening in w cells: what, and the RFC. An effect of the
// other side's act is set off; its text names the act and the delay.
func (m Model) happened(l *style.Line, h *retrieval.Happening, w int) {
	pen := m.st.Text
	switch h.Kind {
	case retrieval.Failed, retrieval.Refused, retrieval.Closed, retrieval.Alert, retrieval.Dropped:
		pen = m.st.Danger
	}
	if h.CausedBy != 0 {
		pen = m.st.Changed
	}
	s := safe.Line(h.Text)
	if h.CausedBy != 0 {
		s = "↳ " + s
	}
	tail := ""
	if h.Source != "" {
		tail = " (" + shortSource(h.Source) + ")"
	}
	if style.Width(s)+style.Width(tail) > w {
		tail = ""
	}
	l.Cell(pen, s, min(style.Width(s), w-style.Width(tail))).Put(m.st.Muted, tail)
}
