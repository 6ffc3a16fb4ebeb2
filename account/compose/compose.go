// Package compose makes the octets of a message from a draft: RFC 5322, MIME, and
// what the two need to carry any text and any file.
package compose

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/mail"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-message"

	"imapop/account/draft"
)

// Options are what a message needs besides what was typed.
type Options struct {
	Now    time.Time                    // the Date field, with its zone
	Random string                       // makes the Message-ID unique; letters and digits
	Read   func(string) ([]byte, error) // reads an attachment by its path; nil: there may be none

	// Unfinished makes a copy of a draft that cannot be sent yet, for its writer alone:
	// with Bcc, without addresses that cannot be read and files that are not there.
	Unfinished bool
	ID         string // the Message-ID; "": one is made of Random and the sender's domain
}

// Message is a message that is ready to be submitted.
type Message struct {
	Octets   []byte   // CRLF line ends, no Bcc, no line above 998 octets
	ID       string   // Message-ID with its angle brackets
	From     string   // bare address: the reverse-path (RFC 5321 section 4.1.1.2)
	To       []string // bare addresses of To, Cc and Bcc, each once
	Bcc      string   // the Bcc field, for the sender's own copy; "" when there is none
	UTF8     bool     // an address needs SMTPUTF8 (RFC 6531)
	EightBit bool     // a part needs 8BITMIME (RFC 6152)
}

// Build makes the message. The error says what the person can mend: an address,
// an attachment.
func Build(d draft.Draft, o Options) (Message, error) {
	if o.Unfinished {
		return unfinished(d, o)
	}
	if err := d.Check(); err != nil {
		return Message{}, err
	}
	to, err := d.Recipients()
	if err != nil {
		return Message{}, err
	}
	from, err := draft.Addresses("From", d.From)
	if err != nil {
		return Message{}, err
	}
	m := Message{From: from[0].Address, To: to, ID: cmp.Or(o.ID, newID(o.Random, from[0].Address))}
	m.UTF8 = !ascii(m.From + strings.Join(to, ""))
	fields, err := fields(d, o.Now, m.ID)
	if err != nil {
		return Message{}, err
	}
	if bcc, _ := draft.Addresses("Bcc", d.Bcc); len(bcc) > 0 {
		m.Bcc = addressList(bcc)
	}
	var b bytes.Buffer
	if m.EightBit, err = write(&b, fields, d, o); err != nil {
		return Message{}, err
	}
	m.Octets = b.Bytes()
	return m, nil
}

// unfinished makes what can be made of a draft.
func unfinished(d draft.Draft, o Options) (Message, error) {
	for _, f := range []*string{&d.From, &d.To, &d.Cc, &d.Bcc, &d.ReplyTo} {
		if _, err := draft.Addresses("", *f); err != nil {
			*f = ""
		}
	}
	d.Attach = slices.DeleteFunc(slices.Clone(d.Attach), func(path string) bool {
		if o.Read == nil {
			return true
		}
		_, err := o.Read(path)
		return err != nil
	})
	m := Message{ID: cmp.Or(o.ID, newID(o.Random, "draft@localhost"))}
	fields, err := fields(d, o.Now, m.ID)
	if err != nil {
		return m, err
	}
	if bcc, _ := draft.Addresses("Bcc", d.Bcc); len(bcc) > 0 {
		fields = append([]string{field("Bcc", addressList(bcc))}, fields...)
	}
	var b bytes.Buffer
	m.EightBit, err = write(&b, fields, d, o)
	m.Octets = b.Bytes()
	return m, err
}

// SentCopy is the message as its sender keeps it: with Bcc, which nobody else may
// see (RFC 5322 section 3.6.3).
func (m Message) SentCopy() []byte {
	if m.Bcc == "" {
		return m.Octets
	}
	return append([]byte(field("Bcc", m.Bcc)), m.Octets...)
}

// fields makes the fields of the message itself, as they are written, in order.
func fields(d draft.Draft, now time.Time, id string) ([]string, error) {
	var out []string
	for _, f := range []struct{ name, list string }{{"From", d.From}, {"Reply-To", d.ReplyTo}, {"To", d.To}, {"Cc", d.Cc}} {
		list, err := draft.Addresses(f.name, f.list)
		if err != nil {
			return nil, err
		}
		if len(list) > 0 {
			out = append(out, field(f.name, addressList(list)))
		}
	}
	for _, id := range append(d.References[:len(d.References):len(d.References)], d.InReplyTo) {
		if id != "" && (!strings.HasPrefix(id, "<") || !strings.HasSuffix(id, ">") || strings.ContainsAny(id, " \t\r\n") || len(id) > 900) {
			return nil, fmt.Errorf("%q is no message identifier (RFC 5322 section 3.6.4)", id)
		}
	}
	out = append(out, field("Subject", encodedText(d.Subject)), field("Date", now.Format(time.RFC1123Z)), field("Message-ID", id))
	if d.InReplyTo != "" {
		out = append(out, field("In-Reply-To", d.InReplyTo))
	}
	if len(d.References) > 0 {
		out = append(out, field("References", strings.Join(d.References, " ")))
	}
	return append(out, field("MIME-Version", "1.0")), nil
}

// newID makes a Message-ID of a random part and the sender's domain.
func newID(random, from string) string {
	domain := from[strings.LastIndexByte(from, '@')+1:]
	if !ascii(domain) { // a header field of everyone's, whatever the server offers
		domain = "localhost"
	}
	return "<" + random + "@" + domain + ">"
}

// write writes header and body; eight says whether a part has octets above 127.
func write(w io.Writer, fields []string, d draft.Draft, o Options) (eight bool, err error) {
	text, body := textPart(d.Text)
	if len(d.Attach) == 0 {
		return false, writePart(text, fields, []byte(body), func(h message.Header) (io.WriteCloser, error) { return message.CreateWriter(w, h) })
	}
	var h message.Header
	h.Set("Content-Type", `multipart/mixed; boundary="=_`+o.Random+`"`)
	addFields(&h, fields)
	mw, err := message.CreateWriter(w, h)
	if err != nil {
		return false, err
	}
	part := func(h message.Header) (io.WriteCloser, error) { return mw.CreatePart(h) }
	if err := writePart(text, nil, []byte(body), part); err != nil {
		return false, err
	}
	for _, path := range d.Attach {
		if o.Read == nil {
			return false, fmt.Errorf("attach %s: there is nothing to read it with", path)
		}
		octets, err := o.Read(path)
		if err != nil {
			return false, fmt.Errorf("attach %s: %w", path, err)
		}
		h, octets, e := filePart(filepath.Base(path), octets)
		if err := writePart(h, nil, octets, part); err != nil {
			return false, fmt.Errorf("attach %s: %w", path, err)
		}
		eight = eight || e
	}
	return eight, mw.Close()
}

// writePart writes one part, below the fields of the message when it is all of it.
func writePart(h message.Header, fields []string, body []byte, create func(message.Header) (io.WriteCloser, error)) error {
	addFields(&h, fields)
	w, err := create(h)
	if err != nil {
		return err
	}
	if _, err := w.Write(body); err != nil {
		return err
	}
	return w.Close()
}

// addFields puts fields before those of h; go-message would respell their names.
func addFields(h *message.Header, fields []string) {
	for i := len(fields) - 1; i >= 0; i-- {
		h.AddRaw([]byte(fields[i]))
	}
}

// textPart makes the text a part: text/plain; format=flowed (RFC 3676).
func textPart(text string) (message.Header, string) {
	body := flowed(strings.ToValidUTF8(text, "\ufffd"))
	charset, encoding := "utf-8", "7bit"
	switch {
	case ascii(body) && shortLines(body):
		charset = "us-ascii"
	case mostlyForeign(body):
		encoding = "base64"
	default:
		encoding = "quoted-printable"
	}
	var h message.Header
	h.Set("Content-Transfer-Encoding", encoding)
	h.Set("Content-Type", "text/plain; charset="+charset+"; format=flowed")
	return h, body
}

// addressList writes addresses for a header field, names as encoded words where
// they need it (RFC 2047 section 5).
func addressList(list []*mail.Address) string {
	out := make([]string, 0, len(list))
	for _, a := range list {
		if a.Name == "" {
			out = append(out, a.Address)
			continue
		}
		bare := strings.Trim((&mail.Address{Address: a.Address}).String(), "<>")
		name := encodedText(a.Name)
		if name == strings.TrimSpace(a.Name) && strings.ContainsAny(name, `()<>[]:;@\,."`) {
			name = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
		}
		out = append(out, name+" <"+bare+">")
	}
	return strings.Join(out, ", ")
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 || s[i] == 0 {
			return false
		}
	}
	return true
}
