package submission_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"imapop/account"
	"imapop/account/compose"
	"imapop/account/draft"
	"imapop/account/servertest/postfix"
	"imapop/account/submission"
)

// TestPostfixTakesEverything submits a message with every feature to a real server
// over both ports, and finds it delivered octet by octet.
func TestPostfixTakesEverything(t *testing.T) {
	srv := postfix.Start(t, postfix.Options{ExtraConf: "message_size_limit = 300000"})
	for n, kind := range []account.Security{account.TLS, account.StartTLS} {
		m := rich(t, string(kind))
		a := srv.Account(kind)
		r, err := submission.Send(t.Context(), a, a.Secret.Literal, submission.Options{},
			submission.Envelope{To: m.To, Notify: []string{"failure", "delay"}, ID: string(kind)}, m.Octets)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if got, want := strings.Join(r.Offers, " "), "SIZE 8BITMIME SMTPUTF8 PIPELINING DSN"; got != want || len(r.Accepted()) != 3 || !r.Notified {
			t.Errorf("%s: offers %s; %+v", kind, got, r)
		}
		for _, to := range []string{postfix.Address, postfix.Second, postfix.Foreign} {
			if !contains(srv.Delivered(t, to, n+1), m.Octets) {
				t.Errorf("%s: what %s got is not what was sent", kind, to)
			}
		}
	}
	a := srv.Account(account.TLS)
	_, err := submission.Send(t.Context(), a, a.Secret.Literal, submission.Options{}, submission.Envelope{To: []string{postfix.Second}}, make300kB())
	if !errors.Is(err, submission.ErrNeeds) || !strings.Contains(err.Error(), "at most 300000") {
		t.Errorf("a message above the limit: %v", err)
	}
	r, err := submission.Send(t.Context(), a, a.Secret.Literal, submission.Options{},
		submission.Envelope{To: []string{postfix.Second, "nobody@example.org"}, Partial: true}, []byte("Subject: partial\r\n\r\nx\r\n"))
	if err != nil || len(r.Refused()) != 1 || r.Refused()[0].Code != 550 {
		t.Errorf("partial: %v, %+v", err, r)
	}
}

func rich(t *testing.T, subject string) compose.Message {
	t.Helper()
	files := map[string]string{"/x/naïve.bin": strings.Repeat("\x00\xff.\r\n", 4000), "/x/old.eml": "Subject: within\n\nGrüße\n.\n"}
	m, err := compose.Build(draft.Draft{
		From: "Älice <" + postfix.Address + ">", To: postfix.Second + ", 用户 <" + postfix.Foreign + ">", Bcc: postfix.Address,
		Subject: "Grüße, " + subject, Text: ".\n..\nFrom here\n" + strings.Repeat("x", 3000) + "\n> quoted\n", Attach: []string{"/x/naïve.bin", "/x/old.eml"},
	}, compose.Options{Now: time.Now(), Random: "r" + subject, Read: func(p string) ([]byte, error) {
		if s, ok := files[p]; ok {
			return []byte(s), nil
		}
		return nil, os.ErrNotExist
	}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func contains(stored [][]byte, sent []byte) bool {
	want := bytes.ReplaceAll(sent, []byte("\r\n"), []byte("\n"))
	for _, s := range stored {
		if bytes.HasSuffix(s, want) {
			return true
		}
	}
	return false
}

func make300kB() []byte {
	return []byte("Subject: large\r\n\r\n" + strings.Repeat("0123456789\r\n", 25000))
}
