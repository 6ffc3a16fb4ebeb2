package transcript

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"imapop/retrieval"
	"imapop/ui/internal/fake"
	"imapop/ui/style"
	"imapop/ui/wish"
)

func screen(w, h int) Model {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.Ascii)
	return New(style.New(r)).SetSize(w, h)
}

func press(m Model, k tea.KeyMsg) Model { m, _ = m.Update(k); return m }

func runes(s string) tea.KeyMsg { return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(s)} }

func TestFrameFits(t *testing.T) {
	for _, size := range [][2]int{{60, 20}, {80, 24}, {120, 36}, {200, 50}} {
		m := screen(size[0], size[1]).SetLines(fake.Lines()).Saved("/tmp/x", nil)
		lines := strings.Split(m.View(), "\n")
		if len(lines) != size[1] {
			t.Errorf("%v: %d lines", size, len(lines))
		}
		for _, s := range lines {
			if style.Width(s) != size[0] {
				t.Errorf("%v: %d cells: %q", size, style.Width(s), s)
			}
		}
	}
}

func TestOneSide(t *testing.T) {
	m := screen(100, 30).SetLines(fake.Lines())
	m = press(press(m, tea.KeyMsg{Type: tea.KeyTab}), tea.KeyMsg{Type: tea.KeyTab}) // IMAP, POP3
	got := m.View()
	if !strings.Contains(got, "DELE 2") || strings.Contains(got, "SELECT") {
		t.Errorf("POP3 alone:\n%s", got)
	}
	more := append(fake.Lines(), retrieval.Line{Seq: 10, Side: retrieval.IMAP, Dir: retrieval.ServerSays, Text: "* BYE"}, retrieval.Line{Seq: 11, Side: retrieval.POP3, Dir: retrieval.ClientSays, Text: "RSET"})
	if got = m.SetLines(more).View(); !strings.Contains(got, "RSET") || strings.Contains(got, "BYE") {
		t.Errorf("after more lines:\n%s", got)
	}
}

// TestFollows holds that the last line stays in sight until somebody scrolls
// up, and again after G; and that dropping the oldest lines keeps it so.
func TestFollows(t *testing.T) {
	many := func(from, n int) []retrieval.Line {
		out := make([]retrieval.Line, n)
		for i := range out {
			out[i] = retrieval.Line{Seq: uint64(from + i), Side: retrieval.IMAP, Dir: retrieval.ServerSays, Text: fmt.Sprintf("line %d.", from+i)}
		}
		return out
	}
	m := screen(80, 24).SetLines(many(1, 100))
	if !strings.Contains(m.View(), "line 100.") {
		t.Error("does not follow")
	}
	up := press(m, runes("k")).SetLines(many(1, 120))
	if strings.Contains(up.View(), "line 120.") {
		t.Error("follows although it was scrolled up")
	}
	if got := press(up, runes("G")).SetLines(many(50, 100)).View(); !strings.Contains(got, "line 149.") {
		t.Errorf("does not follow after G:\n%s", got)
	}
}

func TestSave(t *testing.T) {
	m := press(press(screen(80, 24).SetNow(fake.Now), runes("s")), tea.KeyMsg{Type: tea.KeyBackspace})
	m = press(press(m, runes("\x1b")), runes("t"))
	if got := m.View(); !strings.Contains(got, "save to: imapop-2026-09-03-120434.txt▏") {
		t.Errorf("no name is offered:\n%s", got)
	}
	m, got := m.Update(tea.KeyMsg{Type: tea.KeyEnter})
	if !reflect.DeepEqual(got, []wish.Wish{wish.Save{Path: "imapop-2026-09-03-120434.txt"}}) {
		t.Errorf("wishes %+v", got)
	}
	if got := m.Saved("", errors.New("disk full")).View(); !strings.Contains(got, "not saved: disk full") {
		t.Error("the failure is not shown")
	}
}
