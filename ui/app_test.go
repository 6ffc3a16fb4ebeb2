package ui

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"imapop/retrieval"
	"imapop/retrieval/mime"
	"imapop/ui/internal/fake"
	"imapop/ui/style"
	"imapop/ui/wish"
)

func testApp(ctx context.Context, d *fake.Desk) app {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.Ascii)
	return newApp(ctx, d, style.New(r), fake.Rules{}, Options{Now: func() time.Time { return fake.Now }, SeenAfter: -1})
}

// drive gives the app a message and returns the app and its command.
func drive(a app, msg tea.Msg) (app, tea.Cmd) {
	m, cmd := a.Update(msg)
	return m.(app), cmd
}

// results runs a command and gives what it and the commands in it bring. Only
// for commands that do not wait for the desk or the clock.
func results(cmd tea.Cmd) []tea.Msg {
	if cmd == nil {
		return nil
	}
	switch msg := cmd().(type) {
	case nil:
		return nil
	case tea.BatchMsg:
		var out []tea.Msg
		for _, c := range msg {
			out = append(out, results(c)...)
		}
		return out
	default:
		return []tea.Msg{msg}
	}
}

func opened(ctx context.Context, d *fake.Desk) app {
	a, _ := drive(testApp(ctx, d), tea.WindowSizeMsg{Width: 120, Height: 36})
	a, _ = drive(a, viewedMsg{fake.Fresh()})
	a, _ = drive(a, linedMsg{fake.Lines()})
	a, _ = drive(a, typed("g"))
	return a
}

func typed(s string) tea.KeyMsg { return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(s)} }

func TestActionGoesOutAndComesBack(t *testing.T) {
	d := fake.NewDesk()
	d.Answer = func(context.Context, retrieval.Action) error { return errors.New("imap: store: refused") }
	a, cmd := drive(opened(t.Context(), d), typed("s"))
	for _, msg := range results(cmd) {
		a, _ = drive(a, msg)
	}
	if got := d.Done(); len(got) != 1 || got[0].Verb != retrieval.VerbUnflag {
		t.Errorf("the desk was asked for %+v", got)
	}
	if !strings.Contains(a.View(), "imap: store: refused") {
		t.Errorf("the error is not shown:\n%s", a.View())
	}
}

// TestKeysTypedFast holds that keys which were read together are all heard.
func TestKeysTypedFast(t *testing.T) {
	d := fake.NewDesk()
	a, cmd := drive(opened(t.Context(), d), typed("jjjs"))
	for _, msg := range results(cmd) {
		a, _ = drive(a, msg)
	}
	if got := d.Done(); len(got) != 1 || got[0].UIDs[0] != 44 {
		t.Errorf("the desk was asked for %+v; want the fourth message", got)
	}
}

func TestPanicBelowIsAnError(t *testing.T) {
	d := fake.NewDesk()
	d.Answer = func(context.Context, retrieval.Action) error { panic("a nil map") }
	a, cmd := drive(opened(t.Context(), d), typed("s"))
	for _, msg := range results(cmd) {
		a, _ = drive(a, msg)
	}
	if !strings.Contains(a.View(), "a fault in imapop itself") {
		t.Errorf("not shown:\n%s", a.View())
	}
}

// TestWantsWhatIsOnScreen holds that rows around the screen are asked for once.
func TestWantsWhatIsOnScreen(t *testing.T) {
	d := fake.NewDesk()
	a, _ := drive(testApp(t.Context(), d), tea.WindowSizeMsg{Width: 80, Height: 24})
	a.compare = a.compare.SetView(fake.Large(1000))
	a, cmd := drive(a, typed("G"))
	results(cmd)
	got := d.Wanted()
	if len(got) != 1 || got[0][len(got[0])-1].UID != 1000 || len(got[0]) > 60 {
		t.Fatalf("wanted %d times", len(got))
	}
	_, cmd = drive(a, typed("i"))
	results(cmd)
	if n := len(d.Wanted()); n > 2 {
		t.Errorf("wanted %d times for the same rows", n)
	}
}

func TestReaderDropsAnOlderFetch(t *testing.T) {
	d := fake.NewDesk()
	a, _ := drive(opened(t.Context(), d), tea.KeyMsg{Type: tea.KeyEnter})
	a, _ = drive(a, tea.KeyMsg{Type: tea.KeyEsc})
	a, cmd := drive(a, tea.KeyMsg{Type: tea.KeyEnter})
	a, _ = drive(a, fetchedMsg{message: mime.Parse([]byte("Subject: stale\r\n\r\nstale")), gen: 1})
	if strings.Contains(a.View(), "stale") {
		t.Error("the reader shows the older message")
	}
	for _, msg := range results(cmd) {
		a, _ = drive(a, msg)
	}
	if !strings.Contains(a.View(), "algebraical") {
		t.Errorf("the reader does not show the message:\n%s", a.View())
	}
}

func TestScreens(t *testing.T) {
	d := fake.NewDesk()
	a, _ := drive(opened(t.Context(), d), typed("w"))
	if a.screen != wish.Transcript || !strings.Contains(a.View(), "T2 SELECT INBOX") {
		t.Errorf("w does not open the transcript:\n%s", a.View())
	}
	a, _ = drive(a, tickedMsg{fake.Now})
	a, _ = drive(a, typed("s"))
	a, cmd := drive(a, tea.KeyMsg{Type: tea.KeyEnter})
	for _, msg := range results(cmd) {
		a, _ = drive(a, msg)
	}
	if !strings.Contains(a.View(), "saved to imapop-2026-09-03-120434.txt") {
		t.Errorf("saving is not answered:\n%s", a.View())
	}
	a, _ = drive(a, tea.KeyMsg{Type: tea.KeyEsc})
	if a.screen != wish.Compare {
		t.Error("esc does not come back")
	}
}

// TestScreensByTheirNumbers holds that the numbers in the first line lead from one
// screen to the next, without the way over the main one.
func TestScreensByTheirNumbers(t *testing.T) {
	a := opened(t.Context(), fake.NewDesk())
	for i, step := range []struct {
		key  string
		want wish.Screen
	}{
		{"3", wish.Transcript}, {"4", wish.Lesson}, {"5", wish.Account}, {"3", wish.Transcript}, {"5", wish.Account},
		{"4", wish.Lesson}, {"3", wish.Transcript}, {"1", wish.Compare},
	} {
		if a, _ = drive(a, typed(step.key)); a.screen != step.want {
			t.Fatalf("step %d: %s opens screen %d, want %d", i, step.key, a.screen, step.want)
		}
	}
}

func TestPolicies(t *testing.T) {
	d := fake.NewDesk()
	a, cmd := drive(opened(t.Context(), d), typed("P"))
	for _, key := range []tea.Msg{nil, tea.KeyMsg{Type: tea.KeyEnter}} {
		if key != nil {
			a, cmd = drive(a, key)
		}
		for _, msg := range results(cmd) {
			a, _ = drive(a, msg)
		}
	}
	if got := a.View(); !strings.Contains(got, "retr-sets-seen       yes (was no)") {
		t.Errorf("the switch was not turned:\n%s", got)
	}
}

// TestTranscriptIsBounded holds that the screens keep a bounded number of
// lines, and that a slice a screen holds is not changed by later lines.
func TestTranscriptIsBounded(t *testing.T) {
	a := opened(t.Context(), fake.NewDesk())
	for i := range 60 {
		lines := make([]retrieval.Line, 1000)
		for j := range lines {
			lines[j] = retrieval.Line{Seq: uint64(100 + i*1000 + j), Side: retrieval.IMAP, Dir: retrieval.ServerSays}
		}
		a, _ = drive(a, linedMsg{lines})
	}
	if len(a.lines) > 2*keptLines {
		t.Errorf("%d lines are kept", len(a.lines))
	}
	if a.seen != 60099 {
		t.Errorf("the last line is %d", a.seen)
	}
}

// TestClosedDeskEndsTheApp holds that a desk which is closed below ends the
// app, and that ctx ends the waiting commands.
func TestClosedDeskEndsTheApp(t *testing.T) {
	d := fake.NewDesk()
	d.Close()
	msg := viewCmd(t.Context(), d.Updates())()
	_, cmd := drive(opened(t.Context(), d), msg)
	if cmd == nil {
		t.Fatal("it goes on")
	}
	if _, ok := cmd().(tea.QuitMsg); !ok {
		t.Error("it does not quit")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	live := fake.NewDesk()
	if got := linesCmd(ctx, live, 0, true)(); got != nil {
		t.Errorf("linesCmd gives %v after the end", got)
	}
	if got := viewCmd(ctx, live.Updates())(); got != nil {
		t.Errorf("viewCmd gives %v after the end", got)
	}
}

func TestLinesAreCleaned(t *testing.T) {
	d := fake.NewDesk()
	msg := linesCmd(t.Context(), d, 7, false)().(linedMsg)
	if len(msg.lines) != 2 || msg.lines[0].Seq != 8 {
		t.Errorf("lines %+v", msg.lines)
	}
}

// TestRun drives the whole program over pipes: a key is heard, q ends it, and
// what was switched on in the terminal is switched off again.
func TestRun(t *testing.T) {
	d := fake.NewDesk()
	d.Show(fake.Fresh())
	in, keys := io.Pipe()
	var out strings.Builder
	asked := make(chan struct{})
	var once sync.Once
	d.Answer = func(context.Context, retrieval.Action) error { once.Do(func() { close(asked) }); return nil }
	go func() {
		for {
			select {
			case <-asked:
				keys.Write([]byte("q"))
				return
			default:
				if _, err := keys.Write([]byte("s")); err != nil {
					return
				}
			}
		}
	}()
	if err := Run(t.Context(), d, Options{In: in, Out: &out, NoColor: true, Now: func() time.Time { return fake.Now }}); err != nil {
		t.Fatal(err)
	}
	for _, on := range []string{"?1049", "?1002", "?1006"} {
		if strings.LastIndex(out.String(), on+"l") < strings.LastIndex(out.String(), on+"h") {
			t.Errorf("the terminal's mode %s stays on", on)
		}
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := fake.NewDesk()
	d.Show(fake.Fresh())
	cancel()
	in, _ := io.Pipe()
	if err := Run(ctx, d, Options{In: in, Out: io.Discard, NoColor: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("err %v, want the context's", err)
	}
}

// TestReadingMarksAfterAMoment: \Seen is set when the message is still open, over
// IMAP, and only there.
func TestReadingMarksAfterAMoment(t *testing.T) {
	open := func(keys ...tea.KeyMsg) (app, *fake.Desk) {
		d := fake.NewDesk()
		a := opened(t.Context(), d)
		a.dwell = time.Millisecond
		var cmd tea.Cmd
		for _, k := range keys {
			a, cmd = drive(a, k)
		}
		for _, msg := range results(cmd) {
			a, cmd = drive(a, msg)
			for _, msg := range results(cmd) {
				a, cmd = drive(a, msg)
				results(cmd)
			}
		}
		return a, d
	}
	seen := func(d *fake.Desk) (n int) {
		for _, act := range d.Done() {
			if act.Verb == retrieval.VerbRead && act.Side == retrieval.IMAP && len(act.UIDs) == 1 {
				n++
			}
		}
		return n
	}
	enter, tab := tea.KeyMsg{Type: tea.KeyEnter}, tea.KeyMsg{Type: tea.KeyTab}
	unseen := typed("g") // the first message is not read
	a, d := open(unseen, enter)
	if seen(d) != 1 {
		t.Errorf("asked %+v", d.Done())
	}
	if _, d := open(unseen, tab, enter); seen(d) != 0 {
		t.Errorf("over POP3 it asked %+v", d.Done())
	}
	a.screen = wish.Compare
	before := seen(d)
	if a, cmd := drive(a, dwelledMsg{a.reading}); len(results(cmd)) > 0 && seen(d) != before || a.screen != wish.Compare {
		t.Error("a message that was left was marked")
	}
	if _, cmd := drive(a, dwelledMsg{a.reading - 1}); len(results(cmd)) > 0 && seen(d) != before {
		t.Error("an older message was marked")
	}
}

// TestReaderWalksTheList follows n, p and tab.
func TestReaderWalksTheList(t *testing.T) {
	d := fake.NewDesk()
	a, _ := drive(opened(t.Context(), d), typed("g"))
	a, _ = drive(a, tea.KeyMsg{Type: tea.KeyEnter})
	first := a.reader.Action()
	a, _ = drive(a, typed("p"))
	if !strings.Contains(a.View(), "this is the first message") {
		t.Errorf("before the first:\n%s", a.View())
	}
	a, _ = drive(a, typed("n"))
	if next := a.reader.Action(); next.UIDs[0] == first.UIDs[0] || next.Side != retrieval.IMAP {
		t.Errorf("next is %+v", next)
	}
	a, _ = drive(a, tea.KeyMsg{Type: tea.KeyTab})
	if other := a.reader.Action(); other.Side != retrieval.POP3 || len(other.UIDs) != 1 {
		t.Errorf("the other side is %+v", other)
	}
}

// What the account's owner has permitted is said on the first screen, until a key.
func TestWarningAtTheStart(t *testing.T) {
	const text = "the password stands in the configuration file"
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.Ascii)
	a := newApp(t.Context(), fake.NewDesk(), style.New(r), fake.Rules{}, Options{Now: func() time.Time { return fake.Now }, Warning: text})
	m, _ := a.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	m, _ = m.Update(viewedMsg{fake.Fresh()})
	if !strings.Contains(m.View(), text) {
		t.Errorf("not on the first screen:\n%s", m.View())
	}
	m, _ = m.Update(tea.KeyMsg{Type: tea.KeyDown})
	if strings.Contains(m.View(), text) {
		t.Error("it stays for ever")
	}
}
