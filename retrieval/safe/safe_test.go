package safe

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/lipgloss"
)

func TestLine(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "Notes on the Engine", "Notes on the Engine"},
		{"empty", "", ""},
		{"escape", "\x1b[2J\x1b]0;title\a", "␛[2J␛]0;title␇"},
		{"line breaks", "a\r\nb\nc\rd\te", "a␤b␤c␍d e"},
		{"nul and del", "\x00\x7f", "␀␡"},
		{"c1 csi", "\u009b31m", "⟨U+009B⟩31m"},
		{"raw c1 octet", "\x9b31m", "\ufffd31m"},
		{"bidi", "\u202egpj.exe", "⟨U+202E⟩gpj.exe"},
		{"zero width", "pay\u200bpal\ufeff", "pay⟨U+200B⟩pal⟨U+FEFF⟩"},
		{"tag", "\U000e0041", "⟨U+E0041⟩"},
		{"separators", "a\u2028b\u2029", "a⟨U+2028⟩b⟨U+2029⟩"},
		{"soft hyphen", "a\u00adb", "a⟨U+00AD⟩b"},
		{"hangul filler", "\u3164", "⟨U+3164⟩"},
		{"grapheme joiner", "a\u034fb", "a⟨U+034F⟩b"},
		{"noncharacter", "\uffff", "⟨U+FFFF⟩"},
		{"letters", "Ærø, Žižek, 山田太郎, ברוך, हिन्दी", "Ærø, Žižek, 山田太郎, ברוך, हिन्दी"},
		{"four marks", "e" + strings.Repeat("\u0301", 9) + "x", "e" + strings.Repeat("\u0301", 4) + "x"},
		{"mark without base", "\u0301a", "◌\u0301a"},
		{"family", "👩\u200d👧 ok", "👩👧 ok"},
		{"heart", "❤\ufe0f", "❤"},
		{"joiner elsewhere", "a\u200db", "a⟨U+200D⟩b"},
		{"invalid", "a\xff\xfeb", "a\ufffd\ufffdb"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Line(tt.in); got != tt.want {
				t.Errorf("Line(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestText(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"line ends", "a\r\nb\nc\rd", "a\nb\nc␍d"},
		{"tabs", "\ta\tb\n山\tc", "        a       b\n山      c"},
		{"mark after a line break", "a\n\u0301", "a\n◌\u0301"},
		{"escape", "a\x1b[31m\n", "a␛[31m\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Text(tt.in); got != tt.want {
				t.Errorf("Text(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestCutAndPad(t *testing.T) {
	for _, tt := range []struct {
		in    string
		width int
		cut   string
	}{
		{"hello", 5, "hello"},
		{"hello", 4, "hel…"},
		{"hello", 1, "…"},
		{"hello", 0, ""},
		{"hello", -3, ""},
		{"山田太郎", 8, "山田太郎"},
		{"山田太郎", 7, "山田太…"},
		{"山田太郎", 6, "山田…"},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…"},
		{"a\x1bb", 2, "a…"},
	} {
		if got := Cut(tt.in, tt.width); got != tt.cut {
			t.Errorf("Cut(%q, %d) = %q, want %q", tt.in, tt.width, got, tt.cut)
		}
		if got := Width(Pad(tt.in, tt.width)); got != max(0, tt.width) {
			t.Errorf("Pad(%q, %d) takes %d columns", tt.in, tt.width, got)
		}
	}
}

// Terminals disagree about what makes one character. tmux 3.3 and xterm took the
// cells that stand here; a line that was measured by clusters ran over the edge
// there, and the frame moved up by a line.
func TestWidthIsTheWidestOfTerminals(t *testing.T) {
	for _, tt := range []struct {
		in    string
		cells int
	}{
		{"हिन्दी", 5}, {"বাংলা", 5}, {"தமிழ்", 4}, {"👍🏽", 2}, {"👨‍👩‍👧", 6}, {"🇫🇷", 2}, {"🇦🇧🇨", 3}, {"❤️", 1}, {"會議", 4}, {"e\u0301", 1}, {"ก็", 1}, {"\u1aeb", 8},
	} {
		line := Line(tt.in)
		if got := Width(line); got != tt.cells {
			t.Errorf("%q: %d cells, want %d", tt.in, got, tt.cells)
		}
		if got := lipgloss.Width(line); got > tt.cells {
			t.Errorf("%q: %d cells by clusters, more than %d", tt.in, got, tt.cells)
		}
	}
}

// A subject of megabytes must not cost a frame.
func TestCutLooksAtNoMoreThanItNeeds(t *testing.T) {
	long := strings.Repeat("\u202e", 1<<20)
	if got := testing.AllocsPerRun(1, func() { Cut(long, 40) }); got > 20_000 {
		t.Errorf("%v allocations", got)
	}
	if got := Cut(strings.Repeat("a", 1<<20), 3); got != "aa…" {
		t.Errorf("%q", got)
	}
	if got := Cut(strings.Repeat("山", 1<<20), 4); got != "山…" {
		t.Errorf("%q", got)
	}
}

func TestFileName(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"report.pdf", "report.pdf"},
		{"../../.ssh/authorized_keys", "authorized_keys"},
		{`C:\Temp\a.txt`, "a.txt"},
		{"..", "unnamed"},
		{"", "unnamed"},
		{".bashrc", "bashrc"},
		{"-rf", "_-rf"},
		{"a\x00b\nc", "a_b_c"},
		{"a\u202egpj.exe", "a_U+202E_gpj.exe"},
		{"nul.txt", "_nul.txt"},
		{"COM1", "_COM1"},
		{"a: b?", "a_ b_"},
		{strings.Repeat("é", 300) + ".pdf", strings.Repeat("é", 98) + ".pdf"},
	} {
		if got := FileName(tt.in); got != tt.want {
			t.Errorf("FileName(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func seeds(f *testing.F) {
	for _, s := range []string{
		"", "plain", "\x1b[31m", "a\r\nb\tc", "\u202e\u200b\ufeff", "e\u0301\u0301\u0301\u0301\u0301", "👩\u200d👧\ufe0f",
		"\xff\xc3", "山田", "🇦🇧🇨", "\u1100\u1161\u11a8", "../.x", "ก็็็็็", "\u0085\u009b", "⟨U+202E⟩", "\U000e0100",
	} {
		f.Add(s, 7)
	}
}

func harmless(t *testing.T, what, s string, newline bool) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Fatalf("%s is not UTF-8: %q", what, s)
	}
	marks := 0
	for _, r := range s {
		if r == '\n' && newline {
			marks = 0
			continue
		}
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			t.Fatalf("%s has %U: %q", what, r, s)
		}
		if !unicode.Is(unicode.M, r) {
			marks = 0
		} else if marks++; marks > maxMarks {
			t.Fatalf("%s piles marks: %q", what, s)
		}
	}
}

func FuzzSafe(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, s string, width int) {
		width = max(-1, min(width, 300))
		line, text := Line(s), Text(s)
		harmless(t, "Line", line, false)
		harmless(t, "Text", text, true)
		if Line(line) != line || Text(text) != text {
			t.Fatalf("not idempotent: %q", s)
		}
		cut, pad := Cut(s, width), Pad(s, width)
		harmless(t, "Cut", cut, false)
		if Width(cut) > max(0, width) || Width(pad) != max(0, width) {
			t.Fatalf("%d columns: cut %d, pad %d: %q", width, Width(cut), Width(pad), s)
		}
		if Width(line) < lipgloss.Width(line) {
			t.Fatalf("Width %d, and a terminal of clusters shows %d: %q", Width(line), lipgloss.Width(line), line)
		}
		if Cut(cut, width) != cut || Pad(pad, width) != pad {
			t.Fatalf("cutting again cuts more: %q", s)
		}
		name := FileName(s)
		harmless(t, "FileName", name, false)
		if name == "" || len(name) > maxName || name[0] == '.' || name != filepath.Base(name) || strings.ContainsAny(name, `/\:`) {
			t.Fatalf("FileName(%q) = %q", s, name)
		}
		if FileName(name) != name {
			t.Fatalf("FileName(%q) = %q is not stable: %q", s, name, FileName(name))
		}
	})
}

func BenchmarkLine(b *testing.B) {
	for _, s := range []string{"Notes on the Analytical Engine, second part", "Grüße aus 東京, \x1b[31m and \u202e"} {
		b.Run("", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Line(s)
			}
		})
	}
}
