package live

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"time"

	"imapop/account"
	"imapop/account/sandbox"
	"imapop/retrieval"
	"imapop/retrieval/wire"
)

// leaveWithin is how long Close may take: two seconds for the servers, and what
// a loaded machine adds.
const leaveWithin = 2*time.Second + 1500*time.Millisecond

// small makes a server's flood small.
var small = wire.Options{Limits: wire.Limits{Line: 64 << 10, Response: 256 << 10}}

// script is a server that says what a test wants.
type script struct {
	addr  string
	heard struct {
		sync.Mutex
		bytes.Buffer
	}
	conns sync.WaitGroup
}

// serve runs talk for every connection, numbered from 1, and closes the
// connection when it returns.
func serve(t *testing.T, talk func(c *talker)) *script {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &script{addr: ln.Addr().String()}
	over := make(chan struct{})
	s.conns.Go(func() {
		for n := 1; ; n++ {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			s.conns.Go(func() {
				defer c.Close()
				stop := context.AfterFunc(t.Context(), func() { c.Close() })
				defer stop()
				talk(&talker{Conn: c, in: bufio.NewReader(io.TeeReader(c, s)), n: n, over: over})
			})
		}
	})
	t.Cleanup(func() {
		close(over)
		ln.Close()
		s.conns.Wait()
	})
	return s
}

func (s *script) Write(p []byte) (int, error) {
	s.heard.Lock()
	defer s.heard.Unlock()
	return s.heard.Write(p)
}

func (s *script) said() string {
	s.heard.Lock()
	defer s.heard.Unlock()
	return s.heard.String()
}

// talker is one connection of a script.
type talker struct {
	net.Conn
	in   *bufio.Reader
	n    int
	over <-chan struct{}
}

func (c *talker) say(format string, a ...any) bool {
	_, err := fmt.Fprintf(c, format, a...)
	return err == nil
}

// line is the next command; "" at the end.
func (c *talker) line() string {
	s, _ := c.in.ReadString('\n')
	return strings.TrimRight(s, "\r\n")
}

// hang waits until the client hangs up.
func (c *talker) hang() { _, _ = io.Copy(io.Discard, c.in) }

// flood says the same until the client hangs up.
func (c *talker) flood(s string) {
	block := []byte(strings.Repeat(s, 1+8192/len(s)))
	for {
		if _, err := c.Write(block); err != nil {
			return
		}
	}
}

const capsIMAP = "IMAP4rev1 SASL-IR AUTH=PLAIN IDLE UIDPLUS"

// imapUntil plays an IMAP server with an empty INBOX until a command begins with
// verb, and returns its tag; "" when the client left before.
func (c *talker) imapUntil(verb string) string {
	c.say("* OK [CAPABILITY %s] ready\r\n", capsIMAP)
	for line := c.line(); line != ""; line = c.line() {
		tag, cmd, _ := strings.Cut(line, " ")
		if strings.HasPrefix(strings.ToUpper(cmd), verb) {
			return tag
		}
		switch word, _, _ := strings.Cut(strings.ToUpper(cmd), " "); word {
		case "CAPABILITY":
			c.say("* CAPABILITY %s\r\n", capsIMAP)
		case "AUTHENTICATE", "LOGIN":
			c.say("%s OK [CAPABILITY %s] in\r\n", tag, capsIMAP)
			continue
		case "SELECT":
			c.say("* 0 EXISTS\r\n* FLAGS (\\Seen)\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 1] x\r\n")
		}
		c.say("%s OK done\r\n", tag)
	}
	return ""
}

// popUntil plays a POP3 server with one message until a command begins with verb.
func (c *talker) popUntil(verb string) bool {
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
			c.say("+OK\r\nSubject: one\r\n\r\n.\r\n")
		default:
			c.say("+OK\r\n")
		}
	}
	return false
}

// healthy starts a demo server that any number of desks may use at once.
func healthy(t *testing.T) (*sandbox.Server, account.Account) {
	t.Helper()
	srv, err := sandbox.Start(t.Context(), sandbox.Options{Policies: map[string]string{"pop3-lock": "no"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	a := srv.Account()
	a.IMAP = plaintext(srv.Info().IMAP)
	a.POP3 = plaintext(srv.Info().POP3)
	return srv, a
}

func plaintext(addr string) account.Endpoint {
	return account.Endpoint{Address: addr, Security: account.Plaintext}
}

// never keeps a side from trying again within a test; at once makes it try at once.
var (
	never  = &pace{first: time.Hour, last: time.Hour, steady: time.Hour}
	atOnce = &pace{first: time.Millisecond, last: 2 * time.Millisecond, steady: time.Hour}
)

// try opens a desk that need not come up. Closing it must be quick and leave no
// goroutine behind, whatever state its sides are in.
func try(t *testing.T, a account.Account, change func(*Options)) *bench {
	t.Helper()
	o := Options{Account: a, Password: account.NewPassword("wonderland"), Wire: small, pace: never}
	if change != nil {
		change(&o)
	}
	b := &bench{t: t, name: t.Name()}
	// Goroutines inherit labels: those of this desk can be told from all others.
	pprof.Do(context.Background(), pprof.Labels("desk", t.Name()), func(ctx context.Context) { b.Desk = Open(ctx, o) })
	t.Cleanup(func() {
		start := time.Now()
		b.Close()
		if took := time.Since(start); took > leaveWithin {
			t.Errorf("Close took %v", took)
		}
		b.gone()
	})
	return b
}

// gone waits until no goroutine of the desk is left.
func (b *bench) gone() {
	b.t.Helper()
	late := time.After(patience)
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	for {
		var all bytes.Buffer
		_ = pprof.Lookup("goroutine").WriteTo(&all, 1)
		if !strings.Contains(all.String(), fmt.Sprintf("%q:%q", "desk", b.t.Name())) {
			return
		}
		select {
		case <-look.C:
		case <-late:
			b.t.Fatalf("goroutines are left after Close:\n%s", all.String())
		}
	}
}

// problem waits for a side's problem.
func (b *bench) problem(side retrieval.Protocol) *retrieval.Problem {
	b.t.Helper()
	var pr *retrieval.Problem
	b.wait("a problem of "+string(side), func(bk *book) bool {
		if pr = bk.pop.Problem; side == retrieval.IMAP {
			pr = bk.imap.Problem
		}
		return pr != nil
	})
	return pr
}

// works checks that a side is usable.
func (b *bench) works(side retrieval.Protocol) {
	b.t.Helper()
	if side == retrieval.IMAP {
		b.wait("IMAP lists", func(bk *book) bool { return bk.whole && len(bk.uids) > 0 })
		b.do(retrieval.Action{Verb: retrieval.VerbFlag, Side: retrieval.IMAP, UIDs: b.uidsNow()[:1]})
		return
	}
	b.wait("POP3 lists", func(bk *book) bool { return bk.listedIn != 0 })
	b.do(retrieval.Action{Verb: retrieval.VerbReset, Side: retrieval.POP3})
}
