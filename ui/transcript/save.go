package transcript

import (
	tea "github.com/charmbracelet/bubbletea"

	"imapop/ui/wish"
)

// typed takes a key for the name of the file.
func (m Model) typed(k tea.KeyMsg) (Model, []wish.Wish) {
	switch k.Type {
	case tea.KeyEnter:
		m.asking = false
		if m.name.Text() == "" {
			return m, nil
		}
		return m, []wish.Wish{wish.Save{Path: m.name.Text()}}
	case tea.KeyEsc, tea.KeyCtrlC:
		m.asking = false
	default:
		m.name = m.name.Press(k)
	}
	return m, nil
}
