package reader

import (
	"fmt"
	"strings"

	"imapop/retrieval"
	"imapop/retrieval/mime"
	"imapop/retrieval/safe"
	"imapop/ui/style"
)

type part = mime.Part

const (
	// maxWidth keeps lines of text readable on a wide terminal.
	maxWidth = 100
	// maxLines bounds what one message makes the screen draw.
	maxLines = 50_000
	// foldedAt is from how many quoted lines on they are folded, and foldedTo how
	// many of them stay.
	foldedAt, foldedTo = 5, 2
)

// page gathers drawn lines of at most w cells.
type page struct {
	st  *style.Styles
	w   int
	out []string
}

// put writes one line of text in a pen, wrapped; prefix stands before each line.
func (p *page) put(prefix style.Piece, pen style.Pen, text string) {
	w := max(p.w-style.Width(prefix.Text), 1)
	for first := true; first || text != ""; first = false {
		if len(p.out) >= maxLines {
			return
		}
		var line string
		line, text = style.Break(text, w)
		p.out = append(p.out, prefix.Pen.Ink(prefix.Text)+pen.Ink(line))
	}
}

func (p *page) blank() {
	if n := len(p.out); n > 0 && p.out[n-1] != "" {
		p.out = append(p.out, "")
	}
}

// textLines draws the message to be read.
func (m Model) textLines(w int) []string {
	p := &page{st: m.st, w: w}
	m.oddities(p)
	for i := range m.doc.Blocks {
		b := &m.doc.Blocks[i]
		indent := style.Piece{Text: strings.Repeat("┃ ", min(b.Depth, 10)), Pen: m.st.Edge}
		switch b.Kind {
		case mime.TextBlock:
			m.plain(p, indent, b.Lines)
		case mime.MarkdownBlock:
			m.markdown(p, indent, b.Markdown)
		case mime.EventBlock:
			m.events(p, indent, b.Events)
		case mime.PictureBlock:
			p.put(indent, m.st.Muted, fmt.Sprintf("[picture %s, %s, %s]", b.Label, b.Part.Type, retrieval.Octets(b.Part.Octets)))
		case mime.MessageBlock:
			m.inner(p, indent, b)
		case mime.NoteBlock:
			p.put(indent, m.st.Warn, "["+b.Label+"]")
		}
		p.blank()
	}
	if len(m.doc.Blocks) == 0 && !m.loading {
		p.put(style.Piece{}, m.st.Muted, "there is no text in this message")
		p.blank()
	}
	m.behind(p)
	return p.out
}

// oddities says what was wrong with the message, before its text.
func (m Model) oddities(p *page) {
	const shown = 3
	for _, n := range m.doc.Notes[:min(len(m.doc.Notes), shown)] {
		p.put(style.Piece{}, m.st.Warn, "! "+n)
	}
	if n := len(m.doc.Notes) - shown; n > 0 {
		p.put(style.Piece{}, m.st.Warn, fmt.Sprintf("! and %d more: t shows them", n))
	}
	p.blank()
}

// behind is what stands after the text: where its links go, and what it would
// have fetched.
func (m Model) behind(p *page) {
	if m.doc.HTML && len(m.doc.Links) > 0 {
		p.put(style.Piece{}, m.st.Muted, "Links (l opens one):")
		for i, l := range m.doc.Links[:min(len(m.doc.Links), 30)] {
			p.put(style.Piece{Text: fmt.Sprintf("[%d] ", i+1), Pen: m.st.Key}, m.st.Muted, safe.Cut(l.URL, 300))
		}
		p.blank()
	}
	if len(m.doc.Remote) == 0 {
		return
	}
	var hosts []string
	for _, r := range m.doc.Remote {
		s := r.Host
		if r.Pixels > 0 {
			s += fmt.Sprintf(" (%s too small to be seen: it would tell that you read this)", plural(r.Pixels, "picture"))
		}
		hosts = append(hosts, s)
	}
	p.put(style.Piece{}, m.st.Good, "Nothing was fetched from the web. This message asks for content from:")
	p.put(style.Piece{Text: "  "}, m.st.Muted, strings.Join(hosts, ", "))
}

// plain draws lines of text; long quotations are folded to their beginning.
func (m Model) plain(p *page, indent style.Piece, lines []mime.Line) {
	for i := 0; i < len(lines); i++ {
		n := 0
		for i+n < len(lines) && lines[i+n].Quote > 0 {
			n++
		}
		if n < foldedAt || m.whole {
			m.line(p, indent, lines[i])
			continue
		}
		for _, l := range lines[i : i+foldedTo] {
			m.line(p, indent, l)
		}
		p.put(indent, m.st.Key, fmt.Sprintf("▸ %d more quoted lines (z shows them)", n-foldedTo))
		i += n - 1
	}
}

func (m Model) line(p *page, indent style.Piece, l mime.Line) {
	pen := m.st.Text
	switch l.Kind {
	case mime.Signature:
		pen = m.st.Muted
	case mime.Added:
		pen = m.st.Good
	case mime.Removed:
		pen = m.st.Danger
	case mime.Hunk:
		pen = m.st.Changed
	case mime.FileHead:
		pen = m.st.Bold
	}
	if l.Quote > 0 {
		pen = []style.Pen{m.st.IMAP, m.st.POP3, m.st.SMTP}[(l.Quote-1)%3]
		indent = style.Piece{Text: indent.Text + strings.Repeat("│ ", min(l.Quote, 10)), Pen: pen}
	}
	p.put(indent, pen, l.Text)
}

func (m Model) markdown(p *page, indent style.Piece, text string) {
	for _, l := range m.st.Markdown(text, max(p.w-style.Width(indent.Text), 1)) {
		if len(p.out) >= maxLines {
			return
		}
		p.out = append(p.out, indent.Pen.Ink(indent.Text)+l)
	}
}

// inner draws the header of a message inside this one.
func (m Model) inner(p *page, indent style.Piece, b *mime.Block) {
	p.put(indent, m.st.Bold, "message "+b.Part.Number+": "+b.Header.Text("Subject"))
	if from := b.Header.Addresses("From"); len(from) > 0 {
		p.put(indent, m.st.Muted, "from "+from[0]+"  "+b.Header.Text("Date"))
	}
}

var methods = map[string]string{"REQUEST": "Invitation", "REPLY": "Answer to an invitation", "CANCEL": "Cancelled", "PUBLISH": "Event"}

func (m Model) events(p *page, indent style.Piece, events []mime.Event) {
	for _, e := range events {
		title := methods[e.Method]
		if title == "" {
			title = "Event"
		}
		p.put(indent, m.st.Bold, title+": "+e.What)
		for _, f := range [][2]string{{"when ", e.When}, {"again", e.Repeats}, {"where", e.Where}, {"from ", e.Organizer}, {"who  ", strings.Join(e.Who, ", ")}, {"state", e.Status}} {
			if f[1] != "" {
				p.put(style.Piece{Text: indent.Text + "  " + f[0] + "  ", Pen: m.st.Muted}, m.st.Text, f[1])
			}
		}
	}
}
