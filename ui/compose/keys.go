package compose

import "github.com/charmbracelet/bubbles/key"

// KeyMap is every key of the screen. While a message is written, letters are text;
// the others have no letters.
type KeyMap struct {
	New, Reply, ReplyAll, Forward, Drafts, Outbox key.Binding
	Up, Down, Choose, Drop                        key.Binding
	Next, Previous, Editor, Send                  key.Binding
	Keep, Discard, Yes                            key.Binding
	Partial, Again, POP3, Back                    key.Binding
}

func bind(shown, help string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(shown, help))
}

// Keys is the KeyMap as shipped.
func Keys() KeyMap {
	return KeyMap{
		New: bind("n", "new message", "n"), Reply: bind("r", "reply", "r"), ReplyAll: bind("a", "reply to all", "a"),
		Forward: bind("f", "forward", "f"), Drafts: bind("d", "drafts", "d"), Outbox: bind("o", "outbox", "o"),
		Up: bind("k/↑", "up", "k", "up"), Down: bind("j/↓", "down", "j", "down"), Choose: bind("enter", "choose", "enter"), Drop: bind("x", "drop for good", "x"),
		Next: bind("tab", "complete, next", "tab"), Previous: bind("shift+tab", "back a field", "shift+tab"),
		Editor: bind("ctrl+o", "$EDITOR", "ctrl+o"), Send: bind("ctrl+s", "send", "ctrl+s"),
		Keep: bind("s", "keep as a draft", "s"), Discard: bind("d", "discard", "d"), Yes: bind("y", "send it", "y", "enter"),
		Partial: bind("p", "send to the others", "p"), Again: bind("A", "send again", "A"), POP3: bind("o", "POP3's next session", "o"),
		Back: bind("esc", "back", "esc", "ctrl+c"),
	}
}

// short are the keys of the bottom line.
func (m Model) short() []key.Binding {
	k := m.keys
	switch m.at {
	case inMenu:
		keys := []key.Binding{k.New, k.Back}
		if m.about != "" {
			keys = append(keys, k.Reply, k.ReplyAll, k.Forward)
		}
		return append(keys, k.Drafts, k.Outbox)
	case inDrafts, inOutbox:
		return []key.Binding{k.Choose, k.Down, k.Up, k.Drop, k.Back}
	case writing:
		return []key.Binding{k.Send, k.Next, k.Editor, bind("esc", "leave", "esc"), k.Previous}
	case leaving:
		return []key.Binding{k.Keep, k.Discard, bind("esc", "go on writing", "esc")}
	case planned:
		if m.failed != "" {
			return []key.Binding{bind("esc", "go on writing", "esc")}
		}
		return []key.Binding{k.Yes, bind("esc", "go on writing", "esc")}
	case done:
		var keys []key.Binding
		switch {
		case m.outcome.CanSendToSome:
			keys = append(keys, k.Partial)
		case m.outcome.State == "unknown":
			keys = append(keys, k.Again)
		}
		return append(keys, k.POP3, k.Back)
	}
	return []key.Binding{k.Back}
}
