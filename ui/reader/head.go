package reader

import (
	"fmt"
	"strings"

	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/ui/style"
)

// head is what stands above the text.
func (m Model) head() []string {
	st := m.st
	title := []style.Piece{{Text: "2 Read", Pen: st.Bold}, {Text: " · over " + string(m.action.Side), Pen: m.accent()}}
	if what := map[place]string{inSource: "as it came", inTree: "structure", inLinks: "links", inFiles: "attachments", inTrust: "who sent it", inHelp: "keys"}[m.at]; what != "" {
		title = append(title, style.Piece{Text: " · " + what, Pen: st.Bold})
	}
	var info []style.Piece
	if m.where != "" {
		info = append(info, style.Piece{Text: m.where, Pen: st.Muted})
	}
	if m.message != nil {
		info = append(info, style.Piece{Text: " · " + retrieval.Octets(m.message.Octets), Pen: st.Muted})
	}
	out := []string{style.Rule(m.w, st.Edge, "─", "─", title, info)}
	if m.message != nil && m.at != inHelp {
		out = append(out, m.fields()...)
	}
	return append(out, style.NewLine(m.w).Fill(st.Edge, "─", 0).End(st.Text))
}

func (m Model) accent() style.Pen {
	if m.action.Side == retrieval.POP3 {
		return m.st.POP3
	}
	return m.st.IMAP
}

// fields are the header fields that a person reads; fewer on a small screen.
func (m Model) fields() []string {
	h := m.message.Header
	var out []string
	add := func(name, s string, pen style.Pen) {
		if s != "" {
			out = append(out, style.NewLine(m.w).Gap(m.st.Text, 1).Cell(m.st.Muted, name, 9).Put(pen, safe.Cut(s, max(m.w-11, 1))).End(m.st.Text))
		}
	}
	add("From", strings.Join(h.Addresses("From"), ", "), m.st.Text)
	if m.h >= 22 {
		add("To", people(h.Addresses("To")), m.st.Text)
		add("Cc", people(h.Addresses("Cc")), m.st.Text)
		add("Date", h.Text("Date"), m.st.Text)
	}
	if m.h >= 30 {
		add("Reply-To", people(h.Addresses("Reply-To")), m.st.Text)
		add("List-Id", h.Text("List-Id"), m.st.Text)
	}
	add("Subject", h.Text("Subject"), m.st.Bold)
	return out
}

// people names the first of many.
func people(list []string) string {
	const shown = 8
	s := strings.Join(list[:min(len(list), shown)], ", ")
	if n := len(list) - shown; n > 0 {
		s = fmt.Sprintf("%d: %s and %d more", len(list), s, n)
	}
	return s
}

// attached is the line that names the attachments, "" for none.
func (m Model) attached() string {
	if m.doc == nil || len(m.doc.Attachments) == 0 || m.at == inFiles || m.at == inHelp {
		return ""
	}
	var names []string
	for _, p := range m.doc.Attachments[:min(len(m.doc.Attachments), 20)] {
		names = append(names, fmt.Sprintf("%s %s", p.Name(), retrieval.Octets(p.Octets)))
	}
	l := style.NewLine(m.w).Gap(m.st.Text, 1).Put(m.st.Bold, plural(len(m.doc.Attachments), "attachment")+":").Gap(m.st.Text, 1)
	const tail = "  a shows them"
	list := strings.Join(names, " · ")
	l.Put(m.st.Text, safe.Cut(list, max(l.Left()-len(tail)-1, 1))).Put(m.st.Muted, tail)
	return l.End(m.st.Text)
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
