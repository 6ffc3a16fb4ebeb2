package sandbox

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// imapConn stands between a socket and the IMAP library and answers the two
// commands that the library lacks or does loosely: ID (RFC 2971), and STARTTLS,
// where nothing that came before TLS may be used after it (RFC 9051 section
// 6.2.1). It follows commands and literals, so that no octet of a message is
// ever taken for a command. Read is for one goroutine, Write for any.
type imapConn struct {
	net.Conn
	r         *bufio.Reader
	upgrade   func(net.Conn) // takes the socket over for TLS; nil: no STARTTLS here
	pass      []byte         // octets of a line, still to be handed to the library
	literal   int64          // octets of a literal, still to be handed on
	midLine   bool           // a line too long for r goes on
	continues bool           // the next line belongs to the command before

	mu       sync.Mutex
	greeting bool  // the next line to write is a greeting that TLS swallows
	caps     bool  // a capability list may come next
	asked    int64 // size of a literal that waits for the server's word; negative: it may come
	loggedIn bool
	handed   bool // the socket belongs to somebody else now
}

const maxIMAPLine = 64 << 10 // octets; the library refuses commands of more than 50 KiB

func newIMAPConn(c net.Conn, upgrade func(net.Conn), swallowGreeting bool) *imapConn {
	return &imapConn{Conn: c, r: bufio.NewReaderSize(c, maxIMAPLine), upgrade: upgrade, greeting: swallowGreeting, caps: true}
}

var (
	literalMark = regexp.MustCompile(`\{([0-9]{1,10})(\+?)\}\r?\n$`)
	commandLine = regexp.MustCompile(`^([^\s()]+) ([A-Za-z]+)(.*?)\r?\n$`)
)

// Read hands out one line, or a piece of a literal, and never what follows a
// command that is answered here.
func (c *imapConn) Read(p []byte) (int, error) {
	for len(c.pass) == 0 {
		if c.literal > 0 {
			n, err := c.r.Read(p[:min(int64(len(p)), c.literal)])
			c.literal -= int64(n)
			return n, err
		}
		if err := c.nextLine(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.pass)
	c.pass = c.pass[n:]
	return n, nil
}

func (c *imapConn) nextLine() error {
	c.settle()
	if c.literal > 0 {
		return nil
	}
	line, err := c.r.ReadSlice('\n')
	if err != nil && err != bufio.ErrBufferFull {
		if len(line) == 0 {
			return err
		}
		c.pass = bytes.Clone(line)
		return nil
	}
	line = bytes.Clone(line)
	start := !c.midLine && !c.continues
	c.midLine = err == bufio.ErrBufferFull
	if start && !c.midLine {
		if done, err := c.answer(line); done {
			return err
		}
	}
	c.pass = line
	if !c.midLine {
		c.follow(line)
	}
	return nil
}

// follow notes whether a literal comes after the line.
func (c *imapConn) follow(line []byte) {
	size, sync, ok := literalSize(line)
	c.continues = ok
	switch {
	case ok && !sync:
		c.literal = size
	case ok:
		c.mu.Lock()
		c.asked = size
		c.mu.Unlock()
	}
}

// settle ends a command whose literal the server did not ask for.
func (c *imapConn) settle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.asked > 0: // read on without an answer: it was refused
		c.asked, c.continues = 0, false
	case c.asked < 0: // Write saw the "+"
		c.literal, c.asked = -c.asked, 0
	}
}

func literalSize(line []byte) (size int64, synchronizing, ok bool) {
	m := literalMark.FindSubmatch(line)
	if m == nil {
		return 0, false, false
	}
	size, err := strconv.ParseInt(string(m[1]), 10, 64)
	return size, len(m[2]) == 0, err == nil
}

// answer deals with ID and STARTTLS; done says that the line is used up.
func (c *imapConn) answer(line []byte) (done bool, err error) {
	m := commandLine.FindStringSubmatch(string(line))
	if m == nil {
		return false, nil
	}
	tag, rest := m[1], m[3]
	switch strings.ToUpper(m[2]) {
	case "ID":
		return true, c.answerID(tag, rest, line)
	case "STARTTLS":
		c.mu.Lock()
		mine := c.upgrade != nil && !c.loggedIn && rest == ""
		c.mu.Unlock()
		if mine {
			return true, c.startTLS(tag)
		}
	case "CAPABILITY", "LOGIN", "AUTHENTICATE":
		c.setCaps(true)
		return false, nil
	}
	c.setCaps(false)
	return false, nil
}

func (c *imapConn) setCaps(on bool) {
	c.mu.Lock()
	c.caps = on
	c.mu.Unlock()
}

// answerID reads the rest of an ID command, literals too, and answers it.
func (c *imapConn) answerID(tag, args string, line []byte) error {
	total := len(line)
	for {
		size, sync, ok := literalSize(line)
		if !ok {
			break
		}
		if total += int(size); size > maxIMAPLine || total > maxIMAPLine {
			return c.Conn.Close()
		}
		if sync {
			if _, err := io.WriteString(c.Conn, "+ OK\r\n"); err != nil {
				return err
			}
		}
		if _, err := io.CopyN(io.Discard, c.r, size); err != nil {
			return err
		}
		next, err := c.r.ReadSlice('\n')
		if err != nil {
			return err
		}
		line = next
		total += len(line)
	}
	reply := tag + " BAD ID takes a list or NIL\r\n"
	if args = strings.TrimSpace(args); strings.HasPrefix(args, "(") || strings.EqualFold(args, "NIL") {
		reply = "* ID (\"name\" \"imapop sandbox\" \"vendor\" \"imapop\" \"remark\" \"demo account, in memory\")\r\n" +
			tag + " OK ID completed\r\n"
	}
	_, err := io.WriteString(c.Conn, reply)
	return err
}

// startTLS hands the socket over. Octets that came with the command could have
// been put there by anybody: they end the connection.
func (c *imapConn) startTLS(tag string) error {
	if c.r.Buffered() > 0 {
		c.Conn.Close()
		return io.EOF
	}
	if _, err := io.WriteString(c.Conn, tag+" OK Begin TLS negotiation now\r\n"); err != nil {
		return err
	}
	c.mu.Lock()
	c.handed = true
	c.mu.Unlock()
	c.upgrade(c.Conn)
	return io.EOF
}

// Write adds ID to capability lists, watches for the word on a literal, and
// swallows the second greeting after STARTTLS.
func (c *imapConn) Write(b []byte) (int, error) {
	c.mu.Lock()
	if c.handed {
		c.mu.Unlock()
		return 0, net.ErrClosed
	}
	out := b
	switch {
	case c.greeting:
		c.greeting = false
		out = nil
	case c.asked > 0:
		if bytes.HasPrefix(b, []byte("+")) {
			c.asked = -c.asked
		}
	case c.caps:
		out = bytes.Replace(b, []byte("CAPABILITY IMAP4rev2 IMAP4rev1"), []byte("CAPABILITY IMAP4rev2 IMAP4rev1 ID"), 1)
	}
	c.mu.Unlock()
	if len(out) == 0 {
		return len(b), nil
	}
	if _, err := c.Conn.Write(out); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Close closes the socket unless it was handed over.
func (c *imapConn) Close() error {
	c.mu.Lock()
	handed := c.handed
	c.mu.Unlock()
	if handed {
		return nil
	}
	return c.Conn.Close()
}

func (c *imapConn) login() {
	c.mu.Lock()
	c.loggedIn = true
	c.mu.Unlock()
}
