package transcript

import "github.com/charmbracelet/bubbles/key"

// KeyMap is every key of the screen.
type KeyMap struct {
	Up, Down, PageUp, PageDown, First, Last, Side, Save, Lessons, Account, Back, Quit key.Binding
}

func bind(shown, help string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(shown, help))
}

// Keys is the KeyMap as shipped.
func Keys() KeyMap {
	return KeyMap{
		Up: bind("k/↑", "up", "k", "up"), Down: bind("j/↓", "down", "j", "down"),
		PageUp: bind("pgup", "page up", "pgup", "ctrl+b", "b"), PageDown: bind("pgdn", "page down", "pgdown", "ctrl+f", " "),
		First: bind("g", "first", "g", "home"), Last: bind("G", "last and follow", "G", "end"),
		Side: bind("tab", "which side", "tab"), Save: bind("s", "save to a file", "s"),
		Lessons: bind("4", "lessons", "4"), Account: bind("5", "account", "5"),
		Back: bind("esc", "back", "esc", "w", "3", "1"), Quit: bind("q", "back", "q", "ctrl+c"),
	}
}
