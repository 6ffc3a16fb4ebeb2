package sandbox

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// start runs a demo account until the test ends.
func start(t testing.TB, o Options) *Server {
	t.Helper()
	s, err := Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *Server) clientTLS() *tls.Config {
	return &tls.Config{RootCAs: s.Roots(), ServerName: "localhost"}
}

// dialIMAP logs in over implicit TLS.
func dialIMAP(t testing.TB, s *Server, h *imapclient.UnilateralDataHandler) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialTLS(s.Info().IMAPS, &imapclient.Options{TLSConfig: s.clientTLS(), UnilateralDataHandler: h})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Login(s.user, s.password).Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

func selectBox(t testing.TB, c *imapclient.Client, name string) *imap.SelectData {
	t.Helper()
	data, err := c.Select(name, nil).Wait()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// raw is a line by line client with a deadline for all it does.
type raw struct {
	t testing.TB
	net.Conn
	r *bufio.Reader
}

func dialRaw(t testing.TB, addr string) *raw {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return &raw{t, c, bufio.NewReader(c)}
}

func (r *raw) secure(s *Server) {
	c := tls.Client(r.Conn, s.clientTLS())
	r.Conn, r.r = c, bufio.NewReader(c)
}

func (r *raw) send(format string, args ...any) {
	r.t.Helper()
	if _, err := fmt.Fprintf(r.Conn, format+"\r\n", args...); err != nil {
		r.t.Fatal(err)
	}
}

func (r *raw) line() string {
	r.t.Helper()
	l, err := r.r.ReadString('\n')
	if err != nil {
		r.t.Fatalf("read a line: %v (so far %q)", err, l)
	}
	return strings.TrimSuffix(l, "\r\n")
}

// want reads one line, which must begin with prefix.
func (r *raw) want(prefix string) string {
	r.t.Helper()
	l := r.line()
	if !strings.HasPrefix(l, prefix) {
		r.t.Fatalf("got %q, want it to begin with %q", l, prefix)
	}
	return l
}

// imap sends a tagged command and gives everything up to its tagged line.
func (r *raw) imap(cmd string) (lines []string) {
	r.t.Helper()
	r.send("x %s", cmd)
	for {
		l := r.line()
		lines = append(lines, l)
		if strings.HasPrefix(l, "x ") {
			return lines
		}
	}
}

// multi reads a multi-line POP3 answer after its status line.
func (r *raw) multi() (lines []string) {
	r.t.Helper()
	r.want("+OK")
	for {
		l := r.line()
		if l == "." {
			return lines
		}
		lines = append(lines, l)
	}
}

func dialPOP3(t testing.TB, s *Server) *raw {
	t.Helper()
	r := dialRaw(t, s.Info().POP3S)
	r.secure(s)
	r.want("+OK")
	return r
}

func loginPOP3(t testing.TB, s *Server) *raw {
	t.Helper()
	r := dialPOP3(t, s)
	r.send("USER %s", s.user)
	r.want("+OK")
	r.send("PASS %s", s.password)
	r.want("+OK")
	return r
}

func TestSeedOverIMAP(t *testing.T) {
	s := start(t, Options{})
	c := dialIMAP(t, s, nil)
	boxes, err := c.List("", "*", &imap.ListOptions{ReturnStatus: &imap.StatusOptions{NumMessages: true, Size: true, NumUnseen: true}}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, b := range boxes {
		got[b.Mailbox] = fmt.Sprint(b.Attrs)
		if b.Status != nil {
			got[b.Mailbox] += fmt.Sprintf(" %d", *b.Status.NumMessages)
		}
	}
	want := map[string]string{
		"INBOX": `[\HasNoChildren] 14`, "Archive": `[\HasNoChildren \Archive] 2`, "Drafts": `[\HasNoChildren \Drafts] 1`,
		"Sent": `[\HasNoChildren \Sent] 2`, "Trash": `[\HasNoChildren \Trash] 1`,
		"Work": `[\NonExistent \Noselect \HasChildren]`, "Work/Projects": `[\HasNoChildren] 2`,
	}
	for name, w := range want {
		if got[name] != w {
			t.Errorf("%s: got %q, want %q", name, got[name], w)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %v", got)
	}
	selectBox(t, c, "INBOX")
	msgs, err := c.Fetch(imap.SeqSet{{Start: 1}}, &imap.FetchOptions{
		Envelope: true, Flags: true, RFC822Size: true, UID: true, InternalDate: true,
		BodyStructure: &imap.FetchItemBodyStructure{Extended: true},
		BodySection:   []*imap.FetchItemBodySection{{Peek: true}},
	}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range msgs {
		if m.Envelope.Subject == "" || len(m.Envelope.From) != 1 || m.Envelope.MessageID == "" || m.Envelope.Date.IsZero() {
			t.Errorf("UID %d: envelope %+v", m.UID, m.Envelope)
		}
		if int64(len(m.BodySection[0].Bytes)) != m.RFC822Size {
			t.Errorf("UID %d: %d octets, RFC822.SIZE %d", m.UID, len(m.BodySection[0].Bytes), m.RFC822Size)
		}
	}
	if len(msgs) != 14 {
		t.Errorf("%d messages", len(msgs))
	}
}

func TestSeedIsTheSameOverPOP3(t *testing.T) {
	s := start(t, Options{})
	p := loginPOP3(t, s)
	p.send("STAT")
	p.want("+OK 14 ")
	c := dialIMAP(t, s, nil)
	selectBox(t, c, "INBOX")
	msgs, err := c.Fetch(imap.SeqSet{{Start: 1}}, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range msgs {
		p.send("RETR %d", i+1)
		var text strings.Builder
		for _, l := range p.multi() {
			text.WriteString(strings.TrimPrefix(l, ".") + "\r\n")
			if strings.HasPrefix(l, ".") && !strings.HasPrefix(l, "..") {
				t.Errorf("message %d: line %q is not dot-stuffed", i+1, l)
			}
		}
		if text.String() != string(m.BodySection[0].Bytes) {
			t.Errorf("message %d differs", i+1)
		}
	}
	p.send("QUIT")
	p.want("+OK")
}

func TestIdleHearsQuit(t *testing.T) {
	s := start(t, Options{})
	expunged := make(chan uint32, 10)
	c := dialIMAP(t, s, &imapclient.UnilateralDataHandler{Expunge: func(n uint32) { expunged <- n }})
	selectBox(t, c, "INBOX")
	idle, err := c.Idle()
	if err != nil {
		t.Fatal(err)
	}
	p := loginPOP3(t, s)
	for _, n := range []int{1, 3, 5} {
		p.send("DELE %d", n)
		p.want("+OK")
	}
	select {
	case n := <-expunged:
		t.Fatalf("EXPUNGE %d before QUIT", n)
	default:
	}
	p.send("QUIT")
	p.want("+OK")
	for _, want := range []uint32{5, 3, 1} {
		if got := <-expunged; got != want {
			t.Errorf("EXPUNGE %d, want %d", got, want)
		}
	}
	if err := idle.Close(); err != nil {
		t.Fatal(err)
	}
	if err := idle.Wait(); err != nil {
		t.Fatal(err)
	}
}
