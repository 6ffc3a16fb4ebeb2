package style

import (
	"regexp"
	"strings"

	"github.com/muesli/termenv"
)

// Markdown draws Markdown in lines of at most w cells, inked in the theme: the
// part of it that HTML mail is turned into. What it does not know stays as it was
// written. The text must be clean (retrieval/safe); nothing but ink is added.
func (s *Styles) Markdown(text string, w int) []string {
	d := &markdown{Styles: s, w: max(w, 1), plain: s.Renderer.ColorProfile() == termenv.Ascii,
		slant: pen(s.Renderer.NewStyle().Italic(true))}
	d.blocks(strings.Split(strings.Trim(text, "\n"), "\n"), s.Text, 0)
	return d.out
}

// markdown draws one text. Blocks stand in one another: each level has its lead.
type markdown struct {
	*Styles
	w     int
	plain bool // no ink: emphasis keeps its stars
	slant Pen
	leads []lead
	gap   bool // a blank line is due before the next block
	out   []string
}

// lead is what stands before the lines of a block: "• " once, and blanks then.
type lead struct {
	once, then string
	pen        Pen
}

// maxDepth is how deep blocks are drawn in one another; deeper ones keep their signs.
const maxDepth = 10

var (
	headingLine = regexp.MustCompile(`^#{1,6} +`)
	ruleLine    = regexp.MustCompile(`^(\* *){3,}$|^(- *){3,}$|^(_ *){3,}$`)
	itemLine    = regexp.MustCompile(`^([-*+]|\d{1,9}[.)]) +`)
)

// blocks draws lines that stand at one level.
func (d *markdown) blocks(lines []string, pen Pen, depth int) {
	for len(lines) > 0 {
		line := strings.TrimLeft(lines[0], " ")
		item := itemLine.FindString(line)
		fence, isFence := fenceOf(line)
		n := 1
		switch {
		case line == "":
			d.gap = true
		case isFence:
			n = d.code(lines, fence)
		case line[0] == '>' && depth < maxDepth:
			n = d.quote(lines, depth)
		case ruleLine.MatchString(line):
			d.put(span{d.Edge, "────────"})
		case headingLine.MatchString(line):
			d.put(span{d.Key, line[:strings.IndexByte(line, ' ')+1]}, span{d.Key, headingText(d.spans(headingLine.ReplaceAllString(line, ""), d.Key))})
		case item != "" && depth < maxDepth:
			n = d.item(lines, item, pen, depth)
		default:
			d.put(d.spans(line, pen)...)
		}
		lines = lines[n:]
	}
}

// headingText is a heading's text: all of it is in one ink.
func headingText(spans []span) string {
	text := ""
	for _, s := range spans {
		text += s.text
	}
	return strings.TrimSpace(text)
}

func fenceOf(line string) (string, bool) {
	for _, sign := range []string{"```", "~~~"} {
		if strings.HasPrefix(line, sign) {
			return sign, true
		}
	}
	return "", false
}

// code draws a fenced block as it is, and gives its lines' number.
func (d *markdown) code(lines []string, fence string) int {
	d.leads = append(d.leads, lead{once: "  ", then: "  "})
	defer func() { d.leads = d.leads[:len(d.leads)-1] }()
	for i, line := range lines[1:] {
		if strings.HasPrefix(strings.TrimLeft(line, " "), fence) {
			return i + 2
		}
		w := d.begin()
		w.word(d.Muted, line)
		d.out = append(d.out, w.end()...)
	}
	return len(lines)
}

// quote draws quoted lines and gives their number.
func (d *markdown) quote(lines []string, depth int) int {
	var inner []string
	for _, line := range lines {
		rest, ok := strings.CutPrefix(strings.TrimLeft(line, " "), ">")
		if !ok {
			break
		}
		inner = append(inner, strings.TrimPrefix(rest, " "))
	}
	d.within(lead{"│ ", "│ ", d.Muted}, inner, d.Muted, depth)
	return len(inner)
}

// item draws an item of a list and gives its lines' number. What belongs to it is indented.
func (d *markdown) item(lines []string, sign string, pen Pen, depth int) int {
	at := len(lines[0]) - len(strings.TrimLeft(lines[0], " ")) + len(sign)
	inner := []string{lines[0][at:]}
	for _, line := range lines[1:] {
		text := strings.TrimLeft(line, " ")
		if text != "" && len(line)-len(text) < min(at, 2) {
			break
		}
		inner = append(inner, line[min(at, len(line)-len(text)):])
	}
	n := len(inner)
	for len(inner) > 1 && inner[len(inner)-1] == "" {
		inner = inner[:len(inner)-1] // a blank line behind the list is the list's end
	}
	blank := len(inner) < n
	if strings.ContainsAny(sign[:1], "-*+") {
		sign = "• "
	}
	d.within(lead{sign, Spaces(len([]rune(sign))), pen}, inner, pen, depth)
	d.gap = d.gap || blank
	return n
}

func (d *markdown) within(l lead, lines []string, pen Pen, depth int) {
	d.space()
	d.leads = append(d.leads, l)
	d.blocks(lines, pen, depth+1)
	d.leads = d.leads[:len(d.leads)-1]
}

// put draws one source line in as many lines as it takes.
func (d *markdown) put(spans ...span) {
	w := d.begin()
	for _, s := range spans {
		w.text(s.pen, s.text)
	}
	d.out = append(d.out, w.end()...)
}

// begin starts the lines of a block, behind what leads them.
func (d *markdown) begin() *wrapper {
	d.space()
	w := &wrapper{room: d.w}
	for i := range d.leads {
		l := &d.leads[i]
		if w.at+Width(l.once) < d.w { // a screen too narrow for it does without
			w.put(l.pen, l.once)
			w.lead = append(w.lead, span{l.pen, l.then})
		}
		l.once = l.then
	}
	w.start = w.at
	return w
}

// space draws the blank line that is due.
func (d *markdown) space() {
	if d.gap && len(d.out) > 0 {
		d.out = append(d.out, d.blank())
	}
	d.gap = false
}

// blank is an empty line: only a quotation's bars show.
func (d *markdown) blank() string {
	line := ""
	for _, l := range d.leads {
		if strings.TrimSpace(l.then) == "" {
			break
		}
		line += l.pen.Ink(l.then)
	}
	return line
}
