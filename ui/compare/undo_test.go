package compare

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"imapop/retrieval"
	"imapop/ui/internal/fake"
	"imapop/ui/wish"
)

// acted is a model after keys whose last one began an action, which ended.
func acted(t *testing.T, m Model, err error, keys ...string) (Model, retrieval.Action) {
	t.Helper()
	m, wishes := press(m, keys...)
	if len(wishes) != 1 {
		t.Fatalf("%v: %+v (%q)", keys, wishes, m.notice.text)
	}
	a := wishes[0].(wish.Do).Action
	return m.Done(a, err), a
}

// TestUndoTakesBackWhatChanged: of twelve messages one was flagged before, and
// stays so.
func TestUndoTakesBackWhatChanged(t *testing.T) {
	m, a := acted(t, open(fake.Fresh(), 120, 36), nil, "*", "s")
	if len(a.UIDs) != 12 || !strings.Contains(m.notice.text, "12 messages; U takes it back") {
		t.Error(a, m.notice.text)
	}
	m, back := acted(t, m, nil, "U")
	if back.Verb != retrieval.VerbUnflag || len(back.UIDs) != 11 || slices.Contains(back.UIDs, 41) {
		t.Errorf("%+v", back)
	}
	if _, ok := m.panel.(confirmPanel); ok {
		t.Error("an undo of flags asks")
	}
	m, _ = acted(t, open(fake.Fresh(), 120, 36), errors.New("no"), "s")
	if _, wishes := press(m, "U"); len(wishes) != 0 {
		t.Error("what failed is undone", wishes)
	}
}

func TestUndoOfAnotherFolderIsForgotten(t *testing.T) {
	m, _ := acted(t, open(fake.Fresh(), 120, 36), nil, "s")
	other := *fake.Fresh()
	other.IMAP.Mailbox.Name = "Archive"
	if _, wishes := press(m.SetView(&other), "U"); len(wishes) != 0 {
		t.Errorf("UIDs of INBOX are used in Archive: %+v", wishes)
	}
}

func TestUndoSaysWhatCannotBe(t *testing.T) {
	m, _ := acted(t, open(fake.Fresh(), 120, 36), nil, "m", "enter")
	if _, back := acted(t, m, nil, "U"); back.Verb != retrieval.VerbBack {
		t.Errorf("%+v", back)
	}
	m, _ = acted(t, open(fake.Fresh(), 120, 36), nil, "c", "enter")
	if m, wishes := press(m, "U"); len(wishes) != 0 || !strings.Contains(m.notice.text, "RFC 9051 section 6.4.7") {
		t.Error(wishes, m.notice.text)
	}
	// POP3: RSET is exact only when nothing was marked before.
	m, _ = acted(t, open(fake.Fresh(), 120, 36), nil, "tab", "j", "d")
	if _, back := acted(t, m, nil, "U"); back.Verb != retrieval.VerbReset {
		t.Errorf("%+v", back)
	}
	m, _ = acted(t, open(fake.Marked(fake.Fresh(), 3), 120, 36), nil, "tab", "j", "d")
	if m, wishes := press(m, "U"); len(wishes) != 0 || !strings.Contains(m.notice.text, "all or none") {
		t.Error(wishes, m.notice.text)
	}
	m, _ = acted(t, open(fake.Marked(fake.Fresh(), 3), 120, 36), nil, "tab", "Q")
	if m, wishes := press(m, "U"); len(wishes) != 0 || !strings.Contains(m.notice.text, "RFC 1939 section 6") {
		t.Error(wishes, m.notice.text)
	}
}

// TestFoldersAreChangedAfterAQuestion also holds that INBOX never is.
func TestFoldersAreChangedAfterAQuestion(t *testing.T) {
	tree := func() Model { m, _ := press(open(fake.Fresh(), 120, 36), "f", "g"); return m }
	for _, k := range []string{"r", "d"} {
		if m, wishes := press(tree(), k); len(wishes) != 0 || m.panel != nil || !strings.Contains(m.notice.text, "RFC 9051") {
			t.Errorf("%s on INBOX: %+v, %q", k, wishes, m.notice.text)
		}
	}
	m, wishes := press(tree(), "j", "d")
	if len(wishes) != 0 || !strings.Contains(m.View(), "2 messages in it go with it") {
		t.Errorf("nothing is asked: %+v\n%s", wishes, m.View())
	}
	counted := *fake.Fresh() // another client puts one in while the question stands
	counted.IMAP.Folders = slices.Clone(counted.IMAP.Folders)
	counted.IMAP.Folders[1].Messages = 3
	_, a := acted(t, m.SetView(&counted), nil, "y")
	if a.Verb != retrieval.VerbDiscard || a.Folder != "Archive" || a.Holds != 3 {
		t.Errorf("%+v", a)
	}
	if _, wishes := press(m, "n"); len(wishes) != 0 {
		t.Error("n deletes")
	}
	keys := append([]string{"j", "r"}, slices.Repeat([]string{"backspace"}, 7)...)
	_, a = acted(t, tree(), nil, append(keys, "O", "l", "d", "enter")...)
	if a.Verb != retrieval.VerbRename || a.Folder != "Archive" || a.Name != "Old" {
		t.Errorf("%+v", a)
	}
	m, a = acted(t, tree(), nil, "j", "s")
	if a.Verb != retrieval.VerbUnsub || a.Folder != "Archive" {
		t.Errorf("%+v", a)
	}
	if _, a = acted(t, m, nil, "U"); a.Verb != retrieval.VerbSubscribe {
		t.Errorf("%+v", a)
	}
}

// TestUndoOnThisDevice: a mark of a copy is taken back on the copy, and the key
// never means an action before the last one.
func TestUndoOnThisDevice(t *testing.T) {
	m, _ := acted(t, open(fake.Fresh(), 120, 36), nil, "j", "s") // over IMAP
	m, a := acted(t, m, nil, "tab", "s")                         // message 2 has a copy without marks
	if a.Side != retrieval.Local || a.Verb != retrieval.VerbFlag {
		t.Fatalf("%+v", a)
	}
	if _, back := acted(t, m, nil, "U"); back.Side != retrieval.Local || back.Verb != retrieval.VerbUnflag || !slices.Equal(back.Numbers, []int{2}) {
		t.Errorf("%+v", back)
	}
	next := *fake.Fresh()
	next.POP3.Session++
	if m, wishes := press(m.SetView(&next), "U"); len(wishes) != 0 || !strings.Contains(m.notice.text, "another session's") {
		t.Error(wishes, m.notice.text)
	}
}

func TestWhatIsNotSubscribedShows(t *testing.T) {
	v := *fake.Fresh()
	v.IMAP.Folders = slices.Clone(v.IMAP.Folders)
	v.IMAP.Folders[1].Subscribed = false
	if frame := open(&v, 120, 36).View(); !strings.Contains(frame, "(Archive)") || strings.Contains(frame, "(Work)") {
		t.Error(frame)
	}
	for i := range v.IMAP.Folders { // a server that tells nothing of subscriptions
		v.IMAP.Folders[i].Subscribed = false
	}
	if frame := open(&v, 120, 36).View(); strings.Contains(frame, "(Archive)") {
		t.Error(frame)
	}
}
