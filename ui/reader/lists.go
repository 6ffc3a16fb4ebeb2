package reader

import (
	"fmt"
	"strings"

	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/ui/style"
)

// sourceLines draws the message as it came, as far as it is here.
func (m Model) sourceLines(w int) []string {
	p := &page{st: m.st, w: w}
	if m.source == nil {
		return nil
	}
	const most = 256 << 10 // octets that are drawn
	cut := m.source[:min(len(m.source), most)]
	for line := range strings.SplitSeq(strings.TrimSuffix(safe.Text(string(cut)), "\n"), "\n") {
		p.put(style.Piece{}, m.st.Text, line)
	}
	if left := m.message.Octets - int64(len(cut)); left > 0 {
		p.put(style.Piece{}, m.st.Muted, fmt.Sprintf("(the first %s; %s more)", retrieval.Octets(int64(len(cut))), retrieval.Octets(left)))
	}
	return p.out
}

// treeLines draws the parts with their numbers, and what was wrong.
func (m Model) treeLines(w int) []string {
	p := &page{st: m.st, w: w}
	m.message.Root.Walk(func(x *part, depth int) {
		l := style.NewLine(w).Put(m.st.Edge, strings.Repeat("  ", min(depth, 12)))
		l.Cell(m.st.Key, x.Number, max(5, style.Width(x.Number)+1)).Put(m.st.Text, x.Type)
		facts := retrieval.Octets(x.Octets)
		for _, s := range []string{x.Charset(), x.Encoding, x.Disposition, x.FileName} {
			if s != "" {
				facts += " · " + safe.Cut(s, 60)
			}
		}
		switch {
		case x.Multipart():
			facts = plural(len(x.Children), "part")
		case !x.Here():
			facts += " · on the server"
		case x.Cut():
			facts += " · its beginning is here"
		}
		l.Put(m.st.Muted, "  "+facts)
		p.out = append(p.out, l.End(m.st.Text))
	})
	p.blank()
	for _, n := range m.doc.Notes {
		p.put(style.Piece{}, m.st.Warn, "! "+n)
	}
	p.blank()
	for _, f := range m.message.Header.Fields[:min(len(m.message.Header.Fields), 100)] {
		p.put(style.Piece{Text: safe.Cut(f.Name, 30) + ": ", Pen: m.st.Muted}, m.st.Text, safe.Cut(f.Text(), 500))
	}
	return p.out
}

// fileLines draws the attachments with the cursor on one.
func (m Model) fileLines(w int) []string {
	var out []string
	for i, x := range m.doc.Attachments {
		state := "on the server"
		if x.Here() && !x.Cut() {
			state = "here"
		}
		out = append(out, m.item(w, i, x.Name(), fmt.Sprintf("%s · %s · %s", x.Type, retrieval.Octets(x.Octets), state)))
	}
	p := &page{st: m.st, w: w, out: append(out, "")}
	if about := m.chosen().About(); about != "" {
		p.put(style.Piece{}, m.st.Muted, about)
	}
	p.put(style.Piece{}, m.st.Muted, "s saves it to a new file, o gives it to the system's opener after a question.")
	return p.out
}

// linkLines draws the links with the cursor on one.
func (m Model) linkLines(w int) []string {
	var out []string
	for i, l := range m.doc.Links {
		text := l.Text
		if text == "" {
			text = l.URL
		}
		out = append(out, m.item(w, i, fmt.Sprintf("[%d] %s", i+1, text), l.URL))
	}
	p := &page{st: m.st, w: w, out: append(out, "")}
	l := m.doc.Links[m.cursor]
	p.put(style.Piece{}, m.st.Text, l.URL)
	if l.Warn != "" {
		p.put(style.Piece{}, m.st.Danger, "! "+l.Warn)
	}
	return p.out
}

// item draws one line of a list.
func (m Model) item(w, i int, name, facts string) string {
	inks, mark := m.st.Inks, "  "
	if i == m.cursor {
		inks, mark = m.st.Cursor, "▌ "
	}
	l := style.NewLine(w).Put(inks.Text, mark)
	room := max(w-2-min(style.Width(facts)+2, w/2), 1)
	return l.Put(inks.Text, safe.Cut(name, room)).Gap(inks.Text, 2).Put(inks.Muted, safe.Cut(facts, max(l.Left(), 0))).End(inks.Text)
}

// helpLines draws every key: a group beside the other where there is room.
func (m Model) helpLines(w int) []string {
	var columns [][]string
	for _, g := range m.keys.groups() {
		columns = append(columns, append([]string{m.st.Bold.Ink(g.title)}, strings.Split(m.st.HelpColumn(g.keys), "\n")...))
	}
	var out []string
	if each := w / len(columns); each >= 25 {
		for i := range columns[0] { // the longest
			line := ""
			for _, c := range columns {
				if i < len(c) {
					line += fitted(c[i], each)
				} else {
					line += style.Spaces(each)
				}
			}
			out = append(out, line)
		}
	} else {
		for _, c := range columns {
			out = append(append(out, c...), "")
		}
	}
	p := &page{st: m.st, w: w, out: append(out, "")}
	p.put(style.Piece{}, m.st.Muted, "The two bars under a message are what it took over IMAP and over POP3, as the meters of the two connections counted it. IMAP fetches the header, the structure and the text; POP3 knows whole messages only.")
	return p.out
}
