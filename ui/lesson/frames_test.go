package lesson

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"imapop/retrieval"
	page "imapop/retrieval/lesson"
	"imapop/ui/style"
	"imapop/ui/wish"
)

var update = flag.Bool("update", false, "write the golden frames anew")

var sizes = [][2]int{{60, 20}, {80, 24}, {120, 40}, {200, 50}}

const pageText = "# Download and delete\n\nThis is what POP3 was made for: fetch the mail, then take it off the server.\n\n" +
	"```lesson\nminutes 5\nmail A \"Your ticket\"\nmail B \"A message that stays\"\ndevice phone \"a phone\"\n```\n\n" +
	"## Fetch it\n\nIMAP is open and watches. POP3 downloads A to this device and says `DELE` for it.\n\n> Speaker: Read the answer to DELE aloud.\n\n" +
	"```lesson\nimap open\nask \"DELE was answered with +OK. What does IMAP list now?\"\n  gone \"Only B: A was deleted\"\n  both \"A and B: nothing has happened yet\"\n  right both\n" +
	"pop3 download A delete\nexpect imap lists A B -- protocol, RFC 1939 section 6\n```\n\nDELE is a promise. QUIT keeps it.\n\n" +
	"## Keep the promise\n\nQUIT ends the session properly.\n\n```lesson\npop3 quit\nobserve told by-itself if imap hears-expunge A within 65s\nobserve told when-asked otherwise\n" +
	"expect smtp accepted -- protocol, RFC 6409\nexpect imap lists nothing -- protocol, RFC 1939 section 6\nconclude told\n  by-itself \"IMAP heard it by itself\" policy\n  when-asked \"it had to ask\" policy\n  source \"RFC 2177\"\n```\n"

var start = time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)

func lessons(t *testing.T) []*page.Lesson {
	t.Helper()
	l, err := page.Parse("04-download.md", []byte(pageText))
	if err != nil {
		t.Fatal(err)
	}
	return []*page.Lesson{l, {Number: 5, Title: "Leave on server", Minutes: 6, Summary: []string{"POP3 always deletes is wrong."}}}
}

func plainStyles() *style.Styles {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.Ascii)
	return style.New(r)
}

func fresh(t *testing.T, w, h int) Model {
	return New(plainStyles()).SetSize(w, h).SetNow(start).SetLessons(lessons(t)).SetView(&retrieval.View{Demo: true, Account: "alice@demo"})
}

func keyMsg(k string) tea.KeyMsg {
	named := map[string]tea.KeyType{"enter": tea.KeyEnter, "esc": tea.KeyEsc, "left": tea.KeyLeft, "pgdown": tea.KeyPgDown}
	if t, ok := named[k]; ok {
		return tea.KeyMsg{Type: t}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)}
}

func scene(marked, gone bool) page.Scene {
	here := page.DeviceScene{Name: page.Here, IMAP: retrieval.IMAPIdle, POP3: retrieval.POP3Transaction, IMAPTLS: "TLS 1.3", POP3TLS: "TLS 1.3",
		IMAPMeter: retrieval.Meter{In: 4900, Out: 600, Turnarounds: 18}, POP3Meter: retrieval.Meter{In: 2700, Out: 90, Turnarounds: 10},
		IMAPRows: []page.IMAPRow{{Letter: "A", UID: 15}, {Letter: "B", UID: 16, Flags: []string{`\Seen`, `\Flagged`}}},
		POP3Rows: []page.POP3Row{{Letter: "A", Number: 15, Octets: 400, UniqueID: "0000000f555a9601", Marked: marked}, {Letter: "B", Number: 16, Octets: 409, UniqueID: "00000010555a9601"}}}
	if marked {
		here.Copies = []string{"A"}
	}
	if gone {
		here.POP3, here.POP3Rows, here.POP3TLS, here.IMAPRows = retrieval.POP3Closed, nil, "", here.IMAPRows[1:]
	}
	phone := page.DeviceScene{Name: "phone", About: "a phone", IMAP: retrieval.IMAPSelected, POP3: retrieval.POP3Closed, IMAPRows: here.IMAPRows}
	return page.Scene{Mails: []page.Mail{{Letter: "A", Subject: "Your ticket"}, {Letter: "B", Subject: "A message that stays"}}, Devices: []page.DeviceScene{here, phone}}
}

// room performs what the screen wishes, with outcomes that are given by the
// statement's text, until it wishes no more.
type room struct {
	failing string // a statement that fails
	begun   int
	done    []string
	others  []Wish
}

func (r *room) settle(m Model, wishes []Wish) Model {
	for len(wishes) > 0 {
		w := wishes[0]
		wishes = wishes[1:]
		var more []Wish
		switch w := w.(type) {
		case wish.BeginLesson:
			r.begun++
			m, more = m.Begun(scene(false, false), nil)
		case wish.PlayLesson:
			st := m.lessons[w.Lesson].Steps[w.Step].Do[w.Index]
			r.done = append(r.done, st.Text)
			m, more = m.Did(r.outcome(st), scene(w.Step > 0 || w.Index > 1, w.Step > 0))
		default:
			r.others = append(r.others, w)
		}
		wishes = append(wishes, more...)
	}
	return m
}

func (r *room) outcome(st page.Statement) page.Outcome {
	o := page.Outcome{Statement: st, Verdict: page.Held, Saw: "IMAP lists A B"}
	switch {
	case st.Kind == page.Act:
		o.Verdict, o.Saw = page.Done, ""
		o.Lines = []retrieval.Line{{Side: retrieval.POP3, Dir: retrieval.ClientSays, Text: "DELE 15"}, {Side: retrieval.POP3, Dir: retrieval.ServerSays, Text: "+OK message 15 marked\x1b[2J, it goes at QUIT"}}
	case st.Kind == page.Ask:
		o.Verdict, o.Saw = page.Done, ""
	case st.Kind == page.Observe && st.Condition == nil:
		o.Verdict, o.Saw = page.Passed, ""
	case st.Kind == page.Observe:
		o.Saw, o.Delay, o.Waited, o.Value = "EXPUNGE came by itself, 503 ms after the act", 503*time.Millisecond, true, st.Value
	case st.Kind == page.Conclude:
		o.Meaning, o.Value, o.Saw = &st.Meanings[0], st.Meanings[0].Value, st.Meanings[0].Text
	case strings.Contains(st.Text, "smtp"):
		o.Verdict, o.Saw = page.Impossible, "the account has no submission endpoint"
	}
	if r.failing != "" && strings.Contains(st.Text, r.failing) {
		o.Verdict, o.Saw = page.Failed, "IMAP lists B"
	}
	return o
}

// drive presses keys and lets the room answer.
func (r *room) drive(m Model, keys ...string) Model {
	for _, k := range keys {
		next, wishes := m.Update(keyMsg(k))
		m = r.settle(next, wishes)
	}
	return m
}

func TestFrames(t *testing.T) {
	play := func(keys ...string) func(*testing.T, int, int) Model {
		return func(t *testing.T, w, h int) Model {
			return (&room{}).drive(fresh(t, w, h), keys...).SetNow(start.Add(83 * time.Second))
		}
	}
	stories := []struct {
		name string
		tell func(*testing.T, int, int) Model
	}{
		{"list", play("j")},
		{"agree", func(t *testing.T, w, h int) Model {
			return (&room{}).drive(fresh(t, w, h).SetView(&retrieval.View{Account: "alice@example.org", POP3: retrieval.POP3Side{Pending: 2}}), "enter")
		}},
		{"begun", play("enter")},
		{"question", play("enter", "enter")},
		{"right", play("enter", "enter", "b")},
		{"wrong", play("enter", "enter", "a")},
		{"failed", func(t *testing.T, w, h int) Model {
			return (&room{failing: "expect imap lists A B"}).drive(fresh(t, w, h), "enter", "enter", "b")
		}},
		{"notes", play("enter", "enter", "n")},
		{"pictures", play("enter", "enter", "b", "p")},
		{"running", func(t *testing.T, w, h int) Model {
			m, _ := (&room{}).drive(fresh(t, w, h), "enter", "enter", "b", "enter").Update(keyMsg("enter"))
			return m
		}},
		{"end", play("enter", "enter", "b", "enter", "enter")},
		{"paused", play("enter", "enter", "b", "1")},
	}
	for _, s := range stories {
		for _, size := range sizes {
			w, h := size[0], size[1]
			t.Run(fmt.Sprintf("%s-%dx%d", s.name, w, h), func(t *testing.T) {
				frame := s.tell(t, w, h).View()
				checkSize(t, frame, w, h)
				golden(t, fmt.Sprintf("%s-%dx%d", s.name, w, h), frame)
			})
		}
	}
}

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
	if strings.Contains(frame, "\x1b") {
		t.Error("an escape of a server's reached the screen")
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "frames", name+".txt")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got+"\n" != string(want) {
		t.Errorf("the frame differs from %s:\n%s", path, got)
	}
}

// TestEverySize holds that no terminal makes the screen overrun or fall.
func TestEverySize(t *testing.T) {
	for w := 1; w <= 140; w += 7 {
		for h := 1; h <= 60; h += 5 {
			for _, keys := range [][]string{nil, {"enter"}, {"enter", "enter"}, {"enter", "enter", "b"}, {"enter", "enter", "b", "p"}, {"enter", "n", "pgdown", "pgdown"}} {
				m := (&room{}).drive(fresh(t, w, h), keys...)
				if w >= minWidth && h >= minHeight {
					checkSize(t, m.View(), w, h)
				} else if m.View() == "" {
					t.Errorf("nothing at %dx%d", w, h)
				}
			}
		}
	}
}
