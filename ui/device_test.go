package ui

import (
	"context"
	"errors"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	"imapop/ui/internal/fake"
	"imapop/ui/wish"
)

// two is the app with a second device that was opened and is shown.
func two(t *testing.T, first, second *fake.Desk) app {
	t.Helper()
	a := opened(t.Context(), first)
	a.second = func(context.Context) (Desk, error) { return second, nil }
	a, cmd := drive(a, typed("t"))
	if len(a.rest) != 0 {
		t.Fatal("the second device is there before it was opened")
	}
	second.Show(fake.Fresh())
	for _, msg := range results(cmd) {
		a, cmd = drive(a, msg)
	}
	for _, msg := range results(cmd) { // what the second desk tells by itself
		if of, ok := msg.(deviceMsg); !ok || of.at != 1 {
			t.Fatalf("%T is not the second device's", msg)
		}
		a, _ = drive(a, msg)
	}
	return a
}

// TestTheOtherDevice holds that t opens a second device with a desk of its own,
// goes to and fro between the two, and that keys and results find theirs.
func TestTheOtherDevice(t *testing.T) {
	first, second := fake.NewDesk(), fake.NewDesk()
	a := two(t, first, second)
	if got := a.View(); !strings.Contains(got, "device 2/2") || !strings.Contains(got, "wire of device 2") {
		t.Fatalf("not named:\n%s", got)
	}
	a, _ = drive(a, typed("g"))
	a, cmd := drive(a, typed("s"))
	ended := results(cmd)
	if len(second.Done()) != 1 || len(first.Done()) != 0 {
		t.Fatalf("asked were %v and %v", first.Done(), second.Done())
	}
	a, _ = drive(a, typed("t"))
	if !strings.Contains(a.View(), "device 1/2") {
		t.Fatalf("not back:\n%s", a.View())
	}
	before := a.View()
	for _, msg := range ended { // of device 2, while device 1 is shown
		a, _ = drive(a, msg)
	}
	if a.View() != before {
		t.Errorf("an end on device 2 shows on device 1:\n%s", a.View())
	}
	a, cmd = drive(a, typed("s"))
	if results(cmd); len(first.Done()) != 1 {
		t.Errorf("device 1 was asked for %v", first.Done())
	}
	a, _ = drive(a, typed("t"))
	if a, _ = drive(a, typed("s")); strings.Contains(a.View(), "still busy") {
		t.Error("device 2 never heard of the end of its action")
	}
}

// TestHeardFromTheOtherDevice holds that what happens on the device that is not
// shown is told in a line, and what happened before is not.
func TestHeardFromTheOtherDevice(t *testing.T) {
	a := two(t, fake.NewDesk(), fake.NewDesk())
	v := *fake.Fresh()
	v.Version++
	v.Happened = append(v.Happened[:len(v.Happened):len(v.Happened)], retrieval.Happening{Seq: 9, Side: retrieval.IMAP, Kind: retrieval.Expunged, Text: "IMAP heard EXPUNGE of 1 message"})
	a, cmd := drive(a, deviceMsg{0, viewedMsg{&v}})
	if got := a.View(); !strings.Contains(got, "device 1: IMAP heard EXPUNGE of 1 message") {
		t.Fatalf("not told:\n%s", got)
	}
	if cmd == nil {
		t.Error("device 1's views are waited for no longer")
	}
	a, _ = drive(a, typed("j"))
	a, _ = drive(a, deviceMsg{0, viewedMsg{&v}})
	if strings.Contains(a.View(), "device 1: IMAP heard") {
		t.Error("told twice")
	}
	a, _ = drive(a, tea.WindowSizeMsg{Width: 80, Height: 24})
	a, _ = drive(a, typed("t"))
	if lines := strings.Split(a.View(), "\n"); len(lines) != 24 {
		t.Errorf("device 1 has %d lines after a resize", len(lines))
	}
}

// TestLeavingAsksForEveryDevice holds that marks on the device that is not shown
// are not left without a question.
func TestLeavingAsksForEveryDevice(t *testing.T) {
	a := two(t, fake.NewDesk(), fake.NewDesk())
	a, _ = drive(a, deviceMsg{0, viewedMsg{fake.Marked(fake.Fresh(), 1)}})
	b := a
	b.screen = wish.Transcript
	if b, _ = b.grant(wish.Quit{}); b.at != 0 || b.screen != wish.Compare {
		t.Error("nobody is asked when another screen is open")
	}
	a, cmd := drive(a, typed("q"))
	if a.at != 0 || !strings.Contains(a.View(), "leave imapop") {
		t.Fatalf("nobody was asked:\n%s", a.View())
	}
	for _, msg := range results(cmd) {
		if _, ok := msg.(tea.QuitMsg); ok {
			t.Fatal("it quits all the same")
		}
	}
	_, cmd = drive(a, tea.KeyMsg{Type: tea.KeyEnter})
	quits := false
	for _, msg := range results(cmd) {
		_, ok := msg.(tea.QuitMsg)
		quits = quits || ok
	}
	if !quits {
		t.Error("enter does not leave")
	}
}

func TestNoSecondDevice(t *testing.T) {
	a := opened(t.Context(), fake.NewDesk())
	if a, _ = drive(a, typed("t")); !strings.Contains(a.View(), "one device") {
		t.Errorf("no reason:\n%s", a.View())
	}
	a.second = func(context.Context) (Desk, error) { return nil, errors.New("no room on the disk") }
	a, cmd := drive(a, typed("t"))
	for _, msg := range results(cmd) {
		a, _ = drive(a, msg)
	}
	if !strings.Contains(a.View(), "no room on the disk") || a.screen != wish.Compare || a.opening {
		t.Errorf("no reason:\n%s", a.View())
	}
}
