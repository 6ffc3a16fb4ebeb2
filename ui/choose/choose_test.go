package choose

import (
	"io"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"imapop/retrieval"
	"imapop/ui/style"
	"imapop/ui/wish"
)

func screen(w, h int, keys string) (Model, []wish.Wish) {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.Ascii)
	m := New(style.New(r)).SetSize(w, h).SetSubmission(true)
	m = m.SetView(&retrieval.View{IMAP: retrieval.IMAPSide{Caps: []string{"IDLE"}}, POP3: retrieval.POP3Side{Caps: []string{"TOP\x1b[2J", "UIDL"}}})
	var wishes []wish.Wish
	for _, k := range keys {
		m, wishes = m.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{k}})
	}
	return m, wishes
}

// TestAnswersAreWeighed holds that a screen that says what is recommended says why.
func TestAnswersAreWeighed(t *testing.T) {
	for keys, want := range map[string][]string{
		"":        {"not decided", "[ ? ] Do several devices"},
		"yy":      {"[yes] Do several people", "IMAP  7", "IMAP +4", "here: yes  IMAP tells of new mail"},
		"nnnyyyn": {"POP3  9", "POP3 +3", "here: no   POP3 has no PIPELINING"},
		"nnnnnny": {"neither: it sends", "SMTP  Sending"},
		"yk ":     {"[ ? ] Do several devices", "not decided"},
	} {
		m, _ := screen(100, 50, keys)
		for _, w := range want {
			if !strings.Contains(m.View(), w) {
				t.Errorf("%q: %q is not there:\n%s", keys, w, m.View())
			}
		}
	}
}

func TestSizes(t *testing.T) {
	for _, size := range [][2]int{{60, 20}, {80, 24}, {120, 40}, {200, 50}} {
		for _, keys := range []string{"", "yyyyyyy", "nnnnnnn", "ynynyny"} {
			m, _ := screen(size[0], size[1], keys)
			for range 20 {
				m, _ = m.Update(tea.KeyMsg{Type: tea.KeyPgDown})
			}
			lines := strings.Split(m.View(), "\n")
			if len(lines) != size[1] {
				t.Errorf("%v %q: %d lines", size, keys, len(lines))
			}
			for _, l := range lines {
				if style.Width(l) != size[0] {
					t.Errorf("%v %q: %d cells: %q", size, keys, style.Width(l), l)
				}
			}
		}
	}
	if m, _ := screen(30, 10, ""); !strings.Contains(m.View(), "needs 60x20") {
		t.Error("a small terminal is not told")
	}
	if _, w := screen(80, 24, "q"); len(w) != 1 || w[0] != (wish.Open{Screen: wish.Lesson}) {
		t.Errorf("q: %v", w)
	}
}
