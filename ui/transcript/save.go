package transcript

import (
	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval/safe"
	"imapop/ui/wish"
)

// maxName bounds the path that can be typed.
const maxName = 200

// typed takes a key for the name of the file.
func (m Model) typed(k tea.KeyMsg) (Model, []wish.Wish) {
	switch k.Type {
	case tea.KeyEnter:
		m.asking = false
		if m.name == "" {
			return m, nil
		}
		return m, []wish.Wish{wish.Save{Path: m.name}}
	case tea.KeyEsc, tea.KeyCtrlC:
		m.asking = false
	case tea.KeyBackspace:
		if r := []rune(m.name); len(r) > 0 {
			m.name = string(r[:len(r)-1])
		}
	case tea.KeyRunes, tea.KeySpace:
		if s := m.name + string(k.Runes); len(s) <= maxName && safe.Line(s) == s {
			m.name = s
		}
	}
	return m, nil
}
