package style

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"
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
			if ansi.StringWidth(l) > w || strings.ContainsRune(l, '\x1b') {
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
	if got := onlySGR("a\x1b[31mb\x1b]0;t\x07c\x1b[2Jd\x1b"); got != "a\x1b[31mb]0;t\x07c[2Jd" {
		t.Errorf("%q", got)
	}
}

// TestMarkdownEndsSoon: glamour needs minutes for a word of 200 kB, for lists and
// headings by the thousand, and for quotations in quotations.
func TestMarkdownEndsSoon(t *testing.T) {
	st := themed(termenv.ANSI256, true)
	for _, unit := range []string{"[", "*a ", "`", "> ", "- ", "<", "![", "_", "a|b\n", "[a](", `\`, "&", "# ", "1. \n", "https://a.b/ ", "a\n", "| a | b |\n|---|---|\n",
		"word\n\n", "> a\n>\n> > b\n\n", "- a\n  - b\n    - c\n", "1. a\n\n", "# a\n\n", "*a* **b** `c`\n\n", "https://a.b/ x\n\n", "> > > > > a\n\n", "```\n", "~~~\n\n"} {
		begin := time.Now()
		lines := st.Markdown(strings.Repeat(unit, 256_000/len(unit)), 80)
		if d := time.Since(begin); d > 20*time.Second { // tenths of a second where nothing else runs
			t.Errorf("%q: %d lines after %v", unit, len(lines), d)
		} else if d > 300*time.Millisecond {
			t.Logf("%q: %d lines after %v", unit, len(lines), d)
		}
	}
}
