package style

import (
	"github.com/charmbracelet/bubbles/help"
	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/lipgloss"

	"imapop/retrieval/safe"
)

// helper is bubbles' help in the theme.
func helper(base lipgloss.Style) help.Model {
	names, text, rest := base.Bold(true).Foreground(keyInk), base.Foreground(muted), base.Foreground(edge)
	return help.Model{
		ShortSeparator: " · ", Ellipsis: "…",
		Styles: help.Styles{ShortKey: names, ShortDesc: text, ShortSeparator: rest, Ellipsis: rest, FullKey: names, FullDesc: text, FullSeparator: rest},
	}
}

// Help is a line of exactly w cells with the keys that fit, the first ones first.
func (s *Styles) Help(w int, keys []key.Binding) string {
	h := s.help
	h.Width = max(w-1, 1)
	line := safe.Truncate(" "+h.ShortHelpView(keys), max(w, 0), "") // it overruns where its ellipsis has no room
	return line + Spaces(w-safe.Width(line))
}

// HelpColumn is a column of keys and what they do, a line each.
func (s *Styles) HelpColumn(keys []key.Binding) string {
	h := s.help
	h.Width = 0 // as wide as it needs
	return h.FullHelpView([][]key.Binding{keys})
}
