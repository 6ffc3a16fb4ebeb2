package compare

import (
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	"imapop/retrieval/compare"
	"imapop/ui/internal/fake"
)

// TestMessageOrder holds that the frame is the same in whatever order the
// screen's inputs come.
func TestMessageOrder(t *testing.T) {
	steps := []func(Model) Model{
		func(m Model) Model { return m.SetSize(120, 36) },
		func(m Model) Model { return m.SetView(fake.Fresh()) },
		func(m Model) Model { return m.SetLines(fake.Lines()) },
		func(m Model) Model { return m.SetNow(fake.Now) },
	}
	want := opened(fake.Fresh(), 120, 36).View()
	permute(len(steps), func(order []int) {
		m := New(plain(), fake.Rules{})
		for _, i := range order {
			m = steps[i](m)
		}
		if got := m.View(); got != want {
			t.Errorf("order %v gives another frame:\n%s", order, got)
		}
	})
}

func permute(n int, f func([]int)) {
	order := make([]int, 0, n)
	var rec func(used int)
	rec = func(used int) {
		if len(order) == n {
			f(order)
			return
		}
		for i := range n {
			if used&(1<<i) == 0 {
				order = append(order, i)
				rec(used | 1<<i)
				order = order[:len(order)-1]
			}
		}
	}
	rec(0)
}

// TestDoneBeforeItsView holds that an action's end and the view with its effect
// may come in either order.
func TestDoneBeforeItsView(t *testing.T) {
	a := retrieval.Action{Verb: retrieval.VerbDelete, Side: retrieval.POP3}
	start := func() Model { m, _ := press(open(fake.Fresh(), 80, 24), "tab", "j", "d"); return m }
	marked := fake.Marked(fake.Fresh(), 1)
	if first, second := start().Done(a, nil).SetView(marked).View(), start().SetView(marked).Done(a, nil).View(); first != second {
		t.Errorf("the frames differ:\n%s\n%s", first, second)
	}
}

func TestNothingBeforeTheFirstSize(t *testing.T) {
	if got := New(plain(), fake.Rules{}).SetView(fake.Fresh()).SetNow(fake.Now).View(); got != "" {
		t.Errorf("drew %q", got)
	}
}

func TestTooSmallSaysWhatItNeeds(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {20, 5}, {59, 40}, {200, 19}} {
		got := open(fake.Fresh(), size[0], size[1]).View()
		if size[0] >= 20 && !strings.Contains(strings.ReplaceAll(got, "\n", " "), "60x20") {
			t.Errorf("%v: %q", size, got)
		}
		if n := len(strings.Split(got, "\n")); n > size[1] {
			t.Errorf("%v: %d lines", size, n)
		}
	}
}

// TestEverySizeFits draws each story at many sizes: no line is longer or
// shorter than the screen, and no frame taller.
func TestEverySizeFits(t *testing.T) {
	for _, s := range stories() {
		if s.name == "large" {
			continue
		}
		for w := MinWidth; w <= 210; w += 17 {
			for h := MinHeight; h <= 60; h += 10 {
				checkSize(t, s.tell(w, h).View(), w, h)
				if t.Failed() {
					t.Fatalf("%s at %dx%d", s.name, w, h)
				}
			}
		}
	}
}

// TestCursorStaysOnItsMessage holds that the cursor follows identity, not index.
func TestCursorStaysOnItsMessage(t *testing.T) {
	v := fake.Fresh()
	m, _ := press(open(v, 80, 24), "j", "j", "j")
	shorter := *v
	shorter.Version++
	shorter.Rows = append([]retrieval.Row(nil), v.Rows[2:]...)
	m = m.SetView(&shorter)
	if got := m.view.Rows[m.cursor].UID; got != 44 {
		t.Errorf("the cursor is on UID %d, want 44", got)
	}
	m = m.SetView(&retrieval.View{Version: 99})
	if m.cursor != 0 || m.View() == "" {
		t.Errorf("cursor %d in an empty list", m.cursor)
	}
}

// TestSelectionOutlivesAView holds that selected messages are known by identity,
// and that what is gone is no longer selected.
func TestSelectionOutlivesAView(t *testing.T) {
	v := fake.Fresh()
	m, _ := press(open(v, 80, 24), " ", " ", " ")
	shorter := *v
	shorter.Rows = v.Rows[1:]
	m = m.SetView(&shorter)
	if got := m.uids(); len(got) != 2 || got[0] != 42 || got[1] != 43 {
		t.Errorf("selected %v, want 42 and 43", got)
	}
}

// TestForecastSettles holds that after a run the outcome stands beside the forecast.
func TestForecastSettles(t *testing.T) {
	m, _ := press(open(fake.Fresh(), 120, 36), "tab", "j", "p", "d", "enter")
	m = m.SetView(fake.Marked(fake.Fresh(), 1)).Done(retrieval.Action{Verb: retrieval.VerbDelete, Side: retrieval.POP3}, nil)
	if got := m.View(); !strings.Contains(got, "✓ as predicted · message 2 is marked") {
		t.Errorf("no outcome:\n%s", got)
	}
}

func TestMouse(t *testing.T) {
	m := open(fake.Fresh(), 120, 36)
	click := func(m Model, x, y int) Model {
		m, _ = m.Update(tea.MouseMsg{X: x, Y: y, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress})
		return m
	}
	if got := click(m, 100, 6); got.side != retrieval.POP3 || got.cursor != 3 {
		t.Errorf("side %s, row %d; want POP3, row 3", got.side, got.cursor)
	}
	if got := click(m, 3, 4); !got.tree || got.folder != 1 {
		t.Errorf("tree %v, folder %d; want the second folder", got.tree, got.folder)
	}
	if got := click(m, 30, 30); got.cursor != 0 || got.side != retrieval.IMAP {
		t.Errorf("a click below the panes moved the cursor to %d", got.cursor)
	}
	wheel, _ := m.Update(tea.MouseMsg{X: 30, Y: 5, Button: tea.MouseButtonWheelDown, Action: tea.MouseActionPress})
	if wheel.cursor != wheelRows {
		t.Errorf("the wheel moved to row %d", wheel.cursor)
	}
}

// TestForeignTextIsCleaned holds that no escape of a mail or a server reaches the frame.
func TestForeignTextIsCleaned(t *testing.T) {
	v := fake.Fresh()
	evil := "\x1b[2J\u202egnp\x07"
	v.Rows[0].Message.Header.Subject, v.Rows[0].Message.Header.From = evil, evil
	v.Rows[0].Entry.Header = &v.Rows[0].Message.Header
	v.Rows[0].Entry.UniqueID = evil
	v.Rows[0].Message.Flags = []string{evil}
	v.IMAP.Folders[1].Name, v.IMAP.Mailbox.Name = evil, evil
	v.IMAP.Revision = evil
	v.Happened[0].Text, v.Happened[0].Source = evil, evil
	v.POP3.Problem = &retrieval.Problem{What: evil, Why: evil, Do: evil}
	v.Running = &retrieval.Progress{What: evil, Total: 10}
	for _, keys := range [][]string{nil, {"i"}, {"m"}, {"v"}, {"f"}, {"K"}} {
		m, _ := press(open(v, 120, 36), keys...)
		if got := m.View(); strings.ContainsAny(got, "\x1b\u202e\x07") {
			t.Errorf("after %v: a control character in the frame: %q", keys, got)
		}
		checkSize(t, m.View(), 120, 36)
	}
}

// TestOpeningMarksNothing holds that what comes while the account opens is not
// marked as changed: no action was taken yet.
func TestOpeningMarksNothing(t *testing.T) {
	first := *fake.Fresh()
	first.Rows = first.Rows[:4]
	full := fake.Flagged(fake.Fresh(), 1, `\Flagged`)
	if got := open(&first, 80, 24).SetView(full).View(); strings.Contains(got, "»") {
		t.Errorf("marked:\n%s", got)
	}
}

// TestCursorStartsOnTheNewest holds that the cursor is on the newest message,
// also when a large list comes in two steps and when new mail comes, until a key
// means a message.
func TestCursorStartsOnTheNewest(t *testing.T) {
	all := fake.Large(2000)
	window := *all
	window.Rows = all.Rows[1950:1999]
	m := opened(&window, 80, 24)
	at := func(m Model) uint32 { return m.view.Rows[m.cursor].UID }
	if got := at(m); got != 1999 {
		t.Errorf("the window: the cursor is on UID %d", got)
	}
	if m = m.SetView(all); at(m) != 2000 || !strings.Contains(m.View(), "row 2,000 of 2,000") {
		t.Errorf("the whole list: the cursor is on UID %d:\n%s", at(m), m.View())
	}
	older := *all
	older.Rows = all.Rows[:1999]
	for _, keys := range [][]string{{"k"}, {"s"}, {"m"}, {"p"}, {" "}, {"v"}} {
		m, _ := press(opened(&older, 80, 24), keys...)
		was := at(m)
		if got := at(m.SetView(all)); got != was {
			t.Errorf("after %v new mail moved the cursor from UID %d to %d", keys, was, got)
		}
	}
	for _, keys := range [][]string{{"tab"}, {"n"}, {"k", "G"}} {
		m, _ := press(opened(&older, 80, 24), keys...)
		if got := at(m.SetView(all)); got != 2000 {
			t.Errorf("after %v the cursor is on UID %d, not on the new mail", keys, got)
		}
	}
}

// TestEveryCertaintyIsSaid holds that a row which both sides have is never said
// to be seen by one.
func TestEveryCertaintyIsSaid(t *testing.T) {
	for _, c := range []struct {
		sure retrieval.Certainty
		want string
	}{
		{retrieval.SureFormula, "paired by unique-id"}, {retrieval.SureOctets, "paired by octets"},
		{compare.LikelyFormula, "likely: "}, {retrieval.LikelyHeader, "likely: "}, {compare.LikelyOctets, "likely: "}, {"another", "likely: another"},
	} {
		v := fake.Fresh()
		v.Rows[0].Sure = c.sure
		if got := open(v, 120, 36).View(); !strings.Contains(got, c.want) {
			t.Errorf("%q: %q is not said:\n%s", c.sure, c.want, got)
		}
	}
}
