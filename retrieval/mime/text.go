package mime

import (
	"bytes"
	"fmt"
	"strings"

	"imapop/retrieval/safe"
)

// Kind is what a line of text is.
type Kind byte

// The kinds of lines.
const (
	Plain Kind = iota
	Signature
	Added    // in a patch
	Removed  // in a patch
	Hunk     // "@@ -1,3 +1,4 @@"
	FileHead // "diff", "index", "---", "+++"
)

// Line is one line or, in a flowed text, one paragraph. Text is clean, without
// its quote marks, and not wrapped.
type Line struct {
	Text  string
	Quote int // how deep it is quoted; 0: not
	Kind  Kind
}

// maxLines bounds the lines of one part that are shown.
const maxLines = 20_000

// Text decodes a text part: transfer encoding, charset, lines. Notes say what was wrong.
func (p *Part) Text() ([]Line, []string) {
	var n notes
	text := p.text(&n)
	lines := p.lines(text, &n)
	return lines, n.list
}

// text is the part's text in UTF-8, not cleaned.
func (p *Part) text(n *notes) string {
	b := p.body
	if len(b) > 2*maxText {
		b = b[:2*maxText]
	}
	b = decoded(b, p.Encoding, n)
	if len(b) > maxText {
		b = b[:maxText]
		n.add(fmt.Sprintf("part %s is long: the first %d kB are shown", p.Number, maxText/1000))
	}
	text, note := decodeBytes(b, p.Charset())
	if note != "" {
		n.add("part " + p.Number + ": " + note)
	}
	return text
}

func (p *Part) lines(text string, n *notes) []Line {
	flowed := p.Type == "text/plain" && strings.EqualFold(p.Params["format"], "flowed")
	text = strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if !strings.Contains(text, "\n") { // old Macintosh line ends
		text = strings.ReplaceAll(text, "\r", "\n")
	}
	var lines []Line
	for raw := range strings.SplitSeq(text, "\n") {
		if len(lines) >= maxLines {
			n.add(fmt.Sprintf("part %s has more than %d lines: the others are left out", p.Number, maxLines))
			break
		}
		quote, rest := quoted(raw, flowed)
		lines = append(lines, Line{Text: rest, Quote: quote})
	}
	if flowed {
		lines = joinFlowed(lines, strings.EqualFold(p.Params["delsp"], "yes"))
	}
	mark(lines, p.patch())
	for i := range lines {
		lines[i].Text = strings.TrimRight(safe.Text(lines[i].Text), " \n")
	}
	return lines
}

// patch reports whether the part says that it is one.
func (p *Part) patch() bool {
	name := strings.ToLower(p.FileName)
	return p.Type == "text/x-patch" || p.Type == "text/x-diff" || strings.HasSuffix(name, ".patch") || strings.HasSuffix(name, ".diff")
}

// quoted counts and takes off the quote marks at the beginning of a line. A
// flowed text has them without blanks between, and a stuffed blank behind them
// (RFC 3676 section 4.5).
func quoted(s string, flowed bool) (depth int, rest string) {
	for rest = s; strings.HasPrefix(rest, ">"); depth++ {
		rest = rest[1:]
		if !flowed && strings.HasPrefix(rest, " >") {
			rest = rest[1:]
		}
	}
	if flowed || depth > 0 {
		rest = strings.TrimPrefix(rest, " ")
	}
	return depth, rest
}

// joinFlowed makes paragraphs: a line that ends in a blank goes on in the next
// one of the same depth (RFC 3676 section 4.1).
func joinFlowed(lines []Line, delsp bool) []Line {
	var out []Line
	var run bytes.Buffer
	soft := false
	for _, l := range lines {
		goesOn := strings.HasSuffix(l.Text, " ") && l.Text != "-- "
		text := l.Text
		if goesOn && delsp {
			text = strings.TrimSuffix(text, " ")
		}
		if soft && out[len(out)-1].Quote == l.Quote && l.Text != "-- " {
			run.WriteString(text)
		} else {
			if len(out) > 0 {
				out[len(out)-1].Text = run.String()
			}
			run.Reset()
			run.WriteString(text)
			out = append(out, Line{Quote: l.Quote})
		}
		soft = goesOn
	}
	if len(out) > 0 {
		out[len(out)-1].Text = run.String()
	}
	return out
}

// mark finds the signature (a line "-- ", RFC 3676 section 4.3) and patches.
func mark(lines []Line, patch bool) {
	signature := false
	for i := range lines {
		l := &lines[i]
		if l.Quote > 0 {
			signature, patch = false, false
			continue
		}
		if l.Text == "-- " {
			signature, patch = true, false
		}
		if begins(lines, i) {
			signature, patch = false, true
		}
		switch {
		case signature:
			l.Kind = Signature
		case patch:
			l.Kind = patchKind(l.Text)
		}
	}
}

// begins reports whether a patch begins at a line.
func begins(lines []Line, i int) bool {
	s := lines[i].Text
	return strings.HasPrefix(s, "diff --git ") || strings.HasPrefix(s, "Index: ") && i+1 < len(lines) && strings.HasPrefix(lines[i+1].Text, "====") ||
		strings.HasPrefix(s, "--- ") && i+1 < len(lines) && strings.HasPrefix(lines[i+1].Text, "+++ ")
}

func patchKind(s string) Kind {
	switch {
	case strings.HasPrefix(s, "diff "), strings.HasPrefix(s, "index "), strings.HasPrefix(s, "--- "), strings.HasPrefix(s, "+++ "):
		return FileHead
	case strings.HasPrefix(s, "@@"):
		return Hunk
	case strings.HasPrefix(s, "+"):
		return Added
	case strings.HasPrefix(s, "-"):
		return Removed
	}
	return Plain
}
