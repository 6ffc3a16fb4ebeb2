package compare

import (
	"strings"
	"testing"

	"imapop/retrieval"
	"imapop/ui/internal/fake"
)

// TestMarksGoWithTheSession holds that nobody is told of marks, and of keys for
// them, once the session that held them is over.
func TestMarksGoWithTheSession(t *testing.T) {
	const said = "marked in this session only"
	v := fake.Marked(fake.Fresh(), 1)
	m := New(plain(), fake.Rules{}).SetSize(80, 24).SetView(v).Done(retrieval.Action{Verb: retrieval.VerbDelete, Side: retrieval.POP3}, nil)
	if !strings.Contains(m.View(), said) {
		t.Fatal("the marks were not told")
	}
	if strings.Contains(m.SetView(fake.Broken(v)).View(), said) {
		t.Error("the marks are told of a session that is over")
	}
}
