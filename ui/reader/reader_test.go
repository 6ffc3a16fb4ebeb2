package reader

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"imapop/retrieval"
	"imapop/retrieval/mime"
	"imapop/ui/style"
	"imapop/ui/wish"
)

var update = flag.Bool("update", false, "write the golden frames anew")

var sizes = [][2]int{{60, 20}, {80, 24}, {120, 40}, {200, 50}}

func screen() Model {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.Ascii)
	return New(style.New(r))
}

func overIMAP() retrieval.Action {
	return retrieval.Action{Verb: retrieval.VerbReadAloud, Side: retrieval.IMAP, UIDs: []uint32{43}, Numbers: []int{2}}
}

func overPOP() retrieval.Action {
	a := overIMAP()
	a.Side = retrieval.POP3
	return a
}

// letter is a message with everything that a reader shows.
var letter = strings.ReplaceAll(`From: =?utf-8?q?Ad=C3=A8le?= <adele@example.org>
To: Alice Liddell <alice@example.org>, Bob <bob@example.org>
Cc: carol@example.org
Subject: =?iso-8859-1?q?Gr=FC=DFe?= from the Engine, =?utf-8?b?5Lya6K2w?=
Date: Thu, 3 Sep 2026 12:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=m

--m
Content-Type: multipart/alternative; boundary=a

--a
Content-Type: text/plain; charset=utf-8; format=flowed
Content-Transfer-Encoding: quoted-printable

On Tuesday you wrote:
> The Engine weaves=20
> algebraical patterns.
>> Does it?
> It does, just as the Jacquard loom=20
> weaves flowers and leaves.
> One more line.
> And another.

Caf=C3=A9 at noon? The tables are at https://tables.example.org/log and
the diagram is attached.=1B[2J

--=20
Ad=C3=A8le
--a
Content-Type: text/html; charset=utf-8

<h1>Tables</h1><p>The tables are <a href="https://tables.example.org/log">here</a>, or at <a href="https://evil.example/x">www.bank.example</a>.</p>
<ul><li>first<li>second</ul><img src="https://pixel.example/t.gif" width=1 height=1>
--a--
--m
Content-Type: image/png; name=diagram.png
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--m
Content-Type: text/calendar; method=REQUEST; charset=utf-8

BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VEVENT
DTSTART:20260903T120000Z
DTEND:20260903T130000Z
SUMMARY:Noon at the café
LOCATION:Café
ORGANIZER;CN=Adèle:mailto:adele@example.org
ATTENDEE;CN=Alice:mailto:alice@example.org
END:VEVENT
END:VCALENDAR
--m
Content-Type: text/x-patch; name=fix.patch

--- a/engine.go
+++ b/engine.go
@@ -1 +1 @@
-old
+new
--m
Content-Type: message/rfc822

From: Babbage <charles@example.org>
Subject: inner

I have no patience.
--m
Content-Type: application/octet-stream
Content-Disposition: attachment; filename="tables.bin"
Content-Transfer-Encoding: base64

AAECAwQFBgcICQ==
--m--
`, "\n", "\r\n")

var costs = retrieval.Costs{
	IMAP: retrieval.Cost{Read: true, In: 4200, Out: 170, Turnarounds: 2, Whole: 6_842_000},
	POP3: retrieval.Cost{Whole: 6_842_000},
}

// fromServer is the letter as IMAP brings it: its attachment is on the server.
func fromServer() *mime.Message {
	m, bare := mime.Parse([]byte(letter)), mime.Parse([]byte(letter))
	m.Source, m.Octets = nil, 6_842_000
	for _, n := range []string{"6", "2", "1.2"} {
		*m.Find(n) = *without(bare.Find(n))
	}
	m.Find("6").Octets = 6_838_000
	return m
}

// without is a part whose body is on the server.
func without(p *mime.Part) *mime.Part {
	q := mime.NewPart(p.Type, p.Disposition, p.Params, map[string]string{"filename": p.FileName})
	q.Number, q.Octets, q.Encoding = p.Number, p.Octets, p.Encoding
	return q
}

func reading(w, h int) Model {
	return screen().SetSize(w, h).Opening(overIMAP(), "message 3 of 14").Fetched(fromServer(), costs, nil)
}

func readingPOP(w, h int) Model {
	c := costs
	c.POP3 = retrieval.Cost{Read: true, In: 6_842_100, Out: 9, Turnarounds: 1, Whole: 6_842_000}
	return screen().SetSize(w, h).Opening(overPOP(), "message 3 of 14").Fetched(mime.Parse([]byte(letter)), c, nil)
}

func press(m Model, keys ...string) (Model, []wish.Wish) {
	var wishes []wish.Wish
	for _, k := range keys {
		msg := tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)}
		switch k {
		case "esc":
			msg = tea.KeyMsg{Type: tea.KeyEsc}
		case "enter":
			msg = tea.KeyMsg{Type: tea.KeyEnter}
		case "tab":
			msg = tea.KeyMsg{Type: tea.KeyTab}
		}
		m, wishes = m.Update(msg)
	}
	return m, wishes
}

// stories are the situations whose frames are kept.
func stories() map[string]func(w, h int) Model {
	pressed := func(open func(w, h int) Model, keys ...string) func(w, h int) Model {
		return func(w, h int) Model { m, _ := press(open(w, h), keys...); return m }
	}
	return map[string]func(w, h int) Model{
		"imap":      reading,
		"pop3":      readingPOP,
		"end":       pressed(readingPOP, "G"),
		"unfolded":  pressed(reading, "z"),
		"html":      pressed(readingPOP, "h"),
		"structure": pressed(reading, "t"),
		"raw":       pressed(readingPOP, "r"),
		"files":     pressed(reading, "a", "j"),
		"links":     pressed(readingPOP, "h", "l", "j"),
		"asklink":   pressed(readingPOP, "h", "l", "j", "o"),
		"askopen":   pressed(reading, "a", "o"),
		"help":      pressed(reading, "?"),
		"saving": func(w, h int) Model {
			m, _ := press(readingPOP(w, h), "a", "s")
			return m.Proposed("/home/alice/Downloads/diagram.png", nil)
		},
		"progress": func(w, h int) Model {
			m, _ := press(reading(w, h), "a", "j", "j", "j", "j", "s")
			return m.SetRunning(&retrieval.Progress{Done: 2_000_000, Total: 6_838_000})
		},
		"trust": func(w, h int) Model {
			m, _ := press(reading(w, h), "T")
			return m.TrustCame(retrieval.Trust{Own: "mx.home.example", OwnWhy: "it is of the same domain as the IMAP server, imap.home.example", Lines: []retrieval.TrustLine{
				{By: "your server", Method: "SPF", Result: "pass", Text: "bounce.example.org lets the server that handed this message over send for it. That is the envelope's sender, which nobody sees; the From field may name somebody else", Source: "RFC 7208"},
				{By: "not believed", Text: "mx.evil.example says dmarc=pass: anyone can write such a field, and mx.evil.example is not your server", Source: "RFC 8601 section 7.1"},
				{By: "checked here", Method: "DKIM", Result: "fail", Text: "the signature of example.org does not hold: dkim: body hash did not verify", Source: "RFC 6376 section 6.1"},
				{Method: "DMARC", Result: "not aligned", Text: "From says example.org, and nothing here shows that this domain sent the message", Source: "RFC 7489 section 3.1"},
			}}, nil)
		},
		"asking":  pressed(reading, "T"),
		"loading": func(w, h int) Model { return screen().SetSize(w, h).Opening(overPOP(), "message 3 of 14") },
		"failed": func(w, h int) Model {
			return screen().SetSize(w, h).Opening(overIMAP(), "").Fetched(nil, retrieval.Costs{}, errors.New("imap: fetch: the session has ended"))
		},
	}
}

func TestFrames(t *testing.T) {
	for name, tell := range stories() {
		for _, size := range sizes {
			name := fmt.Sprintf("%s-%dx%d", name, size[0], size[1])
			frame := tell(size[0], size[1]).View()
			checkSize(t, name, frame, size[0], size[1])
			golden(t, name, frame)
		}
	}
}

func checkSize(t *testing.T, name, frame string, w, h int) {
	t.Helper()
	lines := strings.Split(frame, "\n")
	if len(lines) != h {
		t.Errorf("%s: %d lines, want %d", name, len(lines), h)
	}
	for i, s := range lines {
		if n := ansi.StringWidthWc(s); n != w {
			t.Errorf("%s: line %d is %d cells wide, want %d: %q", name, i, n, w, s)
		}
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
		return
	}
	if want, _ := os.ReadFile(path); string(want) != got+"\n" {
		t.Errorf("%s differs from its golden file; got:\n%s", name, got)
	}
}

// TestColourFrame pins one frame in colour.
func TestColourFrame(t *testing.T) {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.ANSI256)
	r.SetHasDarkBackground(true)
	m := New(style.New(r)).SetSize(80, 24).Opening(overPOP(), "").Fetched(mime.Parse([]byte(letter)), costs, nil)
	checkSize(t, "colour", m.View(), 80, 24)
	golden(t, "colour", m.View())
	m, _ = press(m, "h")
	checkSize(t, "colour-html", m.View(), 80, 24)
	golden(t, "colour-html", m.View())
}

// TestHardMailKeepsTheScreenStraight draws the whole corpus at odd sizes, in
// every place and down to its end: exact cells, and no escape but colours.
func TestHardMailKeepsTheScreenStraight(t *testing.T) {
	files, err := filepath.Glob("../../retrieval/mime/testdata/mail/*.eml")
	if err != nil || len(files) < 60 {
		t.Fatal(len(files), err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range [][2]int{{20, 8}, {41, 13}, {80, 24}, {133, 37}} {
			m := screen().SetSize(size[0], size[1]).Opening(overPOP(), "message 1 of 1").Fetched(mime.Parse(raw), costs, nil)
			for _, keys := range [][]string{nil, {"z"}, {"h"}, {"G"}, {"t"}, {"r"}, {"a"}, {"l"}, {"?"}} {
				n, _ := press(m, keys...)
				frame := n.View()
				checkSize(t, filepath.Base(f)+fmt.Sprint(size, keys), frame, size[0], size[1])
				if strings.ContainsAny(frame, "\x1b\x00\x07\r\t") {
					t.Errorf("%s %v: an escape in the frame", f, keys)
				}
			}
		}
	}
}

func TestWishes(t *testing.T) {
	here := mime.Parse([]byte(letter))
	file := wish.File{Name: "diagram.png", Encoding: "base64", Body: here.Find("2").Body()}
	for _, c := range []struct {
		name string
		m    Model
		keys []string
		want []wish.Wish
	}{
		{"back", reading(80, 24), []string{"esc"}, []wish.Wish{wish.Open{Screen: wish.Compare}}},
		{"back out of a list", reading(80, 24), []string{"a", "esc"}, nil},
		{"back stops a fetch", screen().SetSize(80, 24).Opening(overIMAP(), ""), []string{"esc"}, []wish.Wish{wish.Open{Screen: wish.Compare}, wish.Cancel{}}},
		{"next", reading(80, 24), []string{"n"}, []wish.Wish{wish.Step{By: 1}}},
		{"previous", reading(80, 24), []string{"p"}, []wish.Wish{wish.Step{By: -1}}},
		{"other side", reading(80, 24), []string{"tab"}, []wish.Wish{wish.Other{}}},
		{"html is on the server", reading(80, 24), []string{"h"}, []wish.Wish{wish.Text{Parts: []mime.Wanted{here.Find("1.2").Want()}}}},
		{"html is here", readingPOP(80, 24), []string{"h"}, nil},
		{"source is on the server", reading(80, 24), []string{"r"}, []wish.Wish{wish.Source{Octets: 6_842_000}}},
		{"source is here", readingPOP(80, 24), []string{"r"}, nil},
		{"save fetches", reading(80, 24), []string{"a", "s"}, []wish.Wish{wish.Part{Part: here.Find("2").Want()}}},
		{"save of what is here", readingPOP(80, 24), []string{"a", "s"}, []wish.Wish{wish.Propose{Name: "diagram.png"}}},
		{"open asks", readingPOP(80, 24), []string{"a", "o"}, nil},
		{"open asks, no", readingPOP(80, 24), []string{"a", "o", "n"}, nil},
		{"open asks, yes", readingPOP(80, 24), []string{"a", "o", "y"}, []wish.Wish{wish.Show{File: file}}},
		{"open fetches only after yes", reading(80, 24), []string{"a", "o", "y"}, []wish.Wish{wish.Part{Part: here.Find("2").Want()}}},
		{"link asks", readingPOP(80, 24), []string{"l", "enter"}, nil},
		{"link, yes", readingPOP(80, 24), []string{"l", "enter", "y"}, []wish.Wish{wish.Browse{URL: "https://tables.example.org/log"}}},
		{"link, esc", readingPOP(80, 24), []string{"l", "enter", "esc"}, nil},
		{"stop while reading", loadingPart(), []string{"esc"}, []wish.Wish{wish.Cancel{}}},
	} {
		if _, got := press(c.m, c.keys...); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

func loadingPart() Model {
	m, _ := press(reading(80, 24), "a", "s")
	return m
}

// TestSaving follows an attachment from the server into a file: a name that is
// taken is proposed anew, and nothing is written before enter.
func TestSaving(t *testing.T) {
	m := loadingPart()
	m, wishes := m.PartCame("2", mime.Parse([]byte(letter)).Find("2").Body(), costs, nil)
	if !reflect.DeepEqual(wishes, []wish.Wish{wish.Propose{Name: "diagram.png"}}) {
		t.Fatalf("%+v", wishes)
	}
	m = m.Proposed("/d/diagram.png", nil)
	m, wishes = press(m, "x", "enter")
	store, ok := wishes[0].(wish.Store)
	if !ok || store.Path != "/d/diagram.pngx" || store.File.Encoding != "base64" {
		t.Fatalf("%+v", wishes)
	}
	m, wishes = m.Filed("", fmt.Errorf("save: %w", os.ErrExist))
	if !reflect.DeepEqual(wishes, []wish.Wish{wish.Propose{Name: "diagram.png"}}) || !strings.Contains(m.View(), "file already exists") {
		t.Fatalf("%+v\n%s", wishes, m.View())
	}
	m = m.Proposed("/d/diagram (2).png", nil)
	m, wishes = press(m, "esc")
	if len(wishes) > 0 || !strings.Contains(m.View(), "nothing was done") {
		t.Errorf("%+v\n%s", wishes, m.View())
	}
}

// TestTheOtherAlternativeComes follows h from its wish to the screen.
func TestTheOtherAlternativeComes(t *testing.T) {
	m, _ := press(reading(80, 24), "h")
	m = m.Loaded([]mime.Body{{Number: "1.2", Octets: mime.Parse([]byte(letter)).Find("1.2").Body()}}, costs, nil)
	if v := m.View(); !strings.Contains(v, "# Tables") {
		t.Errorf("no HTML:\n%s", v)
	}
	m, wishes := press(m, "h")
	if v := m.View(); len(wishes) > 0 || !strings.Contains(v, "Café at noon?") {
		t.Errorf("no text, %+v:\n%s", wishes, v)
	}
}
