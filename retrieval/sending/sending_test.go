package sending

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"imapop/account/draft"
	"imapop/account/outgoing"
	"imapop/account/sandbox"
	"imapop/retrieval"
	"imapop/retrieval/imap"
	"imapop/retrieval/mime"
	"imapop/retrieval/wire"
)

// start opens a demo account to send from.
func start(t *testing.T) (*Sender, *sandbox.Server, *wire.Transcript) {
	t.Helper()
	srv, err := sandbox.Start(t.Context(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	box, err := outgoing.OpenOutbox(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	drafts, err := outgoing.OpenDrafts(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	a, tr := srv.Account(), wire.NewTranscript(0)
	w := wire.Options{Roots: srv.Roots(), Transcript: tr}
	return New(Options{Account: a, Password: a.Secret.Literal, Roots: srv.Roots(), Outbox: box, Drafts: drafts, Transcript: tr,
		OpenIMAP: func(ctx context.Context) (*imap.Session, error) {
			return imap.Open(ctx, imap.Config{Account: a, Password: a.Secret.Literal, Wire: w})
		}}), srv, tr
}

// folder reads every message of a folder.
func folder(t *testing.T, s *Sender, name string) [][]byte {
	t.Helper()
	sess, err := s.o.OpenIMAP(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer sess.Drop()
	if _, err := sess.Select(t.Context(), name, true); err != nil {
		t.Fatal(err)
	}
	uids, err := sess.UIDs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	for _, uid := range uids {
		var b bytes.Buffer
		if _, err := sess.Fetch(t.Context(), uid, true, &b, nil); err != nil {
			t.Fatal(err)
		}
		out = append(out, b.Bytes())
	}
	return out
}

func having(list [][]byte, text string) int {
	n := 0
	for _, octets := range list {
		if bytes.Contains(octets, []byte(text)) {
			n++
		}
	}
	return n
}

func TestSendAndFile(t *testing.T) {
	s, _, tr := start(t)
	file := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(file, []byte("attached words"), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := s.Drafts().Save(draft.Draft{From: s.o.Account.From, To: "bob@sandbox.example", Bcc: "carol@sandbox.example", Subject: "Grüße", Text: "x\n", Attach: []string{file}}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	e, err := s.Take(d, nil)
	if err != nil {
		t.Fatal(err)
	}
	out := s.Send(t.Context(), e.ID, false)
	if out.State != "sent" || out.Error != "" || len(out.Recipients) != 2 || !strings.HasPrefix(out.Filed, "Sent, UID ") {
		t.Fatalf("%+v", out)
	}
	if list, _ := s.Outbox().List(); len(list) != 0 {
		t.Errorf("still in the outbox: %+v", list)
	}
	if list, _ := s.Drafts().List(); len(list) != 0 {
		t.Errorf("still among the drafts: %+v", list)
	}
	inbox, sent := folder(t, s, "INBOX"), folder(t, s, "Sent")
	if having(inbox, e.MessageID) == 0 || having(inbox, "carol@") != 0 {
		t.Errorf("INBOX has it %d times, Bcc %d times", having(inbox, e.MessageID), having(inbox, "carol@"))
	}
	if having(sent, e.MessageID) != 1 || having(sent, "Bcc: carol@sandbox.example") != 1 {
		t.Error("the copy in Sent is not what was sent with its Bcc")
	}
	smtp := 0
	for _, l := range tr.Since(0, 0) {
		if l.Side == "SMTP" {
			smtp++
		}
		if l.Dir == retrieval.ClientSays && strings.Contains(l.Text, "carol") && !strings.Contains(l.Text, "RCPT TO") {
			t.Errorf("Bcc on the wire: %s", l.Text)
		}
	}
	if smtp < 10 {
		t.Errorf("%d SMTP lines in the transcript", smtp)
	}
}

// TestNoFolderForSent holds that a missing folder is made, where the others are.
func TestNoFolderForSent(t *testing.T) {
	s, _, _ := start(t)
	sess, err := s.o.OpenIMAP(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer sess.Drop()
	if err := sess.Remove(t.Context(), "Sent"); err != nil {
		t.Fatal(err)
	}
	e, err := s.Take(draft.Draft{From: s.o.Account.From, To: "bob@sandbox.example", Text: "x"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if out := s.Send(t.Context(), e.ID, false); !strings.Contains(out.Filed, "the folder was made") || having(folder(t, s, "Sent"), e.MessageID) != 1 {
		t.Errorf("%+v", out)
	}
	courier := []retrieval.Folder{{Name: "INBOX", Delim: "."}, {Name: "INBOX.Trash", Delim: "."}, {Name: "INBOX.sent items", Delim: "."}}
	if got := pick(courier, "Sent"); got != "INBOX.sent items" {
		t.Errorf("picked %q", got)
	}
	if got := personal(courier) + "Drafts"; got != "INBOX.Drafts" {
		t.Errorf("would make %q", got)
	}
}

// TestServerFilesItself holds that a copy that is there already is not put there twice.
func TestServerFilesItself(t *testing.T) {
	s, _, _ := start(t)
	e, err := s.Take(draft.Draft{From: s.o.Account.From, To: "bob@sandbox.example", Text: "x"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	octets, _ := s.Outbox().Octets(e.ID)
	sess, err := s.o.OpenIMAP(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer sess.Drop()
	if _, err := sess.Append(t.Context(), "Sent", nil, time.Time{}, octets); err != nil {
		t.Fatal(err)
	}
	if out := s.Send(t.Context(), e.ID, false); !strings.Contains(out.Filed, "itself") || having(folder(t, s, "Sent"), e.MessageID) != 1 {
		t.Errorf("%+v", out)
	}
}

// TestRefusedForSome holds that nothing goes out before the person says so, and
// that then only the refused recipient is left.
func TestRefusedForSome(t *testing.T) {
	s, _, _ := start(t)
	e, err := s.Take(draft.Draft{From: s.o.Account.From, To: "bob@sandbox.example, stranger@elsewhere.example", Text: "x"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	out := s.Send(t.Context(), e.ID, false)
	if out.State != "waiting" || !out.CanSendToSome || out.Error == "" || having(folder(t, s, "INBOX"), e.MessageID) != 0 {
		t.Fatalf("%+v", out)
	}
	out = s.Send(t.Context(), e.ID, true)
	list, _ := s.Outbox().List()
	if out.State != "waiting" || out.Filed == "" || len(list) != 1 || len(list[0].To) != 1 || list[0].To[0] != "stranger@elsewhere.example" || !list[0].Filed {
		t.Fatalf("%+v, %+v", out, list)
	}
	out = s.Send(t.Context(), e.ID, true)
	if out.Filed != "" || having(folder(t, s, "Sent"), e.MessageID) != 1 || having(folder(t, s, "INBOX"), e.MessageID) != 1 {
		t.Errorf("the second try: %+v", out)
	}
}

// TestCutAfterTheDot holds that a lost answer is unknown, that it is not sent again,
// and that looking for it finds it.
func TestCutAfterTheDot(t *testing.T) {
	s, _, _ := start(t)
	s.o.Account.Submission.Address = cutAfterDot(t, s.o.Account.Submission.Address)
	e, err := s.Take(draft.Draft{From: s.o.Account.From, To: "alice@sandbox.example", Text: "x"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	out := s.Send(t.Context(), e.ID, false)
	if out.State != "unknown" || out.Filed != "" {
		t.Fatalf("%+v", out)
	}
	if again := s.Send(t.Context(), e.ID, false); again.State != "unknown" || !strings.Contains(again.Error, "nobody knows") {
		t.Errorf("%+v", again)
	}
	deadline := time.Now().Add(5 * time.Second)
	for { // the server still works on what it got
		found, err := s.Look(t.Context(), e.MessageID)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 1 && strings.HasPrefix(found[0], "INBOX, UID ") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("found %q", found)
		}
	}
	if _, err := s.Outbox().Delivered(e.ID, time.Now()); err != nil {
		t.Fatal(err)
	}
	if out := s.Send(t.Context(), e.ID, false); out.State != "sent" || out.Filed == "" || having(folder(t, s, "INBOX"), e.MessageID) != 1 {
		t.Errorf("%+v", out)
	}
}

// cutAfterDot is a way to a server that swallows what the server says once the
// client has said much: the answer to the end of the message.
func cutAfterDot(t *testing.T, to string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", to)
			if err != nil {
				client.Close()
				return
			}
			go relay(client, server)
		}
	}()
	return l.Addr().String()
}

// relay counts the client's turns: implicit TLS, EHLO, AUTH, MAIL with RCPT, DATA,
// the message. Behind the message it closes the way back.
func relay(client, server net.Conn) {
	const message = 300 // octets: no other write of the client is as large behind its handshake
	go func() {
		buf := make([]byte, 32<<10)
		for {
			n, err := server.Read(buf)
			if err != nil {
				return
			}
			if _, err := client.Write(buf[:n]); err != nil {
				return
			}
		}
	}()
	buf := make([]byte, 32<<10)
	for writes := 0; ; writes++ {
		n, err := client.Read(buf)
		if err != nil {
			server.Close()
			return
		}
		if writes > 1 && n > message {
			client.Close() // before the server can answer
			server.Write(buf[:n])
			return
		}
		server.Write(buf[:n])
	}
}

func TestDraftsOnTheServer(t *testing.T) {
	s, _, _ := start(t)
	d, err := s.Drafts().Save(draft.Draft{From: "not an address", To: "bob", Bcc: "carol@sandbox.example", Subject: "half", Text: "typed", Attach: []string{"/nowhere"}}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"first version", "second version"} {
		d.Text = text
		if where, err := s.StoreDraft(t.Context(), d); err != nil || !strings.HasPrefix(where, "Drafts, UID ") {
			t.Fatalf("%q, %v", where, err)
		}
	}
	list := folder(t, s, "Drafts")
	if having(list, draftID(d)) != 1 || having(list, "second version") != 1 || having(list, "Bcc: carol@") != 1 {
		t.Errorf("%d copies", having(list, draftID(d)))
	}
	d.Stored = true
	if err := s.RemoveDraft(t.Context(), d); err != nil || having(folder(t, s, "Drafts"), draftID(d)) != 0 {
		t.Errorf("%v; it is still there", err)
	}
}

// TestPlan holds what is said before anything is done, and what is refused then.
func TestPlan(t *testing.T) {
	s, _, _ := start(t)
	d := draft.Draft{From: s.o.Account.From, To: "bob@sandbox.example", Bcc: "carol@sandbox.example", Text: "see the attachment\n> attached\n"}
	p, err := s.Plan(d)
	text := ""
	for _, step := range p.Steps {
		text += step.Protocol + " " + step.Text + "\n"
	}
	for _, want := range []string{"SMTP MAIL FROM alice@sandbox.example, RCPT TO bob@sandbox.example, carol@sandbox.example", "Bcc is in the envelope only", "IMAP a copy goes into Sent", "POP3 has nowhere"} {
		if err != nil || !strings.Contains(text, want) {
			t.Errorf("%v, the plan lacks %q:\n%s", err, want, text)
		}
	}
	if len(p.Warnings) != 2 {
		t.Errorf("warnings %q", p.Warnings)
	}
	s.o.Account.Submission.Address = "smtp.example.org:25"
	if _, err := s.Plan(d); err == nil || !strings.Contains(err.Error(), "RFC 6409") {
		t.Errorf("port 25: %v", err)
	}
	if list, _ := s.Outbox().List(); len(list) != 0 {
		t.Error("a plan put something into the outbox")
	}
}

func TestWithoutIMAP(t *testing.T) {
	s, _, _ := start(t)
	s.o.OpenIMAP = nil
	e, err := s.Take(draft.Draft{From: s.o.Account.From, To: "bob@sandbox.example", Text: "x"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if out := s.Send(t.Context(), e.ID, false); out.State != "sent" || !strings.Contains(out.FileError, "POP3 cannot store") {
		t.Errorf("%+v", out)
	}
	if _, err := s.Look(t.Context(), "<x>"); !errors.Is(err, ErrNoIMAP) {
		t.Error(err)
	}
}

func TestOriginal(t *testing.T) {
	o := Original(mime.Parse([]byte("From: =?utf-8?q?L=C3=B6velace=2C_Ada?= <ada@example.org>\r\nTo: undisclosed-recipients:;\r\nSubject: Re: x\x1b[31m\r\n" +
		"Message-ID: <3@x>\r\nReferences: <1@x>\r\n <2@x> junk <b ad>\r\nContent-Type: text/plain; charset=iso-8859-1; format=flowed\r\n\r\n" +
		"> quoted \r\n> on\r\nGr\xfc\xdfe \r\njoined\r\n-- \r\nAda\r\n")))
	if o.From != `"Lövelace, Ada" <ada@example.org>` || o.MessageID != "<3@x>" || len(o.References) != 2 || strings.ContainsRune(o.Subject, 0x1b) {
		t.Errorf("%+v", o)
	}
	d := draft.Reply(o, "me@example.org", false)
	if want := "> Grüße joined\n"; !strings.Contains(d.Text, want) || !strings.Contains(d.Text, "\n>> quoted on\n") || strings.Contains(d.Text, "> Ada") {
		t.Errorf("%q", d.Text)
	}
}
