package setup

import (
	"strings"

	"imapop/retrieval/safe"
)

// fold breaks a line at spaces so that no part is wider than the terminal. What
// follows stands below the line's first word, or behind its mark. A word that
// is too wide is cut.
func fold(line string, width int) []string {
	if safe.Width(line) <= width || width < 20 {
		return []string{line}
	}
	rest := strings.TrimLeft(line, " ")
	indent := strings.Repeat(" ", len(line)-len(rest)+markWidth(rest))
	if len(indent) > width/2 {
		indent = ""
	}
	var parts []string
	for safe.Width(line) > width {
		at := breakAt(line, width)
		if at <= len(indent) { // no space to break at: cut
			at = len(strings.TrimSuffix(safe.Cut(line, width), "…"))
		}
		if at <= len(indent) {
			break
		}
		parts = append(parts, strings.TrimRight(line[:at], " "))
		line = indent + strings.TrimLeft(line[at:], " ")
	}
	return append(parts, line)
}

// breakAt is the last space before which a part fits; 0 when there is none.
func breakAt(line string, width int) int {
	at := 0
	for i, r := range line {
		if r != ' ' {
			continue
		}
		if safe.Width(line[:i]) > width {
			break
		}
		at = i
	}
	return at
}

// markWidth is how far the text stands behind a mark at its beginning.
func markWidth(s string) int {
	for _, mark := range []string{"✓ ", "✗ ", "? ", "- ", "or "} {
		if strings.HasPrefix(s, mark) {
			return safe.Width(mark)
		}
	}
	return 0
}
