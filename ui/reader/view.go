package reader

import (
	"fmt"
	"strings"

	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/ui/style"
)

// drawn breaks what the middle shows anew for the width and the state.
func (m Model) drawn() Model {
	if m.w == 0 || m.h == 0 {
		return m
	}
	w := max(min(m.w-2, maxWidth), 1)
	var lines []string
	switch {
	case m.message == nil && m.at != inHelp:
	case m.at == inHelp:
		lines = m.helpLines(w)
	case m.at == inSource:
		lines = m.sourceLines(m.w - 2)
	case m.at == inTree:
		lines = m.treeLines(m.w - 2)
	case m.at == inLinks:
		lines = m.linkLines(m.w - 2)
	case m.at == inTrust:
		lines = m.trustLines(m.w - 2)
	case m.at == inFiles:
		lines = m.fileLines(m.w - 2)
	default:
		lines = m.textLines(w)
	}
	for i := range lines {
		lines[i] = " " + lines[i]
	}
	m.text.Width, m.text.Height = m.w, max(m.h-len(m.head())-len(m.below()), 1)
	at := m.text.YOffset
	m.text.SetContent(strings.Join(lines, "\n"))
	m.text.SetYOffset(at)
	if m.lists() {
		m.text.SetYOffset(min(max(at, m.cursor-m.text.Height+4), m.cursor))
	}
	return m
}

// below is what stands under the text.
func (m Model) below() []string {
	var out []string
	out = append(out, style.NewLine(m.w).Fill(m.st.Edge, "─", 0).End(m.st.Text))
	if s := m.attached(); s != "" {
		out = append(out, s)
	}
	out = append(out, m.bars()...)
	out = append(out, m.answerLines()...)
	return append(out, m.st.Help(m.w, m.keys.short(m.at)))
}

// answerLines is the open question, what runs, or the answer to the last key.
func (m Model) answerLines() []string {
	st := m.st
	line := func() *style.Line { return style.NewLine(m.w).Gap(st.Text, 1) }
	switch q := m.ask; {
	case q.kind == asksPath:
		l := line().Put(st.Bold, "save to ")
		q.path.Draw(l, st.Text, st.Key, max(l.Left()-1, 2))
		return []string{l.End(st.Text), line().Put(st.Muted, "enter saves a new file (nothing is overwritten) · esc does not").End(st.Text)}
	case q.kind == asksOpen:
		what := fmt.Sprintf("open %s (%s, %s) with this system's program for it? It came by mail.", q.part.Name(), q.part.Type, retrieval.Octets(q.part.Octets))
		return m.asking(what, "")
	case q.kind == asksLink:
		return m.asking("open "+q.link.URL+" in the browser?", q.link.Warn)
	}
	var out []string
	if m.notice.text != "" {
		pen := st.Text
		if m.notice.bad {
			pen = st.Danger
		}
		for _, s := range style.Wrap(m.notice.text, m.w-4, 3) {
			out = append(out, line().Put(pen, s).End(st.Text))
		}
	}
	if m.loading {
		out = append(out, m.progress())
	}
	return out
}

// asking draws a question of yes or no, whole: a link's end must not be hidden.
func (m Model) asking(what, warn string) []string {
	var out []string
	add := func(pen style.Pen, s string, most int) {
		for _, s := range style.Wrap(safe.Line(s), m.w-3, most) {
			out = append(out, style.NewLine(m.w).Gap(m.st.Text, 1).Put(pen, s).End(m.st.Text))
		}
	}
	add(m.st.Bold, what, 6)
	if warn != "" {
		add(m.st.Danger, "! "+warn, 2)
	}
	return append(out, style.NewLine(m.w).Gap(m.st.Text, 1).Put(m.st.Key, "y").Put(m.st.Muted, " opens it · ").Put(m.st.Key, "n").Put(m.st.Muted, " does not").End(m.st.Text))
}

// progress shows how far a fetch is, and how to stop it.
func (m Model) progress() string {
	l := style.NewLine(m.w).Gap(m.st.Text, 1)
	if p := m.running; p != nil && p.Total > 0 {
		l.Put(m.accent(), style.Bar(20, float64(p.Done)/float64(p.Total))).Gap(m.st.Text, 1)
		l.Put(m.st.Text, retrieval.Octets(p.Done)+" of "+retrieval.Octets(p.Total)).Gap(m.st.Text, 2)
	} else {
		l.Put(m.st.Muted, "fetching ")
	}
	return l.Put(m.st.Key, "esc").Put(m.st.Muted, " stops it").End(m.st.Text)
}

// View draws exactly h lines of w cells; nothing before the first size.
func (m Model) View() string {
	if m.w == 0 || m.h == 0 {
		return ""
	}
	out := m.head()
	switch {
	case m.message == nil && m.at == inHelp, m.message != nil:
		out = append(out, strings.Split(m.text.View(), "\n")...)
	case m.err != nil:
		for _, s := range style.Wrap(safe.Line(m.err.Error()), m.w-2, 6) {
			out = append(out, style.NewLine(m.w).Gap(m.st.Text, 1).Put(m.st.Danger, s).End(m.st.Text))
		}
	}
	below := m.below()
	room := max(m.h-len(below), 0)
	for len(out) < room {
		out = append(out, "")
	}
	out = append(out[:min(room, len(out))], below[max(len(below)-m.h, 0):]...)
	for i := range out {
		out[i] = fitted(out[i], m.w)
	}
	return strings.Join(out, "\n")
}

// fitted makes an inked line exactly w cells wide.
func fitted(s string, w int) string {
	n := safe.Width(s)
	if n > w {
		s = safe.Truncate(s, w, "")
		n = safe.Width(s)
	}
	return s + style.Spaces(w-n)
}
