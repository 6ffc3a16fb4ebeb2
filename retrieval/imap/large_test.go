package imap

import (
	"os"
	"strconv"
	"testing"
	"time"

	"imapop/account/servertest/dovecot"
)

// TestDovecotLarge opens a large INBOX and holds the first screen to what it may
// move. IMAPOP_LARGE=100000 makes it as large as that.
func TestDovecotLarge(t *testing.T) {
	n := 2000
	if v, err := strconv.Atoi(os.Getenv("IMAPOP_LARGE")); err == nil {
		n = v
	}
	srv := dovecot.Start(t, dovecot.Options{FillInbox: n})
	ctx := t.Context()
	ep := srv.Account().IMAP
	warm := openDovecot(t, srv, ep, nil) // Dovecot builds its index at the first SELECT
	if _, _, err := warm.SelectWindow(ctx, "INBOX", false, 50); err != nil {
		t.Fatal(err)
	}
	warm.Drop()

	start := time.Now()
	s := openDovecot(t, srv, ep, nil)
	box, ms, err := s.SelectWindow(ctx, "INBOX", false, 50)
	if err != nil || int(box.Messages) != n || len(ms) != 50 {
		t.Fatal(box, len(ms), err)
	}
	m := s.Meter()
	t.Logf("first screen of %d after %v: %+v", n, time.Since(start).Round(time.Millisecond), m)
	if m.In+m.Out > 64_000 || m.Turnarounds > 4 {
		t.Errorf("the first screen cost %+v", m)
	}
	uids, err := s.UIDs(ctx)
	if err != nil || len(uids) != n {
		t.Fatal(len(uids), err)
	}
	m = s.Meter().Sub(m)
	t.Logf("all UIDs: %v, %+v", time.Since(start).Round(time.Millisecond), m)
	if m.In > 10_000 {
		t.Errorf("%d UIDs cost %+v", n, m)
	}
	sizes, err := s.Sizes(ctx, nil)
	if err != nil || len(sizes) != n {
		t.Fatal(len(sizes), err)
	}
	t.Logf("all sizes: %v", time.Since(start).Round(time.Millisecond))
	before := s.Meter()
	if ms, err = s.Window(ctx, 1, 50); err != nil || len(ms) != 50 {
		t.Fatal(len(ms), err)
	}
	if m = s.Meter().Sub(before); m.Turnarounds > 2 { // one, and one more when IDLE began in between
		t.Errorf("a window cost %+v", m)
	}
}
