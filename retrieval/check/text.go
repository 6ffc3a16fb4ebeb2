package check

import (
	"strings"

	"imapop/retrieval/safe"
)

// Line is one line of the report for a person: cleaned, no wider than was asked for.
type Line struct {
	Text  string
	Head  bool  // the heading of a part
	Level Level // of the finding whose title this is; "" for any other line
}

const (
	leastWidth = 58 // columns; below, three columns say nothing
	labelWidth = 12
)

// Text gives the report for a person, in lines of at most width columns (0: 80).
// It ends with a line break.
func (r Report) Text(width int) string {
	var b strings.Builder
	for _, l := range r.Lines(width) {
		b.WriteString(l.Text)
		b.WriteByte('\n')
	}
	return b.String()
}

// Lines is Text line by line, for a screen that scrolls.
func (r Report) Lines(width int) []Line {
	if width <= 0 {
		width = 80
	}
	w := &writer{width: max(width, leastWidth)}
	w.add(Line{Text: r.Facts.Account + ", " + r.Facts.At.Format("2006-01-02 15:04:05 MST") + ": " + r.verdict(), Level: r.Worst})
	w.summary(r.Findings)
	w.blank()
	w.table(r.Facts)
	w.findings(r.Findings)
	w.leave(r)
	w.capabilities(r)
	w.failed(r.Facts.Failed)
	w.advice(r.Findings)
	for len(w.lines) > 0 && w.lines[len(w.lines)-1].Text == "" {
		w.lines = w.lines[:len(w.lines)-1]
	}
	return w.lines
}

// verdict is the report in one line.
func (r Report) verdict() string {
	n := map[Level]int{}
	for _, f := range r.Findings {
		if f.OnTheWire {
			n[f.Level]++
		}
	}
	var parts []string
	for _, l := range []Level{Serious, Warning, Notice} {
		if n[l] == 0 {
			continue
		}
		what := map[Level]string{Serious: "serious finding", Warning: "warning", Notice: "notice"}[l]
		parts = append(parts, count(n[l], what))
	}
	switch {
	case len(parts) == 0:
		return "nothing to complain of"
	case r.Good:
		return "good; " + strings.Join(parts, ", ")
	}
	return strings.Join(parts, ", ")
}

// writer makes lines of a width.
type writer struct {
	lines []Line
	width int
}

func (w *writer) add(l Line) {
	l.Text = strings.TrimRight(safe.Cut(safe.Line(l.Text), w.width), " ")
	w.lines = append(w.lines, l)
}

func (w *writer) blank() { w.lines = append(w.lines, Line{}) }

func (w *writer) head(s string) { w.add(Line{Text: s, Head: true}) }

// para writes text that wraps, behind a label of its own.
func (w *writer) para(indent int, label, text string) {
	lead := strings.Repeat(" ", indent) + label
	for _, l := range wrap(text, w.width-safe.Width(lead)) {
		w.add(Line{Text: lead + l})
		lead = strings.Repeat(" ", safe.Width(lead))
	}
}

// row writes one row of a table; long cells go on below.
func (w *writer) row(label string, cells ...string) {
	cell := (w.width - labelWidth - 2*len(cells)) / len(cells)
	wrapped, most := make([][]string, len(cells)), 1
	for i, c := range cells {
		wrapped[i] = wrap(c, cell)
		most = max(most, len(wrapped[i]))
	}
	for i := range most {
		b := safe.Pad(label, labelWidth)
		for _, lines := range wrapped {
			b += "  " + safe.Pad(at(lines, i), cell)
		}
		w.add(Line{Text: b})
		label = ""
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// wrap breaks text into lines of at most width columns, at blanks, and inside
// words only when they are longer than a line.
func wrap(s string, width int) []string {
	width = max(width, 4)
	var lines []string
	line := ""
	for _, word := range strings.Fields(safe.Line(s)) {
		for safe.Width(word) > width {
			if line != "" {
				lines, line = append(lines, line), ""
			}
			head := fitting(word, width)
			lines, word = append(lines, head), word[len(head):]
		}
		switch {
		case word == "":
		case line == "":
			line = word
		case safe.Width(line)+1+safe.Width(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// fitting is the longest beginning of a word that fits, a rune at the least.
func fitting(word string, width int) string {
	end := 0
	for i, r := range word {
		if safe.Width(word[:i+len(string(r))]) > width && end > 0 {
			break
		}
		end = i + len(string(r))
	}
	return word[:end]
}
