package compare

import (
	"fmt"
	"time"

	"imapop/retrieval"
	"imapop/ui/style"
)

// wireBox draws the latest lines of both transcripts on one time line.
func (m Model) wireBox() []string {
	l := m.lay
	if l.Wire == 0 {
		return nil
	}
	title := []style.Piece{{Text: m.wireTitle(), Pen: m.st.Bold}, {Text: "  w: all of it", Pen: m.st.Muted}}
	if !l.Boxed {
		out := []string{style.Rule(l.Width, m.st.Edge, "─", "─", title, m.link())}
		return append(out, m.wireLines(l.Width, l.Wire-1)...)
	}
	return style.Frame(l.Width, m.st.Edge, title, m.link(), nil, m.wireLines(l.Width-2, l.Wire-2))
}

// wireTitle names the device whose wire it is, where there are several.
func (m Model) wireTitle() string {
	if m.devices > 1 {
		return fmt.Sprintf("wire of device %d", m.device)
	}
	return "wire"
}

// link is the latest effect of one side on the other, with its delay: it stays
// in sight when the lines that showed it have scrolled away.
func (m Model) link() []style.Piece {
	for i := len(m.view.Happened) - 1; i >= 0; i-- {
		h := &m.view.Happened[i]
		if !isEffect(h) {
			continue
		}
		pen := m.st.Changed
		if m.now.Sub(h.At) > freshEffect {
			pen = m.st.Muted
		}
		s := meaning(h)
		if short := effect(h); style.Width(s) > m.lay.Width-linkRoom && short != "" {
			s = short
		}
		return []style.Piece{{Text: s, Pen: pen}}
	}
	return nil
}

// linkRoom is what the edge holds besides the link: the title and the corners.
const linkRoom = 38

// freshEffect is how long an effect is set off as news.
const freshEffect = time.Minute

// wireLines draws the n lines that tell most of what happened last.
func (m Model) wireLines(w, n int) []string {
	out := make([]string, 0, n)
	for _, s := range m.telling(n, w) {
		out = append(out, m.wireLine(s, w))
	}
	for len(out) < n {
		out = append(out, style.Spaces(w))
	}
	return out
}

// wireLine draws one line: time, side, who speaks, what, and what it means.
func (m Model) wireLine(s said, w int) string {
	l := style.NewLine(w).Gap(m.st.Text, 1)
	l.Put(m.st.Muted, s.at.Format("15:04:05.000")).Gap(m.st.Text, 1)
	name, room := sideName(s.side), 5
	if m.devices > 1 { // the lines of another device carry another number
		name, room = name+string(rune('₀'+m.device)), 6
	}
	l.Cell(m.accent(s.side), name, room)
	l.Put(m.st.Muted, string(s.dir)+" ")
	if s.text == "" {
		m.happened(l, s.event, l.Left()-1)
		return l.End(m.st.Text)
	}
	pen := m.st.Text
	if s.dir != rune(retrieval.ClientSays) {
		pen = m.st.Muted
	}
	l.Cell(pen, s.text, s.room(w))
	if s.event != nil {
		l.Gap(m.st.Text, 2)
		m.happened(l, s.event, l.Left()-1)
	}
	return l.End(m.st.Text)
}

// sideName is a side in four letters; this device is here.
func sideName(p retrieval.Protocol) string {
	if p == retrieval.Local {
		return "here"
	}
	return string(p)
}

// happened draws a happening in w cells: what, and the RFC. An effect of the
// other side's act is set off; its text names the act and the delay.
func (m Model) happened(l *style.Line, h *retrieval.Happening, w int) {
	pen := m.st.Text
	switch h.Kind {
	case retrieval.Failed, retrieval.Refused, retrieval.Closed, retrieval.Alert, retrieval.Dropped:
		pen = m.st.Danger
	case retrieval.Due:
		pen = m.st.Warn
	}
	if isEffect(h) {
		pen = m.st.Changed
	}
	s, tail := meaning(h), because(h)
	if tail != "" {
		tail = " (" + tail + ")"
	}
	if style.Width(s)+style.Width(tail) > w {
		tail = ""
	}
	if short := effect(h); style.Width(s) > w && short != "" {
		s = short
	}
	l.Cell(pen, s, min(style.Width(s), w-style.Width(tail))).Put(m.st.Muted, tail)
}

// because names the reason of a happening: an RFC, or this server, where no RFC
// has it. That POP3 changes IMAP's flags is always the server's own doing.
func because(h *retrieval.Happening) string {
	if h.Cause == retrieval.CausePolicy || h.Kind == retrieval.FlagsChanged && isEffect(h) {
		return "this server"
	}
	return shortSource(h.Source)
}
