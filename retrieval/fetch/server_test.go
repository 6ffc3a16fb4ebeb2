package fetch

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"imapop/account"
	"imapop/account/sandbox"
	"imapop/account/servertest/dovecot"
	"imapop/retrieval"
	"imapop/retrieval/local"
	"imapop/retrieval/pop3"
	"imapop/retrieval/wire"
)

// world is a server, a local copy on this device, and a clock.
type world struct {
	t       *testing.T
	account account.Account
	roots   *x509.CertPool
	maildir string
	now     time.Time
	deliver func(text string)
	mails   int
}

// onServers runs a test on the demo server and on a real Dovecot.
func onServers(t *testing.T, f func(t *testing.T, w *world)) {
	t.Run("sandbox", func(t *testing.T) { // without its lock, which a session that was cut off holds for a moment more
		f(t, onSandbox(t, map[string]string{"pop3-lock": "no"}))
	})
	t.Run("dovecot", func(t *testing.T) { f(t, onDovecot(t)) })
}

func onSandbox(t *testing.T, policies map[string]string) *world {
	t.Helper()
	srv, err := sandbox.Start(t.Context(), sandbox.Options{Empty: true, Policies: policies})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	w := newWorld(t, srv.Account(), srv.Roots())
	w.account.POP3 = account.Endpoint{Address: srv.Info().POP3, Security: account.Plaintext}
	w.deliver = func(text string) {
		if _, err := srv.Deliver([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func onDovecot(t *testing.T) *world {
	t.Helper()
	srv := dovecot.Start(t, dovecot.Options{})
	w := newWorld(t, srv.Account(), srv.CAPool)
	w.account.POP3 = account.Endpoint{Address: srv.POP3, Security: account.Plaintext}
	w.deliver = func(text string) {
		if err := srv.Deliver([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func newWorld(t *testing.T, a account.Account, roots *x509.CertPool) *world {
	return &world{t: t, account: a, roots: roots, maildir: filepath.Join(scratch(t), "Maildir"), now: noon}
}

// scratch is a directory in memory where there is one: these tests are not about
// how long a disk takes.
func scratch(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "imapop-fetch-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// fill delivers n messages, each of which says its number.
func (w *world) fill(n int) {
	for range n {
		w.mails++
		w.deliver(fmt.Sprintf("From: Ada <ada@example.org>\r\nTo: alice@example.org\r\nSubject: number %d\r\nMessage-ID: <m%d@fetch.example>\r\n\r\n%s\r\n",
			w.mails, w.mails, strings.Repeat("a line\r\n", w.mails)))
	}
}

// session opens a session, through a proxy when one is given, and the copy.
func (w *world) session(leave account.LeaveOnServer, through string) (*pop3.Session, *local.Copy, *wire.Transcript, error) {
	a := w.account
	if through != "" {
		a.POP3.Address = through
	}
	tr := wire.NewTranscript(10_000)
	c, err := local.Open(local.Options{Maildir: w.maildir, Endpoint: w.account.POP3.Address, User: a.User, Policy: leave, Now: func() time.Time { return w.now }})
	if err != nil {
		return nil, nil, nil, err
	}
	w.t.Cleanup(func() { c.Close() })
	s, err := pop3.Open(w.t.Context(), pop3.Config{Account: a, Password: a.Secret.Literal, Wire: wire.Options{Roots: w.roots, Transcript: tr}})
	if err != nil {
		c.Close()
		return nil, nil, nil, err
	}
	return s, c, tr, nil
}

// outcome is one run: what was planned, what went over the wire behind the lists, and what came of it.
type outcome struct {
	plan  Plan
	lists []string // LIST and UIDL, in the order they were asked
	said  []string
	rep   Report
	err   error
}

func (w *world) run(ctx context.Context, o Options, through string) outcome {
	w.t.Helper()
	s, c, tr, err := w.session(o.Leave, through)
	if err != nil {
		return outcome{err: err}
	}
	defer c.Close()
	defer s.Drop()
	o.Now = func() time.Time { return w.now }
	r, err := Prepare(w.t.Context(), s, c, o)
	out := outcome{plan: r.Plan(), err: err}
	if err == nil {
		out.rep, out.err = r.Do(ctx)
	} else {
		r.Leave(w.t.Context())
	}
	listed := false
	for _, l := range tr.Since(0, 10_000) {
		switch {
		case l.Dir != retrieval.ClientSays:
		case l.Text == "UIDL" || l.Text == "LIST":
			listed, out.said = true, nil
			out.lists = append(out.lists, l.Text)
		case listed:
			out.said = append(out.said, l.Text)
		}
	}
	return out
}

// plan is a dry run: what a person is shown before a run.
func (w *world) plan(o Options) []string {
	w.t.Helper()
	s, c, _, err := w.session(o.Leave, "")
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	o.Now = func() time.Time { return w.now }
	r, err := Prepare(w.t.Context(), s, c, o)
	if err := errors.Join(err, r.Leave(w.t.Context())); err != nil {
		w.t.Fatal(err)
	}
	return r.Plan().Commands()
}

// must is a run that goes well.
func (w *world) must(o Options) outcome {
	w.t.Helper()
	out := w.run(w.t.Context(), o, "")
	if out.err != nil {
		w.t.Fatal(out.err)
	}
	return out
}

var mailID = regexp.MustCompile(`(?mi)^Message-ID: <m(\d+)@fetch\.example>\r$`)

// here gives the numbers of the messages in the Maildir, sorted as texts; twice when there are two copies.
func (w *world) here() []string {
	w.t.Helper()
	var ids []string
	names, _ := filepath.Glob(filepath.Join(w.maildir, "[nc]*", "*"))
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			w.t.Fatal(err)
		}
		if m := mailID.FindSubmatch(b); m != nil {
			ids = append(ids, string(m[1]))
		} else {
			ids = append(ids, "cut: "+name)
		}
	}
	slices.Sort(ids)
	return ids
}

func (w *world) all() []string {
	var ids []string
	for i := 1; i <= w.mails; i++ {
		ids = append(ids, fmt.Sprint(i))
	}
	slices.Sort(ids)
	return ids
}

// complete checks that every message that was ever delivered is here once.
func (w *world) complete() {
	w.t.Helper()
	if got, want := w.here(), w.all(); !slices.Equal(got, want) {
		w.t.Errorf("here are %v, want %v", got, want)
	}
}

// left is how many messages the server has.
func (w *world) left() int {
	w.t.Helper()
	s, err := pop3.Open(w.t.Context(), pop3.Config{Account: w.account, Password: w.account.Secret.Literal, Wire: wire.Options{Roots: w.roots}})
	if err != nil {
		w.t.Fatal(err)
	}
	d, err := s.Snapshot(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	s.Quit(w.t.Context())
	return len(d.Entries)
}

// cutter is a proxy that cuts the connection at the nth line of the client's:
// before it passes, or when it has passed and the answer is due.
type cutter struct {
	addr string
	mu   sync.Mutex
	n    int
	pass bool
	hit  bool
}

func newCutter(t *testing.T, target string) *cutter {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	c := &cutter{addr: ln.Addr().String()}
	go func() {
		for {
			client, err := ln.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", target)
			if err != nil {
				client.Close()
				return
			}
			go c.down(client, server)
			go c.up(client, server)
		}
	}()
	return c
}

func (c *cutter) set(n int, pass bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n, c.pass, c.hit = n, pass, false
}

func (c *cutter) wasHit() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.hit
}

func (c *cutter) up(client, server net.Conn) {
	defer client.Close()
	defer server.Close()
	r := bufio.NewReader(client)
	for i := 1; ; i++ {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		c.mu.Lock()
		cut, pass := i == c.n, c.pass
		c.hit = c.hit || cut
		c.mu.Unlock()
		if cut {
			client.Close() // the answer to this line never arrives
			if pass {
				server.Write([]byte(line))
				server.(*net.TCPConn).CloseWrite()
				bufio.NewReader(server).ReadString(0) // until the server has done what it was told
			}
			return
		}
		if _, err := server.Write([]byte(line)); err != nil {
			return
		}
	}
}

func (c *cutter) down(client, server net.Conn) {
	defer client.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := server.Read(buf)
		if n > 0 {
			if _, werr := client.Write(buf[:n]); werr != nil {
				for err == nil { // the server must not hang on a full socket
					_, err = server.Read(buf)
				}
			}
		}
		if err != nil {
			return
		}
	}
}
