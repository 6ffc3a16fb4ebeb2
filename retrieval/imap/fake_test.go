package imap

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"testing"
	"time"

	"imapop/account"
	"imapop/retrieval"
)

// fakeConn is the least that the session needs of the wire: a socket that
// closes when an operation's ctx ends or an answer does not come.
type fakeConn struct {
	net.Conn
	security retrieval.Security
	answer   time.Duration

	mu         sync.Mutex
	err        error
	text       func(kind, text string)
	turns      int
	wroteSince bool
}

func (c *fakeConn) Begin(ctx context.Context) func() {
	ctx, cancel := context.WithTimeoutCause(ctx, c.answer, context.DeadlineExceeded)
	stop := context.AfterFunc(ctx, func() {
		c.mu.Lock()
		c.err = context.Cause(ctx)
		c.mu.Unlock()
		c.Conn.Close()
	})
	return func() { stop(); cancel() }
}

func (c *fakeConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	if c.wroteSince {
		c.turns, c.wroteSince = c.turns+1, false
	}
	c.mu.Unlock()
	return n, err
}

func (c *fakeConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	c.wroteSince = true
	c.mu.Unlock()
	return c.Conn.Write(p)
}

func (c *fakeConn) Meter() retrieval.Meter {
	c.mu.Lock()
	defer c.mu.Unlock()
	return retrieval.Meter{Turnarounds: c.turns}
}
func (c *fakeConn) Security() retrieval.Security { return c.security }
func (c *fakeConn) TLS() (tls.ConnectionState, bool) {
	return tls.ConnectionState{}, c.security.Protocol != ""
}
func (c *fakeConn) Session() int                        { return 1 }
func (c *fakeConn) LastLine() uint64                    { return 0 }
func (c *fakeConn) Hide(text string) string             { return text }
func (c *fakeConn) OnServerText(f func(kind, s string)) { c.text = f }
func (c *fakeConn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// ear collects events.
type ear struct {
	mu   sync.Mutex
	list []Event
	slow time.Duration // until an event is heard
	c    chan Event
}

func newEar() *ear { return &ear{c: make(chan Event, 100_000)} }

func (e *ear) hear(ev Event) {
	e.mu.Lock()
	slow := e.slow
	e.mu.Unlock()
	time.Sleep(slow)
	e.mu.Lock()
	e.list = append(e.list, ev)
	e.mu.Unlock()
	e.c <- ev
}

// delay holds up what is heard from now on; it is for a bubble, where time is free.
func (e *ear) delay(d time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.slow = d
}

// wait returns the next event of a kind, skipping others.
func (e *ear) wait(t testing.TB, kind retrieval.Kind) Event {
	t.Helper()
	limit := time.After(20 * time.Second)
	for {
		select {
		case ev := <-e.c:
			if ev.Kind == kind {
				return ev
			}
		case <-limit:
			t.Fatalf("no %s event", kind)
		}
	}
}

func testAccount() account.Account {
	return account.Account{User: "alice", IMAP: account.Endpoint{Address: "localhost:143", Security: account.Plaintext},
		POP3: account.Endpoint{Address: "localhost:110", Security: account.Plaintext}}
}
