package compare

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/ui/internal/field"
	"imapop/ui/style"
	"imapop/ui/wish"
)

// folderKey handles the keys that change the folder under the tree's cursor.
func (m Model) folderKey(k tea.KeyMsg) (Model, []wish.Wish) {
	m.predict = false
	if m.folder >= len(m.view.IMAP.Folders) {
		return m, nil
	}
	f := m.view.IMAP.Folders[m.folder]
	inbox := strings.EqualFold(f.Name, "INBOX")
	switch {
	case key.Matches(k, m.keys.Subscribe):
		verb := retrieval.VerbSubscribe
		if f.Subscribed {
			verb = retrieval.VerbUnsub
		}
		return m.submit(retrieval.Action{Verb: verb, Side: retrieval.IMAP, Folder: f.Name})
	case key.Matches(k, m.keys.Rename) && inbox:
		return m.say(markedly, "INBOX keeps its name: RENAME would move its messages out and leave POP3 an empty maildrop (RFC 9051 section 6.3.6); m moves messages"), nil
	case key.Matches(k, m.keys.Rename):
		m.panel = renamePanel{folder: f, name: field.New(f.Name, 0, notWild)}
	case inbox:
		return m.say(markedly, "INBOX cannot be deleted (RFC 9051 section 6.3.5): it is what POP3 serves"), nil
	case !f.Counted && !f.NoSelect:
		return m.say(warning, "the server has not said how many messages are in %s: nothing is deleted that was not counted; o asks", f.Name), nil
	default:
		m.panel = discardPanel{folder: f}
	}
	return m, nil
}

func notWild(r rune) bool { return r != '*' && r != '%' }

// below counts the folders that lie below one, and what they hold.
func (m Model) below(f retrieval.Folder) (folders int, messages uint32) {
	for i := range m.view.IMAP.Folders {
		if o := &m.view.IMAP.Folders[i]; f.Delim != "" && strings.HasPrefix(o.Name, f.Name+f.Delim) {
			folders++
			messages += o.Messages
		}
	}
	return folders, messages
}

// renamePanel asks for a folder's new name (RFC 9051 section 6.3.6).
type renamePanel struct {
	folder retrieval.Folder
	name   field.Field
}

func (p renamePanel) title() string     { return "rename " + safe.Line(p.folder.Name) }
func (renamePanel) hint() string        { return "type the new name · enter renames it · esc no" }
func (p renamePanel) heard(Model) panel { return p }

func (p renamePanel) body(m *Model, w int) []string {
	t := &text{st: m.st, w: w}
	t.typed("new name: ", p.name)
	along := "the messages keep their UIDs if the server keeps UIDVALIDITY; every IMAP client sees the new name"
	if n, _ := m.below(p.folder); n > 0 {
		along = fmt.Sprintf("%s below it go along; %s", plural(n, "folder"), along)
	}
	t.para("IMAP  ", m.st.Muted, along, 2)
	t.para("POP3  ", m.st.Muted, "sees no folder but INBOX, before and after", 1)
	if p.folder.Role != "" {
		t.para("      ", m.st.Warn, fmt.Sprintf("this is the server's %s folder: clients that know it by its name will look for it in vain", safe.Line(p.folder.Role)), 2)
	}
	return t.out
}

func (p renamePanel) key(m Model, k tea.KeyMsg) (Model, []wish.Wish) {
	switch {
	case key.Matches(k, enterKey):
		m.panel = nil
		if p.name.Text() == "" || p.name.Text() == p.folder.Name {
			return m.say(plainly, "the name stays as it is; nothing was sent"), nil
		}
		return m.submit(retrieval.Action{Verb: retrieval.VerbRename, Side: retrieval.IMAP, Folder: p.folder.Name, Name: p.name.Text()})
	case k.Type == tea.KeyEsc, k.Type == tea.KeyCtrlC:
		m.panel = nil
		return m, nil
	}
	p.name = p.name.Press(k)
	m.panel = p
	return m, nil
}

// discardPanel asks before a folder goes, on the demo account, too: its messages
// go with it, and no key brings them back.
type discardPanel struct{ folder retrieval.Folder }

func (p discardPanel) title() string { return "this deletes the folder " + safe.Line(p.folder.Name) }
func (discardPanel) hint() string    { return "y yes, delete it · n or esc no" }

// heard counts anew: what is shown must be what goes.
func (p discardPanel) heard(m Model) panel {
	for _, f := range m.view.IMAP.Folders {
		if f.Name == p.folder.Name {
			p.folder = f
		}
	}
	return p
}

func (p discardPanel) body(m *Model, w int) []string {
	t := &text{st: m.st, w: w}
	what := fmt.Sprintf("%s in it go with it, for good and for every device (DELETE, RFC 9051 section 6.3.5)", plural(int(p.folder.Messages), "message"))
	switch {
	case p.folder.NoSelect:
		what = "it holds no messages, only other folders (\\NoSelect)"
	case p.folder.Messages == 0:
		what = "it is empty; it goes for every device (DELETE, RFC 9051 section 6.3.5)"
	}
	t.para("", m.st.Danger, what, 2)
	if n, messages := m.below(p.folder); n > 0 {
		t.para("", m.st.Text, fmt.Sprintf("not deleted with it: %s below it, with %s", plural(n, "folder"), plural(int(messages), "message")), 1)
	}
	if p.folder.Role != "" {
		t.para("", m.st.Warn, fmt.Sprintf("it is the server's %s folder: other clients may make it anew, or fail without it", safe.Line(p.folder.Role)), 2)
	}
	t.para("", m.st.Muted, "POP3 sees nothing of it: it has only INBOX. There is no undo", 1)
	t.line(style.Piece{Text: "Delete it? y / n", Pen: m.st.Bold})
	return t.out
}

func (p discardPanel) key(m Model, k tea.KeyMsg) (Model, []wish.Wish) {
	switch {
	case key.Matches(k, yesKey):
		m.panel = nil
		return m.begin(retrieval.Action{Verb: retrieval.VerbDiscard, Side: retrieval.IMAP, Folder: p.folder.Name, Holds: p.folder.Messages})
	case key.Matches(k, noKey):
		m.panel = nil
		return m.say(plainly, "nothing was sent"), nil
	}
	return m, nil
}
