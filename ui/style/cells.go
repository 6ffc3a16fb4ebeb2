package style

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"imapop/retrieval/safe"
)

// Width is how many cells s takes at the most (see safe.Width). s holds no control characters.
func Width(s string) int {
	return safe.Width(s)
}

// Fit cuts or pads s to exactly w cells; a cut ends in "…". A negative w is 0.
func Fit(s string, w int) string {
	s, n := cut(s, w)
	return s + Spaces(w-n)
}

// FitRight is Fit with the text at the right.
func FitRight(s string, w int) string {
	s, n := cut(s, w)
	return Spaces(w-n) + s
}

// Tail fits s into exactly w cells and keeps its end: "…002ba5b4".
func Tail(s string, w int) string {
	if w <= 0 {
		return ""
	}
	n := Width(s)
	if n <= w {
		return s + Spaces(w-n)
	}
	t := ansi.TruncateLeftWc(s, n-w+1, "…")
	if Width(t) > w { // a wide character stood on the cut
		t = ansi.TruncateLeftWc(s, n-w+2, "…")
	}
	return t + Spaces(w-Width(t))
}

// Wrap breaks s at spaces into at most lines lines of at most w cells; what
// does not fit ends in "…". It returns at least one line.
func Wrap(s string, w, lines int) []string {
	if w <= 0 || lines <= 0 {
		return []string{""}
	}
	var out []string
	for len(out) < lines-1 && Width(s) > w {
		head := breakAt(s, w)
		out = append(out, strings.TrimRight(s[:head], " "))
		s = strings.TrimLeft(s[head:], " ")
	}
	last, _ := cut(s, w)
	return append(out, last)
}

// Break cuts the first line of at most w cells off s, as Wrap does. What it costs
// does not grow with what is left, so that a line of megabytes can be wrapped.
func Break(s string, w int) (line, rest string) {
	if w <= 0 {
		return "", ""
	}
	window := s
	for per := 2; per <= 64; per *= 2 { // octets for each cell: letters take few, piles of marks many
		window = s[:whole(s, w*per+8)]
		if len(window) == len(s) || Width(window) > w+1 {
			break
		}
	}
	if len(window) == len(s) && Width(s) <= w {
		return s, ""
	}
	head := breakAt(window, w)
	return strings.TrimRight(s[:head], " "), strings.TrimLeft(s[head:], " ")
}

// whole is n, or a little less so that no character is cut, or all of s.
func whole(s string, n int) int {
	if n >= len(s) {
		return len(s)
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return n
}

// breakAt is the octet offset at which a line of at most w cells ends: after a
// space, or inside a word that is longer than half a line.
func breakAt(s string, w int) int {
	head := safe.Truncate(s, w, "")
	if i := strings.LastIndexByte(head, ' '); i > len(head)/2 {
		return i + 1
	}
	if head == "" { // one wide character in one cell
		return len(s)
	}
	return len(head)
}

// Spaces returns n spaces; none when n is negative.
func Spaces(n int) string {
	if n <= 0 {
		return ""
	}
	if n <= len(blanks) {
		return blanks[:n]
	}
	return strings.Repeat(" ", n)
}

const blanks = "                                                                                                                                "

func cut(s string, w int) (string, int) {
	if w <= 0 {
		return "", 0
	}
	n := Width(s)
	if n <= w {
		return s, n
	}
	s = safe.Truncate(s, w, "…")
	return s, Width(s)
}
