package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"imapop/retrieval"
)

// inboxSize is how much of a POP3 stream is read at once, in octets.
const inboxSize = 64 << 10

// inbox is the buffer of a POP3 connection, between the socket and whoever
// takes status lines or bodies from it. Only the reading goroutine touches it.
type inbox struct {
	buf  []byte
	r, w int
	rest []byte // of a status line that did not fit into the library's buffer
}

func (in *inbox) unread() []byte { return in.buf[in.r:in.w] }

// fill reads more behind what is unread.
func (c *Conn) fill() error {
	in := &c.in
	if in.buf == nil {
		in.buf = make([]byte, inboxSize)
	}
	if in.r == in.w {
		in.r, in.w = 0, 0
	} else if in.w == len(in.buf) {
		in.w = copy(in.buf, in.unread())
		in.r = 0
	}
	n, err := c.receive(in.buf[in.w:])
	in.w += n
	return err
}

// readStatus is Read for go-pop3: one status line at a time, so that its
// buffer never holds octets of a body.
func (c *Conn) readStatus(p []byte) (int, error) {
	if len(c.in.rest) == 0 {
		line, err := c.status()
		if err != nil {
			return 0, err
		}
		c.in.rest = line
	}
	n := copy(p, c.in.rest)
	c.in.rest = c.in.rest[n:]
	return n, nil
}

// ReadLine reads one POP3 status line, without CRLF, for our own readers; it
// refuses what is neither +OK nor -ERR, and "+ " outside of a SASL exchange.
func (c *Conn) ReadLine() ([]byte, error) {
	if len(c.pre) > 0 {
		line := bytes.TrimRight(c.pre, "\r\n")
		c.pre = nil
		return line, nil
	}
	line, err := c.status()
	if err != nil {
		return nil, err
	}
	return bytes.Clone(bytes.TrimRight(line, "\r\n")), nil
}

// status gives the next status line with its line break, lent until the next read.
func (c *Conn) status() ([]byte, error) {
	if err := c.Err(); err != nil {
		return nil, err
	}
	if c.body != nil {
		return nil, c.fail(errors.New("a body was left unread"))
	}
	c.watch.bulk.Store(false)
	line, err := c.cutLine(statusLimit)
	if err != nil {
		return nil, err
	}
	text := bytes.TrimRight(line, "\r\n")
	sasl := c.tap.opaque()
	c.tap.serverLine(text, extent{wire: int64(len(line))})
	if what := badStatus(text, sasl); what != "" {
		return nil, c.fail(broken(what))
	}
	if !c.greeted {
		c.greeted = true
		c.watch.end(0)
	}
	return line, c.spend(len(line))
}

// cutLine takes the next line, of at most limit octets, from the inbox.
func (c *Conn) cutLine(limit int) ([]byte, error) {
	for seen := 0; ; {
		b := c.in.unread()
		if n := bytes.IndexByte(b[seen:], '\n'); n >= 0 && seen+n < limit {
			c.in.r += seen + n + 1
			return b[:seen+n+1], nil
		}
		if seen = len(b); seen >= limit {
			c.tap.serverLine(b[:maxLineOctets], extent{int64(seen), int64(seen - maxLineOctets)})
			return nil, c.fail(fmt.Errorf("%w: a line over %d octets", retrieval.ErrTooMuch, limit))
		}
		if err := c.fill(); err != nil {
			if seen > 0 {
				c.tap.serverLine(b, extent{wire: int64(seen)})
			}
			if seen > 0 && errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
}

// badStatus says what is wrong with a status line; "" when nothing is.
func badStatus(text []byte, sasl bool) string {
	switch {
	case len(text) == 0:
		return "an empty line in place of +OK or -ERR"
	case startsStatus(text, "+OK"), startsStatus(text, "-ERR"):
		return ""
	case sasl && text[0] == '+':
		return ""
	}
	return "a line that is neither +OK nor -ERR"
}

// startsStatus wants the word alone or followed by a space, as go-pop3 does.
func startsStatus(text []byte, word string) bool {
	return bytes.HasPrefix(text, []byte(word)) && (len(text) == len(word) || text[len(word)] == ' ')
}

// spend counts octets against Limits.Response.
func (c *Conn) spend(n int) error {
	if c.spent.Add(int64(n)) > c.limits.Response {
		return c.fail(fmt.Errorf("%w: answers over %d octets", retrieval.ErrTooMuch, c.limits.Response))
	}
	return nil
}
