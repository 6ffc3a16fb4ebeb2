package reader

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"unicode/utf8"

	"imapop/retrieval/safe"
)

// Bounds for what a message may make the reader do.
const (
	maxText  = 1 << 20 // octets of text that are shown
	maxDepth = 8       // of parts in parts
	maxParts = 100
)

// message is what the reader shows. Everything in it is cleaned.
type message struct {
	from, to, date, subject string
	text                    string   // several lines
	parts                   []string // "text/plain", "image/png photo.png"
}

// parse reads a message (RFC 5322, RFC 2045). It never fails: what cannot be
// read as MIME is shown as it came.
func parse(octets []byte) message {
	m, err := mail.ReadMessage(bytes.NewReader(octets))
	if err != nil {
		return message{text: "(this cannot be read as a message: " + safe.Line(err.Error()) + ")\n\n" + rawText(octets)}
	}
	field := func(name string) string { return safe.Line(decoded(m.Header.Get(name))) }
	out := message{from: field("From"), to: field("To"), date: field("Date"), subject: field("Subject")}
	w := &walk{}
	w.part(mailHeader(m.Header), m.Body, 0)
	out.parts = w.parts
	switch {
	case w.plain != "":
		out.text = w.plain
	case w.html != "":
		out.text = "(from HTML)\n\n" + stripped(w.html)
	default:
		out.text = "(no text in this message)"
	}
	out.text = safe.Text(out.text)
	return out
}

func rawText(octets []byte) string {
	cut := octets[:min(len(octets), maxText)]
	s := safe.Text(string(cut))
	if len(cut) < len(octets) {
		s += fmt.Sprintf("\n(… %d more octets)", len(octets)-len(cut))
	}
	return s
}

// decoded undoes RFC 2047's encoded words in the character sets known here.
func decoded(s string) string {
	d := mime.WordDecoder{CharsetReader: func(charset string, r io.Reader) (io.Reader, error) {
		b, err := io.ReadAll(io.LimitReader(r, maxText))
		return strings.NewReader(inCharset(b, charset)), err
	}}
	if t, err := d.DecodeHeader(s); err == nil {
		return t
	}
	return s
}

type header map[string][]string

func mailHeader(h mail.Header) header { return header(h) }

func (h header) get(name string) string {
	if v := h[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// walk gathers the first readable text of a tree of parts.
type walk struct {
	plain, html string
	parts       []string
}

func (w *walk) part(h header, r io.Reader, depth int) {
	kind, params, err := mime.ParseMediaType(h.get("Content-Type"))
	if err != nil || kind == "" {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") {
		w.children(params["boundary"], r, depth)
		return
	}
	if len(w.parts) >= maxParts {
		return
	}
	w.parts = append(w.parts, strings.TrimSpace(safe.Line(kind)+" "+safe.Line(decoded(fileName(h, params)))))
	body := encoded(h.get("Content-Transfer-Encoding"), r)
	switch {
	case kind == "text/plain" && w.plain == "":
		w.plain = read(body, params["charset"])
	case kind == "text/html" && w.html == "":
		w.html = read(body, params["charset"])
	}
}

func (w *walk) children(boundary string, r io.Reader, depth int) {
	if boundary == "" || depth >= maxDepth {
		return
	}
	parts := multipart.NewReader(r, boundary)
	for len(w.parts) < maxParts {
		p, err := parts.NextRawPart()
		if err != nil {
			return
		}
		w.part(header(p.Header), p, depth+1)
	}
}

func fileName(h header, params map[string]string) string {
	if _, d, err := mime.ParseMediaType(h.get("Content-Disposition")); err == nil && d["filename"] != "" {
		return d["filename"]
	}
	return params["name"]
}

func encoded(name string, r io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, r)
	case "quoted-printable":
		return quotedprintable.NewReader(r)
	}
	return r
}

// read takes at most maxText octets; what a broken encoding gave before it
// broke is shown, with a word about it.
func read(r io.Reader, charset string) string {
	b, err := io.ReadAll(io.LimitReader(r, maxText))
	s := inCharset(b, charset)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		s += "\n(… the rest is damaged: " + safe.Line(err.Error()) + ")"
	case len(b) == maxText:
		s += "\n(… and more)"
	}
	return s
}

// inCharset makes UTF-8 of UTF-8, ASCII and Latin-1; other character sets are
// shown as far as they are ASCII.
func inCharset(b []byte, charset string) string {
	switch strings.ToLower(charset) {
	case "iso-8859-1", "latin1", "windows-1252", "iso-8859-15":
		var s strings.Builder
		for _, c := range b {
			s.WriteRune(rune(c))
		}
		return s.String()
	}
	if utf8.Valid(b) {
		return string(b)
	}
	return strings.ToValidUTF8(string(b), "�")
}
