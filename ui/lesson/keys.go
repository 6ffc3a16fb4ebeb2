package lesson

import "github.com/charmbracelet/bubbles/key"

// KeyMap is every key of the lessons.
type KeyMap struct {
	Up, Down, Go, Back, Again, Choice, Notes, Picture, PageUp, PageDown, Free, Leave, Choose, Wire, Account key.Binding
}

func bind(shown, help string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(shown, help))
}

// Keys is the KeyMap as shipped.
func Keys() KeyMap {
	return KeyMap{
		Up: bind("k/↑", "up", "k", "up"), Down: bind("j/↓", "down", "j", "down"),
		Go:   bind("enter", "go on", "enter", " "),
		Back: bind("h/←", "step back", "h", "left"), Again: bind("r", "step again", "r"),
		Choice: bind("a-f", "answer", "a", "b", "c", "d", "e", "f"),
		Notes:  bind("n", "speaker's notes", "n"), Picture: bind("p", "pictures", "p"),
		PageUp: bind("pgup", "text up", "pgup"), PageDown: bind("pgdn", "text down", "pgdown"),
		Free: bind("1", "free play", "1"), Leave: bind("esc", "leave", "esc", "q", "ctrl+c"),
		Choose: bind("c", "IMAP or POP3?", "c"),
		Wire:   bind("3", "wire", "3"), Account: bind("5", "account", "5"),
	}
}
