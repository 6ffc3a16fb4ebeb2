package compose

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"imapop/account/draft"
	"imapop/retrieval"
	"imapop/ui/internal/fake"
	"imapop/ui/style"
	"imapop/ui/wish"
)

var update = flag.Bool("update", false, "write the golden frames anew")

var sizes = [][2]int{{60, 20}, {80, 24}, {120, 40}, {200, 50}}

func screen(w, h int) Model {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.Ascii)
	v := fake.Fresh()
	for i := range v.Rows {
		v.Rows[i].Message.Header.Address = fmt.Sprintf("%d@people.example", i)
	}
	return New(style.New(r)).SetSize(w, h).SetView(v).SetNow(fake.Now)
}

// press sends keys and returns the last wishes.
func press(m Model, keys ...string) (Model, []wish.Wish) {
	named := map[string]tea.KeyType{"tab": tea.KeyTab, "shift+tab": tea.KeyShiftTab, "enter": tea.KeyEnter, "esc": tea.KeyEsc, "up": tea.KeyUp, "down": tea.KeyDown,
		"backspace": tea.KeyBackspace, "ctrl+s": tea.KeyCtrlS, "ctrl+o": tea.KeyCtrlO, "ctrl+c": tea.KeyCtrlC}
	var wishes []wish.Wish
	for _, k := range keys {
		msg := tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)}
		if t, ok := named[k]; ok {
			msg = tea.KeyMsg{Type: t}
		}
		m, wishes = m.Update(msg)
	}
	return m, wishes
}

var (
	overIMAP = retrieval.Action{Verb: retrieval.VerbReadAloud, Side: retrieval.IMAP, UIDs: []uint32{43}}
	reply    = draft.Draft{ID: "d1", From: "Alice <alice@demo>", To: "Grace Hopper <grace@demo>", Subject: "Re: nanoseconds",
		Text: "On Thu, Grace Hopper wrote:\n> This is a nanosecond: 11.8 inches of wire, and here is a line that is too long for a narrow screen.\n> 会議の議事録\n\n"}
	accepted = draft.Outcome{ID: "o1", MessageID: "<42@demo>", State: "sent", Began: fake.Now.Add(-22 * time.Millisecond), At: fake.Now, Answer: "2.0.0 OK: queued",
		Recipients: []draft.Answered{{Address: "grace@demo", Code: 250}}, Filed: "Sent, UID 3, by IMAP APPEND (RFC 9051 section 6.3.12)"}
)

func menu(w, h int) Model {
	return screen(w, h).Menu(overIMAP, "UID 43  Grace Hopper: Re: nanoseconds")
}

func answering(w, h int) Model {
	m, _ := press(menu(w, h), "r")
	return m.Open(reply, nil)
}

func stories() map[string]func(w, h int) Model {
	keys := func(base func(w, h int) Model, keys ...string) func(w, h int) Model {
		return func(w, h int) Model { m, _ := press(base(w, h), keys...); return m }
	}
	waiting := []draft.Waiting{{ID: "o1", State: "waiting", Subject: "Hello", To: "bob@elsewhere.example", MessageID: "<1@demo>", LastError: "smtp: RCPT TO bob@elsewhere.example: the server refused (550): 5.1.1 no such user", Octets: 1234},
		{ID: "o2", State: "unknown", Subject: "", To: "carol@demo", MessageID: "<2@demo>", LastError: "smtp: end of message: the outcome is unknown: the message may have been delivered: EOF", Octets: 88112}}
	plan := draft.Plan{Octets: 860, Steps: []draft.Step{{Protocol: "SMTP", Text: "MAIL FROM alice@demo, RCPT TO grace@demo: 860 B in one DATA to 127.0.0.1:465 (TLS from the first octet, as port 465 has it, RFC 6409)"},
		{Protocol: "IMAP", Text: "a copy goes into Sent by APPEND, unless the server puts it there itself; every device sees it"},
		{Protocol: "POP3", Text: "has nowhere to put a copy: it only retrieves (RFC 1939)"}}, Warnings: []string{"the text speaks of an attachment, and there is none"}}
	sent := func(o draft.Outcome, view func(*retrieval.View)) func(w, h int) Model {
		return func(w, h int) Model {
			v := fake.Fresh()
			if view != nil {
				view(v)
			}
			return answering(w, h).Sending().Done(o).SetView(v)
		}
	}
	return map[string]func(w, h int) Model{
		"menu":    menu,
		"nothing": func(w, h int) Model { return screen(w, h).Menu(retrieval.Action{}, "") },
		"loading": keys(menu, "r"),
		"reply":   answering,
		"typed":   keys(answering, "I", " ", "a", "g", "r", "e", "e"),
		"completing": func(w, h int) Model {
			m, _ := press(answering(w, h), "shift+tab", "shift+tab", "shift+tab", "shift+tab", "shift+tab", "g")
			return m
		},
		"attaching": func(w, h int) Model {
			m, _ := press(answering(w, h), "shift+tab", "/", "x", "/", "a", "enter", "/", "x")
			return m.Paths("/x", []string{"/x/", "/xyz.txt"})
		},
		"leaving": keys(answering, "x", "esc"),
		"plan":    func(w, h int) Model { return answering(w, h).Planned(plan, nil) },
		"cannot": func(w, h int) Model {
			return answering(w, h).Planned(draft.Plan{}, fmt.Errorf("To: %q is not a list of addresses", "grace"))
		},
		"sending": func(w, h int) Model { return answering(w, h).Sending() },
		"sent": sent(accepted, func(v *retrieval.View) {
			v.IMAP.Caps = []string{"IDLE"}
			m := *v.Rows[11].Message
			m.Header.MessageID = "<42@demo>"
			v.Rows[11].Message, v.Rows[11].Number, v.Rows[11].Entry = &m, 0, nil
			v.Happened = append(v.Happened, retrieval.Happening{Side: retrieval.IMAP, Kind: retrieval.Exists, UIDs: []uint32{m.UID}, At: fake.Now.Add(4 * time.Millisecond), CausedBy: 1})
		}),
		"refused": sent(draft.Outcome{ID: "o1", MessageID: "<42@demo>", State: "waiting", CanSendToSome: true, Error: "smtp: RCPT TO bob@elsewhere.example: the server refused (550): 5.1.1 no such user",
			Recipients: []draft.Answered{{Address: "grace@demo", Code: 250}, {Address: "bob@elsewhere.example", Code: 550, Text: "5.1.1 no such user"}, {Address: "carol@demo"}}}, nil),
		"unknown": sent(draft.Outcome{ID: "o1", MessageID: "<42@demo>", State: "unknown", Error: "smtp: end of message: the outcome is unknown: the message may have been delivered: EOF",
			Recipients: []draft.Answered{{Address: "grace@demo", Code: 250}}}, nil),
		"outbox": func(w, h int) Model {
			m, _ := press(menu(w, h).Unsent(nil, waiting, nil), "o", "j")
			return m
		},
		"drafts": func(w, h int) Model {
			m, _ := press(menu(w, h).Unsent([]draft.Draft{reply, {ID: "d2", Text: "x"}}, nil, nil), "d")
			return m
		},
	}
}

func TestFrames(t *testing.T) {
	for name, tell := range stories() {
		for _, size := range sizes {
			w, h := size[0], size[1]
			got := tell(w, h).View()
			lines := strings.Split(got, "\n")
			if len(lines) != h {
				t.Errorf("%s at %dx%d: %d lines", name, w, h, len(lines))
			}
			for n, l := range lines {
				if style.Width(l) != w {
					t.Errorf("%s at %dx%d: line %d has %d cells: %q", name, w, h, n, style.Width(l), l)
				}
			}
			path := filepath.Join("testdata", fmt.Sprintf("%s-%dx%d.txt", name, w, h))
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(got+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			if want, _ := os.ReadFile(path); string(want) != got+"\n" {
				t.Errorf("%s differs from its golden file; got:\n%s", path, got)
			}
		}
	}
}

// TestTooSmall holds that no size breaks the screen.
func TestTooSmall(t *testing.T) {
	for name, tell := range stories() {
		for _, size := range [][2]int{{1, 1}, {5, 3}, {20, 8}, {60, 2}} {
			if got := tell(size[0], size[1]).View(); len(strings.Split(got, "\n")) > size[1] {
				t.Errorf("%s at %v: too many lines", name, size)
			}
		}
	}
}

func TestWishes(t *testing.T) {
	written := reply
	written.Text += "Yes"
	for _, c := range []struct {
		name string
		m    Model
		keys []string
		want []wish.Wish
	}{
		{"new", menu(80, 24), []string{"n"}, []wish.Wish{wish.Begin{Kind: draft.New}}},
		{"reply", menu(80, 24), []string{"r"}, []wish.Wish{wish.Begin{Kind: draft.Answer, Action: overIMAP}}},
		{"reply to all", menu(80, 24), []string{"a"}, []wish.Wish{wish.Begin{Kind: draft.AnswerAll, Action: overIMAP}}},
		{"forward", menu(80, 24), []string{"f"}, []wish.Wish{wish.Begin{Kind: draft.PassOn, Action: overIMAP}}},
		{"reply to nothing", screen(80, 24).Menu(retrieval.Action{}, ""), []string{"r"}, nil},
		{"q leaves the menu", menu(80, 24), []string{"q"}, []wish.Wish{wish.Open{Screen: wish.Compare}}},
		{"q leaves a list, too", menu(80, 24), []string{"d", "q", "q"}, []wish.Wish{wish.Open{Screen: wish.Compare}}},
		{"send asks first", answering(80, 24), []string{"Yes", "ctrl+s"}, []wish.Wish{wish.Plan{Draft: written}}},
		{"and then sends", answering(80, 24).Planned(draft.Plan{}, nil), []string{"y"}, []wish.Wish{wish.Send{Draft: reply}}},
		{"what cannot be sent is not", answering(80, 24).Planned(draft.Plan{}, io.EOF), []string{"y"}, nil},
		{"editor", answering(80, 24), []string{"ctrl+o"}, []wish.Wish{wish.Edit{Draft: reply}}},
		{"leaving untouched", answering(80, 24), []string{"esc"}, []wish.Wish{wish.Discard{Draft: reply}, wish.Open{Screen: wish.Compare}}},
		{"leaving asks", answering(80, 24), []string{"Yes", "esc"}, nil},
		{"ctrl+c asks too", answering(80, 24), []string{"Yes", "ctrl+c"}, nil},
		{"keep", answering(80, 24), []string{"Yes", "esc", "s"}, []wish.Wish{wish.StoreDraft{Draft: written}, wish.Open{Screen: wish.Compare}}},
		{"discard", answering(80, 24), []string{"Yes", "esc", "d"}, []wish.Wish{wish.Discard{Draft: written}, wish.Open{Screen: wish.Compare}}},
		{"POP3's next session", answering(80, 24).Done(accepted), []string{"o"}, []wish.Wish{wish.Do{Action: retrieval.Action{Verb: retrieval.VerbRefresh, Side: retrieval.POP3}}}},
		{"sent messages are not sent again", answering(80, 24).Done(accepted), []string{"A"}, nil},
		{"unknown ones by choice", answering(80, 24).Done(draft.Outcome{ID: "o1", State: "unknown"}), []string{"A"}, []wish.Wish{wish.Resend{ID: "o1", Again: true}}},
		{"to the others", answering(80, 24).Done(draft.Outcome{ID: "o1", State: "waiting", CanSendToSome: true}), []string{"p"}, []wish.Wish{wish.Resend{ID: "o1", Partial: true}}},
		{"files are asked for", answering(80, 24), []string{"shift+tab", "/"}, []wish.Wish{wish.Paths{Text: "/"}}},
		{"dropping asks", menu(80, 24).Unsent([]draft.Draft{reply}, nil, nil), []string{"d", "x"}, nil},
		{"another key forgets it", menu(80, 24).Unsent([]draft.Draft{reply}, nil, nil), []string{"d", "x", "j", "x"}, nil},
		{"dropping a draft", menu(80, 24).Unsent([]draft.Draft{reply}, nil, nil), []string{"d", "x", "x"}, []wish.Wish{wish.Discard{Draft: reply}, wish.Unsent{}}},
		{"dropping a message", menu(80, 24).Unsent(nil, []draft.Waiting{{ID: "o1"}}, nil), []string{"o", "x", "x"}, []wish.Wish{wish.Drop{ID: "o1"}, wish.Unsent{}}},
		{"stopping", answering(80, 24).Sending(), []string{"esc"}, []wish.Wish{wish.Cancel{}}},
	} {
		if _, got := press(c.m, c.keys...); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestCompletion(t *testing.T) {
	m, _ := press(answering(80, 24), "shift+tab", "shift+tab", "shift+tab", "shift+tab", "shift+tab", ",", "a", "d", "tab")
	if want := "Grace Hopper <grace@demo>, Ada Lovelace <0@people.example>, "; m.Draft().To != want {
		t.Errorf("To %q, want %q", m.Draft().To, want)
	}
	m, _ = press(answering(80, 24), "shift+tab", "/", "x")
	m = m.Paths("/x", []string{"/x/ab1", "/x/ab2"})
	m, _ = press(m, "tab")
	m = m.Paths("/x/ab", []string{"/x/ab1", "/x/ab2"})
	m, _ = press(m, "1", "enter")
	if got := m.Draft().Attach; !reflect.DeepEqual(got, []string{"/x/ab1"}) {
		t.Errorf("attached %q", got)
	}
	if m, _ = press(m, "backspace"); len(m.Draft().Attach) != 0 {
		t.Errorf("still attached: %q", m.Draft().Attach)
	}
}

// TestTextStaysAsItIs holds that what the editor cannot show as it is comes through
// untouched when nobody edits it.
func TestTextStaysAsItIs(t *testing.T) {
	d := reply
	d.Text = "tabs\there\n" + strings.Repeat("line\n", 12_000)
	m := answering(80, 24).Open(d, nil)
	m, _ = press(m, "shift+tab", "shift+tab", "!")
	if m.Draft().Text != d.Text || m.Draft().Subject != reply.Subject+"!" {
		t.Errorf("the text is changed, or the subject %q", m.Draft().Subject)
	}
}

// TestKeepingIsFollowed holds when something typed counts as not on disk.
func TestKeepingIsFollowed(t *testing.T) {
	m := answering(80, 24)
	if m.Unsaved() {
		t.Error("nothing was typed")
	}
	m, _ = press(m, "x")
	if !m.Unsaved() {
		t.Error("what was typed is not to be kept")
	}
	m = m.Keeping()
	if m, _ = press(m, "y"); m.Unsaved() || !m.Typed() {
		t.Error("while it is being kept a second one is wanted")
	}
	if m = m.Kept(m.Draft(), nil); !m.Unsaved() {
		t.Error("what was typed meanwhile is forgotten")
	}
	if m = m.Keeping().Kept(m.Draft(), io.ErrShortWrite); !m.Unsaved() || !strings.Contains(m.View(), io.ErrShortWrite.Error()) {
		t.Error("a failed save is taken for one")
	}
}

// TestMenuDoesNotForget holds that what is being written stays when the menu is asked for.
func TestMenuDoesNotForget(t *testing.T) {
	m, _ := press(answering(80, 24), "x")
	if got := m.Menu(overIMAP, "another"); got.Draft().Text != m.Draft().Text || got.at != writing {
		t.Error("the message is gone")
	}
}
