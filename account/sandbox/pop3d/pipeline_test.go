package pop3d

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
)

// TestPipelineEverything puts every command into one write, login and QUIT
// included, and reads the answers in order.
func TestPipelineEverything(t *testing.T) {
	b := three()
	c := newRoom(t, b, withPolicy(Policy{APOP: true})).dial()
	batch := []string{
		"CAPA", "NOOP", "AUTH PLAIN " + b64("\x00alice\x00no"), "AUTH PLAIN", b64("\x00alice\x00no"), "AUTH PLAIN", "*",
		"USER alice", "PASS " + password, "STAT", "LIST", "UIDL", "LIST 2", "RETR 1", "TOP 2 0", "DELE 1", "RETR 1",
		"RSET", "NOOP", "CAPA", strings.Repeat("x", 300), "DELE 3", "QUIT",
	}
	c.write(strings.Join(batch, "\r\n") + "\r\n")
	answers := []struct {
		prefix string
		multi  bool
	}{
		{"+OK", true}, {"-ERR", false}, {"-ERR [AUTH]", false}, {"+ ", false}, {"-ERR [AUTH]", false}, {"+ ", false}, {"-ERR", false},
		{"+OK", false}, {"+OK", false}, {"+OK 3 600", false}, {"+OK", true}, {"+OK", true}, {"+OK 2 200", false},
		{"+OK 100", true}, {"+OK", true}, {"+OK", false}, {"-ERR", false},
		{"+OK", false}, {"+OK", false}, {"+OK", true}, {"-ERR", false}, {"+OK", false}, {"+OK bye", false},
	}
	for i, a := range answers {
		if got := c.line(); !strings.HasPrefix(got, a.prefix) {
			t.Fatalf("answer %d: %q, want %q", i, got, a.prefix)
		}
		if a.multi {
			c.body()
		}
	}
	c.ended()
	if updates, _, _, _ := b.state(); fmt.Sprint(updates) != "[[2]]" {
		t.Error(updates)
	}
}

// countingConn counts the writes of the server.
type countingConn struct {
	net.Conn
	writes atomic.Int64
}

func (c *countingConn) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

// TestPipelinedAnswersAreBatched: 500 RETRs in one write are answered in few
// packets, in order, and Retrieved hears of each.
func TestPipelinedAnswersAreBatched(t *testing.T) {
	b := newBackend()
	for i := range 500 {
		b.messages = append(b.messages, fmt.Sprintf("Subject: %d\r\n\r\n%s\r\n", i, strings.Repeat("x", 80)))
		b.ids = append(b.ids, fmt.Sprint(i))
	}
	r := newRoom(t, b, Options{})
	here, there := net.Pipe()
	server := &countingConn{Conn: there}
	r.ln.conns <- server
	c := newClient(t, here)
	c.line()
	c.login()
	before := server.writes.Load()
	var batch strings.Builder
	for i := range 500 {
		fmt.Fprintf(&batch, "RETR %d\r\n", i+1)
	}
	c.write(batch.String())
	for i := range 500 {
		c.line()
		if got := c.body(); got[0] != fmt.Sprintf("Subject: %d", i) {
			t.Fatalf("message %d: %q", i, got)
		}
	}
	if n := server.writes.Load() - before; n > 10 {
		t.Errorf("%d writes", n)
	}
	c.want("NOOP", "+OK")
	if _, retrieved, _, _ := b.state(); len(retrieved) != 500 || retrieved[499] != 499 {
		t.Errorf("Retrieved heard of %d", len(retrieved))
	}
}

// TestRetrievedDoesNotWaitForTheBatch: the effect of a RETR is seen while a
// long batch still runs.
func TestRetrievedDoesNotWaitForTheBatch(t *testing.T) {
	b := newBackend()
	var batch strings.Builder
	for i := range 100 {
		b.messages, b.ids = append(b.messages, message(4000)), append(b.ids, fmt.Sprint(i))
		fmt.Fprintf(&batch, "RETR %d\r\n", i+1)
	}
	c := newRoom(t, b, Options{}).login()
	c.write(batch.String())
	if _, err := io.ReadFull(c.r, make([]byte, 200_000)); err != nil {
		t.Fatal(err)
	}
	if _, retrieved, _, _ := b.state(); len(retrieved) < 20 {
		t.Errorf("after 200,000 octets Retrieved heard of %d", len(retrieved))
	}
}

// TestLastAnswerArrives: closing a socket with unread octets in it must not
// take the answer to QUIT with it.
func TestLastAnswerArrives(t *testing.T) {
	s := New(Options{Backend: three()})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(ln, false)
	defer s.Close()
	for range 50 {
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c := newClient(t, conn)
		go io.WriteString(conn, "QUIT\r\n"+strings.Repeat("NOOP\r\n", 8000))
		c.line()
		if got := c.line(); got != "+OK bye" {
			t.Fatal(got)
		}
		conn.Close()
	}
}

// TestSlowTypist: a command that comes octet by octet is one command, and
// what was asked before is answered meanwhile.
func TestSlowTypist(t *testing.T) {
	c := newRoom(t, three(), Options{}).login()
	if _, err := io.WriteString(c.conn, "STAT\r\nNO"); err != nil {
		t.Fatal(err)
	}
	if got := c.line(); got != "+OK 3 600" {
		t.Fatal(got)
	}
	for _, octet := range []string{"O", "P", "\r", "\n"} {
		if _, err := io.WriteString(c.conn, octet); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.line(); !strings.HasPrefix(got, "+OK") {
		t.Fatal(got)
	}
}

func BenchmarkPipelinedRetr(b *testing.B) {
	store := newBackend()
	for i := range 3000 {
		store.messages = append(store.messages, message(4000))
		store.ids = append(store.ids, fmt.Sprint(i))
	}
	s := New(Options{Backend: store})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go s.Serve(ln, false)
	defer s.Close()
	var batch strings.Builder
	batch.WriteString("USER alice\r\nPASS " + password + "\r\n")
	for i := range 3000 {
		fmt.Fprintf(&batch, "RETR %d\r\n", i+1)
	}
	batch.WriteString("QUIT\r\n")
	for b.Loop() {
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		go io.WriteString(conn, batch.String())
		n, err := io.Copy(io.Discard, conn)
		if err != nil || n < 3000*4000 {
			b.Fatal(n, err)
		}
		b.SetBytes(n)
		conn.Close()
	}
	b.ReportMetric(3000*float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}
