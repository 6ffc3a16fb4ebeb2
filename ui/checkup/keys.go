package checkup

import "github.com/charmbracelet/bubbles/key"

// KeyMap is every key of the screen.
type KeyMap struct {
	Up, Down, PageUp, PageDown, First, Last, Again, Wire, Lessons, Back, Quit key.Binding
}

func bind(shown, help string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(shown, help))
}

// Keys is the KeyMap as shipped.
func Keys() KeyMap {
	return KeyMap{
		Up: bind("k/↑", "up", "k", "up"), Down: bind("j/↓", "down", "j", "down"),
		PageUp: bind("pgup", "page up", "pgup", "ctrl+b", "b"), PageDown: bind("pgdn", "page down", "pgdown", "ctrl+f", " "),
		First: bind("g", "first", "g", "home"), Last: bind("G", "last", "G", "end"),
		Again: bind("c", "check again", "c"),
		Wire:  bind("3", "wire", "3"), Lessons: bind("4", "lessons", "4"),
		Back: bind("esc", "back", "esc", "5", "1"), Quit: bind("q", "back", "q", "ctrl+c"),
	}
}
