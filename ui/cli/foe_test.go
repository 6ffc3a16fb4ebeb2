package cli

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// evil moves cursors, sets the clipboard, draws links, reorders and hides, on a
// terminal that gets it as it is.
const evil = "\x1b]52;c;RVZJTA==\x07\x1b]8;;http://evil.example\x07click\x1b]8;;\x07\x1b[2J\x1b[31mred\u009b32m\u202egro.live\u2066\u200b\u00ad\x7f\x08\x0b"

// foe is a server that does what a test wants, on every connection.
type foe struct {
	addr string
	mu   sync.Mutex
	in   bytes.Buffer // what it heard
}

func (f *foe) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.in.Write(p)
}

func (f *foe) heard() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.in.String()
}

// startFoe runs talk for every connection until the test ends.
func startFoe(t *testing.T, talk func(*talk)) *foe {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &foe{addr: ln.Addr().String()}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				stop := context.AfterFunc(t.Context(), func() { c.Close() })
				defer stop()
				talk(newTalk(c, f))
			})
		}
	})
	t.Cleanup(func() { ln.Close(); wg.Wait() })
	return f
}

// talk is one connection of a foe.
type talk struct {
	net.Conn
	r *bufio.Reader
}

func newTalk(c net.Conn, f *foe) *talk { return &talk{c, bufio.NewReader(io.TeeReader(c, f))} }

func (c *talk) say(format string, a ...any) { fmt.Fprintf(c, format, a...) }

// line is the next command; "" when the client has gone.
func (c *talk) line() string {
	s, err := c.r.ReadString('\n')
	if err != nil {
		return ""
	}
	return strings.TrimRight(s, "\r\n")
}

// hang waits until the client gives up.
func (c *talk) hang() { _, _ = io.Copy(io.Discard, c.r) }

// flood says the same until the client gives up.
func (c *talk) flood(s string) {
	block := []byte(strings.Repeat(s, 1+16384/len(s)))
	for {
		if _, err := c.Write(block); err != nil {
			return
		}
	}
}

const foeCaps = "IMAP4rev1 SASL-IR AUTH=PLAIN IDLE UIDPLUS"

// imapUntil plays a fair IMAP server until a command begins with verb, and
// returns its tag; "" when the client left before.
func (c *talk) imapUntil(verb string) string {
	c.say("* OK [CAPABILITY %s] ready\r\n", foeCaps)
	for line := c.line(); line != ""; line = c.line() {
		tag, cmd, _ := strings.Cut(line, " ")
		if strings.HasPrefix(strings.ReplaceAll(strings.ToUpper(cmd), "EXAMINE", "SELECT"), verb) {
			return tag
		}
		switch word, _, _ := strings.Cut(strings.ToUpper(cmd), " "); word {
		case "CAPABILITY":
			c.say("* CAPABILITY %s\r\n", foeCaps)
		case "AUTHENTICATE", "LOGIN":
			c.say("%s OK [CAPABILITY %s] in\r\n", tag, foeCaps)
			continue
		case "LIST":
			c.say("* LIST () \"/\" INBOX\r\n")
		case "STATUS":
			c.say("* STATUS INBOX (MESSAGES 1 UNSEEN 0)\r\n")
		case "SELECT", "EXAMINE":
			c.say("* 1 EXISTS\r\n* FLAGS (\\Seen)\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 9] x\r\n")
		case "LOGOUT":
			c.say("* BYE\r\n%s OK\r\n", tag)
			return ""
		}
		c.say("%s OK done\r\n", tag)
	}
	return ""
}

// popUntil plays a fair POP3 server with one message until a command begins with verb.
func (c *talk) popUntil(verb string) bool {
	c.say("+OK ready\r\n")
	for line := c.line(); line != ""; line = c.line() {
		if strings.HasPrefix(strings.ToUpper(line), verb) {
			return true
		}
		switch word, _, _ := strings.Cut(strings.ToUpper(line), " "); word {
		case "CAPA":
			c.say("+OK\r\nUSER\r\nUIDL\r\nTOP\r\nRESP-CODES\r\n.\r\n")
		case "STAT":
			c.say("+OK 1 100\r\n")
		case "LIST":
			c.say("+OK\r\n1 100\r\n.\r\n")
		case "UIDL":
			c.say("+OK\r\n1 abc\r\n.\r\n")
		case "TOP", "RETR":
			c.say("+OK\r\nSubject: one\r\n\r\n%s\r\n.\r\n", strings.Repeat("x", 80))
		case "QUIT":
			c.say("+OK bye\r\n")
			return false
		default:
			c.say("+OK\r\n")
		}
	}
	return false
}
