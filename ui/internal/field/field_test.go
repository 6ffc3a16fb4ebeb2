package field

import (
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"imapop/ui/style"
)

func TestField(t *testing.T) {
	f := New("", 8, func(r rune) bool { return r != '*' })
	for _, s := range []string{"wö", "*", "\x1b", "rk and more"} {
		f = f.Press(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(s)})
	}
	if f.Text() != "wörk an" {
		t.Errorf("text %q", f.Text())
	}
	for range 5 {
		f = f.Press(tea.KeyMsg{Type: tea.KeyBackspace})
	}
	if f.Text() != "wö" || f.Press(tea.KeyMsg{Type: tea.KeyBackspace}).Text() != "w" {
		t.Errorf("after backspace %q", f.Text())
	}
	if got := f.Press(tea.KeyMsg{Type: tea.KeyCtrlU}).Press(tea.KeyMsg{Type: tea.KeyBackspace}); got.Text() != "" {
		t.Errorf("after ctrl+u %q", got.Text())
	}
	l := style.NewLine(6)
	New("a long name", 0, nil).Draw(l, style.Pen{}, style.Pen{}, 5)
	if got := l.End(style.Pen{}); got != "…ame▏ " {
		t.Errorf("drew %q", got)
	}
}
