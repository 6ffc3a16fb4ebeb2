package compare

import (
	"strings"
	"testing"

	"imapop/retrieval"
	"imapop/ui/internal/fake"
)

// What nothing protects says so in the title of its pane, at every size and in
// every state, whatever else has no room.
func TestPlaintextIsAlwaysSaid(t *testing.T) {
	for _, name := range []struct {
		story string
		view  *retrieval.View
	}{{"fresh", fake.Fresh()}, {"large", fake.Large(100_000)}, {"updated", fake.Updated(fake.Fresh())}} {
		v := *name.view
		v.IMAP.Security, v.POP3.Security = retrieval.Security{Plaintext: true}, retrieval.Security{Plaintext: true}
		v.IMAP.Mailbox.Name = strings.Repeat("a folder with a long name ", 5)
		for w := 60; w <= 200; w += 7 {
			for _, h := range []int{20, 24, 50} {
				frame := opened(&v, w, h).View()
				if n := strings.Count(frame, "PLAINTEXT"); n < 2 {
					t.Fatalf("%s at %dx%d says it %d times:\n%s", name.story, w, h, n, frame)
				}
			}
		}
	}
}
