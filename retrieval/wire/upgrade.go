package wire

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"imapop/retrieval"
)

// neutral are the greetings that a library gets after an upgrade, in place of
// the one that anybody on the way could have written.
var neutral = map[retrieval.Protocol][]byte{
	retrieval.IMAP: []byte("* OK ready\r\n"),
	retrieval.POP3: []byte("+OK ready\r\n"),
	retrieval.SMTP: []byte("220 ready\r\n"),
}

const (
	upgradeLines = 32       // untagged lines borne before the answer to STARTTLS
	upgradeLimit = 64 << 10 // octets borne in all
)

// upgrade reads the greeting and asks for TLS: STARTTLS (RFC 9051 section
// 6.2.1, RFC 3207) or STLS (RFC 2595 section 4). Nothing else is sent, nothing that the
// server says is kept, and octets behind its answer end the connection: they
// would be taken for words said inside TLS.
func (c *Conn) upgrade(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { c.raw.Close() })
	defer stop()
	c.tap.note("nothing protects the next lines: they are shown, and not used")
	u := &upgrade{c: c}
	err := u.run()
	if ctx.Err() != nil {
		return because(ctx, fmt.Errorf("%w: while asking for TLS", retrieval.ErrClosed))
	}
	if err != nil {
		return err
	}
	c.raw.SetDeadline(time.Time{})
	return nil
}

type upgrade struct {
	c    *Conn
	buf  []byte
	read int
}

func (u *upgrade) run() error {
	greeting, err := u.line()
	if err != nil {
		return err
	}
	switch u.c.side {
	case retrieval.POP3:
		return u.pop3(greeting)
	case retrieval.SMTP:
		return u.smtp(greeting)
	}
	return u.imap(greeting)
}

func (u *upgrade) imap(greeting string) error {
	switch word, _, _ := strings.Cut(strings.TrimPrefix(greeting, "* "), " "); {
	case !strings.HasPrefix(greeting, "* "):
		return broken("the greeting is none")
	case strings.EqualFold(word, "PREAUTH"):
		return fmt.Errorf("%w: the server greets with PREAUTH, which rules out STARTTLS", retrieval.ErrUnsafe)
	case strings.EqualFold(word, "BYE"):
		return fmt.Errorf("%w: the server greets with BYE", retrieval.ErrRefused)
	case !strings.EqualFold(word, "OK"):
		return broken("the greeting is none")
	}
	for len(u.buf) > 0 { // said before it was asked
		if line, err := u.line(); err != nil || !strings.HasPrefix(line, "* ") {
			return cmp.Or(err, broken("an answer before STARTTLS"))
		}
	}
	const tag = "i0"
	if err := u.send(tag + " STARTTLS"); err != nil {
		return err
	}
	for range upgradeLines {
		line, err := u.line()
		if err != nil {
			return err
		}
		if strings.HasPrefix(line, "* ") {
			continue
		}
		got, rest, _ := strings.Cut(line, " ")
		word, _, _ := strings.Cut(rest, " ")
		switch {
		case got != tag:
			return broken("a line that does not answer STARTTLS")
		case strings.EqualFold(word, "OK"):
			return u.clean()
		case strings.EqualFold(word, "NO"), strings.EqualFold(word, "BAD"):
			return fmt.Errorf("%w: the server refuses STARTTLS", retrieval.ErrUnsafe)
		}
		return broken("a line that does not answer STARTTLS")
	}
	return fmt.Errorf("%w: over %d lines before the answer to STARTTLS", retrieval.ErrTooMuch, upgradeLines)
}

func (u *upgrade) pop3(greeting string) error {
	switch {
	case startsStatus([]byte(greeting), "-ERR"):
		return fmt.Errorf("%w: the server greets with -ERR", retrieval.ErrRefused)
	case !startsStatus([]byte(greeting), "+OK"):
		return broken("the greeting is none")
	case len(u.buf) > 0:
		return broken("an answer before STLS")
	}
	if err := u.send("STLS"); err != nil {
		return err
	}
	line, err := u.line()
	switch {
	case err != nil:
		return err
	case startsStatus([]byte(line), "+OK"):
		return u.clean()
	case startsStatus([]byte(line), "-ERR"):
		return fmt.Errorf("%w: the server refuses STLS", retrieval.ErrUnsafe)
	}
	return broken("a line that does not answer STLS")
}

// clean refuses octets that came along with the answer.
func (u *upgrade) clean() error {
	if len(u.buf) > 0 {
		return broken(fmt.Sprintf("%d octets behind the answer that begins TLS", len(u.buf)))
	}
	return nil
}

func (u *upgrade) send(line string) error {
	c := u.c
	c.tap.line(retrieval.ClientSays, line, int64(len(line)+2))
	c.raw.SetWriteDeadline(time.Now().Add(c.watch.waits.Answer))
	c.meter.asked.Store(true)
	n, err := c.raw.Write([]byte(line + "\r\n"))
	c.meter.out.Add(int64(n))
	return err
}

// line reads one line, without its CRLF.
func (u *upgrade) line() (string, error) {
	c := u.c
	c.raw.SetReadDeadline(time.Now().Add(c.watch.waits.Answer)) // for the whole of it: octets that drip in gain nothing
	for {
		if n := bytes.IndexByte(u.buf, '\n'); n >= 0 && n < statusLimit {
			line := bytes.TrimRight(u.buf[:n], "\r")
			u.buf = u.buf[n+1:]
			c.tap.serverLine(line, extent{wire: int64(n + 1)})
			return string(line), nil
		}
		if len(u.buf) >= statusLimit || u.read > upgradeLimit {
			return "", fmt.Errorf("%w: before TLS", retrieval.ErrTooMuch)
		}
		piece := make([]byte, 4<<10)
		n, err := c.raw.Read(piece)
		if n > 0 {
			c.meter.received(n)
			u.read += n
			u.buf = append(u.buf, piece[:n]...)
			continue
		}
		if os.IsTimeout(err) {
			return "", fmt.Errorf("%w: the server was silent for %v: %w", retrieval.ErrClosed, c.watch.waits.Answer, err)
		}
		if err != nil {
			return "", fmt.Errorf("%w: before TLS: %w", retrieval.ErrClosed, err)
		}
	}
}
