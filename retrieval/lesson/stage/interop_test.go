package stage_test

import (
	"crypto/x509"
	"os"
	"sync"
	"testing"
	"time"

	"imapop/account"
	"imapop/account/servertest/courier"
	"imapop/account/servertest/cyrus"
	"imapop/account/servertest/dovecot"
	"imapop/retrieval/imap"
	"imapop/retrieval/lesson"
	"imapop/retrieval/lesson/stage"
	"imapop/retrieval/pop3"
	"imapop/retrieval/wire"
)

// hurried bounds the waits of the usual test run: Courier's IDLE looks for news
// once a minute, and a lesson that waits for it says "not waited for". With
// IMAPOP_LESSONS=full everything is waited for.
const hurried = 1500 * time.Millisecond

// TestLessonsHoldOnRealServers runs every lesson on servers as Debian installs
// them. Nothing may fail, and what was not waited for is counted.
func TestLessonsHoldOnRealServers(t *testing.T) {
	servers := []struct {
		name  string
		start func(t *testing.T) (account.Account, account.Password, *x509.CertPool)
	}{
		{"Dovecot", func(t *testing.T) (account.Account, account.Password, *x509.CertPool) {
			s := dovecot.Start(t, dovecot.Options{FillInbox: 3})
			return s.Account(), account.NewPassword(s.Password), s.CAPool
		}},
		{"Cyrus", func(t *testing.T) (account.Account, account.Password, *x509.CertPool) {
			s := cyrus.Start(t, cyrus.Options{FillInbox: 3})
			return s.Account(), account.NewPassword(s.Password), s.CAPool
		}},
		{"Courier", func(t *testing.T) (account.Account, account.Password, *x509.CertPool) {
			s := courier.Start(t, courier.Options{FillInbox: 3})
			return s.Account(), account.NewPassword(s.Password), s.CAPool
		}},
	}
	var mu sync.Mutex
	all := map[string]map[string]string{}
	t.Cleanup(func() { behaviour(t, all) })
	for _, srv := range servers {
		t.Run(srv.name, func(t *testing.T) {
			if srv.name != "Dovecot" && os.Getenv("IMAPOP_INTEROP") == "" && os.Getenv("IMAPOP_LESSONS") == "" {
				t.Skip("a course takes half a minute here; set IMAPOP_LESSONS=all, or full to wait for everything")
			}
			t.Parallel()
			a, pw, roots := srv.start(t)
			w := wire.Options{Roots: roots}
			o := stage.Options{IMAP: imap.Config{Account: a, Password: pw, Wire: w}, POP3: pop3.Config{Account: a, Password: pw, Wire: w},
				Dir: t.TempDir(), Patience: hurried}
			if os.Getenv("IMAPOP_LESSONS") == "full" {
				o.Patience = 0
			}
			saw := runAll(t, stage.New(o), o.Patience > 0)
			mu.Lock()
			defer mu.Unlock()
			all[srv.name] = saw
		})
	}
}

// runAll runs every lesson and gives what was observed, by lesson and name.
func runAll(t *testing.T, st *stage.Stage, hurried bool) map[string]string {
	saw := map[string]string{}
	var total lesson.Counts
	for _, l := range lessons(t) {
		r := st.Run(t.Context(), l, nil)
		c := r.Counts()
		total = total.Add(c)
		t.Logf("%2d %s: %s %+v", l.Number, l.Title, r.Took.Round(time.Millisecond), c)
		if c.Failed > 0 || c.Unwaited > 0 && !hurried {
			t.Error(tell(r))
		}
		observed(saw, r)
		for _, s := range r.Steps {
			for _, o := range s.Outcomes {
				if o.Verdict == lesson.Impossible || o.Meaning != nil {
					t.Logf("   %s: %s", o.Statement.Text, o.Saw)
				}
			}
		}
	}
	t.Logf("%+v", total)
	left, err := st.Close(t.Context())
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	return saw
}
