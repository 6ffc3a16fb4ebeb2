package audit

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"imapop/account"
	"imapop/account/sandbox"
	"imapop/retrieval"
	"imapop/retrieval/check"
	"imapop/retrieval/imap"
	"imapop/retrieval/wire"
)

func start(t *testing.T, policies map[string]string) (*sandbox.Server, account.Account) {
	t.Helper()
	srv, err := sandbox.Start(t.Context(), sandbox.Options{Policies: policies})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	return srv, srv.Account()
}

func ids(fs []check.Finding) []string {
	var out []string
	for _, f := range fs {
		out = append(out, f.ID)
	}
	return out
}

// TestPOP3Promises checks servers that cannot keep mail as leave-on-server wants it.
func TestPOP3Promises(t *testing.T) {
	srv, a := start(t, map[string]string{"uidl": "no", "login-delay": "2s"})
	f, err := Run(t.Context(), Options{Account: a, Password: a.Secret.Literal, Wire: wire.Options{Roots: srv.Roots()}})
	if err != nil {
		t.Fatal(err)
	}
	if l := f.Submission.Login; l == nil || !l.OK || l.Mechanism == "" {
		t.Errorf("submission's login: %+v", l)
	}
	r := check.BuildReport(f)
	for _, want := range []string{"no-unique-ids", "login-delay"} {
		if !slices.Contains(ids(r.Findings), want) {
			t.Errorf("no %s among %v", want, ids(r.Findings))
		}
	}
	text := r.Text(100)
	for _, want := range []string{"without UIDL nothing tells", "every 2 seconds"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text does not say %q:\n%s", want, text)
		}
	}
}

// TestSeenByADesk takes over what an open desk knows and makes no login of its own.
func TestSeenByADesk(t *testing.T) {
	srv, a := start(t, nil)
	tr := wire.NewTranscript(0)
	v := &retrieval.View{IMAP: retrieval.IMAPSide{Caps: []string{"IMAP4rev1", "IDLE"}},
		POP3: retrieval.POP3Side{Caps: []string{"UIDL", "EXPIRE 0"}, Drop: retrieval.Maildrop{HasUIDL: true, At: time.Now()}}}
	lines := []retrieval.Line{{Side: retrieval.IMAP, Dir: retrieval.ClientSays, Text: "T1 AUTHENTICATE SCRAM-SHA-256 ***"},
		{Side: retrieval.POP3, Dir: retrieval.ClientSays, Text: "PASS ***"}}
	f, err := Run(t.Context(), Options{Account: a, Wire: wire.Options{Roots: srv.Roots(), Transcript: tr}, Seen: v, SeenLines: lines})
	if err != nil {
		t.Fatal(err)
	}
	if m := f.IMAP.Login.Mechanism + " " + f.POP3.Login.Mechanism; m != "SCRAM-SHA-256 USER/PASS" {
		t.Errorf("mechanisms: %s", m)
	}
	if !slices.Contains(ids(check.Audit(f)), "expire-at-once") {
		t.Errorf("findings: %v", ids(check.Audit(f)))
	}
	for _, l := range tr.Since(0, 0) {
		if l.Dir == retrieval.ClientSays && (strings.Contains(l.Text, "***") || strings.Contains(l.Text, "LOGIN")) {
			t.Errorf("a login was sent: %q", l.Text)
		}
	}
}

// wires counts connections and lets a test cut them.
type wires struct {
	mu    sync.Mutex
	conns map[string][]net.Conn // by address
	at    func(address string)  // called before each dial; may be nil
}

func (w *wires) dial(ctx context.Context, network, address string) (net.Conn, error) {
	w.mu.Lock()
	at := w.at
	w.mu.Unlock()
	if at != nil {
		at(address)
	}
	c, err := new(net.Dialer).DialContext(ctx, network, address)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conns == nil {
		w.conns = map[string][]net.Conn{}
	}
	w.conns[address] = append(w.conns[address], c)
	return c, err
}

func (w *wires) set(at func(string)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = at
}

func (w *wires) cut(address string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns[address] {
		c.Close()
	}
}

// TestMessageIsRemoved wants INBOX as it was before, whatever happened to the
// message test in between.
func TestMessageIsRemoved(t *testing.T) {
	for name, c := range map[string]struct {
		then    func(cancel func(), w *wires, a account.Account) // once IMAP is logged in
		problem bool
		found   bool
	}{
		"nothing goes wrong": {func(func(), *wires, account.Account) {}, false, true},
		"cancelled":          {func(cancel func(), w *wires, a account.Account) { w.set(func(string) { cancel() }) }, true, false},
		"cut off IMAP": {func(_ func(), w *wires, a account.Account) {
			w.set(func(s string) { w.set(nil); w.cut(a.IMAP.Address) })
		}, true, true},
		"POP3 is cut at log in": {func(_ func(), w *wires, a account.Account) {
			w.set(func(s string) { w.set(nil); go w.cut(a.POP3.Address) })
		}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			srv, a := start(t, nil)
			before := inboxOf(t, a, srv)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			w := &wires{}
			f, err := Run(ctx, Options{Account: a, Password: a.Secret.Literal, Wire: wire.Options{Roots: srv.Roots(), Dialer: w.dial}, Message: true,
				Progress: func(p Progress) {
					if p.What == "IMAP login" {
						c.then(cancel, w, a)
					}
				}})
			if name == "cancelled" != (err != nil) {
				t.Errorf("error: %v", err)
			}
			m := f.Message
			if m == nil || !m.Stored || !m.Removed {
				t.Fatalf("the message: %+v", m)
			}
			if name != "POP3 is cut at log in" && (m.Found != c.found || (m.Problem != "") != c.problem) {
				t.Errorf("the message: %+v", m)
			}
			if after := inboxOf(t, a, srv); after != before {
				t.Errorf("INBOX holds %d messages, and held %d", after, before)
			}
		})
	}
}

func inboxOf(t *testing.T, a account.Account, srv *sandbox.Server) uint32 {
	t.Helper()
	s, err := imap.Open(t.Context(), imap.Config{Account: a, Password: a.Secret.Literal, Wire: wire.Options{Roots: srv.Roots()}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Drop()
	box, err := s.Select(t.Context(), "INBOX", true)
	if err != nil {
		t.Fatal(err)
	}
	return box.Messages
}
