package style

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"imapop/retrieval/safe"
)

const sample = `# Sale & more

Read the **terms** \[1] or *more*, a long line that goes on and on until it has to be broken somewhere in the middle. 2 \* 3 &lt; 7

- one
- two
  - three

> quoted text
> > deeper

1. first
2. second

` + "`code`" + ` https://example.org/ and <b>no tag</b>, www.example.org and alice@example.org

* * *

averyveryveryveryveryveryveryveryveryveryveryveryveryverylongword 会議の議事録会議の議事録会議の議事録会議の議事録会議の議事録`

func TestMarkdown(t *testing.T) {
	for _, w := range []int{20, 40, 78} {
		lines := themed(termenv.Ascii, true).Markdown(sample, w)
		for _, l := range lines {
			if ansi.StringWidthWc(l) > w || strings.ContainsRune(l, '\x1b') {
				t.Errorf("%d: %q", w, l)
			}
		}
		if w == 40 {
			t.Log("\n" + strings.Join(lines, "\n"))
		}
	}
	all := strings.Join(themed(termenv.ANSI256, true).Markdown(sample, 60), "\n")
	for _, want := range []string{"terms", "Sale & more", "• one", "quoted text", "2 * 3 < 7", "[1]", ", www.example.org and alice@example.org"} {
		if !strings.Contains(strings.Join(strings.Fields(ansi.Strip(all)), " "), want) {
			t.Errorf("lacks %q:\n%s", want, all)
		}
	}
}

// TestMarkdownSigns holds what is emphasis, what is code and what is only a sign.
func TestMarkdownSigns(t *testing.T) {
	for text, want := range map[string]string{
		`**a** *b* __c__ _d_`:            "**a** *b* __c__ _d_",
		`2 * 3 * 4, snake_case_name`:     "2 * 3 * 4, snake_case_name",
		`\*no\* \_no\_ \#`:               "*no* _no_ #",
		"`a * b` ``c`d`` `open":          "a * b c`d `open",
		`&lt;b&gt; &#27;[31m &nosuch;`:   "<b> ␛[31m &nosuch;",
		`<https://example.org/> <b> <`:   "https://example.org/ <b> <",
		"line  \nbroken\\\nagain":        "line\nbroken\nagain",
		"```\ncode  *is* <kept>\n```\nx": "  code  *is* <kept>\nx",
		"```\nnever closed":              "  never closed",
		"- a\n\n  more\n- b\n\nc":        "• a\n\n  more\n• b\n\nc",
		"> a\n>\n> b\n\nc":               "│ a\n│ \n│ b\n\nc",
		"a\n\n> b":                       "a\n\n│ b",
		"10) ten\n    more":              "10) ten\n    more",
		"# **Bold** title":               "# **Bold** title",
		"-":                              "-",
	} {
		got := strings.Join(themed(termenv.Ascii, true).Markdown(text, 60), "\n")
		if strings.TrimRight(got, " ") != want && strings.ReplaceAll(got, "│\n", "│ \n") != want {
			t.Errorf("%q:\n%s\nwant\n%s", text, got, want)
		}
	}
	if got := themed(termenv.ANSI256, true).Markdown("a **b** c", 60)[0]; ansi.Strip(got) != "a b c" || !strings.Contains(got, "\x1b[1m") {
		t.Errorf("%q", got)
	}
}

// TestMarkdownEndsSoon: what it takes does not grow with the square of a text.
func TestMarkdownEndsSoon(t *testing.T) {
	st := themed(termenv.ANSI256, true)
	for _, unit := range []string{"[", "*a ", "`", "> ", "- ", "<", "![", "_", "a|b\n", "[a](", `\`, "&", "# ", "1. \n", "https://a.b/ ", "a\n", "| a | b |\n|---|---|\n",
		"word\n\n", "> a\n>\n> > b\n\n", "- a\n  - b\n    - c\n", "1. a\n\n", "# a\n\n", "*a* **b** `c`\n\n", "https://a.b/ x\n\n", "> > > > > a\n\n", "```\n", "~~~\n\n"} {
		begin := time.Now()
		lines := st.Markdown(strings.Repeat(unit, 12_000/len(unit)), 80)
		if d := time.Since(begin); d > 20*time.Second { // tenths of a second where nothing else runs
			t.Errorf("%q: %d lines after %v", unit, len(lines), d)
		} else if d > 300*time.Millisecond {
			t.Logf("%q: %d lines after %v", unit, len(lines), d)
		}
	}
}

func FuzzMarkdown(f *testing.F) {
	f.Add(sample, 40)
	f.Add("> > - 1. ```\n~~~\n**_a`&#x1b;[2J", 3)
	f.Add(strings.Repeat("> ", 50)+"deep\n"+strings.Repeat("- ", 50)+"deeper 会議", 1)
	f.Fuzz(func(t *testing.T, text string, w int) {
		w = min(max(w, 1), 200)
		for _, l := range themed(termenv.Ascii, true).Markdown(safe.Text(text), w) {
			if ansi.StringWidthWc(l) > w || strings.ContainsAny(l, "\x1b\n\r") {
				t.Errorf("%d cells: %q of %q", w, l, text)
			}
		}
	})
}
