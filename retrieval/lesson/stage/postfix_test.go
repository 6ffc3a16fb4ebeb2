package stage_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"

	"imapop/account"
	"imapop/account/servertest/dovecot"
	"imapop/account/servertest/postfix"
	"imapop/account/submission"
	"imapop/retrieval/imap"
	"imapop/retrieval/lesson/stage"
	"imapop/retrieval/pop3"
	"imapop/retrieval/wire"
)

// TestLessonsSendThroughPostfix runs the lessons that send, with a real server for
// submission: what Postfix delivers is handed to Dovecot over LMTP.
func TestLessonsSendThroughPostfix(t *testing.T) {
	post := postfix.Start(t, postfix.Options{})
	srv := dovecot.Start(t, dovecot.Options{})
	a, pw := srv.Account(), account.NewPassword(srv.Password)
	a.From = postfix.Address
	w := wire.Options{Roots: srv.CAPool}
	sent := 0
	st := stage.New(stage.Options{IMAP: imap.Config{Account: a, Password: pw, Wire: w}, POP3: pop3.Config{Account: a, Password: pw, Wire: w}, Dir: t.TempDir(),
		Submit: func(ctx context.Context, from, to string, msg []byte, line func(byte, string)) error {
			_, err := submission.Send(ctx, post.Account(account.TLS), account.NewPassword(postfix.Password),
				submission.Options{Roots: post.CAPool, Line: line}, submission.Envelope{From: from, To: []string{to}}, msg)
			if err != nil {
				return err
			}
			sent++
			stored := post.Delivered(t, postfix.Address, sent)
			i := slices.IndexFunc(stored, func(m []byte) bool { return bytes.Contains(m, messageID(msg)) })
			if i < 0 {
				return fmt.Errorf("Postfix delivered %d messages, and this one is not among them", len(stored))
			}
			return srv.Deliver(bytes.ReplaceAll(stored[i], []byte("\n"), []byte("\r\n")))
		}})
	for _, l := range lessons(t) {
		if !slices.Contains([]int{7, 16, 17, 18}, l.Number) {
			continue
		}
		if r := st.Run(t.Context(), l, nil); r.Counts().Failed > 0 || r.Counts().Impossible > 0 {
			t.Errorf("%+v\n%s", r.Counts(), tell(r))
		}
	}
	if sent != 5 {
		t.Errorf("%d messages were submitted", sent)
	}
	if left, err := st.Close(t.Context()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func messageID(msg []byte) []byte {
	at := bytes.Index(msg, []byte("Message-ID: "))
	line, _, _ := bytes.Cut(msg[at:], []byte("\r\n"))
	return line
}
