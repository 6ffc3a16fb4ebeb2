package mime

import (
	"fmt"
	"strings"

	"imapop/retrieval/safe"
)

// assembler puts a message in order.
type assembler struct {
	Document
	html  bool
	notes notes
}

// part adds a part; level bounds messages in messages, as the parser does parts.
func (a *assembler) part(p *Part, depth, level int) {
	switch {
	case level > maxDepth+1:
	case p.Multipart():
		a.multipart(p, depth, level)
	case isMessage(p.Type) && len(p.Children) == 1:
		a.message(p, depth, level)
	case a.readable(p):
		a.text(p, depth)
	default:
		a.other(p, depth)
	}
}

func (a *assembler) multipart(p *Part, depth, level int) {
	switch p.Type {
	case "multipart/alternative":
		a.alternative(p, depth, level)
	case "multipart/related":
		root := related(p)
		a.part(p.Children[root], depth, level+1)
		for i, c := range p.Children {
			if i != root {
				a.attach(c)
			}
		}
	case "multipart/encrypted":
		a.say(p, depth, "this message is encrypted; imapop cannot open it")
		for _, c := range p.Children {
			a.attach(c)
		}
	default:
		for _, c := range p.Children {
			a.part(c, depth, level+1)
		}
	}
}

// related finds the part that the others belong to (RFC 2387 section 3.2).
func related(p *Part) int {
	start := strings.Trim(p.Params["start"], "<>")
	for i, c := range p.Children {
		if start != "" && c.ContentID == start {
			return i
		}
	}
	return 0
}

// alternative shows one of several forms of the same (RFC 2046 section 5.1.4),
// and an invitation beside it.
func (a *assembler) alternative(p *Part, depth, level int) {
	plain, rich := -1, -1
	for i, c := range p.Children {
		switch {
		case a.leads(c, "text/html"):
			rich = i
		case a.leads(c, "text/plain") && plain < 0:
			plain = i
		}
	}
	shown := plain
	if rich >= 0 && (a.html || plain < 0) {
		shown = rich
	}
	a.Both = a.Both || plain >= 0 && rich >= 0
	if shown < 0 {
		shown = len(p.Children) - 1
	}
	for i, c := range p.Children {
		switch {
		case i == shown:
			a.part(c, depth, level+1)
		case c.Type == "text/calendar":
			a.text(c, depth)
		case i != plain && i != rich:
			a.part(c, depth, level+1)
		}
	}
}

// leads reports whether a part is of a type, or a multipart whose first is, and
// is not empty.
func (a *assembler) leads(p *Part, kind string) bool {
	for range maxDepth {
		if !p.Multipart() {
			break
		}
		p = p.Children[0]
	}
	return p.Type == kind && p.Octets > 2
}

// message shows a message inside this one: its header's gist, then its body.
func (a *assembler) message(p *Part, depth, level int) {
	a.add(Block{Kind: MessageBlock, Part: p, Depth: depth + 1, Header: p.Header})
	a.Attachments = append(a.Attachments, p)
	a.part(p.Children[0], depth+1, level+1)
}

// namedText is how large a text with a file name may be to be shown, in octets:
// a log that somebody sent along is an attachment, whatever it calls itself.
const namedText = 32 << 10

// readable reports whether a part is shown as text.
func (a *assembler) readable(p *Part) bool {
	if p.FileName != "" && (p.Disposition == "attachment" && !p.patch() || p.Octets > namedText) {
		return false
	}
	switch p.Type {
	case "message/delivery-status", "message/disposition-notification", "message/feedback-report":
		return true
	case "text/rtf", "text/x-vcard", "text/vcard", "text/directory", "text/csv":
		return p.FileName == ""
	}
	return strings.HasPrefix(p.Type, "text/") || isMultipart(p.Type)
}

// text shows a part's text in its form.
func (a *assembler) text(p *Part, depth int) {
	if !p.Here() {
		a.Missing = append(a.Missing, p)
		return
	}
	if p.Cut() {
		a.notes.add(fmt.Sprintf("part %s: only its first %d kB of %d kB were fetched", p.Number, len(p.Body())/1000, p.Octets/1000))
	}
	switch {
	case p.Type == "text/html":
		h := p.HTML()
		a.HTML = true
		a.remote(h.Remote)
		a.note(h.Notes)
		if a.links(h.Links); strings.TrimSpace(h.Markdown) != "" {
			a.add(Block{Kind: MarkdownBlock, Part: p, Depth: depth, Markdown: h.Markdown})
		}
	case p.Type == "text/calendar":
		events, notes := p.Events()
		a.note(notes)
		if len(events) > 0 {
			a.add(Block{Kind: EventBlock, Part: p, Depth: depth, Events: events})
		}
		a.attach(p)
	default:
		a.plain(p, depth)
	}
}

// plain shows plain text; a file that is uuencoded in it becomes an attachment.
func (a *assembler) plain(p *Part, depth int) {
	var n notes
	text := p.text(&n)
	for i := 1; i <= 20; i++ {
		f, rest, ok := uuencoded([]byte(text))
		if !ok {
			break
		}
		text = string(rest)
		u := &Part{Number: fmt.Sprintf("%s uu%d", p.Number, i), Type: "application/octet-stream", Params: map[string]string{},
			Disposition: "attachment", FileName: safe.FileName(f.Name), Octets: int64(len(f.Octets))}
		u.SetBody(f.Octets, false)
		a.Attachments = append(a.Attachments, u)
	}
	lines := p.lines(text, &n)
	a.note(n.list)
	for i := range lines {
		a.links(linksIn(lines[i].Text))
	}
	if p.patch() {
		a.attach(p)
	}
	a.add(Block{Kind: TextBlock, Part: p, Depth: depth, Lines: lines})
}

// other is a part that is no text: named where it stands, listed at the end.
func (a *assembler) other(p *Part, depth int) {
	a.attach(p)
	switch {
	case strings.HasPrefix(p.Type, "image/") && p.Disposition != "attachment":
		a.add(Block{Kind: PictureBlock, Part: p, Depth: depth, Label: p.Name()})
	case p.About() != "":
		a.say(p, depth, p.Name()+": "+p.About())
	}
}

// attach lists every leaf of a part.
func (a *assembler) attach(p *Part) {
	if p.Multipart() {
		for _, c := range p.Children {
			a.attach(c)
		}
		return
	}
	a.Attachments = append(a.Attachments, p)
}

func (a *assembler) say(p *Part, depth int, label string) {
	a.add(Block{Kind: NoteBlock, Part: p, Depth: depth, Label: label})
}

func (a *assembler) add(b Block) { a.Blocks = append(a.Blocks, b) }

func (a *assembler) note(list []string) {
	for _, s := range list {
		a.notes.add(s)
	}
}

// links adds links; each address keeps its first number when a text repeats it.
func (a *assembler) links(list []Link) {
	a.Links = append(a.Links, list[:min(len(list), max(0, maxLinks-len(a.Links)))]...)
}

func (a *assembler) remote(list []Remote) {
	for _, r := range list {
		at := -1
		for i := range a.Remote {
			if a.Remote[i].Host == r.Host {
				at = i
			}
		}
		if at < 0 {
			a.Remote = append(a.Remote, r)
			continue
		}
		a.Remote[at].Count += r.Count
		a.Remote[at].Pixels += r.Pixels
	}
}
