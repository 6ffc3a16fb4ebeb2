package submission

import (
	"bytes"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
)

// Compose makes a minimal correct message (RFC 5322, RFC 2045): text/plain in
// UTF-8, CRLF, every line 7-bit and short enough for any server. to may be a list
// separated by commas. id is the Message-ID, with or without angle brackets.
// Line breaks in any header value are not carried into the header.
func Compose(from, to, subject, body string, now time.Time, id string) []byte {
	var b bytes.Buffer
	header := func(name, value string) { b.WriteString(fold(name+": "+value) + "\r\n") }
	header("From", addresses(from))
	header("To", addresses(to))
	header("Subject", mime.QEncoding.Encode("utf-8", strings.ToValidUTF8(oneLine(subject), "\ufffd")))
	header("Date", now.Format(time.RFC1123Z))
	header("Message-ID", "<"+strings.Trim(strings.Join(strings.Fields(oneLine(id)), ""), "<>")+">")
	header("MIME-Version", "1.0")
	header("Content-Type", "text/plain; charset=utf-8")
	body = strings.ReplaceAll(strings.ReplaceAll(body, "\r\n", "\n"), "\r", "\n")
	if body != "" && !strings.HasSuffix(body, "\n") {
		body += "\n"
	}
	if short7bit(body) {
		header("Content-Transfer-Encoding", "7bit")
		b.WriteString("\r\n" + strings.ReplaceAll(body, "\n", "\r\n"))
		return b.Bytes()
	}
	header("Content-Transfer-Encoding", "quoted-printable")
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	w.Write([]byte(body)) // a bytes.Buffer never fails
	w.Close()
	return b.Bytes()
}

// addresses writes a list of addresses with encoded names; what is no address
// stays as it is, on one line.
func addresses(s string) string {
	list, err := mail.ParseAddressList(s)
	if err != nil {
		return oneLine(s)
	}
	var out []string
	for _, a := range list {
		out = append(out, a.String())
	}
	return strings.Join(out, ", ")
}

// oneLine puts spaces for control characters.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s))
}

func short7bit(body string) bool {
	for _, line := range strings.Split(body, "\n") {
		if len(line) > 998 || !ascii(line) || strings.ContainsRune(line, 0) {
			return false
		}
	}
	return true
}

// fold breaks a header field before spaces so that its lines stay within 78
// octets where they can (RFC 5322 section 2.1.1).
func fold(field string) string {
	var b strings.Builder
	column := 0
	for n, word := range strings.Split(strings.ReplaceAll(field, "\r\n ", " "), " ") {
		switch {
		case n == 0:
		case n > 1 && column+1+len(word) > 78:
			b.WriteString("\r\n ")
			column = 1
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}

// NewID makes a Message-ID from a random part and the sender's domain.
func NewID(random, from string) string {
	domain := "localhost"
	if a, err := mail.ParseAddress(from); err == nil {
		domain = a.Address[strings.LastIndexByte(a.Address, '@')+1:]
	}
	return fmt.Sprintf("<%s@%s>", random, domain)
}
