package compare

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	"imapop/ui/wish"
)

// Update takes a key or the mouse and returns what the screen asks for.
func (m Model) Update(msg tea.Msg) (Model, []wish.Wish) {
	var wishes []wish.Wish
	switch msg := msg.(type) {
	case tea.KeyMsg:
		m, wishes = m.press(msg)
	case tea.MouseMsg:
		m = m.mouse(msg)
	default:
		return m, nil
	}
	return m.chosenAnew(), wishes
}

// press sends a key to whatever is in front: a dialog, the tree or the lists.
// The cursor follows the newest message no longer once a key means the message
// under it: new mail must not change what a dialog is about.
func (m Model) press(k tea.KeyMsg) (Model, []wish.Wish) {
	m.notice, m.elsewhere = notice{}, ""
	m.follow = m.follow && key.Matches(k, m.keys.Side, m.keys.New, m.keys.Wire, m.keys.Help, m.keys.Policies, m.keys.Refresh)
	if m.panel != nil {
		return m.panel.key(m, k)
	}
	if m.predict && key.Matches(k, m.keys.Back, m.keys.Predict) {
		m.predict = false
		return m, nil
	}
	if m.tree {
		if next, wishes, took := m.treeKey(k); took {
			return next, wishes
		}
	}
	if next, took := m.moved(k); took {
		return next, nil
	}
	if next, wishes, took := m.screenKey(k); took {
		return next, wishes
	}
	return m.actionKey(k)
}

// moved handles the keys that move the cursor.
func (m Model) moved(k tea.KeyMsg) (Model, bool) {
	page := max(m.lay.Rows-1, 1)
	switch {
	case key.Matches(k, m.keys.Up):
		m.cursor--
	case key.Matches(k, m.keys.Down):
		m.cursor++
	case key.Matches(k, m.keys.PageUp):
		m.cursor -= page
	case key.Matches(k, m.keys.PageDown):
		m.cursor += page
	case key.Matches(k, m.keys.First):
		m.cursor = 0
	case key.Matches(k, m.keys.Last):
		m.cursor, m.follow = len(m.view.Rows)-1, true
	default:
		return m, false
	}
	return m, true
}

// treeKey handles keys while the folder tree has the focus; took says whether
// the key was for it.
func (m Model) treeKey(k tea.KeyMsg) (next Model, wishes []wish.Wish, took bool) {
	switch {
	case key.Matches(k, m.keys.Up):
		m.folder--
	case key.Matches(k, m.keys.Down):
		m.folder++
	case key.Matches(k, m.keys.First):
		m.folder = 0
	case key.Matches(k, m.keys.Last):
		m.folder = len(m.view.IMAP.Folders) - 1
	case key.Matches(k, m.keys.Back, m.keys.Folders):
		m.tree = false
	case key.Matches(k, m.keys.Side):
		m.tree, m.side = false, retrieval.POP3
	case key.Matches(k, m.keys.Rename, m.keys.Discard, m.keys.Subscribe):
		next, wishes = m.folderKey(k)
		return next, wishes, true
	case key.Matches(k, m.keys.Open):
		m.tree = false
		if m.folder >= len(m.view.IMAP.Folders) {
			return m, nil, true
		}
		f := m.view.IMAP.Folders[m.folder]
		if f.NoSelect {
			return m.say(warning, "%s only holds other folders; it cannot be opened (\\NoSelect)", f.Name), nil, true
		}
		next, wishes = m.begin(retrieval.Action{Verb: retrieval.VerbOpen, Side: retrieval.IMAP, Folder: f.Name})
		return next, wishes, true
	default:
		return m, nil, false
	}
	return m, nil, true
}

// screenKey handles the keys that change what is shown and ask nothing of a server.
func (m Model) screenKey(k tea.KeyMsg) (next Model, wishes []wish.Wish, took bool) {
	switch {
	case key.Matches(k, m.keys.Side):
		m.side = other(m.side)
	case key.Matches(k, m.keys.Folders):
		m = m.openTree()
	case key.Matches(k, m.keys.Select):
		m.selected = m.toggled()
		m.cursor++
	case key.Matches(k, m.keys.All):
		m = m.selectAll()
	case key.Matches(k, m.keys.Invert):
		m = m.inverted()
	case key.Matches(k, m.keys.Undo):
		next, wishes = m.takeBack()
		return next, wishes, true
	case key.Matches(k, m.keys.Search):
		m = m.openSearch()
	case key.Matches(k, m.keys.Sort):
		next, wishes = m.nextOrder()
		return next, wishes, true
	case key.Matches(k, m.keys.Threads):
		next, wishes = m.threaded()
		return next, wishes, true
	case key.Matches(k, m.keys.Back):
		return m.escape()
	case key.Matches(k, m.keys.Details):
		if len(m.view.Rows) == 0 {
			return m.say(plainly, "there is no message here"), nil, true
		}
		m.panel = detailsPanel{}
	case key.Matches(k, m.keys.Predict):
		m.predict = true
	case key.Matches(k, m.keys.Pending):
		m.panel = pendingPanel{}
	case key.Matches(k, m.keys.Lessons):
		return m, []wish.Wish{wish.Open{Screen: wish.Lesson}}, true
	case key.Matches(k, m.keys.Account):
		return m, []wish.Wish{wish.Open{Screen: wish.Account}}, true
	case key.Matches(k, m.keys.Wire):
		return m, []wish.Wish{wish.Open{Screen: wish.Transcript}}, true
	case key.Matches(k, m.keys.Device):
		return m, []wish.Wish{wish.Device{}}, true
	case key.Matches(k, m.keys.Write):
		return m, []wish.Wish{m.write()}, true
	case key.Matches(k, m.keys.Policies):
		return m, []wish.Wish{wish.Switches{}}, true
	case m.setup && key.Matches(k, m.keys.Setup):
		return m, []wish.Wish{wish.Setup{}}, true
	case key.Matches(k, m.keys.Help):
		m.panel = helpPanel{}
	case key.Matches(k, m.keys.Quit):
		next, wishes = m.leave()
		return next, wishes, true
	default:
		return m, nil, false
	}
	return m, nil, true
}

// escape stops what runs, else clears the selection, else shows all messages
// again, else in the mailbox's order.
func (m Model) escape() (Model, []wish.Wish, bool) {
	if m.view.Running != nil || m.busyIMAP || m.busyPOP3 {
		text := "stopping"
		if m.downloading() != nil {
			text = "stopping: the message in hand is brought to its end, within seconds; then what is whole stays"
		}
		return m.say(plainly, "%s", text), []wish.Wish{wish.Cancel{}}, true
	}
	switch {
	case len(m.selected) > 0:
		m.selected = nil
	case m.search.on || m.search.open > 0:
		m = m.unsearched()
	case m.order.want != retrieval.ByServer:
		m.order.gen++
		m = m.unordered()
	}
	return m, nil, true
}

func (m Model) openTree() Model {
	if m.side == retrieval.POP3 {
		return m.failed(m.rules.Support(retrieval.POP3, retrieval.VerbOpen))
	}
	m.tree = true
	for i := range m.view.IMAP.Folders {
		if m.view.IMAP.Folders[i].Name == m.view.IMAP.Mailbox.Name {
			m.folder = i
		}
	}
	return m
}

func other(p retrieval.Protocol) retrieval.Protocol {
	if p == retrieval.IMAP {
		return retrieval.POP3
	}
	return retrieval.IMAP
}
