package postfix

import (
	"bytes"
	"testing"

	"imapop/account"
	"imapop/account/submission"
)

func TestDelivers(t *testing.T) {
	s := Start(t, Options{})
	a := s.Account(account.TLS)
	if _, err := submission.Send(t.Context(), a, a.Secret.Literal, submission.Options{}, submission.Envelope{To: []string{Second}},
		[]byte("Subject: hello\r\n\r\nHello.\r\n")); err != nil {
		t.Fatal(err)
	}
	if got := s.Delivered(t, Second, 1)[0]; !bytes.Contains(got, []byte("\nSubject: hello\n")) {
		t.Errorf("delivered %q", got)
	}
}
