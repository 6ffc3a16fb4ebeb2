package lesson

import (
	"io"
	"strings"
	"testing"

	"github.com/charmbracelet/lipgloss"

	"imapop/ui/style"
)

// TestCutTextSaysSo holds that a summary that does not fit ends with an ellipsis.
func TestCutTextSaysSo(t *testing.T) {
	m := New(style.New(lipgloss.NewRenderer(io.Discard)))
	text := []string{strings.Repeat("many words ", 30)}
	got := m.paras(text, m.st.Text, 30, 3)
	if len(got) != 3 || !strings.Contains(got[2], "…") {
		t.Errorf("%d lines: %q", len(got), got)
	}
	if whole := m.paras(text, m.st.Text, 30, 100); strings.Contains(strings.Join(whole, ""), "…") {
		t.Error("an ellipsis, and nothing is cut")
	}
}
