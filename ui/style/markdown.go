package style

import (
	"strings"

	"github.com/charmbracelet/glamour"
	"github.com/charmbracelet/glamour/ansi"
	"github.com/charmbracelet/lipgloss"
	cells "github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"
)

// Markdown draws Markdown in lines of at most w cells, inked in the theme. The
// text must be clean (retrieval/safe). What glamour cannot draw in a moment comes
// back as it is, wrapped.
func (s *Styles) Markdown(text string, w int) (out []string) {
	profile := s.Renderer.ColorProfile()
	r, err := glamour.NewTermRenderer(glamour.WithStyles(s.sheet()), glamour.WithWordWrap(max(w, 1)),
		glamour.WithColorProfile(profile), glamour.WithChromaFormatter("noop"), glamour.WithPreservedNewLines())
	drawn := 0
	for _, piece := range pieces(text) {
		if len(out) > 0 {
			out = append(out, "")
		}
		if drawn += strings.Count(piece, "\n") + 1; err != nil || drawn > tameLines || !tame(piece) {
			out = append(out, wrapped(piece, w)...)
			continue
		}
		lines, e := r.Render(unlinked(piece))
		if e != nil {
			out = append(out, wrapped(piece, w)...)
			continue
		}
		for line := range strings.SplitSeq(strings.Trim(lines, "\n"), "\n") {
			out = append(out, cutLine(onlySGR(line), w, profile == termenv.Ascii)...)
		}
	}
	return out
}

// cutLine breaks a drawn line that a long word made longer than w cells.
func cutLine(line string, w int, bare bool) (out []string) {
	if bare {
		line = cells.Strip(line) // glamour writes bold all the same
	}
	line = strings.TrimRight(line, " ")
	for cells.StringWidth(line) > w && w > 1 {
		out = append(out, cells.Truncate(line, w, ""))
		line = cells.TruncateLeft(line, w, "")
	}
	return append(out, line)
}

// pieces cuts a text at empty lines into pieces that mean the same by themselves:
// glamour's time grows with the square of what it is given. A piece is longer
// only where there is no such place.
func pieces(text string) (out []string) {
	var b strings.Builder
	fenced, blank := false, false
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
		}
		if blank && !fenced && b.Len() > tamePiece && line != "" && line[0] != ' ' && line[0] != '\t' {
			out = append(out, strings.Trim(b.String(), "\n"))
			b.Reset()
		}
		blank = strings.TrimSpace(line) == ""
		b.WriteString(line + "\n")
	}
	return append(out, strings.Trim(b.String(), "\n"))
}

// Bounds for what glamour is given.
const (
	tameLines = 1500 // of Markdown in all
	tamePiece = 1500 // octets of a piece, from which on it ends at the next empty line
	tameMost  = 6000 // octets of a piece at most
	tameWord  = 500  // octets without a blank
	tameSigns = 400  // characters in a piece that could be Markdown's
	tameDepth = 4    // marks of quotations and lists before a line's text
)

// tame reports whether a piece is one that glamour draws in a moment.
func tame(piece string) bool {
	if len(piece) > tameMost {
		return false
	}
	signs := 0
	for line := range strings.SplitSeq(piece, "\n") {
		marks := line[:len(line)-len(strings.TrimLeft(line, "> \t*+-0123456789.)"))]
		if len(strings.Fields(marks)) > tameDepth || strings.Count(marks, ">") > tameDepth {
			return false
		}
		for word := range strings.FieldsSeq(line) {
			if len(word) > tameWord {
				return false
			}
		}
		for i := range len(line) {
			if strings.IndexByte("[]*_`<!|~(&\\#", line[i]) >= 0 {
				signs++
			}
		}
	}
	return signs <= tameSigns
}

// wrapped is a text as it is, in lines of at most w cells.
func wrapped(text string, w int) (out []string) {
	for line := range strings.SplitSeq(text, "\n") {
		for first := true; first || line != ""; first = false {
			var head string
			head, line = Break(line, max(w, 1))
			out = append(out, head)
		}
	}
	return out
}

// unlinked keeps glamour from making addresses of what looks like one: it would
// write another text than the message has. Code stays as it is.
func unlinked(text string) string {
	pieces := strings.Split(text, "`")
	for i := 0; i < len(pieces); i += 2 {
		pieces[i] = plainly.Replace(pieces[i])
	}
	return strings.Join(pieces, "`")
}

var plainly = strings.NewReplacer("www.", `www\.`, "@", "&#64;")

// onlySGR leaves out every control sequence but those that choose how text
// looks: nothing else may come out of a message.
func onlySGR(s string) string {
	if !strings.ContainsRune(s, '\x1b') {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		i := strings.IndexByte(s, '\x1b')
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		s = s[i:]
		n := 1
		if strings.HasPrefix(s, "\x1b[") {
			end := 2
			for end < len(s) && (s[end] >= '0' && s[end] <= '9' || s[end] == ';') {
				end++
			}
			if end < len(s) && s[end] == 'm' {
				b.WriteString(s[:end+1])
				n = end + 1
			}
		}
		s = s[n:]
	}
	return b.String() + s
}

// sheet is the theme for glamour.
func (s *Styles) sheet() ansi.StyleConfig {
	ink := func(c lipgloss.CompleteAdaptiveColor) ansi.StylePrimitive {
		return ansi.StylePrimitive{Color: s.named(c)}
	}
	bold := func(c lipgloss.CompleteAdaptiveColor) ansi.StylePrimitive {
		p := ink(c)
		p.Bold = yes()
		return p
	}
	none := uint(0)
	bar, one, two := "│ ", uint(1), uint(2)
	heading := func(prefix string) ansi.StyleBlock {
		p := bold(keyInk)
		p.Prefix = prefix
		return ansi.StyleBlock{StylePrimitive: p}
	}
	emph, strong := ansi.StylePrimitive{Italic: yes()}, ansi.StylePrimitive{Bold: yes()}
	if s.Renderer.ColorProfile() == termenv.Ascii { // no meaning by looks alone
		emph, strong = ansi.StylePrimitive{BlockPrefix: "*", BlockSuffix: "*"}, ansi.StylePrimitive{BlockPrefix: "**", BlockSuffix: "**"}
	}
	return ansi.StyleConfig{
		Document:   ansi.StyleBlock{Margin: &none},
		BlockQuote: ansi.StyleBlock{StylePrimitive: ink(muted), Indent: &one, IndentToken: &bar},
		List:       ansi.StyleList{LevelIndent: two},
		Heading:    ansi.StyleBlock{StylePrimitive: ansi.StylePrimitive{BlockSuffix: "\n"}},
		H1:         heading("# "), H2: heading("## "), H3: heading("### "), H4: heading("#### "), H5: heading("##### "), H6: heading("###### "),
		Emph: emph, Strong: strong,
		Strikethrough:  ansi.StylePrimitive{CrossedOut: yes()},
		HorizontalRule: ansi.StylePrimitive{Color: s.named(edge), Format: "\n────────\n"},
		Item:           ansi.StylePrimitive{BlockPrefix: "• "},
		Enumeration:    ansi.StylePrimitive{BlockPrefix: ". "},
		Link:           ink(imap), LinkText: ink(imap),
		Code:      ansi.StyleBlock{StylePrimitive: ink(changed)},
		CodeBlock: ansi.StyleCodeBlock{StyleBlock: ansi.StyleBlock{StylePrimitive: ink(muted), Margin: &two}},
	}
}

func yes() *bool { v := true; return &v }

// named is a token as glamour takes it: for the terminal's profile and ground.
func (s *Styles) named(c lipgloss.CompleteAdaptiveColor) *string {
	of := c.Light
	if s.Renderer.HasDarkBackground() {
		of = c.Dark
	}
	name := of.ANSI
	switch s.Renderer.ColorProfile() {
	case termenv.TrueColor:
		name = of.TrueColor
	case termenv.ANSI256:
		name = of.ANSI256
	}
	return &name
}
