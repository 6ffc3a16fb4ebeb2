package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"imapop/retrieval"
)

// shownLines is how many lines of a listing the transcript shows; the rest is
// one count, so that a UIDL of 100,000 does not push out everything else.
const shownLines = 100

// Body lends the rest of a POP3 multi-line answer, after its status line was
// read: octets untouched but for the dot-stuffing (RFC 1939 section 3), io.EOF
// only after CRLF.CRLF, io.ErrUnexpectedEOF when the connection ends before.
// It must be read to EOF before anything else is read; folded says whether the
// transcript shows the lines (false: CAPA, LIST, UIDL) or one count (true: RETR, TOP).
func (c *Conn) Body(folded bool) io.Reader {
	c.body = &bodyReader{c: c, folded: folded, at: lineStart}
	if !folded {
		c.body.lines.line = c.body.listed
	}
	return c.body
}

// bodyReader takes a body out of the inbox.
type bodyReader struct {
	c      *Conn
	folded bool
	at     bodyState
	octets int64 // on the wire
	lent   int64 // of the message: without stuffing and end
	err    error // sticky

	// Of listings only:
	lines   lineSplitter
	longest int64 // octets of the longest whole line
	shown   int
	hidden  int   // lines that are only counted
	unseen  int64 // their octets
}

// bodyState is what the octets before the current one were. Only CRLF ends a
// line: a bare LF is content, and so is a dot behind it.
type bodyState uint8

const (
	within    bodyState = iota
	behindCR            // \r
	lineStart           // \r\n, or the status line
)

var stuffed = []byte("\r\n.")

// Read implements io.Reader.
func (r *bodyReader) Read(p []byte) (int, error) {
	for r.err == nil && len(p) > 0 {
		b := r.c.in.unread()
		if len(b) == 0 {
			r.err = r.more()
			continue
		}
		if r.at == lineStart && b[0] == '.' {
			r.err = r.dot(b)
			continue
		}
		n, err := r.copy(p, b)
		r.err = err
		return n, nil
	}
	if len(p) == 0 {
		return 0, nil
	}
	return 0, r.err
}

// more waits for octets of the body.
func (r *bodyReader) more() error {
	r.c.watch.bulk.Store(true)
	err := r.c.fill()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		r.close()
	}
	return err
}

// dot takes the dot at the start of a line: the end, or stuffing.
func (r *bodyReader) dot(b []byte) error {
	const end = ".\r\n"
	if len(b) < len(end) && bytes.HasPrefix([]byte(end), b) {
		return r.more()
	}
	if bytes.HasPrefix(b, []byte(end)) {
		r.take(b[:len(end)])
		r.close()
		r.c.body = nil
		return io.EOF
	}
	r.at = within // what follows the dot is content, another dot too
	return r.take(b[:1])
}

// copy moves octets up to the next dot that begins a line, or as many as there are.
func (r *bodyReader) copy(p, b []byte) (int, error) {
	b = b[:min(len(p), len(b))]
	switch {
	case r.at == behindCR && b[0] == '\n':
		b = b[:1] // a dot may follow
		r.at = lineStart
	default:
		if i := bytes.Index(b, stuffed); i >= 0 {
			b = b[:i+2]
		}
		r.at = endState(b)
	}
	n := copy(p, b)
	r.lent += int64(n)
	return n, r.take(b)
}

func endState(b []byte) bodyState {
	switch {
	case bytes.HasSuffix(b, []byte("\r\n")):
		return lineStart
	case b[len(b)-1] == '\r':
		return behindCR
	}
	return within
}

// take drops octets from the inbox, shows them and counts them.
func (r *bodyReader) take(b []byte) error {
	r.c.in.r += len(b)
	r.octets += int64(len(b))
	if r.folded {
		if r.octets > r.c.limits.Literal {
			return r.c.fail(fmt.Errorf("%w: a message over %d octets", retrieval.ErrTooMuch, r.c.limits.Literal))
		}
		return nil
	}
	r.lines.write(b)
	if max(r.longest, r.lines.n.wire) > r.c.limits.Line {
		return r.c.fail(fmt.Errorf("%w: a line over %d octets", retrieval.ErrTooMuch, r.c.limits.Line))
	}
	return r.c.spend(len(b))
}

// listed shows a line of a listing.
func (r *bodyReader) listed(text []byte, n extent) {
	r.longest = max(r.longest, n.wire)
	if r.shown < shownLines || string(text) == "." {
		r.flushHidden()
		r.shown++
		r.c.tap.line(retrieval.ServerSays, r.c.tap.clean(text, n.dropped), n.wire)
		return
	}
	r.hidden++
	r.unseen += n.wire
}

func (r *bodyReader) flushHidden() {
	if r.hidden > 0 {
		r.c.tap.line(retrieval.ServerSays, fmt.Sprintf("{%d more lines, %d octets}", r.hidden, r.unseen), r.unseen)
	}
	r.hidden, r.unseen = 0, 0
}

// close shows what was not shown yet.
func (r *bodyReader) close() {
	r.c.watch.bulk.Store(false)
	if r.folded {
		r.c.tap.line(retrieval.ServerSays, folded(r.lent), r.octets)
		return
	}
	r.lines.flush()
	r.flushHidden()
}
