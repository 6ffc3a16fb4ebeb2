package style

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"imapop/retrieval/safe"
)

func themed(p termenv.Profile, dark bool) *Styles {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(p)
	r.SetHasDarkBackground(dark)
	return New(r)
}

func TestNoColourMeansNoEscape(t *testing.T) {
	st := themed(termenv.Ascii, true)
	for _, p := range []Pen{st.Text, st.Danger, st.Cursor.IMAP, st.CursorOff.POP3, st.Key, st.Chip, st.Edge} {
		if got := p.Ink("x"); got != "x" {
			t.Errorf("Ink gives %q", got)
		}
	}
}

// TestTheme pins what each theme sends, so that a token is not changed unseen.
func TestTheme(t *testing.T) {
	cases := []struct {
		name string
		p    termenv.Profile
		dark bool
		imap string
		bar  string
	}{
		{"dark, 256", termenv.ANSI256, true, "\x1b[38;5;111mx\x1b[0m", "\x1b[1;38;5;111;48;5;237mx\x1b[0m"},
		{"light, 256", termenv.ANSI256, false, "\x1b[38;5;26mx\x1b[0m", "\x1b[1;38;5;26;48;5;189mx\x1b[0m"},
		{"dark, 16", termenv.ANSI, true, "\x1b[94mx\x1b[0m", "\x1b[1;94mx\x1b[0m"},
		{"light, true", termenv.TrueColor, false, "\x1b[38;2;36;86;197mx\x1b[0m", "\x1b[1;38;2;36;86;197;48;2;220;230;250mx\x1b[0m"},
	}
	for _, c := range cases {
		st := themed(c.p, c.dark)
		if got := st.IMAP.Ink("x"); got != c.imap {
			t.Errorf("%s: IMAP %q, want %q", c.name, got, c.imap)
		}
		if got := st.Cursor.IMAP.Ink("x"); got != c.bar {
			t.Errorf("%s: cursor %q, want %q", c.name, got, c.bar)
		}
	}
}

func TestCells(t *testing.T) {
	cases := []struct{ got, want string }{
		{Fit("abc", 5), "abc  "}, {Fit("abcdef", 4), "abc…"}, {Fit("会議の", 4), "会… "}, {Fit("x", 0), ""}, {Fit("x", -3), ""},
		{FitRight("12", 4), "  12"}, {Tail("0000059800000029", 6), "…00029"}, {Tail("ab", 4), "ab  "}, {Tail("会議の議", 4), "…議 "},
		{strings.Join(Wrap("one two three", 7, 3), "|"), "one two|three"},
		{strings.Join(Wrap("one two three four", 7, 2), "|"), "one two|three …"},
		{strings.Join(Wrap("abcdefghij", 4, 3), "|"), "abcd|efgh|ij"},
	}
	for _, c := range cases {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// FuzzLine holds that no clean text written into a line makes it longer or shorter
// than it was asked to be.
func FuzzLine(f *testing.F) {
	f.Add("abc", "会議の議事録", 10, 4)
	f.Add("👩‍👩‍👧 e\u0301", "ﷺ", 3, 1)
	f.Add("", "x", 0, -1)
	f.Fuzz(func(t *testing.T, a, b string, w, n int) {
		if w < 0 || w > 300 || n > 300 || len(a)+len(b) > 500 {
			return
		}
		a, b = safe.Line(a), safe.Line(b) // as all foreign text is before it comes here
		l := NewLine(w).Put(Pen{}, a).Cell(Pen{}, b, n).Right(Pen{}, a, n)
		if got := l.End(Pen{}); ansi.StringWidthWc(got) != w {
			t.Errorf("%d cells, want %d: %q", ansi.StringWidthWc(got), w, got)
		}
		if n >= 0 && ansi.StringWidthWc(Tail(a, n)) != n {
			t.Errorf("Tail gives %q, want %d cells", Tail(a, n), n)
		}
		for _, s := range Wrap(a, w, 5) {
			if w > 1 && ansi.StringWidthWc(s) > w {
				t.Errorf("wrapped to %q, more than %d cells", s, w)
			}
		}
	})
}

func TestFrameKeepsItsWidth(t *testing.T) {
	long := []Piece{{Text: strings.Repeat("long ", 20)}}
	must := []Piece{{Text: "PLAINTEXT"}, {Text: strings.Repeat("x", 50)}}
	for w := 20; w < 120; w++ {
		for _, s := range Frame(w, Pen{}, long, must, long, []string{Spaces(w - 2)}) {
			if n := Width(s); n != w {
				t.Fatalf("%d cells, want %d: %q", n, w, s)
			}
		}
		if top := Rule(w, Pen{}, "╭", "╮", long, must); !strings.Contains(top, "PLAINTEXT") {
			t.Fatalf("at %d cells the title pushed the security out: %q", w, top)
		}
	}
}

// TestBreakIsLinear: a line of megabytes is wrapped at once.
func TestBreakIsLinear(t *testing.T) {
	for _, s := range []string{strings.Repeat("x", 1<<19), strings.Repeat("会 ", 1<<16)} {
		begin := time.Now()
		lines, rest := 0, s
		for rest != "" {
			var line string
			line, rest = Break(rest, 80)
			if lines++; Width(line) > 80 {
				t.Fatalf("%d cells", Width(line))
			}
		}
		if d := time.Since(begin); d > 10*time.Second || lines < 2_200 {
			t.Errorf("%d lines in %v", lines, d)
		}
	}
}
