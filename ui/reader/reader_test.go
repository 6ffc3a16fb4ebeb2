package reader

import (
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"imapop/retrieval"
	"imapop/ui/style"
	"imapop/ui/wish"
)

var update = flag.Bool("update", false, "write the golden frames anew")

const letter = "From: =?utf-8?q?Ad=C3=A8le?= <adele@example.org>\r\nTo: alice@example.org\r\nSubject: =?iso-8859-1?q?Gr=FC=DFe?=\r\n" +
	"Date: Thu, 3 Sep 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nCaf=C3=A9 at\r\nnoon.\x1b[2J\r\n" +
	"--b\r\nContent-Type: image/png; name=photo.png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--\r\n"

func screen() Model {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.Ascii)
	return New(style.New(r))
}

func overIMAP() retrieval.Action {
	return retrieval.Action{Verb: retrieval.VerbReadAloud, Side: retrieval.IMAP, UIDs: []uint32{43}}
}

func TestFrames(t *testing.T) {
	cases := map[string]Model{
		"read":    screen().Opening(overIMAP()).SetSize(80, 24).Fetched([]byte(letter), nil),
		"loading": screen().SetSize(60, 20).Opening(retrieval.Action{Verb: retrieval.VerbReadAloud, Side: retrieval.POP3, Numbers: []int{2}}),
		"failed":  screen().SetSize(80, 24).Opening(overIMAP()).Fetched(nil, errors.New("imap: fetch: the session has ended")),
		"raw":     press(screen().SetSize(120, 36).Opening(overIMAP()).Fetched([]byte(letter), nil), "r"),
	}
	for name, m := range cases {
		got := m.View()
		if n := len(strings.Split(got, "\n")); n != m.h {
			t.Errorf("%s: %d lines, want %d", name, n, m.h)
		}
		for _, s := range strings.Split(got, "\n") {
			if style.Width(s) != m.w {
				t.Errorf("%s: %d cells, want %d: %q", name, style.Width(s), m.w, s)
			}
		}
		path := filepath.Join("testdata", name+".txt")
		if *update {
			os.MkdirAll("testdata", 0o755)
			os.WriteFile(path, []byte(got+"\n"), 0o644)
			continue
		}
		if want, _ := os.ReadFile(path); string(want) != got+"\n" {
			t.Errorf("%s differs from its golden file; got:\n%s", name, got)
		}
	}
}

func press(m Model, k string) Model {
	m, _ = m.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)})
	return m
}

func TestBackStopsAFetch(t *testing.T) {
	_, got := screen().SetSize(80, 24).Opening(overIMAP()).Update(tea.KeyMsg{Type: tea.KeyEsc})
	want := []wish.Wish{wish.Open{Screen: wish.Compare}, wish.Cancel{}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestParse(t *testing.T) {
	m := parse([]byte(letter))
	if m.from != "Adèle <adele@example.org>" || m.subject != "Grüße" {
		t.Errorf("from %q, subject %q", m.from, m.subject)
	}
	if !strings.HasPrefix(m.text, "Café at\nnoon.") || strings.Contains(m.text, "\x1b") {
		t.Errorf("text %q", m.text)
	}
	if want := []string{"text/plain", "image/png photo.png"}; !reflect.DeepEqual(m.parts, want) {
		t.Errorf("parts %q", m.parts)
	}
}

func TestHTML(t *testing.T) {
	got := stripped("<STYLE>p{}</STYLE><p>One &amp; <b>two</b></p><script>x<y</script><div>three<br/>four")
	if want := "One & two\n\nthree\nfour"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// FuzzParse holds that any octets are shown: no panic, bounded, nothing that a
// terminal obeys.
func FuzzParse(f *testing.F) {
	f.Add([]byte(letter))
	f.Add([]byte("Content-Type: text/html\r\n\r\n<style><p>x"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=\"a\"\r\n\r\n--a\r\nContent-Type: multipart/mixed; boundary=\"a\"\r\n\r\n--a\r\n"))
	f.Add([]byte("\r\n\x1b]0;x\x07\x9b2J"))
	f.Fuzz(func(t *testing.T, octets []byte) {
		m := parse(octets)
		for _, s := range append([]string{m.text, m.from, m.to, m.date, m.subject}, m.parts...) {
			if !utf8.ValidString(s) || strings.ContainsAny(s, "\x1b\x07\u009b\u202e") {
				t.Errorf("unclean: %q", s)
			}
		}
		if len(m.parts) > maxParts {
			t.Errorf("%d parts", len(m.parts))
		}
	})
}
