package mime

import (
	"bytes"
	"fmt"
	"strings"

	"imapop/retrieval/safe"
)

// Parse reads a whole message. It never fails: what cannot be read as MIME is
// one part of text, and the notes say why. It keeps octets and does not change
// them.
func Parse(octets []byte) *Message {
	p := &parser{data: octets}
	m := &Message{Octets: int64(len(octets)), Source: octets}
	m.Header = p.header(true)
	m.Root = p.body(m.Header, "", 0)
	Number(m.Root)
	m.Notes = p.notes.list
	return m
}

// parser goes through the octets once. A boundary of an outer multipart ends
// everything inside, so a line is compared with all that are open.
type parser struct {
	data   []byte
	pos    int
	open   []string // boundaries, outermost first
	parts  int
	looked bool // whether goesOn is known
	goesOn bool
	notes  notes
}

// line is the line at pos with its line end.
func (p *parser) line() []byte {
	if i := bytes.IndexByte(p.data[p.pos:], '\n'); i >= 0 {
		return p.data[p.pos : p.pos+i+1]
	}
	return p.data[p.pos:]
}

// atBoundary reports whether a boundary line of an open multipart stands at pos.
func (p *parser) atBoundary() bool {
	which, _ := p.boundary()
	return which >= 0
}

// boundary tells which open multipart's boundary line stands at pos, -1 for
// none, and whether it closes that (RFC 2046 section 5.1.1).
func (p *parser) boundary() (which int, closing bool) {
	if len(p.open) == 0 || !bytes.HasPrefix(p.data[p.pos:], []byte("--")) {
		return -1, false
	}
	text := bytes.TrimRight(p.line()[2:], " \t\r\n")
	for i, b := range p.open {
		if rest, ok := bytes.CutPrefix(text, []byte(b)); ok {
			if len(rest) == 0 {
				return i, false
			}
			if string(rest) == "--" {
				return i, true
			}
		}
	}
	return -1, false
}

// text goes to the next boundary line or the end and returns the octets up to
// it, without the line end that belongs to the boundary.
func (p *parser) text() []byte {
	start := p.pos
	if len(p.open) == 0 {
		p.pos = len(p.data)
		return p.data[start:]
	}
	for {
		if p.atBoundary() {
			end := p.pos
			if end > start && p.data[end-1] == '\n' {
				end--
			}
			if end > start && p.data[end-1] == '\r' {
				end--
			}
			return p.data[start:end]
		}
		i := bytes.Index(p.data[p.pos:], []byte("\n--"))
		if i < 0 {
			p.pos = len(p.data)
			return p.data[start:]
		}
		p.pos += i + 1
	}
}

// body reads what follows a header. preset is the type of a part that names
// none: "message/rfc822" in a digest.
func (p *parser) body(h Header, preset string, depth int) *Part {
	part := newPart(h, preset)
	p.parts++
	start := p.pos
	switch {
	case isMultipart(part.Type):
		p.multipart(part, depth)
	case isMessage(part.Type) && identity(part.Encoding) && p.deeper(depth):
		part.Header = p.header(true)
		part.Children = []*Part{p.body(part.Header, "", depth+1)}
	default:
		p.text()
	}
	part.SetBody(p.trimmed(start), false)
	part.Octets = int64(len(part.body))
	return part
}

// trimmed are the octets from start to pos without the line end of a boundary.
func (p *parser) trimmed(start int) []byte {
	end := p.pos
	if end > start && p.atBoundary() {
		if p.data[end-1] == '\n' {
			end--
		}
		if end > start && p.data[end-1] == '\r' {
			end--
		}
	}
	return p.data[start:end]
}

func (p *parser) deeper(depth int) bool {
	if depth >= maxDepth {
		p.notes.add(fmt.Sprintf("parts are nested deeper than %d: what is inside is shown as it came", maxDepth))
		return false
	}
	return true
}

// multipart reads the parts between the boundary lines.
func (p *parser) multipart(part *Part, depth int) {
	mark := part.boundary
	if mark == "" {
		p.notes.add(part.Type + " without a boundary: shown as it came")
		p.text()
		return
	}
	if !p.deeper(depth) {
		p.text()
		return
	}
	p.open = append(p.open, mark)
	defer func() { p.open = p.open[:len(p.open)-1] }()
	own := len(p.open) - 1
	preset := ""
	if part.Type == "multipart/digest" {
		preset = "message/rfc822"
	}
	for p.text(); ; {
		which, closing := p.boundary()
		switch {
		case which != own:
			if len(part.Children) == 0 {
				p.notes.add("boundary " + mark + " never found: shown as it came")
			} else {
				p.notes.add("boundary " + mark + " never closed")
			}
			return
		case closing:
			p.pos += len(p.line())
			p.epilogue(own)
			return
		case p.parts >= maxParts:
			p.notes.add(fmt.Sprintf("more than %d parts: the others are left out", maxParts))
			p.pos += len(p.line())
			p.text()
			continue
		}
		p.pos += len(p.line())
		part.Children = append(part.Children, p.body(p.header(false), preset, depth+1))
	}
}

// epilogue goes over what follows a closed multipart (RFC 2046 section 5.1.1),
// its own boundary too, to a boundary of an outer one or the end.
func (p *parser) epilogue(own int) {
	kept := p.open
	p.open = p.open[:own]
	p.text()
	p.open = kept
}

func isMultipart(kind string) bool { return strings.HasPrefix(kind, "multipart/") }

func isMessage(kind string) bool { return kind == "message/rfc822" || kind == "message/global" }

// identity reports whether an encoding changes nothing.
func identity(encoding string) bool {
	return encoding == "" || encoding == "7bit" || encoding == "8bit" || encoding == "binary"
}

// newPart reads what a header says of its body.
func newPart(h Header, preset string) *Part {
	kind, params := fieldValue(h.Get("Content-Type"))
	disposition, dparams := fieldValue(h.Get("Content-Disposition"))
	part := NewPart(kind, disposition, params, dparams)
	if h.Get("Content-Type") == "" && preset != "" {
		part.Type = preset
	}
	part.Encoding = token(h.Get("Content-Transfer-Encoding"))
	part.ContentID = safe.Line(strings.Trim(strings.TrimSpace(h.Get("Content-Id")), "<>"))
	part.boundary = strings.TrimRight(params["boundary"], " \t")
	return part
}
