package compare

import (
	"github.com/charmbracelet/bubbles/key"

	"imapop/retrieval"
)

// KeyMap is every key of the screen.
type KeyMap struct {
	Up, Down, PageUp, PageDown, First, Last          key.Binding
	Side, Folders, Create, Select, Open, Details     key.Binding
	Sort, Threads, All, Invert, Undo                 key.Binding
	Rename, Discard, Subscribe                       key.Binding // in the folder tree
	Seen, Star, Answered, Keyword, Move, Copy        key.Binding
	Delete, Undelete, Expunge                        key.Binding
	Download, Fetch, Remove, Device                  key.Binding
	Reset, QuitSession, Drop, Refresh, New, Write    key.Binding
	Leave, Predict, Pending, Wire, Policies, Account key.Binding
	Lessons, Search                                  key.Binding
	Setup, Help, Back, Quit                          key.Binding
}

func bind(help string, keys ...string) key.Binding { return bindAs(keys[0], help, keys...) }

func bindAs(shown, help string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(shown, help))
}

// Keys is the KeyMap as shipped.
func Keys() KeyMap {
	return KeyMap{
		Up: bindAs("k/↑", "up", "k", "up"), Down: bindAs("j/↓", "down", "j", "down"),
		PageUp: bindAs("pgup", "page up", "pgup", "ctrl+b"), PageDown: bindAs("pgdn", "page down", "pgdown", "ctrl+f"),
		First: bindAs("g", "first", "g", "home"), Last: bindAs("G", "last", "G", "end"),
		Side: bindAs("tab", "other side", "tab", "shift+tab", "left", "right", "h", "l"), Folders: bind("folders", "f"), Create: bind("create folder", "C"),
		Select: bindAs("space", "select", " "), Open: bindAs("enter", "read", "enter", "2"), Details: bind("all aspects", "i"), Search: bind("search", "/"),
		Sort: bind("sort", "S"), Threads: bind("threads", "T"), All: bind("select all shown", "*"), Invert: bind("invert selection", "~"), Undo: bind("undo the last", "U"),
		Rename: bind("rename folder", "r"), Discard: bind("delete folder", "d"), Subscribe: bind("subscribe or not", "s"),
		Seen: bind("read/unread", "r"), Star: bind("flag", "s"), Answered: bind("answered", "a"), Keyword: bind("keyword", "K"),
		Move: bind("move", "m"), Copy: bind("copy", "c"),
		Delete: bind("delete", "d"), Undelete: bind("undelete", "u"), Expunge: bind("expunge", "x"),
		Download: bind("download", "D"), Fetch: bind("fetch all", "F"), Remove: bind("remove the copy", "X"), Device: bind("other device", "t"),
		Reset: bind("RSET", "R"), QuitSession: bind("quit session", "Q"),
		Drop: bind("drop the cable", "!"), Refresh: bind("refresh", "o"), New: bind("new mail", "n"), Write: bind("write", "e"),
		Leave: bind("leave on server", "L"), Predict: bind("predict", "p"), Pending: bind("pending", "v"),
		Wire: bindAs("w", "wire", "w", "3"), Policies: bind("server policies", "P"), Account: bind("account", "5"), Lessons: bind("lessons", "4"),
		Setup: bind("add an account", "A"), Help: bind("help", "?"), Back: bindAs("esc", "back", "esc"), Quit: bindAs("q", "quit", "q", "ctrl+c"),
	}
}

// short is the help line: what is most useful on the side that has the focus.
func (k KeyMap) short(side retrieval.Protocol, tree, demo, setup bool) []key.Binding {
	if tree {
		return []key.Binding{bindAs("enter", "open folder", "enter"), k.Back, k.Create, k.Rename, k.Discard, k.Subscribe, k.Up, k.Down, k.Side, k.Help}
	}
	var out []key.Binding
	if side == retrieval.IMAP {
		out = []key.Binding{k.Side, k.Open, k.Write, k.Seen, k.Star, k.Delete, k.Expunge, k.Move, k.Predict, k.Leave}
	} else {
		out = []key.Binding{k.Side, k.Open, k.Download, k.Fetch, k.Delete, k.Reset, k.QuitSession, k.Drop, k.Write, k.Predict, k.Leave, k.Refresh}
	}
	if demo {
		out = append(out, k.New, k.Policies)
	}
	first := []key.Binding{k.Help}
	if setup {
		first = append(first, k.Setup)
	}
	return append(first, append(out, k.Search, k.Sort, k.Pending, k.Wire, k.Quit)...)
}

// group is a titled set of keys in the help.
type group struct {
	title string
	keys  []key.Binding
}

func (k KeyMap) groups(demo, setup bool) []group {
	account := []key.Binding{k.Leave, k.Predict, k.Pending, k.Details, k.Device, k.Write, k.Wire, k.Lessons, k.Account}
	if demo {
		account = append(account, k.New, k.Policies)
	}
	if setup {
		account = append(account, k.Setup)
	}
	return []group{
		{"go", []key.Binding{k.Up, k.Down, k.PageUp, k.PageDown, k.First, k.Last, k.Side, k.Folders, k.Create, k.Select, k.All, k.Invert, k.Search, k.Sort, k.Threads, k.Open}},
		{"message", []key.Binding{k.Seen, k.Star, k.Answered, k.Keyword, k.Move, k.Copy, k.Delete, k.Undelete, k.Expunge, k.Undo, k.Download, k.Remove}},
		{"session and screen", append([]key.Binding{k.Fetch, k.Reset, k.QuitSession, k.Drop, k.Refresh}, append(account, k.Help, k.Back, k.Quit)...)},
		{"folder tree (f)", []key.Binding{k.Rename, k.Discard, k.Subscribe}},
	}
}
