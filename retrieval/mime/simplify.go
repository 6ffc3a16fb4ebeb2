package mime

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"imapop/retrieval/safe"
)

// Link is a link of a message, numbered from 1 in its order.
type Link struct {
	Text string // what the message calls it
	URL  string // where it goes; http, https or mailto, clean
	Warn string // what a person should know before opening it; "" for nothing
}

// Remote is a host that the HTML would have made a mail program contact. imapop
// never does.
type Remote struct {
	Host   string
	Count  int // how many times it is named
	Pixels int // of them: pictures too small to be seen, which tell the sender that the mail was read
}

// Bounds for HTML. What is deeper is flattened, not dropped.
const (
	maxHTML     = 512 << 10 // octets of source
	maxPiece    = 4 << 10   // octets of what is written that are converted at once
	maxNesting  = 20        // of elements
	maxElements = 30_000
	maxLinks    = 500
	maxHosts    = 100
)

// simplifier rewrites HTML into the few elements that say something without a
// screen: paragraphs, headings, lists, quotes, emphasis, code. It goes over the
// tokens once; what it writes is well nested and not deep, whatever came in.
type simplifier struct {
	out     strings.Builder
	pieces  []string    // what was written before: well nested each
	open    []atom.Atom // elements that were written and not yet closed
	links   []Link
	remote  []Remote
	hidden  []string // element whose content is left out, and those of its name inside
	dropped int
	href    string
	label   strings.Builder
	inLink  bool
	count   int
	last    atom.Atom // the latest start tag: the text behind <style> is none
}

// kept are the elements that are written as they are, without attributes.
var kept = map[atom.Atom]bool{
	atom.P: true, atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.H5: true, atom.H6: true, atom.Ul: true, atom.Ol: true,
	atom.Li: true, atom.Blockquote: true, atom.Pre: true, atom.Code: true, atom.B: true, atom.Strong: true, atom.I: true, atom.Em: true,
}

// blocks are the elements that stand on lines of their own and are written as div.
var blocks = map[atom.Atom]bool{
	atom.Div: true, atom.Table: true, atom.Section: true, atom.Article: true, atom.Header: true, atom.Footer: true,
	atom.Center: true, atom.Dl: true, atom.Dt: true, atom.Dd: true, atom.Address: true, atom.Form: true, atom.Fieldset: true, atom.Caption: true,
}

// mute are the elements whose content is no text for a person.
var mute = map[atom.Atom]bool{
	atom.Script: true, atom.Style: true, atom.Head: true, atom.Title: true, atom.Template: true, atom.Iframe: true, atom.Object: true,
	atom.Svg: true, atom.Math: true, atom.Noscript: true, atom.Select: true, atom.Textarea: true, atom.Noframes: true, atom.Noembed: true, atom.Xmp: true,
}

// simplified rewrites a source.
func simplified(source string) *simplifier {
	s := &simplifier{}
	z := html.NewTokenizer(strings.NewReader(source))
	z.SetMaxBuf(maxHTML)
	for {
		switch z.Next() {
		case html.ErrorToken:
			s.end()
			return s
		case html.TextToken:
			s.text(string(z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			s.start(t)
		case html.EndTagToken:
			t := z.Token()
			s.close(t)
		}
	}
}

func (s *simplifier) text(t string) {
	if len(s.hidden) > 0 {
		if s.last == atom.Style {
			s.css(t)
		}
		return
	}
	if s.inLink {
		s.label.WriteString(t)
	}
	for t = strings.ReplaceAll(t, "\r", ""); t != ""; {
		n := min(len(t), maxPiece)
		for n < len(t) && n > 0 && !utf8.RuneStart(t[n]) {
			n--
		}
		if n == 0 {
			n = len(t)
		}
		s.out.WriteString(html.EscapeString(safe.Text(t[:n])))
		if t = t[n:]; t != "" {
			s.cut()
		}
	}
}

// between reports whether nothing is open whose meaning a cut would change.
func (s *simplifier) between() bool {
	for _, a := range s.open {
		if a != atom.Div {
			return false
		}
	}
	return true
}

// cut ends a piece: what is open is closed, and opened again in the next. The
// converter's time grows with the square of what it is given.
func (s *simplifier) cut() {
	for i := len(s.open) - 1; i >= 0; i-- {
		s.out.WriteString("</" + s.open[i].String() + ">")
	}
	s.pieces = append(s.pieces, s.out.String())
	s.out.Reset()
	for _, a := range s.open {
		s.out.WriteString("<" + a.String() + ">")
	}
}

func (s *simplifier) start(t html.Token) {
	s.contacts(t)
	s.last = t.DataAtom
	name := t.Data
	void := t.Type == html.SelfClosingTagToken || isVoid(t.DataAtom)
	if len(s.hidden) > 0 {
		if name == s.hidden[0] && !void && len(s.hidden) < maxElements {
			s.hidden = append(s.hidden, name)
		}
		return
	}
	s.count++
	if s.out.Len() > 2*maxPiece || s.out.Len() > maxPiece && s.between() && (kept[t.DataAtom] || blocks[t.DataAtom]) {
		s.cut()
	}
	switch {
	case (mute[t.DataAtom] || unseen(t)) && !void:
		s.hidden = append(s.hidden, name)
	case t.DataAtom == atom.Br:
		s.out.WriteString("<br>")
	case t.DataAtom == atom.Hr:
		s.out.WriteString("<hr>")
	case t.DataAtom == atom.Img:
		s.image(t)
	case t.DataAtom == atom.A:
		s.closeLink()
		s.openLink(attr(t, "href"))
	case t.DataAtom == atom.Td || t.DataAtom == atom.Th:
		s.out.WriteString(" ")
	case kept[t.DataAtom]:
		s.push(t.DataAtom)
	case blocks[t.DataAtom]:
		s.push(atom.Div)
	}
}

// push writes a start tag unless that would nest too deep.
func (s *simplifier) push(a atom.Atom) {
	if len(s.open) >= maxNesting || s.count > maxElements {
		s.dropped++
		s.out.WriteString(" ")
		return
	}
	if a == atom.P { // a paragraph ends at the next one
		s.pop(atom.P)
	}
	s.open = append(s.open, a)
	s.out.WriteString("<" + a.String() + ">")
}

// pop closes an element and what is open inside of it, if it is open.
func (s *simplifier) pop(a atom.Atom) {
	for i := len(s.open) - 1; i >= 0; i-- {
		if s.open[i] != a {
			continue
		}
		for j := len(s.open) - 1; j >= i; j-- {
			s.out.WriteString("</" + s.open[j].String() + ">")
		}
		s.open = s.open[:i]
		return
	}
}

func (s *simplifier) close(t html.Token) {
	if n := len(s.hidden); n > 0 {
		if t.Data == s.hidden[0] {
			s.hidden = s.hidden[:n-1]
		}
		return
	}
	switch {
	case t.DataAtom == atom.A:
		s.closeLink()
	case t.DataAtom == atom.Tr:
		s.out.WriteString("<br>")
	case kept[t.DataAtom]:
		s.pop(t.DataAtom)
	case blocks[t.DataAtom]:
		s.pop(atom.Div)
	}
}

func (s *simplifier) end() {
	s.closeLink()
	s.cut()
}

func (s *simplifier) openLink(href string) {
	s.href, s.inLink = href, true
	s.label.Reset()
}

// closeLink writes the link's number behind its text. The address itself is in
// the list of links: where it leads must not be hidden in a line of text.
func (s *simplifier) closeLink() {
	if !s.inLink {
		return
	}
	s.inLink = false
	l, ok := NewLink(s.href)
	if !ok || len(s.links) >= maxLinks {
		return
	}
	l.Text = safe.Cut(strings.Join(strings.Fields(s.label.String()), " "), 120)
	l.Warn = misleads(l.Text, l.URL)
	s.links = append(s.links, l)
	fmt.Fprintf(&s.out, " [%d]", len(s.links))
}

// image names a picture in its place, unless it is too small to be seen.
func (s *simplifier) image(t html.Token) {
	if tiny(t) {
		return
	}
	alt := safe.Cut(strings.Join(strings.Fields(attr(t, "alt")), " "), 120)
	src := strings.ToLower(attr(t, "src"))
	switch {
	case alt != "":
		s.out.WriteString(html.EscapeString(" [image: " + alt + "] "))
	case strings.HasPrefix(src, "cid:"):
		s.out.WriteString(" [image in this message] ")
	default:
		s.out.WriteString(" [image] ")
	}
	if s.inLink {
		s.label.WriteString(" " + alt)
	}
}
