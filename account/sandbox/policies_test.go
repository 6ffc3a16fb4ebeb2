package sandbox

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"imapop/account/sandbox/pop3d"
)

func TestLockPolicy(t *testing.T) {
	s := start(t, Options{})
	first := loginPOP3(t, s)
	second := dialPOP3(t, s)
	second.cmd("USER alice")
	if got := second.cmd("PASS wonderland"); !strings.HasPrefix(got, "-ERR [IN-USE]") {
		t.Error(got)
	}
	if err := s.SetPolicy("pop3-lock", "no"); err != nil {
		t.Fatal(err)
	}
	third := loginPOP3NoLock(t, s)
	if got := third.count(); got != 14 {
		t.Error(got)
	}
	first.cmd("DELE 1")
	third.cmd("DELE 1")
	for _, p := range []*raw{first, third} {
		if got := p.cmd("QUIT"); !strings.HasPrefix(got, "+OK") {
			t.Error(got)
		}
	}
	if got := loginWhenFree(t, s).count(); got != 13 {
		t.Errorf("%d left", got)
	}
}

// loginPOP3NoLock is a login while another session holds the lock.
func loginPOP3NoLock(t testing.TB, s *Server) *raw {
	s.store.mu.Lock()
	held := s.store.locked
	s.store.mu.Unlock()
	if !held {
		t.Fatal("nobody holds the lock")
	}
	return loginPOP3(t, s)
}

func TestRetrSeenPolicy(t *testing.T) {
	for _, test := range []struct {
		policy                 string
		during, drop, afterEnd bool
	}{{"no", false, false, false}, {"at-once", true, true, true}, {"at-quit", false, false, true}, {"at-end", false, true, true}} {
		s := start(t, Options{Policies: map[string]string{"retr-sets-seen": test.policy}})
		c := dialIMAP(t, s, nil)
		selectBox(t, c, "INBOX")
		p := loginPOP3(t, s)
		p.send("RETR 4")
		p.multi()
		p.send("TOP 6 99")
		p.multi()
		p.cmd("NOOP") // RETR was noted before the next command is read
		if got := len(flagsOf(t, c, 4)) > 0; got != test.during {
			t.Errorf("%s: after RETR seen is %v", test.policy, got)
		}
		if test.policy != "at-once" {
			p.cmd("RSET") // forgets what was retrieved
			p.Close()
			p = loginWhenFree(t, s)
			if got := len(flagsOf(t, c, 4)) > 0; got {
				t.Errorf("%s: seen in spite of RSET", test.policy)
			}
			p.send("RETR 4")
			p.multi()
			p.cmd("NOOP")
		}
		p.Close()
		p = loginWhenFree(t, s) // the dropped session is over
		if got := len(flagsOf(t, c, 4)) > 0; got != test.drop {
			t.Errorf("%s: after a drop seen is %v", test.policy, got)
		}
		p.send("RETR 4")
		p.multi()
		p.cmd("QUIT")
		if got := len(flagsOf(t, c, 4)) > 0; got != test.afterEnd {
			t.Errorf("%s: after QUIT seen is %v", test.policy, got)
		}
		if slices.Contains(flagsOf(t, c, 6), imap.FlagSeen) {
			t.Errorf("%s: TOP marked", test.policy)
		}
	}
}

func TestDeletePolicy(t *testing.T) {
	for policy, trash := range map[string]uint32{"expunge": 1, "trash": 2} {
		s := start(t, Options{Policies: map[string]string{"pop3-delete": policy}})
		i := idler(t, s)
		p := loginPOP3(t, s)
		p.cmd("DELE 2")
		p.cmd("QUIT")
		i.want("* 2 EXPUNGE")
		c := dialIMAP(t, s, nil)
		if got := selectBox(t, c, "Trash").NumMessages; got != trash {
			t.Errorf("%s: Trash holds %d", policy, got)
		}
	}
}

func TestTrashIsMadeWhenMissing(t *testing.T) {
	s := start(t, Options{Policies: map[string]string{"pop3-delete": "trash"}})
	c := dialIMAP(t, s, nil)
	if err := c.Delete("Trash").Wait(); err != nil {
		t.Fatal(err)
	}
	p := loginPOP3(t, s)
	p.cmd("DELE 2")
	p.cmd("QUIT")
	if got := selectBox(t, c, "Trash").NumMessages; got != 1 {
		t.Errorf("Trash holds %d", got)
	}
}

func TestHiddenPolicy(t *testing.T) {
	for policy, want := range map[string]int{"no": 14, "yes": 13} {
		s := start(t, Options{Policies: map[string]string{"deleted-hidden": policy}})
		c := dialIMAP(t, s, nil)
		selectBox(t, c, "INBOX")
		setFlags(t, c, 5, imap.StoreFlagsAdd, imap.FlagDeleted)
		p := loginPOP3(t, s)
		if got := p.count(); got != want {
			t.Errorf("%s: %d listed", policy, got)
		}
		p.cmd("DELE 1")
		p.cmd("QUIT")
		if got := flagsOf(t, c, 5); !slices.Contains(got, imap.FlagDeleted) {
			t.Errorf("%s: the \\Deleted one did not stay", policy)
		}
	}
}

func TestUIDLPolicy(t *testing.T) {
	for policy, want := range map[string]string{"yes": "+OK", "no": "-ERR"} {
		s := start(t, Options{Policies: map[string]string{"uidl": policy}})
		p := loginPOP3(t, s)
		if got := p.cmd("UIDL 1"); !strings.HasPrefix(got, want) {
			t.Error(got)
		}
		p.send("CAPA")
		if got := slices.Contains(p.multi(), "UIDL"); got != (policy == "yes") {
			t.Errorf("%s: CAPA has UIDL: %v", policy, got)
		}
	}
}

func TestLoginDelayPolicy(t *testing.T) {
	now := time.Date(2026, 9, 14, 9, 0, 0, 0, time.UTC)
	clock := make(chan time.Time, 1)
	clock <- now
	tick := func(d time.Duration) time.Time {
		t := (<-clock).Add(d)
		clock <- t
		return t
	}
	s := start(t, Options{Now: func() time.Time { return tick(0) }, Policies: map[string]string{"login-delay": "1m"}})
	b := pop3Backend{backend{s}}
	login := func() error {
		d, err := b.Lock("alice")
		if err == nil {
			d.Unlock()
		}
		return err
	}
	if err := login(); err != nil {
		t.Fatal(err)
	}
	tick(59 * time.Second)
	if err := login(); !errors.Is(err, pop3d.ErrDelay) {
		t.Errorf("after 59 s: %v", err)
	}
	p := dialPOP3(t, s)
	p.cmd("USER alice")
	if got := p.cmd("PASS wonderland"); !strings.HasPrefix(got, "-ERR [LOGIN-DELAY]") {
		t.Error(got)
	}
	tick(time.Second)
	if err := login(); err != nil {
		t.Errorf("after 60 s: %v", err)
	}
	s.SetPolicy("login-delay", "0s")
	if err := login(); err != nil {
		t.Error(err)
	}
}

func TestPlaintextPolicy(t *testing.T) {
	for policy, want := range map[string]string{"allow": "+OK", "refuse": "-ERR"} {
		s := start(t, Options{Policies: map[string]string{"plaintext-login": policy}})
		p := dialRaw(t, s.Info().POP3)
		p.want("+OK")
		got := p.cmd("USER alice")
		if strings.HasPrefix(got, "+OK") {
			got = p.cmd("PASS wonderland")
		}
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s before TLS: %s", policy, got)
		}
		q := dialRaw(t, s.Info().POP3)
		q.want("+OK")
		q.send("STLS")
		q.want("+OK")
		q.secure(s)
		p.Close()
		q.cmd("USER alice")
		if got := q.cmd("PASS wonderland"); !strings.HasPrefix(got, "+OK") && !strings.Contains(got, "IN-USE") {
			t.Errorf("%s after STLS: %s", policy, got)
		}
	}
}

func TestAPOPPolicy(t *testing.T) {
	for policy, offers := range map[string]bool{"yes": true, "no": false} {
		s := start(t, Options{Policies: map[string]string{"apop": policy}})
		p := dialRaw(t, s.Info().POP3)
		if got := p.line(); strings.Contains(got, "<") != offers {
			t.Errorf("%s: greeting %s", policy, got)
		}
	}
}

func TestIdleTimeoutPolicy(t *testing.T) {
	s := start(t, Options{Policies: map[string]string{"idle-timeout": "1m"}})
	if got := s.pop3Policy().IdleTimeout; got != time.Minute {
		t.Error(got)
	}
	s.SetPolicy("idle-timeout", "20ms")
	p := dialPOP3(t, s)
	for {
		if _, err := p.r.ReadString('\n'); err != nil {
			break // the server hung up; raw's deadline fails the test otherwise
		}
	}
}

// A flag can hide a message: -ERR on RETR is no proof that it is gone.
func TestFlagsHidePolicy(t *testing.T) {
	for policy, want := range map[string]string{"no": "+OK", "yes": "-ERR"} {
		s := start(t, Options{Policies: map[string]string{"flags-hide": policy, "retr-sets-seen": "at-once"}})
		p := loginPOP3(t, s)
		p.send("RETR 4")
		p.multi()
		p.send("RETR 4") // its own \Seen hides nothing
		p.multi()
		c := dialIMAP(t, s, nil)
		selectBox(t, c, "INBOX")
		setFlags(t, c, 4, imap.StoreFlagsAdd, "$Keyword")
		p.send("RETR 4")
		p.multi()
		setFlags(t, c, 4, imap.StoreFlagsAdd, imap.FlagFlagged)
		if got := p.cmd("TOP 4 0"); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", policy, got)
		}
		p.Close()
		p = loginWhenFree(t, s)
		p.send("RETR 4")
		p.multi()
	}
}

func TestOrderPolicy(t *testing.T) {
	for _, policy := range []string{"uid", "name"} {
		s := start(t, Options{Policies: map[string]string{"pop3-order": policy}})
		list := func() (ids []string) {
			p := loginPOP3(t, s)
			p.send("UIDL")
			for _, l := range p.multi() {
				ids = append(ids, strings.Fields(l)[1])
			}
			p.cmd("QUIT")
			return ids
		}
		ids := list()
		if slices.IsSorted(ids) != (policy == "uid") || !slices.Equal(ids, list()) {
			t.Errorf("%s: %v", policy, ids)
		}
		slices.Sort(ids)
		if n := len(slices.Compact(ids)); n != 14 {
			t.Errorf("%s: %d different ones", policy, n)
		}
	}
}

func TestExpungeOrderPolicy(t *testing.T) {
	for policy, want := range map[string][]string{"down": {"* 14 EXPUNGE", "* 3 EXPUNGE", "* 1 EXPUNGE"}, "up": {"* 1 EXPUNGE", "* 2 EXPUNGE", "* 12 EXPUNGE"}} {
		s := start(t, Options{Policies: map[string]string{"expunge-order": policy}})
		i := idler(t, s)
		p := loginPOP3(t, s)
		for _, n := range []int{1, 3, 14} {
			p.cmd("DELE %d", n)
		}
		p.cmd("QUIT")
		for _, w := range want {
			i.want(w)
		}
		i.send("DONE")
		i.want("i OK")
		if got := i.imap("FETCH 1:* (UID)"); len(got) != 12 || got[0] != "* 1 FETCH (UID 2)" || got[10] != "* 11 FETCH (UID 13)" {
			t.Errorf("%q", got)
		}
	}
}
