package ui

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"imapop/ui/internal/fake"
	"imapop/ui/style"
)

func withSetup(t *testing.T, demo bool) app {
	t.Helper()
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.Ascii)
	a := newApp(t.Context(), fake.NewDesk(), style.New(r), fake.Rules{}, Options{Now: func() time.Time { return fake.Now },
		Setup: func(context.Context) (string, error) { return "", nil }})
	a, _ = drive(a, tea.WindowSizeMsg{Width: 120, Height: 36})
	v := *fake.Fresh()
	v.Demo = demo
	a, _ = drive(a, viewedMsg{&v})
	return a
}

// TestHeaderOffersAnAccount holds that the demo names the key at every width, in
// the first line or among the keys, and that no other account does.
func TestHeaderOffersAnAccount(t *testing.T) {
	a := withSetup(t, true)
	for _, w := range []int{60, 80, 100, 120, 160, 200} {
		a, _ = drive(a, tea.WindowSizeMsg{Width: w, Height: 36})
		first, _, _ := strings.Cut(a.View(), "\n")
		if ansi.StringWidthWc(first) > w || strings.Contains(first, "A adds your") == strings.Contains(a.View(), "A add an account") {
			t.Errorf("at %d: %q", w, a.View())
		}
	}
	if frame := withSetup(t, false).View(); strings.Contains(frame, "A add") {
		t.Errorf("a real account:\n%s", frame)
	}
	plain := opened(t.Context(), fake.NewDesk())
	if _, cmd := drive(plain, typed("A")); len(results(cmd)) > 0 {
		t.Error("A does something where nothing can be added")
	}
}

func TestAddedAccount(t *testing.T) {
	quits := func(cmd tea.Cmd) bool {
		for _, msg := range results(cmd) {
			if _, ok := msg.(tea.QuitMsg); ok {
				return true
			}
		}
		return false
	}
	for _, c := range []struct {
		name  string
		demo  bool
		msg   setupMsg
		quits bool
		says  string
	}{
		{"on the demo", true, setupMsg{name: "work"}, true, ""},
		{"on a real account", false, setupMsg{name: "work"}, false, "the account work was added"},
		{"left", true, setupMsg{err: errors.New("setup: given up; nothing was written")}, false, "nothing was written"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, cmd := drive(withSetup(t, c.demo), c.msg)
			if quits(cmd) != c.quits || !strings.Contains(a.View(), c.says) {
				t.Errorf("quits %v\n%s", quits(cmd), a.View())
			}
		})
	}
}
