package compare

import (
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

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

// TestEmptyListsSayWhatTheyAre holds that a mailbox without messages is not a
// blank screen, and that no box opens on nothing.
func TestEmptyListsSayWhatTheyAre(t *testing.T) {
	v := *fake.Fresh()
	v.Rows, v.POP3.Drop.Entries, v.IMAP.Mailbox.Messages = nil, nil, 0
	m := New(plain(), fake.Rules{}).SetSize(80, 24).SetView(&v)
	for _, want := range []string{"no messages in this folder", "no messages in the maildrop"} {
		if !strings.Contains(m.View(), want) {
			t.Errorf("%q is missing", want)
		}
	}
	m, _ = m.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("i")})
	if m.panel != nil || !strings.Contains(m.View(), "there is no message here") {
		t.Error("all aspects of no message")
	}
}
