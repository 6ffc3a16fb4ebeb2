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
	"imapop/account/servertest/dovecot"
	"imapop/retrieval"
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

// rig is two sessions on one filled INBOX: s listens, other acts.
type rig struct {
	srv      *dovecot.Server
	s, other *Session
	e        *ear
	uids     []uint32
}

func TestDovecot(t *testing.T) {
	srv := dovecot.Start(t, dovecot.Options{FillInbox: 200})
	ep, e := srv.Account().IMAP, newEar()
	r := &rig{srv: srv, e: e, s: openDovecot(t, srv, ep, e), other: openDovecot(t, srv, ep, nil)}
	for _, part := range []struct {
		name string
		run  func(*testing.T)
	}{{"lists", r.lists}, {"hears", r.hears}, {"expunges", r.expunges}, {"fetches", r.fetches}, {"gone", r.gone}, {"appends", r.appends}, {"folders", r.folders}} {
		if !t.Run(part.name, part.run) {
			return // they build on each other
		}
	}
	if err := r.s.Logout(t.Context()); err != nil {
		t.Error(err)
	}
	<-r.s.Done()
	if r.s.Err() != nil || r.s.State() != retrieval.IMAPClosed {
		t.Errorf("after logout: %v, %s", r.s.Err(), r.s.State())
	}
	e.wait(t, retrieval.Closed)
}

func (r *rig) lists(t *testing.T) {
	ctx := t.Context()
	box, ms, err := r.s.SelectWindow(ctx, "INBOX", false, 50)
	if err != nil || box.Messages != 200 || len(ms) != 50 {
		t.Fatalf("SelectWindow: %+v, %d messages, %v", box, len(ms), err)
	}
	if n := r.s.Meter().Turnarounds; n > 3 {
		t.Errorf("the first screen took %d turnarounds", n)
	}
	if m := ms[49]; m.Header.Subject != "Message number 200" || m.Header.MessageID != "<200@filled.example>" || m.Header.From != "Sender 0" || m.Octets == 0 {
		t.Errorf("last message: %+v", m)
	}
	folders, err := r.s.Folders(ctx)
	if err != nil || !slices.ContainsFunc(folders, func(f retrieval.Folder) bool { return f.Role == "Trash" && f.Counted && f.Delim == "/" }) {
		t.Fatal(folders, err)
	}
	before := r.s.Meter().Turnarounds
	if _, ms, err = r.s.SelectWindow(ctx, "INBOX", false, 50); err != nil || len(ms) != 50 {
		t.Fatal(len(ms), err)
	}
	if n := r.s.Meter().Turnarounds - before; n > 2 { // one, and one more when IDLE began in between
		t.Errorf("opening a counted folder took %d turnarounds", n)
	}
	if r.uids, err = r.s.UIDs(ctx); err != nil || len(r.uids) != 200 || !slices.IsSorted(r.uids) {
		t.Fatalf("UIDs: %d, %v", len(r.uids), err)
	}
	if ms, err = r.s.Messages(ctx, r.uids[7:9]); err != nil || len(ms) != 2 || ms[0].Header.MessageID != "<8@filled.example>" {
		t.Error(ms, err)
	}
	sizes, err := r.s.Sizes(ctx, r.uids[50:52])
	if err != nil || sizes[r.uids[50]].Octets == 0 || sizes[r.uids[51]].MessageID != "<52@filled.example>" {
		t.Errorf("sizes: %v, %v", sizes, err)
	}
}

// hears: what another session does comes through IDLE.
func (r *rig) hears(t *testing.T) {
	ctx := t.Context()
	waitState(t, r.s, retrieval.IMAPIdle)
	if box, err := r.other.Select(ctx, "inbox", false); err != nil || box.Name != "INBOX" {
		t.Fatal(box, err)
	}
	now, err := r.other.Store(ctx, r.uids[2:3], true, []string{`\Flagged`, "Custom"})
	if err != nil || !slices.Contains(now[r.uids[2]], "Custom") {
		t.Fatalf("store: %v, %v", now, err)
	}
	ev := r.e.wait(t, retrieval.FlagsChanged)
	if !slices.Equal(ev.UIDs, r.uids[2:3]) || ev.ByUs || !slices.Contains(ev.Flags[r.uids[2]], `\Flagged`) || ev.Line == 0 {
		t.Errorf("flags event: %+v", ev)
	}
	if err := r.srv.Deliver([]byte("From: a@b.example\r\nSubject: new\r\n\r\nnew\r\n")); err != nil {
		t.Fatal(err)
	}
	if ev := r.e.wait(t, retrieval.Exists); ev.Count != 201 || ev.ByUs {
		t.Errorf("exists event: %+v", ev)
	}
	moved, err := r.other.Move(ctx, r.uids[:2], "Archive")
	if err != nil || len(moved.UIDs) != 2 {
		t.Fatalf("move: %+v, %v", moved, err)
	}
	var gone []uint32
	for len(gone) < 2 {
		gone = append(gone, r.e.wait(t, retrieval.Expunged).UIDs...)
	}
	slices.Sort(gone)
	if !slices.Equal(gone, r.uids[:2]) {
		t.Errorf("expunged %v, want %v", gone, r.uids[:2])
	}
}

func (r *rig) expunges(t *testing.T) {
	if _, err := r.s.Store(t.Context(), r.uids[10:13], true, []string{`\Deleted`}); err != nil {
		t.Fatal(err)
	}
	out, err := r.s.Expunge(t.Context(), r.uids[10:12])
	if err != nil || !slices.Equal(out, r.uids[10:12]) {
		t.Errorf("expunge: %v, %v", out, err)
	}
}

func (r *rig) fetches(t *testing.T) {
	var buf bytes.Buffer
	n, err := r.s.Fetch(t.Context(), r.uids[50], true, &buf, nil)
	if err != nil || n != int64(buf.Len()) || !strings.Contains(buf.String(), "This is message 51.\r\n") {
		t.Errorf("fetch: %d, %v, %q", n, err, buf.String())
	}
	if _, err := r.s.Fetch(t.Context(), r.uids[60], false, io.Discard, nil); err != nil {
		t.Error(err)
	}
	for { // BODY[] without PEEK sets \Seen, and the server tells so
		if ev := r.e.wait(t, retrieval.FlagsChanged); ev.ByUs && slices.Contains(ev.Flags[r.uids[60]], `\Seen`) {
			return
		}
	}
}

func (r *rig) gone(t *testing.T) {
	ctx, nobody := t.Context(), []uint32{99_999}
	_, moved := r.s.Move(ctx, nobody, "Archive")
	_, copied := r.s.Copy(ctx, nobody, "Archive")
	_, stored := r.s.Store(ctx, nobody, true, []string{"kw"})
	_, fetched := r.s.Fetch(ctx, nobody[0], true, io.Discard, nil)
	for _, err := range []error{moved, copied, stored, fetched} {
		is(t, err, retrieval.ErrGone)
	}
}

func (r *rig) appends(t *testing.T) {
	ctx := t.Context()
	big := []byte("Subject: big\r\n\r\n" + strings.Repeat("0123456789abcdef0123456789abcdef\r\n", 70_000))
	uid, err := r.s.Append(ctx, "Archive", []string{`\Seen`}, time.Unix(1_700_000_000, 0), big)
	if err != nil || uid == 0 {
		t.Fatalf("append: %d, %v", uid, err)
	}
	for _, msg := range [][]byte{big[:100], big} {
		_, err = r.s.Append(ctx, "Nowhere", nil, time.Time{}, msg)
		is(t, err, retrieval.ErrRefused)
	}
	if _, err := r.s.Select(ctx, "Archive", true); err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if n, err := r.s.Fetch(ctx, uid, true, &buf, nil); err != nil || !bytes.Equal(buf.Bytes(), big) {
		t.Errorf("fetch of %d octets: %d, %v", len(big), n, err)
	}
}

func (r *rig) folders(t *testing.T) {
	ctx := t.Context()
	const name = "Ünter/R&D"
	if err := r.s.Create(ctx, name); err != nil {
		t.Fatal(err)
	}
	if box, ms, err := r.s.SelectWindow(ctx, name, false, 50); err != nil || box.Messages != 0 || len(ms) != 0 {
		t.Error(box, ms, err)
	}
	if f, err := r.s.Status(ctx, "Archive"); err != nil || !f.Counted || f.Messages != 3 {
		t.Error(f, err)
	}
	_, err := r.s.Select(ctx, "Nowhere", false)
	is(t, err, retrieval.ErrRefused)
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
