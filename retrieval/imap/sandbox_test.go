package imap

import (
	"bytes"
	"slices"
	"testing"

	"imapop/account/sandbox"
	"imapop/retrieval"
	"imapop/retrieval/wire"
)

func TestSandbox(t *testing.T) {
	ctx := t.Context()
	srv, err := sandbox.Start(ctx, sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	e := newEar()
	acc := srv.Account()
	s, err := Open(ctx, Config{Account: acc, Password: acc.Secret.Literal, Wire: wire.Options{Roots: srv.Roots()}, Events: e.hear})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Drop()
	box, ms, err := s.SelectWindow(ctx, "INBOX", false, 50)
	if err != nil || len(ms) != int(box.Messages) || len(ms) == 0 {
		t.Fatal(box, len(ms), err)
	}
	uids, err := s.UIDs(ctx)
	if err != nil || len(uids) != len(ms) {
		t.Fatal(uids, err)
	}
	t.Log(s.Revision(), s.Caps(), s.Meter())
	folders, err := s.Folders(ctx)
	if err != nil {
		t.Fatal(err)
	}
	named := func(name string) retrieval.Folder {
		for _, f := range folders {
			if f.Name == name {
				return f
			}
		}
		t.Errorf("no folder %s in %+v", name, folders)
		return retrieval.Folder{}
	}
	if f := named("Archive"); f.Role != "Archive" || !f.Counted {
		t.Errorf("%+v", f)
	}
	named("Work/Projects")
	for _, m := range ms {
		var buf bytes.Buffer
		if n, err := s.Fetch(ctx, m.UID, true, &buf, nil); err != nil || n != m.Octets || int64(buf.Len()) != n {
			t.Errorf("fetch %d: %d of %d octets, %v", m.UID, n, m.Octets, err)
		}
	}
	waitState(t, s, retrieval.IMAPIdle)
	if _, err := srv.Deliver([]byte("From: a@example.org\r\nSubject: hi\r\n\r\nhi\r\n")); err != nil {
		t.Fatal(err)
	}
	if ev := e.wait(t, retrieval.Exists); int(ev.Count) != len(ms)+1 {
		t.Errorf("%+v", ev)
	}
	moved, err := s.Move(ctx, uids[:2], "Archive")
	if err != nil || len(moved.UIDs) != 2 {
		t.Error(moved, err)
	}
	if _, err := s.Store(ctx, uids[2:3], true, []string{`\Deleted`, "kw"}); err != nil {
		t.Error(err)
	}
	if out, err := s.Expunge(ctx, uids[2:4]); err != nil || !slices.Equal(out, uids[2:3]) {
		t.Error(out, err)
	}
	if err := s.Create(ctx, "Entwürfe & mehr"); err != nil {
		t.Error(err)
	}
	if uid, err := s.Append(ctx, "Entwürfe & mehr", nil, ms[0].Header.Date, []byte("Subject: x\r\n\r\n"+string(bytes.Repeat([]byte("y\r\n"), 3000)))); err != nil || uid == 0 {
		t.Error(uid, err)
	}
	if box, ms, err := s.SelectWindow(ctx, "Entwürfe & mehr", true, 50); err != nil || len(ms) != 1 || !box.ReadOnly {
		t.Error(box, ms, err)
	}
	if err := s.Logout(ctx); err != nil {
		t.Error(err)
	}
}
