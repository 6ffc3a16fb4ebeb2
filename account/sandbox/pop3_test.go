package sandbox

import (
	"fmt"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
)

func (r *raw) count() int {
	r.t.Helper()
	r.send("STAT")
	var n, octets int
	if _, err := fmt.Sscanf(r.want("+OK"), "+OK %d %d", &n, &octets); err != nil {
		r.t.Fatal(err)
	}
	return n
}

func (r *raw) cmd(format string, args ...any) string {
	r.t.Helper()
	r.send(format, args...)
	return r.line()
}

// The marks of DELE are the POP3 session's: IMAP sees no \Deleted, a dropped
// connection and RSET delete nothing, QUIT deletes before it answers.
func TestDeleteIsAPromise(t *testing.T) {
	s := start(t, Options{})
	c := dialIMAP(t, s, nil)
	messages := func() uint32 {
		d, err := c.Status("INBOX", &imap.StatusOptions{NumMessages: true, NumDeleted: true}).Wait()
		if err != nil {
			t.Fatal(err)
		}
		if *d.NumDeleted != 0 {
			t.Errorf("IMAP sees %d \\Deleted", *d.NumDeleted)
		}
		return *d.NumMessages
	}
	ends := []struct {
		name string
		end  func(p *raw)
		left uint32
	}{
		{"dropped", func(p *raw) { p.Close() }, 14},
		{"RSET, QUIT", func(p *raw) { p.cmd("RSET"); p.cmd("QUIT") }, 14},
		{"QUIT", func(p *raw) { p.cmd("QUIT") }, 12},
	}
	for _, e := range ends {
		p := loginWhenFree(t, s)
		p.cmd("DELE 1")
		p.cmd("DELE 14")
		if got := p.count(); got != 12 {
			t.Errorf("%s: STAT %d after two DELEs", e.name, got)
		}
		for _, cmd := range []string{"RETR 1", "TOP 1 0", "LIST 1", "UIDL 1", "DELE 1"} {
			if got := p.cmd(cmd); !strings.HasPrefix(got, "-ERR") {
				t.Errorf("%s of a marked message: %s", cmd, got)
			}
		}
		messages()
		e.end(p)
		if got := messages(); got != e.left {
			t.Errorf("%s: %d left, want %d", e.name, got, e.left)
		}
	}
}

// loginWhenFree waits, by asking, until a dropped session's lock is gone.
func loginWhenFree(t testing.TB, s *Server) *raw {
	t.Helper()
	for range 10_000 {
		p := dialPOP3(t, s)
		p.cmd("USER %s", s.user)
		got := p.cmd("PASS %s", s.password)
		if strings.HasPrefix(got, "+OK") {
			return p
		}
		if !strings.HasPrefix(got, "-ERR [IN-USE]") {
			t.Fatal(got)
		}
		p.Close()
	}
	t.Fatal("the maildrop stays locked")
	return nil
}

// Numbers freeze at login; what IMAP expunges stays listed and is not readable.
func TestFrozenList(t *testing.T) {
	for policy, want := range map[string]string{"error": "-ERR", "serve": "+OK"} {
		s := start(t, Options{Policies: map[string]string{"expunged-retr": policy}})
		p := loginPOP3(t, s)
		c := dialIMAP(t, s, nil)
		selectBox(t, c, "INBOX")
		if _, err := c.Move(imap.SeqSetNum(2), "Archive").Wait(); err != nil {
			t.Fatal(err)
		}
		s.Deliver([]byte(shortMail))
		if got := p.count(); got != 14 {
			t.Errorf("STAT %d", got)
		}
		if got := p.cmd("UIDL 3"); !strings.HasPrefix(got, "+OK 3 00000003") {
			t.Error(got)
		}
		p.send("RETR 2")
		if got := p.line(); !strings.HasPrefix(got, want) {
			t.Errorf("%s: RETR of an expunged message: %s", policy, got)
		}
		p.Close()
		if got := loginWhenFree(t, s).count(); got != 14 {
			t.Errorf("next session: %d", got)
		}
	}
}

// Two messages of the same octets have two unique-ids, in every format.
func TestUniqueIDs(t *testing.T) {
	for _, format := range []string{"dovecot", "cyrus", "courier", "opaque"} {
		s := start(t, Options{Policies: map[string]string{"uidl-format": format}})
		s.Deliver([]byte(shortMail))
		s.Deliver([]byte(shortMail))
		seen := map[string]bool{}
		for range 2 {
			d, err := pop3Backend{backend{s}}.Lock("alice")
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range d.Messages() {
				seen[m.UniqueID] = true
				if n := len(m.UniqueID); n < 1 || n > 70 {
					t.Errorf("%s: %d octets", format, n)
				}
			}
			d.Unlock()
		}
		if len(seen) != 16 {
			t.Errorf("%s: %d unique-ids for 16 messages", format, len(seen))
		}
	}
}
