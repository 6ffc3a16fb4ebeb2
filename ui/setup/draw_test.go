package setup

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	"imapop/retrieval/safe"
)

func TestFold(t *testing.T) {
	for _, c := range []struct {
		line string
		want []string
	}{
		{"short", []string{"short"}},
		{"  ✓ IMAP        a.test:993  logged in", []string{"  ✓ IMAP", "    a.test:993  logged", "    in"}},
		{"  - one two three four five", []string{"  - one two three four", "    five"}},
		{strings.Repeat("x", 50), []string{strings.Repeat("x", 21), strings.Repeat("x", 21), strings.Repeat("x", 8)}},
		{strings.Repeat("山", 20), []string{strings.Repeat("山", 10), strings.Repeat("山", 10)}},
	} {
		if got := fold(c.line, 22); !slices.Equal(got, c.want) {
			t.Errorf("%q: got %q", c.line, got)
		}
	}
}

func FuzzFold(f *testing.F) {
	f.Add("  ✓ IMAP        imap.example.test:993  logged in, INBOX holds 5 messages", 40)
	f.Add(strings.Repeat(" ", 60)+"x 山山山 yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy…", 20)
	f.Fuzz(func(t *testing.T, s string, width int) {
		s, width = safe.Line(s), 20+int(uint(width)%100)
		squeezed := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		parts := fold(s, width)
		if got := strings.Join(parts, ""); squeezed(got) != squeezed(s) {
			t.Errorf("%q at %d: lost something: %q", s, width, parts)
		}
		for _, p := range parts {
			if safe.Width(p) > width {
				t.Errorf("%q at %d: %q is %d wide", s, width, p, safe.Width(p))
			}
		}
	})
}

func TestState(t *testing.T) {
	until := time.Date(2027, 1, 2, 0, 0, 0, 0, time.UTC)
	for want, d := range map[string]*retrieval.Door{
		"":                     nil,
		"✗ connection refused": {Failure: &retrieval.DoorFailure{Text: "connection refused"}},
		"✓ TLS 1.3, certificate until 2027-01-02, login by PLAIN": {TLS: &retrieval.TLS{Version: "TLS 1.3", Chain: []retrieval.Certificate{{NotAfter: until}}}, After: &retrieval.Offer{Mechanisms: []string{"PLAIN"}}},
	} {
		if got := state(d); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestProgressKeepsTheOrder holds that lines told in a hurry are printed one
// after the other, and that the program ends only when all are.
func TestProgressKeepsTheOrder(t *testing.T) {
	var m tea.Model = newProgress("title", 40, func() {})
	m, first := m.Update(toldMsg{"a"})
	m, second := m.Update(toldMsg{"b"})
	m, third := m.Update(toldMsg{"c"})
	m, end := m.Update(endedMsg{})
	if first == nil || second != nil || third != nil || end != nil {
		t.Fatal("something was printed beside the first line, or the end did not wait for it")
	}
	m, rest := m.Update(printedMsg{})
	if rest == nil || len(m.(progress).told) != 0 {
		t.Fatal("the rest was not printed")
	}
	_, quit := m.Update(printedMsg{})
	if quit == nil {
		t.Fatal("it does not end")
	}
	if _, ok := quit().(tea.QuitMsg); !ok || m.View() != "" {
		t.Errorf("it does not end, or leaves %q", m.View())
	}
}

func TestProgressFits(t *testing.T) {
	var m tea.Model = newProgress("title", 200, func() {})
	for _, w := range []int{200, 80, 60, 8} {
		m, _ = m.Update(tea.WindowSizeMsg{Width: w, Height: 24})
		if safe.Width(m.View()) > w {
			t.Errorf("at %d: %q", w, m.View())
		}
	}
	stopped := false
	m, cmd := progress{width: 80, cancel: func() { stopped = true }}.Update(tea.KeyMsg{Type: tea.KeyEsc})
	if cmd != nil {
		cmd()
	}
	if !stopped || !strings.Contains(m.View(), "stopping") {
		t.Errorf("esc: stopped %v, %q", stopped, m.View())
	}
}

// lines makes an asker over a pipe and returns the end to type into.
func lines(t *testing.T) (Lines, *os.File, *strings.Builder) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close(); r.Close() })
	var out strings.Builder
	return Lines{In: r, Out: &out}, w, &out
}

func TestLines(t *testing.T) {
	l, w, out := lines(t)
	io.WriteString(w, "nonsense\n alice@example.test \n\n9\n2\n\n")
	s, err := l.Ask(t.Context(), Question{Title: "Your mail address", Check: looksLikeAddress})
	if err != nil || s != "alice@example.test" || !strings.Contains(out.String(), "is not a mail address") {
		t.Errorf("%q, %v", s, err)
	}
	if s, err = l.Ask(t.Context(), Question{Title: "Name", Default: "work"}); err != nil || s != "work" {
		t.Errorf("%q, %v", s, err)
	}
	if i, err := l.Choose(t.Context(), Choice{Title: "Which?", Options: []string{"a", "b", "c"}}); err != nil || i != 1 {
		t.Errorf("%d, %v", i, err)
	}
	if i, err := l.Choose(t.Context(), Choice{Title: "Which?", Options: []string{"a", "b", "c"}, First: 2}); err != nil || i != 2 {
		t.Errorf("%d, %v", i, err)
	}
}

// TestLinesEnd holds that the end of input and ctrl+c are leaving, never an answer.
func TestLinesEnd(t *testing.T) {
	l, w, _ := lines(t)
	io.WriteString(w, "half a line")
	w.Close()
	if _, err := l.Choose(t.Context(), Choice{Options: []string{"yes", "no"}}); !errors.Is(err, ErrGivenUp) {
		t.Errorf("at the end of input: %v", err)
	}
	l, _, _ = lines(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Ask(ctx, Question{Default: "yes"}); !errors.Is(err, ErrGivenUp) {
		t.Errorf("when the context ends: %v", err)
	}
	if _, err := l.Secret(ctx, "Password"); !errors.Is(err, ErrIncomplete) {
		t.Errorf("a password that is not typed on a terminal: %v", err)
	}
}
