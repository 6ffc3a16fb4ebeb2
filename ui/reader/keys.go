package reader

import "github.com/charmbracelet/bubbles/key"

// KeyMap is every key of the screen.
type KeyMap struct {
	Up, Down, PageUp, PageDown, First, Last    key.Binding
	Next, Previous, Other                      key.Binding
	HTML, Fold, Raw, Structure, Links          key.Binding
	Attachments, Save, Open, Enter, Help, Back key.Binding
	Write, Trust                               key.Binding
}

func bind(shown, help string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(shown, help))
}

// Keys is the KeyMap as shipped.
func Keys() KeyMap {
	return KeyMap{
		Up: bind("k/↑", "up", "k", "up"), Down: bind("j/↓", "down", "j", "down"),
		PageUp: bind("pgup", "page up", "pgup", "ctrl+b", "b"), PageDown: bind("space", "page down", " ", "pgdown", "ctrl+f"),
		First: bind("g", "first", "g", "home"), Last: bind("G", "last", "G", "end"),
		Next: bind("n", "next message", "n"), Previous: bind("p", "previous message", "p"), Other: bind("tab", "over the other side", "tab"),
		HTML: bind("h", "HTML/text", "h"), Fold: bind("z", "fold quotes", "z"), Raw: bind("r", "as it came", "r"),
		Structure: bind("t", "structure", "t"), Links: bind("l", "links", "l"),
		Attachments: bind("a", "attachments", "a"), Save: bind("s", "save", "s"), Open: bind("o", "open", "o"),
		Write: bind("e", "write", "e"), Trust: bind("T", "who sent it", "T"),
		Enter: bind("enter", "down, or choose", "enter"),
		Help:  bind("?", "help", "?"), Back: bind("esc", "back", "esc", "q", "1", "ctrl+c"),
	}
}

// short are the keys of the bottom line, the most needed first.
func (k KeyMap) short(at place) []key.Binding {
	switch at {
	case inFiles:
		return []key.Binding{k.Save, k.Open, k.Down, k.Up, k.Back, k.Help}
	case inLinks:
		return []key.Binding{k.Open, k.Down, k.Up, k.Back, k.Help}
	case inText:
		return []key.Binding{k.Back, k.Help, k.PageDown, k.Write, k.Next, k.Previous, k.Other, k.Attachments, k.Links, k.HTML, k.Fold, k.Raw, k.Structure, k.Trust}
	}
	return []key.Binding{k.Back, k.Down, k.Up, k.PageDown, k.Help}
}

type group struct {
	title string
	keys  []key.Binding
}

func (k KeyMap) groups() []group {
	return []group{
		{"this message", []key.Binding{k.Down, k.Up, k.PageDown, k.PageUp, k.First, k.Last, k.HTML, k.Fold, k.Raw, k.Structure, k.Trust}},
		{"what is in it", []key.Binding{k.Attachments, k.Save, k.Open, k.Links, k.Enter}},
		{"others", []key.Binding{k.Write, k.Next, k.Previous, k.Other, k.Help, k.Back}},
	}
}
