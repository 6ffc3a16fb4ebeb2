package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
)

// The tests in this file hold what other mail sandboxes get wrong.

// GreenMail: a POP3 session expunges what IMAP marked, and its marks outlive it.
func TestQuitSparesIMAPsDeleted(t *testing.T) {
	s := start(t, Options{})
	c := dialIMAP(t, s, nil)
	selectBox(t, c, "INBOX")
	setFlags(t, c, 2, imap.StoreFlagsAdd, imap.FlagDeleted, imap.FlagFlagged)
	p := loginPOP3(t, s)
	p.cmd("DELE 1")
	p.cmd("RSET")
	if got := flagsOf(t, c, 2); !slices.Contains(got, imap.FlagDeleted) || !slices.Contains(got, imap.FlagFlagged) {
		t.Errorf("RSET changed IMAP's flags to %v", got)
	}
	p.cmd("DELE 3")
	p.cmd("QUIT")
	if got := c.Noop().Wait(); got != nil {
		t.Fatal(got)
	}
	if n := c.Mailbox().NumMessages; n != 13 {
		t.Errorf("%d messages left", n)
	}
	flagsOf(t, c, 2) // is still there
}

// smtp4dev: numbers move with each DELE, so that DELE 1, 2, 3 deletes 1, 3, 5.
func TestNumbersStay(t *testing.T) {
	s := start(t, Options{})
	p := loginPOP3(t, s)
	for n := 1; n <= 3; n++ {
		p.cmd("DELE %d", n)
	}
	p.send("LIST")
	if lines := p.multi(); len(lines) != 11 || !strings.HasPrefix(lines[0], "4 ") {
		t.Errorf("%q", lines)
	}
	p.cmd("QUIT")
	c := dialIMAP(t, s, nil)
	selectBox(t, c, "INBOX")
	data, err := c.UIDSearch(&imap.SearchCriteria{}, nil).Wait()
	if err != nil || data.All.String() != "4:14" {
		t.Errorf("left: %v, %v", data.All, err)
	}
}

// Mailpit: TOP gives the whole message, unstuffed.
func TestTopCounts(t *testing.T) {
	s := start(t, Options{})
	p := loginPOP3(t, s)
	for _, k := range []int{0, 1, 4} {
		p.send("TOP 11 %d", k)
		lines := p.multi()
		head := slices.Index(lines, "")
		want := []string{"..", "...", "....", "..a line that starts with a dot"}[:k]
		if got := lines[head+1:]; !slices.Equal(got, want) {
			t.Errorf("TOP 11 %d: %q", k, got)
		}
	}
}

// Inbucket: a line of 70,000 octets is cut, and an answer follows that nobody asked for.
func TestLongLines(t *testing.T) {
	s := start(t, Options{Empty: true})
	line := strings.Repeat("x", 70_000)
	if _, err := s.Deliver([]byte("Subject: long\n\n" + line + "\n.\n")); err != nil {
		t.Fatal(err)
	}
	p := loginPOP3(t, s)
	p.send("RETR 1")
	lines := p.multi()
	if n := len(lines); lines[n-2] != line || lines[n-1] != ".." {
		t.Errorf("%d lines, the last but one has %d octets", n, len(lines[n-2]))
	}
	if got := p.cmd("NOOP"); !strings.HasPrefix(got, "+OK") {
		t.Error(got)
	}
}

// Inbucket: STLS works once in the life of the server.
func TestTLSIsPerConnection(t *testing.T) {
	s := start(t, Options{})
	for range 3 {
		p := dialRaw(t, s.Info().POP3)
		p.want("+OK")
		p.send("CAPA")
		if !slices.Contains(p.multi(), "STLS") {
			t.Error("no STLS on a new connection")
		}
		p.send("STLS")
		p.want("+OK")
		p.secure(s)
		p.send("CAPA")
		if slices.Contains(p.multi(), "STLS") {
			t.Error("STLS inside TLS")
		}
	}
}

// Mailpit: passwords with spaces, LIST and UIDL with an argument; smtp4dev: UID 0.
func TestSmallThings(t *testing.T) {
	s := start(t, Options{Password: " a b  c "})
	p := loginPOP3(t, s)
	if got := p.cmd("LIST 2"); !strings.HasPrefix(got, "+OK 2 ") {
		t.Error(got)
	}
	if got := p.cmd("UIDL 2"); got != fmt.Sprintf("+OK 2 00000002%08x", firstValidity+1) {
		t.Error(got)
	}
	for _, cmd := range []string{"LIST 0", "LIST 15", "RETR -1", "RETR", "UIDL x", "", "BOGUS"} {
		if got := p.cmd(cmd); !strings.HasPrefix(got, "-ERR") {
			t.Errorf("%q: %s", cmd, got)
		}
	}
	q := dialPOP3(t, s)
	q.cmd("USER alice")
	if got := q.cmd("PASS a b c"); !strings.HasPrefix(got, "-ERR [AUTH]") {
		t.Error(got)
	}
}

// A unique-id is never given to another message, whatever is deleted and delivered.
func TestUniqueIDsAreNotReused(t *testing.T) {
	s := start(t, Options{})
	seen := map[string]int64{}
	for range 5 {
		d, err := pop3Backend{backend{s}}.Lock("alice")
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range d.Messages() {
			if octets, ok := seen[m.UniqueID]; ok && octets != m.Octets {
				t.Errorf("%s names a message of %d and one of %d octets", m.UniqueID, octets, m.Octets)
			}
			seen[m.UniqueID] = m.Octets
		}
		n := len(d.Messages())
		if err := d.Update([]int{0, n - 1}); err != nil {
			t.Fatal(err)
		}
		d.Unlock()
		s.Deliver([]byte(shortMail + strings.Repeat("x", len(seen))))
	}
	if len(seen) != 18 {
		t.Errorf("%d unique-ids, want 18", len(seen))
	}
}
