package compare

import (
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"imapop/account"
	"imapop/retrieval"
	"imapop/ui/internal/fake"
	"imapop/ui/style"
	"imapop/ui/wish"
)

var update = flag.Bool("update", false, "write the golden frames anew")

var sizes = [][2]int{{60, 20}, {80, 24}, {120, 36}, {200, 50}}

func plain() *style.Styles {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.Ascii)
	return style.New(r)
}

// open is the screen on a view, at a size, with the cursor on the first row.
func open(v *retrieval.View, w, h int) Model {
	m, _ := press(opened(v, w, h), "g")
	return m
}

// opened is the screen before the first key.
func opened(v *retrieval.View, w, h int) Model {
	return New(plain(), fake.Rules{}).SetSize(w, h).SetView(v).SetLines(fake.Lines()).SetNow(fake.Now)
}

// press sends keys and returns the last wishes.
func press(m Model, keys ...string) (Model, []wish.Wish) {
	var wishes []wish.Wish
	for _, k := range keys {
		m, wishes = m.Update(keyMsg(k))
	}
	return m, wishes
}

func keyMsg(k string) tea.KeyMsg {
	named := map[string]tea.KeyType{"tab": tea.KeyTab, "enter": tea.KeyEnter, "esc": tea.KeyEsc, "up": tea.KeyUp, "down": tea.KeyDown,
		"pgdown": tea.KeyPgDown, "pgup": tea.KeyPgUp, "home": tea.KeyHome, "end": tea.KeyEnd, "backspace": tea.KeyBackspace, "ctrl+c": tea.KeyCtrlC}
	if t, ok := named[k]; ok {
		return tea.KeyMsg{Type: t}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)}
}

// story is one situation of the screen.
type story struct {
	name string
	tell func(w, h int) Model
}

func stories() []story {
	fresh := fake.Fresh()
	after := func(v *retrieval.View, keys ...string) func(w, h int) Model {
		return func(w, h int) Model { m, _ := press(open(v, w, h), keys...); return m }
	}
	off := *fresh
	off.Policy = "delete"
	return []story{
		{"empty", func(w, h int) Model { return New(plain(), fake.Rules{}).SetSize(w, h) }},
		{"opened", func(w, h int) Model { return opened(fresh, w, h) }},
		{"fresh", after(fresh, "j")},
		{"flagged", func(w, h int) Model {
			m, _ := press(open(fresh, w, h), "j", "s")
			return m.SetView(fake.Flagged(fresh, 1, `\Flagged`)).Done(retrieval.Action{Verb: retrieval.VerbFlag, Side: retrieval.IMAP}, nil)
		}},
		{"unsupported", after(fresh, "tab", "s")},
		{"pending", func(w, h int) Model {
			m, _ := press(open(fresh, w, h), "tab", "j", "d")
			return m.SetView(fake.Marked(fresh, 1)).Done(retrieval.Action{Verb: retrieval.VerbDelete, Side: retrieval.POP3}, nil)
		}},
		{"drawer", after(fake.Marked(fresh, 1), "v")},
		{"updated", after(fake.Updated(fake.Marked(fresh, 1)))},
		{"hole", after(fake.Holes(fresh), "j", "j")},
		{"plan", after(&off, "tab", "j", "j", " ", " ", "D")},
		{"fetch", after(due(fresh), "F")},
		{"device", func(w, h int) Model {
			m, _ := press(open(fresh, w, h).SetDevice(2, 2), "tab")
			return m.Elsewhere("device 1: POP3 QUIT: the server says that message 3 is deleted")
		}},
		{"leave", after(fresh, "L", "j")},
		{"leave-earlier", after(fresh, "L", "j", "enter")},
		{"downloading", func(w, h int) Model {
			v := *fresh
			v.Running = &retrieval.Progress{Verb: retrieval.VerbFetch, Side: retrieval.POP3, What: "3 of 12 messages", Done: 1_210_000, Total: 2_139_958,
				Unit: "octets", Started: fake.Now.Add(-time.Second), At: fake.Now, Whole: 3, Of: 12, Stored: 2, CanStop: true}
			m, _ := press(open(fresh, w, h), "tab")
			return m.SetView(&v)
		}},
		{"prediction", after(fresh, "tab", "j", "p", "d")},
		{"problem", after(fake.Broken(fresh))},
		{"help", after(fresh, "?")},
		{"tree", after(fresh, "f", "j")},
		{"create", after(fresh, "C", "W", "o", "r", "k")},
		{"rename", after(fresh, "f", "g", "j", "r")},
		{"discard", after(fresh, "f", "g", "j", "j", "j", "d")},
		{"discard-tree", after(fresh, "f", "G", "k", "d")},
		{"undo", func(w, h int) Model {
			m, _ := press(open(fresh, w, h), "*", "s")
			m = m.Done(retrieval.Action{Verb: retrieval.VerbFlag, Side: retrieval.IMAP}, nil)
			m, _ = press(m, "U")
			return m
		}},
		{"details", after(fresh, "i")},
		{"search", func(w, h int) Model { m, _ := press(open(fresh, w, h), typing("/", "from:hopper unseen")...); return m }},
		{"search-wrong", func(w, h int) Model {
			m, _ := press(open(fresh, w, h), typing("/", "since:yesterdayish")...)
			m, _ = press(m, "enter")
			return m
		}},
		{"found", func(w, h int) Model { return found(open(fresh, w, h)) }},
		{"found-nothing", func(w, h int) Model {
			m, _ := press(open(fresh, w, h), typing("/", "zebra")...)
			m, _ = press(m, "enter")
			return m.Found(m.search.gen, retrieval.Found{Side: retrieval.IMAP, Asked: `UID SEARCH TEXT "zebra"`, Mailbox: "INBOX", Valid: 1432, Upto: 52, Of: 12}, nil)
		}},
		{"sorted", func(w, h int) Model {
			m, _ := press(open(fresh, w, h), "S", "S", "S", "S")
			return m.Arranged(m.order.gen, retrieval.Arranged{Side: retrieval.IMAP, By: retrieval.BySize, Asked: "UID SORT (REVERSE SIZE)",
				Mailbox: "INBOX", Valid: 1432, UIDs: []uint32{45, 42, 44, 50, 47, 48, 41, 51, 46, 52, 43, 49}}, nil)
		}},
		{"sorted-pop3", after(fresh, "tab", "S", "S")},
		{"threads", func(w, h int) Model {
			m, _ := press(open(fresh, w, h), "T")
			return m.Arranged(m.order.gen, retrieval.Arranged{Side: retrieval.IMAP, By: retrieval.ByThread, Asked: "UID THREAD REFERENCES",
				Mailbox: "INBOX", Valid: 1432, UIDs: []uint32{41, 42, 51, 43, 44, 45, 46, 47, 48, 49, 50, 52}, Depth: []int{0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0}}, nil)
		}},
		{"selected", after(fresh, "j", " ", "~")},
		{"leaving", after(fake.Marked(fresh, 1), "q")},
		{"large", after(fake.Large(100_000), "G")},
	}
}

// due is v with its two downloads made eight days ago, under "7d": one copy of
// them was flagged, the other one removed from this device.
func due(v *retrieval.View) *retrieval.View {
	n := *v
	n.Policy, n.Limit = "7d", 1_000_000
	n.POP3.Drop.Entries = append([]retrieval.Entry(nil), v.POP3.Drop.Entries...)
	n.Rows = append([]retrieval.Row(nil), v.Rows...)
	for i := range 2 {
		c := *v.POP3.Drop.Entries[i].Copy
		c.Downloaded, c.Removed = fake.Now.Add(-8*24*time.Hour), i == 1
		c.Leave, _ = account.ParseLeaveOnServer("7d")
		n.POP3.Drop.Entries[i].Has(&c)
		n.Rows[i].Entry = &n.POP3.Drop.Entries[i]
	}
	return &n
}

func TestFrames(t *testing.T) {
	for _, s := range stories() {
		for _, size := range sizes {
			w, h := size[0], size[1]
			name := fmt.Sprintf("%s-%dx%d", s.name, w, h)
			t.Run(name, func(t *testing.T) {
				frame := s.tell(w, h).View()
				checkSize(t, frame, w, h)
				golden(t, name, frame)
			})
		}
	}
}

// checkSize holds that a frame is exactly h lines of w cells.
func checkSize(t *testing.T, frame string, w, h int) {
	t.Helper()
	lines := strings.Split(frame, "\n")
	if len(lines) != h {
		t.Errorf("%d lines, want %d", len(lines), h)
	}
	for i, s := range lines {
		if n := style.Width(s); n != w {
			t.Errorf("line %d is %d cells wide, want %d: %q", i, n, w, s)
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	goldenFile(t, filepath.Join("testdata", "frames", name+".txt"), got+"\n")
}

func coloured() *style.Styles {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.ANSI256)
	r.SetHasDarkBackground(true)
	return style.New(r)
}

// TestColourFrame pins one frame in colour for each ground, so that no theme
// changes unseen.
func TestColourFrame(t *testing.T) {
	for name, dark := range map[string]bool{"dark": true, "light": false} {
		r := lipgloss.NewRenderer(io.Discard)
		r.SetColorProfile(termenv.ANSI256)
		r.SetHasDarkBackground(dark)
		m := New(style.New(r), fake.Rules{}).SetSize(80, 24).SetView(fake.Marked(fake.Fresh(), 1)).SetLines(fake.Lines()).SetNow(fake.Now)
		golden(t, "colour-"+name, m.View())
	}
}
