package mime

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/emersion/go-message/mail"

	"imapop/retrieval/safe"
)

// Field is one header field (RFC 5322 section 2.2), unfolded and otherwise as it came.
type Field struct{ Name, Value string }

// Header is a header's fields in order. Values are raw: Text cleans and decodes.
type Header struct{ Fields []Field }

// Get is the first field's raw value; "" when there is none.
func (h Header) Get(name string) string {
	for _, f := range h.Fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Text is the first field of the name, as Field.Text gives it.
func (h Header) Text(name string) string { return Field{Value: h.Get(name)}.Text() }

// maxShown is how much of a field is decoded to be shown, in octets.
const maxShown = 8 << 10

// Text is the value decoded (RFC 2047) and cleaned; of a very long one the beginning.
func (f Field) Text() string {
	return safe.Line(strings.Join(strings.Fields(words(f.Value[:min(len(f.Value), maxShown)])), " "))
}

// Date is the Date field; zero when it is missing or cannot be read.
func (h Header) Date() time.Time {
	var mh mail.Header
	mh.Set("Date", h.Get("Date"))
	t, err := mh.Date()
	if err != nil {
		return time.Time{}
	}
	return t
}

// Addresses are the mailboxes of an address field, each with its name and
// always with its address: a name alone can say anything. What cannot be read
// as addresses comes as one decoded line. All are cleaned.
func (h Header) Addresses(name string) []string {
	raw := h.Get(name)
	if strings.TrimSpace(raw) == "" {
		return nil
	}
	var mh mail.Header
	mh.Set(name, raw)
	list, err := mh.AddressList(name)
	if err != nil || len(list) == 0 {
		return []string{h.Text(name)}
	}
	out := make([]string, 0, len(list))
	for _, a := range list {
		s := "<" + safe.Line(a.Address) + ">"
		if n := safe.Line(strings.Join(strings.Fields(words(a.Name)), " ")); n != "" {
			s = n + " " + s
		}
		out = append(out, s)
	}
	return out
}

// ParseHeader reads a header that stands alone, as BODY[HEADER] and TOP bring it.
func ParseHeader(octets []byte) (Header, []string) {
	p := &parser{data: octets}
	h := p.header(true)
	return h, p.notes.list
}

// header reads fields up to the empty line, which it takes, or to a boundary
// line, which it leaves. top is the message's own.
func (p *parser) header(top bool) Header {
	b := builder{notes: &p.notes}
	p.fields(&b, top)
	b.end()
	return b.Header
}

func (p *parser) fields(b *builder, top bool) {
	for first := true; p.pos < len(p.data); first = false {
		line := p.line()
		text := bytes.TrimRight(line, "\r\n")
		if len(text) == 0 {
			p.pos += len(line)
			return
		}
		if p.atBoundary() {
			p.notes.add("a part's header is not ended by an empty line")
			return
		}
		switch name, value, colon := bytes.Cut(text, []byte(":")); {
		case text[0] == ' ' || text[0] == '\t':
			b.fold(text)
		case first && bytes.HasPrefix(text, []byte("From ")):
			p.notes.add(`a line "From ..." stands before the header, as in an mbox file`)
		case !colon || !fieldName(name):
			if top && !p.headerGoesOn() {
				p.notes.add("the header is not ended by an empty line")
				return
			}
			b.end()
			p.notes.add("header line without colon: " + string(text[:min(len(text), 60)]))
		default:
			b.add(string(bytes.TrimRight(name, " \t")), value)
		}
		p.pos += len(line)
	}
}

// headerGoesOn decides what a line without colon is: an odd line of the header,
// when an empty line ends that later (as IMAP servers read it), else the body
// of a message that has no empty line at all.
func (p *parser) headerGoesOn() bool {
	if !p.looked {
		rest := p.data[p.pos:]
		p.looked, p.goesOn = true, bytes.Contains(rest, []byte("\n\r\n")) || bytes.Contains(rest, []byte("\n\n"))
	}
	return p.goesOn
}

// builder gathers one header.
type builder struct {
	Header
	notes   *notes
	name    string // of the field that is being read; "": none, or one that is not kept
	value   []byte
	clipped bool // its end is left out
}

// needed are fields that are kept however many there are before them.
const needed = " content-type content-transfer-encoding content-disposition content-id from to subject date "

func (b *builder) add(name string, value []byte) {
	b.end()
	if len(b.Fields) >= maxFields {
		b.notes.add(fmt.Sprintf("the header has more than %d fields; the others are left out", maxFields))
		if !strings.Contains(needed, " "+strings.ToLower(name)+" ") || b.Get(name) != "" {
			return
		}
	}
	b.name, b.value, b.clipped = name, b.value[:0], false
	b.more(bytes.Trim(value, " \t"))
}

// fold appends a continuation line (RFC 5322 section 2.2.3).
func (b *builder) fold(text []byte) {
	if b.name != "" {
		b.more([]byte(" "))
		b.more(bytes.TrimLeft(text, " \t"))
	}
}

func (b *builder) more(text []byte) {
	if room := maxField - len(b.value); len(text) > room {
		text, b.clipped = text[:room], true
	}
	b.value = append(b.value, text...)
}

// end takes in the field that was read.
func (b *builder) end() {
	if b.name == "" {
		return
	}
	if b.clipped {
		b.notes.add("a header field is longer than 64 kB; its end is left out")
	}
	b.Fields = append(b.Fields, Field{b.name, strings.TrimRight(string(b.value), " \t")})
	b.name = ""
}

// fieldName reports whether b can be a field's name: printable US-ASCII, with
// blanks only behind it (RFC 5322 section 2.2; section 4.5.8 for the blanks).
func fieldName(b []byte) bool {
	b = bytes.TrimRight(b, " \t")
	for _, c := range b {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return len(b) > 0
}
