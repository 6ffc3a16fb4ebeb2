package imap

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"imapop/account"
	"imapop/retrieval"
	"imapop/account/servertest/dovecot"
	"imapop/retrieval/wire"
)

func openDovecot(t *testing.T, srv *dovecot.Server, ep account.Endpoint, e *ear) *Session {
	t.Helper()
	acc := srv.Account()
	acc.IMAP = ep
	c := Config{Account: acc, Password: account.NewPassword(srv.Password), Wire: wire.Options{Roots: srv.CAPool, Transcript: wire.NewTranscript(0)}}
	if e != nil {
		c.Events = e.hear
	}
	s, err := Open(t.Context(), c)
	if err != nil {
		t.Fatalf("open: %v\n%s", err, srv.Log())
	}
	t.Cleanup(func() {
		s.Drop()
		<-s.Done()
		if t.Failed() {
			for _, l := range c.Wire.Transcript.Since(0, 0) {
				l.Text = l.Text[:min(len(l.Text), 120)]
				t.Logf("%c %s", l.Dir, l.Text)
			}
		}
	})
	return s
}

func TestDovecotSecurity(t *testing.T) {
	srv := dovecot.Start(t, dovecot.Options{})
	for _, ep := range []account.Endpoint{
		{Address: srv.IMAPS, Security: account.TLS}, {Address: srv.IMAP, Security: account.StartTLS}, {Address: srv.IMAP, Security: account.Plaintext},
	} {
		s := openDovecot(t, srv, ep, nil)
		if box, err := s.Select(t.Context(), "INBOX", false); err != nil || box.UIDValidity == 0 {
			t.Error(box, err)
		}
		t.Logf("%s: %s, %d turnarounds", ep.Security, s.Security(), s.Meter().Turnarounds)
		if err := s.Logout(t.Context()); err != nil {
			t.Error(err)
		}
	}
	acc := srv.Account()
	_, err := Open(t.Context(), Config{Account: acc, Password: account.NewPassword("wrong"), Wire: wire.Options{Roots: srv.CAPool}})
	is(t, err, retrieval.ErrAuth)
	if op := (*retrieval.OpError)(nil); !errors.As(err, &op) || op.Code != "AUTHENTICATIONFAILED" {
		t.Error(err)
	}
	_, err = Open(t.Context(), Config{Account: acc, Password: account.NewPassword(srv.Password)})
	is(t, err, retrieval.ErrUnsafe) // a certificate that no root of the system knows
}

func TestDovecotWalk(t *testing.T) {
	srv := dovecot.Start(t, dovecot.Options{FillInbox: 200})
	ctx := t.Context()
	e := newEar()
	ep := srv.Account().IMAP
	s := openDovecot(t, srv, ep, e)
	other := openDovecot(t, srv, ep, nil)
	t.Logf("after login: %d turnarounds, %v", s.Meter().Turnarounds, s.Caps())
	box, ms, err := s.SelectWindow(ctx, "INBOX", false, 50)
	if err != nil || box.Messages != 200 || len(ms) != 50 {
		t.Fatalf("SelectWindow: %+v, %d messages, %v", box, len(ms), err)
	}
	t.Logf("first screen: %d turnarounds", s.Meter().Turnarounds)
	if m := ms[49]; m.Header.Subject != "Message number 200" || m.Header.MessageID != "<200@filled.example>" || m.Header.From != "Sender 0" || m.Octets == 0 {
		t.Errorf("last message: %+v", m)
	}
	uids, err := s.UIDs(ctx)
	if err != nil || len(uids) != 200 || !slices.IsSorted(uids) {
		t.Fatalf("UIDs: %d, %v", len(uids), err)
	}
	folders, err := s.Folders(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", folders)
	before := s.Meter().Turnarounds
	if _, _, err := s.SelectWindow(ctx, "INBOX", false, 50); err != nil {
		t.Fatal(err)
	}
	if n := s.Meter().Turnarounds - before; n > 2 {
		t.Errorf("opening a counted folder took %d turnarounds", n)
	}
	if uids, err = s.UIDs(ctx); err != nil {
		t.Fatal(err)
	}
	waitState(t, s, retrieval.IMAPIdle)
	if _, err := other.Select(ctx, "inbox", false); err != nil {
		t.Fatal(err)
	}
	now, err := other.Store(ctx, []uint32{uids[2]}, true, []string{`\Flagged`, "Custom"})
	if err != nil || !slices.Equal(now[uids[2]], []string{"Custom", `\Flagged`}) && !slices.Contains(now[uids[2]], "Custom") {
		t.Fatalf("store: %v, %v", now, err)
	}
	ev := e.wait(t, retrieval.FlagsChanged)
	if !slices.Equal(ev.UIDs, []uint32{uids[2]}) || ev.ByUs || !slices.Contains(ev.Flags[uids[2]], `\Flagged`) {
		t.Errorf("flags event: %+v", ev)
	}
	if err := srv.Deliver([]byte("From: a@b.example\r\nSubject: new\r\n\r\nnew\r\n")); err != nil {
		t.Fatal(err)
	}
	if ev := e.wait(t, retrieval.Exists); ev.Count != 201 || ev.ByUs {
		t.Errorf("exists event: %+v", ev)
	}
	moved, err := other.Move(ctx, uids[:2], "Archive")
	if err != nil || len(moved.UIDs) != 2 {
		t.Fatalf("move: %+v, %v", moved, err)
	}
	var goneUIDs []uint32
	for len(goneUIDs) < 2 {
		goneUIDs = append(goneUIDs, e.wait(t, retrieval.Expunged).UIDs...)
	}
	slices.Sort(goneUIDs)
	if !slices.Equal(goneUIDs, uids[:2]) {
		t.Errorf("expunged %v, want %v", goneUIDs, uids[:2])
	}
	if _, err := s.Store(ctx, uids[10:13], true, []string{`\Deleted`}); err != nil {
		t.Fatal(err)
	}
	out, err := s.Expunge(ctx, uids[10:12])
	if err != nil || !slices.Equal(out, uids[10:12]) {
		t.Errorf("expunge: %v, %v", out, err)
	}
	var buf bytes.Buffer
	n, err := s.Fetch(ctx, uids[50], true, &buf, nil)
	if err != nil || n != int64(buf.Len()) || !strings.Contains(buf.String(), "This is message 51.\r\n") {
		t.Errorf("fetch: %d, %v, %q", n, err, buf.String())
	}
	if _, err := s.Fetch(ctx, uids[60], false, &buf, nil); err != nil {
		t.Error(err)
	}
	for ev := e.wait(t, retrieval.FlagsChanged); !slices.Contains(ev.Flags[uids[60]], `\Seen`) || !ev.ByUs; {
		ev = e.wait(t, retrieval.FlagsChanged)
	}
	for _, act := range []func() error{
		func() error { _, err := s.Move(ctx, []uint32{99_999}, "Archive"); return err },
		func() error { _, err := s.Copy(ctx, []uint32{99_999}, "Archive"); return err },
		func() error { _, err := s.Store(ctx, []uint32{99_999}, true, []string{"kw"}); return err },
		func() error { _, err := s.Fetch(ctx, 99_999, true, io.Discard, nil); return err },
	} {
		is(t, act(), retrieval.ErrGone)
	}
	sizes, err := s.Sizes(ctx, uids[50:52])
	if err != nil || sizes[uids[50]].Octets != n || sizes[uids[51]].MessageID != "<52@filled.example>" {
		t.Errorf("sizes: %v, %v", sizes, err)
	}
	buf.Reset()
	big := []byte("Subject: big\r\n\r\n" + strings.Repeat("0123456789abcdef0123456789abcdef\r\n", 70_000))
	uid, err := s.Append(ctx, "Archive", []string{`\Seen`}, time.Unix(1_700_000_000, 0), big)
	if err != nil || uid == 0 {
		t.Fatalf("append: %d, %v", uid, err)
	}
	if _, err = s.Append(ctx, "Nowhere", nil, time.Time{}, []byte("Subject: x\r\n\r\n")); !errors.Is(err, retrieval.ErrRefused) {
		t.Error("append to a folder that is not there:", err)
	}
	_, err = s.Append(ctx, "Nowhere", nil, time.Time{}, big)
	t.Log("append of a big message to a folder that is not there:", err)
	is(t, err, retrieval.ErrRefused)
	if _, err := s.Select(ctx, "Archive", true); err != nil {
		t.Fatal(err)
	}
	buf.Reset()
	if n, err = s.Fetch(ctx, uid, true, &buf, nil); err != nil || !bytes.Equal(buf.Bytes(), big) {
		t.Errorf("fetch of %d octets: %d, %v", len(big), n, err)
	}
	if _, err := s.Fetch(ctx, uid+100, true, &buf, nil); err == nil {
		t.Error("fetched what is not there")
	}
	if err := s.Create(ctx, "Ünter/R&D"); err != nil {
		t.Fatal(err)
	}
	if box, err = s.Select(ctx, "Ünter/R&D", false); err != nil || box.Messages != 0 {
		t.Fatal(err)
	}
	if box, ms, err = s.SelectWindow(ctx, "Ünter/R&D", false, 50); err != nil || len(ms) != 0 {
		t.Fatal(box, ms, err)
	}
	if err := s.Logout(ctx); err != nil {
		t.Fatal(err)
	}
	<-s.Done()
	if s.Err() != nil || s.State() != retrieval.IMAPClosed {
		t.Errorf("after logout: %v, %s", s.Err(), s.State())
	}
	e.wait(t, retrieval.Closed)
}

// waitState waits until the session is in a state, by its events' own clock.
func waitState(t *testing.T, s *Session, want retrieval.IMAPState) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); s.State() != want; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("state %s, want %s", s.State(), want)
		}
	}
}
