package compare

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/ui/internal/field"
	"imapop/ui/style"
	"imapop/ui/wish"
)

// folderPanel picks the folder that messages move or are copied to.
type folderPanel struct {
	verb    retrieval.Verb
	names   []string
	at      int
	predict bool
}

func newFolderPanel(m Model, v retrieval.Verb) folderPanel {
	p := folderPanel{verb: v, predict: m.predict, names: otherFolders(m)}
	return p
}

// otherFolders are the folders that a message can go to.
func otherFolders(m Model) []string {
	var names []string
	for i := range m.view.IMAP.Folders {
		if f := &m.view.IMAP.Folders[i]; !f.NoSelect && f.Name != m.view.IMAP.Mailbox.Name {
			names = append(names, f.Name)
		}
	}
	return names
}

func (p folderPanel) title() string { return string(p.verb) + " to which folder?" }
func (p folderPanel) hint() string {
	return "j k choose · enter " + string(p.verb) + " · C new folder · esc no"
}

// heard takes the folders anew and stays on the chosen one; one that was just
// created is chosen.
func (p folderPanel) heard(m Model) panel {
	names := otherFolders(m)
	if slices.Equal(names, p.names) {
		return p
	}
	at := 0
	for i, name := range names {
		if !slices.Contains(p.names, name) || len(names) <= len(p.names) && p.at < len(p.names) && name == p.names[p.at] {
			at = i
		}
	}
	p.names, p.at = names, at
	return p
}

func (p folderPanel) body(m *Model, w int) []string {
	const room = 8
	t := &text{st: m.st, w: w}
	if len(p.names) == 0 {
		t.line(style.Piece{Text: "there is no other folder", Pen: m.st.Muted})
	}
	first := max(p.at-room+1, 0)
	for i := first; i < min(first+room, len(p.names)); i++ {
		t.choice(i == p.at, safe.Line(p.names[i]), "")
	}
	return t.out
}

func (t *text) choice(on bool, name, about string) {
	in, bar := &t.st.Inks, "  "
	if on {
		in, bar = &t.st.Cursor, "▌ "
	}
	l := style.NewLine(t.w).Put(in.IMAP, bar).Put(in.Text, name).Put(in.Muted, about)
	t.out = append(t.out, l.End(in.Text))
}

func (p folderPanel) key(m Model, k tea.KeyMsg) (Model, []wish.Wish) {
	switch {
	case key.Matches(k, m.keys.Up):
		p.at = max(p.at-1, 0)
	case key.Matches(k, m.keys.Down):
		p.at = max(min(p.at+1, len(p.names)-1), 0)
	case key.Matches(k, enterKey):
		m.panel = nil
		if len(p.names) == 0 {
			return m, nil
		}
		a := m.chosenAction(p.verb)
		a.Folder = p.names[p.at]
		m.predict = p.predict
		return m.submit(a)
	case key.Matches(k, m.keys.Create):
		return m.create(p), nil
	case key.Matches(k, closeKey):
		m.panel, m.predict = nil, false
		return m, nil
	}
	m.panel = p
	return m, nil
}

// keywordPanel asks for a keyword and sets it, or clears it where it is set.
type keywordPanel struct {
	word    field.Field
	predict bool
}

func newKeywordPanel(m Model) keywordPanel {
	return keywordPanel{predict: m.predict, word: field.New("", maxKeyword, atomChar)}
}

func (p keywordPanel) title() string { return "keyword" }
func (p keywordPanel) hint() string {
	return "type a keyword · enter sets it, or clears it where it is set · esc no"
}
func (p keywordPanel) heard(Model) panel { return p }

func (p keywordPanel) body(m *Model, w int) []string {
	t := &text{st: m.st, w: w}
	t.typed("keyword: ", p.word)
	t.line(style.Piece{Text: "such as $Forwarded, $Junk or a word of your own; POP3 has no place for it", Pen: m.st.Muted})
	if flags := m.view.IMAP.Mailbox.PermanentFlags; len(flags) > 0 {
		t.para("the server keeps: ", m.st.Muted, safe.Line(strings.Join(flags, " ")), 2)
	}
	return t.out
}

// maxKeyword bounds what can be typed; servers refuse longer ones much sooner.
const maxKeyword = 60

func (p keywordPanel) key(m Model, k tea.KeyMsg) (Model, []wish.Wish) {
	switch k.Type {
	case tea.KeyEnter:
		return p.enter(m)
	case tea.KeyEsc, tea.KeyCtrlC:
		m.panel, m.predict = nil, false
		return m, nil
	}
	p.word = p.word.Press(k)
	m.panel = p
	return m, nil
}

// atomChar is what a keyword may be made of: RFC 9051's atom, without the
// backslash that only system flags begin with.
func atomChar(r rune) bool {
	return r > ' ' && r < unicode.MaxASCII && !strings.ContainsRune(`(){%*"\]`, r)
}

func (p keywordPanel) enter(m Model) (Model, []wish.Wish) {
	m.panel = nil
	if p.word.Text() == "" {
		m.predict = false
		return m, nil
	}
	verb := retrieval.VerbUnkeyword
	for _, i := range m.chosen() {
		if msg := m.view.Rows[i].Message; msg != nil && !msg.Has(p.word.Text()) {
			verb = retrieval.VerbKeyword
		}
	}
	a := m.chosenAction(verb)
	a.Keyword = p.word.Text()
	m.predict = p.predict
	return m.submit(a)
}

// switchPanel shows the demo server's policies and turns them.
type switchPanel struct {
	all []retrieval.Switch
	at  int
}

// SetSwitches opens the policies, or renews them where they are open.
func (m Model) SetSwitches(all []retrieval.Switch) Model {
	if len(all) == 0 {
		return m.say(plainly, "this is a real server: its policies are its own. The demo account's can be turned")
	}
	p, _ := m.panel.(switchPanel)
	p.all, p.at = all, min(p.at, len(all)-1)
	m.panel = p
	return m.arranged()
}

func (switchPanel) title() string {
	return "policies of the demo server: half of what POP3 is blamed for"
}
func (switchPanel) hint() string        { return "j k choose · enter or space turns it · esc back" }
func (p switchPanel) heard(Model) panel { return p }

func (p switchPanel) body(m *Model, w int) []string {
	const room = 8
	t := &text{st: m.st, w: w}
	first := min(max(p.at-room/2, 0), max(len(p.all)-room, 0))
	for i := first; i < min(first+room, len(p.all)); i++ {
		s := p.all[i]
		changed := ""
		if s.Value != s.Default {
			changed = " (was " + s.Default + ")"
		}
		about, _, _ := strings.Cut(s.About, " (")
		name := fmt.Sprintf("%-20s %s%s", safe.Line(s.Name), safe.Line(s.Value), safe.Line(changed))
		t.choice(i == p.at, style.Fit(name, min(44, w/2)), "  "+safe.Line(about))
	}
	t.line()
	s := p.all[p.at]
	t.para(fmt.Sprintf("%d of %d  ", p.at+1, len(p.all)), m.st.Text, safe.Line(s.About), 4)
	return t.out
}

func (p switchPanel) key(m Model, k tea.KeyMsg) (Model, []wish.Wish) {
	switch {
	case key.Matches(k, m.keys.Up):
		p.at = max(p.at-1, 0)
	case key.Matches(k, m.keys.Down):
		p.at = min(p.at+1, len(p.all)-1)
	case key.Matches(k, enterKey, m.keys.Select, m.keys.Side):
		s := p.all[p.at]
		if len(s.Values) == 0 {
			return m.say(plainly, "%s is set when the demo server starts: --policy %s=...", s.Name, s.Name), nil
		}
		return m, []wish.Wish{wish.Flip{Name: s.Name, Value: following(s)}}
	case key.Matches(k, closeKey, m.keys.Policies):
		m.panel = nil
		return m, nil
	}
	m.panel = p
	return m, nil
}

func following(s retrieval.Switch) string {
	for i, v := range s.Values {
		if v == s.Value {
			return s.Values[(i+1)%len(s.Values)]
		}
	}
	return s.Values[0]
}
