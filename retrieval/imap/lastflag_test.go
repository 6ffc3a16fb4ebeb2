package imap

import (
	"testing"

	"imapop/account/sandbox"
	"imapop/retrieval/wire"
)

// TestLastFlagRemoved takes the only flag from a message: `FLAGS ()` says that the
// message has none, not that it is gone.
func TestLastFlagRemoved(t *testing.T) {
	srv, err := sandbox.Start(t.Context(), sandbox.Options{Empty: true})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	uid, err := srv.Deliver([]byte("Subject: one\r\n\r\nHello.\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	acc := srv.Account()
	s, err := Open(t.Context(), Config{Account: acc, Password: acc.Secret.Literal, Wire: wire.Options{Roots: srv.Roots()}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Drop()
	if _, _, err := s.SelectWindow(t.Context(), "INBOX", false, 10); err != nil {
		t.Fatal(err)
	}
	for _, add := range []bool{true, false} {
		now, err := s.Store(t.Context(), []uint32{uid}, add, []string{"$Once"})
		if err != nil {
			t.Fatalf("add %v: %v", add, err)
		}
		if flags, told := now[uid]; !told || len(flags) == 0 == add {
			t.Errorf("add %v: flags %v, told %v", add, flags, told)
		}
	}
}
