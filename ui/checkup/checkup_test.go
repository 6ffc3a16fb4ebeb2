package checkup

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"imapop/ui/internal/fake"
	"imapop/ui/style"
	"imapop/ui/wish"
)

var update = flag.Bool("update", false, "write the golden frames anew")

func screen(w, h int) Model {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.Ascii)
	return New(style.New(r)).SetSize(w, h)
}

func press(m Model, keys ...string) (Model, []wish.Wish) {
	var wishes []wish.Wish
	for _, k := range keys {
		msg := tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)}
		if k == "esc" {
			msg = tea.KeyMsg{Type: tea.KeyEsc}
		}
		m, wishes = m.Update(msg)
	}
	return m, wishes
}

func report() Model {
	r := fake.Report()
	return screen(80, 24).Begun().Checked(&r, nil)
}

// TestFrames pins what the screen shows at each size: before, during and after a check.
func TestFrames(t *testing.T) {
	states := map[string]func(Model) Model{
		"running": func(m Model) Model { return m.Begun().Went(3, 8, "IMAP mail.example.org:993") },
		"report": func(m Model) Model {
			r := fake.Report()
			return m.Begun().Checked(&r, nil)
		},
		"end": func(m Model) Model {
			r := fake.Report()
			m, _ = press(m.Begun().Checked(&r, nil), "G")
			return m
		},
		"failed": func(m Model) Model { return m.Begun().Checked(nil, errors.New("interrupted\x1b[2J")) },
	}
	for _, size := range [][2]int{{60, 20}, {80, 24}, {120, 40}, {200, 50}} {
		for name, state := range states {
			got := state(screen(size[0], size[1])).View()
			lines := strings.Split(got, "\n")
			if len(lines) != size[1] {
				t.Errorf("%s at %v: %d lines", name, size, len(lines))
			}
			for _, s := range lines {
				if style.Width(s) != size[0] {
					t.Errorf("%s at %v: %d cells: %q", name, size, style.Width(s), s)
				}
			}
			path := filepath.Join("testdata", fmt.Sprintf("%s-%dx%d.txt", name, size[0], size[1]))
			if *update {
				if err := os.WriteFile(path, []byte(got+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want, err := os.ReadFile(path); err != nil || string(want) != got+"\n" {
				t.Errorf("%s differs (go test -update writes it anew): %v\n%s", path, err, got)
			}
		}
	}
}

func TestScrolls(t *testing.T) {
	m := report()
	first := m.View()
	down, _ := press(m, "j", "j")
	if down.View() == first {
		t.Error("j does nothing")
	}
	if back, _ := press(down, "k", "k", "k"); back.View() != first {
		t.Error("k does not bring it back")
	}
	end, _ := press(m, "G")
	if !strings.Contains(end.View(), "Failed logins are watched") {
		t.Errorf("G is not at the end:\n%s", end.View())
	}
	if again, _ := press(end, "g"); again.View() != first {
		t.Error("g is not at the beginning")
	}
}

func TestKeys(t *testing.T) {
	if _, got := press(report(), "c"); !reflect.DeepEqual(got, []wish.Wish{wish.Check{}}) {
		t.Errorf("c: %v", got)
	}
	if _, got := press(report().Begun(), "c"); !reflect.DeepEqual(got, []wish.Wish{wish.StopCheck{}}) {
		t.Errorf("c while it runs: %v", got)
	}
	for _, k := range []string{"esc", "5", "1", "q"} {
		if _, got := press(report(), k); !reflect.DeepEqual(got, []wish.Wish{wish.Open{Screen: wish.Compare}}) {
			t.Errorf("%s: %v", k, got)
		}
	}
}

// TestOldReportStays holds that a check that fails takes nothing away.
func TestOldReportStays(t *testing.T) {
	m := report().Begun().Checked(nil, errors.New("context canceled"))
	got := m.View()
	if !strings.Contains(got, "serious  The server takes passwords") || !strings.Contains(got, "not checked: context canceled") || m.Fresh() {
		t.Errorf("%s", got)
	}
	if late := m.Went(5, 8, "x").View(); late != got {
		t.Error("progress of a check that is over is shown")
	}
}
