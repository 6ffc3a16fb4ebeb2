package imap

import (
	"testing"
	"testing/synctest"
)

// TestNothingIsSaidBeforeTheVerdict holds back what the library says as soon as it
// hears OK from a server that has not proved itself.
func TestNothingIsSaidBeforeTheVerdict(t *testing.T) {
	for _, fine := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			p := newProof()
			for _, line := range []string{"T1 CAPABILITY\r\n", "T2 AUTHENTICATE SCRAM-SHA-256 biwsbj1h\r\n", "Yz1iaXdz\r\n"} {
				if !p.permits([]byte(line)) {
					t.Errorf("%q may not go out", line)
				}
			}
			p.heard([]byte("+ cj1h\r\n"))
			p.heard([]byte("T2 OK in\r\n"))
			got := make(chan bool, 1)
			go func() { got <- p.permits([]byte("T3 CAPABILITY\r\n")) }()
			synctest.Wait()
			if len(got) > 0 {
				t.Error("the client spoke before it knew whom to")
			}
			p.judge(fine)
			if <-got != fine {
				t.Errorf("it may go out: %v, want %v", !fine, fine)
			}
		})
	}
}
