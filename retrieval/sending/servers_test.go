package sending

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"imapop/account"
	"imapop/account/draft"
	"imapop/account/outgoing"
	"imapop/account/servertest/dovecot"
	"imapop/account/servertest/postfix"
	"imapop/retrieval/imap"
	"imapop/retrieval/wire"
)

// TestServersSendAndFile goes the whole way on real servers: Postfix takes the
// message, and Dovecot gets the copies.
func TestServersSendAndFile(t *testing.T) {
	smtp := postfix.Start(t, postfix.Options{})
	store := dovecot.Start(t, dovecot.Options{FillInbox: 1})
	a := smtp.Account(account.StartTLS)
	box, err := outgoing.OpenOutbox(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	drafts, err := outgoing.OpenDrafts(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := New(Options{Account: a, Password: a.Secret.Literal, Outbox: box, Drafts: drafts, OpenIMAP: func(ctx context.Context) (*imap.Session, error) {
		return imap.Open(ctx, imap.Config{Account: store.Account(), Password: account.NewPassword(store.Password), Wire: wire.Options{Roots: store.CAPool}})
	}})
	d := draft.Draft{ID: outgoing.NewID(time.Now()), From: a.From, To: postfix.Second, Bcc: "用户 <" + postfix.Foreign + ">", Subject: "Grüße", Text: "naïve\n"}
	if where, err := s.StoreDraft(t.Context(), d); err != nil || !strings.HasPrefix(where, "Drafts, UID 1") {
		t.Fatalf("the draft: %q, %v", where, err)
	}
	d.Stored = true
	for n, want := range []string{"Sent, UID 1,", "Sent, UID 2,"} {
		e, err := s.Take(d, []string{"failure"})
		if err != nil {
			t.Fatal(err)
		}
		out := s.Send(t.Context(), e.ID, false)
		if out.State != "sent" || !strings.Contains(out.Filed, want) || strings.Join(out.Offers, " ") != "SIZE 8BITMIME SMTPUTF8 PIPELINING DSN" {
			t.Fatalf("message %d: %+v", n+1, out)
		}
		if found, err := s.Look(t.Context(), e.MessageID); err != nil || len(found) != 1 || !strings.HasPrefix(found[0], "Sent, UID ") {
			t.Errorf("looked for, it is in %q, %v", found, err)
		}
	}
	if err := s.RemoveDraft(t.Context(), d); err != nil || len(folder(t, s, "Drafts")) != 0 {
		t.Errorf("the draft is still there: %v", err)
	}
	for _, octets := range smtp.Delivered(t, postfix.Foreign, 2) {
		if header, _, _ := bytes.Cut(octets, []byte("\n\n")); bytes.Contains(header, []byte("Bcc")) {
			t.Errorf("Bcc was delivered:\n%s", header)
		}
	}
	if having(folder(t, s, "Sent"), "Bcc: ") != 2 {
		t.Error("the sender's copies lack Bcc")
	}
}
