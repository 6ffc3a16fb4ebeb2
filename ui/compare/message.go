package compare

import (
	"slices"
	"strings"

	"imapop/retrieval"
	"imapop/retrieval/compare"
	"imapop/retrieval/safe"
	"imapop/ui/style"
)

// weight orders the aspects by what is lost last when there are few lines.
var weight = map[string]int{"identity": 0, "read state": 1, "delete": 2, "lives": 3, "folder": 4, "flags": 5, "size": 6, "cost": 7}

const aspectName = 11 // cells of an aspect's name, with the blank behind it

// messageBox compares the chosen message aspect by aspect; IMAP's half stands
// under IMAP's pane and POP3's under POP3's.
func (m Model) messageBox() []string {
	l := m.lay
	if l.Message == 0 {
		return nil
	}
	title := []style.Piece{{Text: "this message", Pen: m.st.Bold}, {Text: m.chosenSubject(), Pen: m.st.Muted}}
	if !l.Boxed {
		out := []string{style.Rule(l.Width, m.st.Edge, "─", "─", title, m.sure())}
		return append(out, m.aspectTable(l.Width, l.Message-1)...)
	}
	return style.Frame(l.Width, m.st.Edge, title, m.sure(), nil, m.aspectTable(l.Width-2, l.Message-2))
}

func (m Model) chosenSubject() string {
	if m.cursor >= len(m.view.Rows) {
		return ""
	}
	row := &m.view.Rows[m.cursor]
	s := ""
	switch {
	case row.Message != nil:
		s = row.Message.Header.Subject
	case row.Entry != nil && row.Entry.Header != nil:
		s = row.Entry.Header.Subject
	}
	if s == "" {
		return ""
	}
	return ": " + safe.Cut(s, max(m.lay.Width-70, 18))
}

// sure says how the two sides of the row were found to be one message.
func (m Model) sure() []style.Piece {
	if m.cursor >= len(m.view.Rows) {
		return nil
	}
	row := &m.view.Rows[m.cursor]
	likely := func(how string) []style.Piece {
		return []style.Piece{{Text: "likely: " + how, Pen: m.st.Warn}}
	}
	switch row.Sure {
	case retrieval.SureFormula:
		return []style.Piece{{Text: "paired by unique-id = UIDVALIDITY + UID", Pen: m.st.Good}}
	case retrieval.SureOctets:
		return []style.Piece{{Text: "paired by octets and header", Pen: m.st.Good}}
	case compare.LikelyFormula:
		return likely("the unique-id fits, not checked")
	case retrieval.LikelyHeader:
		return likely("the same Message-ID, no more")
	case compare.LikelyOctets:
		return likely("the same octets, no more")
	}
	if row.UID != 0 && row.Number != 0 { // a certainty that has no words here
		return likely(safe.Line(string(row.Sure)))
	}
	return []style.Piece{{Text: "seen by one side only", Pen: m.st.Muted}}
}

// aspectTable draws at most n lines of w cells, and fills up to n.
func (m Model) aspectTable(w, n int) []string {
	left := m.lay.IMAP
	if w < m.lay.Width {
		left-- // inside a frame
	}
	var out []string
	shown := m.weighed(n)
	extra := n - len(shown)
	for _, a := range shown {
		lines := m.aspectLines(a, left, w-left, 1+min(max(extra, 0), 1))
		extra -= len(lines) - 1
		out = append(out, lines...)
	}
	if len(shown) == 0 && n > 0 {
		out = append(out, style.NewLine(w).Gap(m.st.Text, 1).Put(m.st.Muted, "no message is chosen").End(m.st.Text))
	}
	for len(out) < n {
		out = append(out, style.Spaces(w))
	}
	return out
}

// weighed returns the n aspects that weigh most, in their own order.
func (m Model) weighed(n int) []compare.Aspect {
	if len(m.aspects) <= n {
		return m.aspects
	}
	rank := func(a compare.Aspect) int {
		if r, ok := weight[a.Name]; ok {
			return r
		}
		return len(weight)
	}
	ranks := make([]int, 0, len(m.aspects))
	for _, a := range m.aspects {
		ranks = append(ranks, rank(a))
	}
	slices.Sort(ranks)
	out := make([]compare.Aspect, 0, n)
	for _, a := range m.aspects {
		if len(out) < n && rank(a) <= ranks[n-1] {
			out = append(out, a)
		}
	}
	return out
}

// aspectLines draws one aspect in at most lines lines.
func (m Model) aspectLines(a compare.Aspect, left, right, lines int) []string {
	im, imTag := m.fact(a.IMAP, left-1-aspectName-1, lines)
	po, poTag := m.fact(a.POP3, right-2, lines)
	out := make([]string, max(len(im), len(po)))
	for i := range out {
		l := style.NewLine(left+right).Gap(m.st.Text, 1)
		name := a.Name
		if i > 0 {
			name = ""
		}
		l.Cell(m.st.Bold, name, aspectName)
		m.half(l, a.IMAP, im, imTag, i, left-1-aspectName-1)
		l.Gap(m.st.Text, 2)
		m.half(l, a.POP3, po, poTag, i, right-2)
		out[i] = l.End(m.st.Text)
	}
	return out
}

// half draws line i of one side's fact in w cells, its tag at the first line's end.
func (m Model) half(l *style.Line, f compare.Fact, text []string, tag string, i, w int) {
	s := ""
	if i < len(text) {
		s = text[i]
	}
	pen := m.st.Text
	if f.None {
		pen = m.st.Muted
	}
	if i > 0 || tag == "" {
		l.Cell(pen, s, w)
		return
	}
	n := style.Width(tag)
	l.Cell(pen, s, w-n-1).Gap(m.st.Text, 1).Cell(m.st.Muted, tag, n)
}

// fact wraps a fact's text to w cells beside the longest tag that leaves it
// whole; a narrow column rather loses its tag than its text.
func (m Model) fact(f compare.Fact, w, lines int) ([]string, string) {
	text := safe.Line(f.Text)
	tags := causeTags(f.Cause, f.Source)
	for _, tag := range tags {
		if style.Width(text)+style.Width(tag)+1 <= w {
			return style.Wrap(text, w-style.Width(tag)-1, lines), tag
		}
	}
	if len(tags) == 0 || w < narrowFact {
		return style.Wrap(text, w, lines), ""
	}
	tag := tags[len(tags)-1]
	return style.Wrap(text, w-style.Width(tag)-1, lines), tag
}

// narrowFact is the width below which a text is worth more than its tag.
const narrowFact = 44

// causeTags name where a fact comes from, the longest first: an RFC with its
// section, this server, or a setting of this program.
func causeTags(c retrieval.Cause, source string) []string {
	switch c {
	case retrieval.CauseProtocol:
		if s := shortSource(source); s != "" {
			return []string{s, "RFC"}
		}
		return []string{"RFC"}
	case retrieval.CausePolicy:
		return []string{"this server", "server"}
	case retrieval.CauseClient:
		return []string{"setting"}
	}
	return nil
}

// causeTag is the longest tag, or "".
func causeTag(c retrieval.Cause, source string) string {
	if tags := causeTags(c, source); len(tags) > 0 {
		return tags[0]
	}
	return ""
}

// shortSource writes "RFC 1939 section 7" as "RFC 1939 §7".
func shortSource(s string) string { return strings.ReplaceAll(safe.Line(s), " section ", " §") }
