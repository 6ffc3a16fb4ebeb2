package compose

import (
	"strings"
	"unicode/utf8"
)

// flowedWidth is where paragraphs are broken, in characters, the space at the end
// included (RFC 3676 section 4.2 asks for 78 or less).
const flowedWidth = 76

// flowed writes text as format=flowed (RFC 3676), with CRLF: long lines are broken
// softly, so that a reader joins them again; quoted lines keep their depth; what
// would be mistaken is stuffed with a space. Spaces at the end of a line are
// dropped, but for those of the signature's mark.
func flowed(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	text = strings.TrimRight(text, "\n")
	if text == "" {
		return "\r\n"
	}
	var b strings.Builder
	for _, line := range strings.Split(text, "\n") {
		if line == "-- " {
			b.WriteString("-- \r\n")
			continue
		}
		line = strings.TrimRight(line, " \t")
		content := strings.TrimLeft(line, ">")
		depth := line[:len(line)-len(content)]
		if depth != "" {
			content = strings.TrimPrefix(content, " ")
		}
		for _, piece := range broken(content, flowedWidth-len(depth)-1) {
			b.WriteString(depth)
			if piece != "" && (depth != "" || piece[0] == ' ' || piece[0] == '>' || strings.HasPrefix(piece, "From ")) {
				b.WriteByte(' ')
			}
			b.WriteString(piece + "\r\n")
		}
	}
	return b.String()
}

// broken cuts a line behind spaces, so that every piece but the last ends in one.
func broken(s string, width int) []string {
	if utf8.RuneCountInString(s) <= width {
		return []string{s}
	}
	var out []string
	for s != "" {
		n := cut(s, max(width, 20))
		if piece := s[:n]; n < len(s) && strings.TrimRight(piece, " ") == "--" { // not the signature's mark
			n += cut(s[n:], 1)
		}
		out = append(out, s[:n])
		s = s[n:]
	}
	return out
}

// cut is the length of the first piece: up to and with the last run of spaces
// within width, else the first behind it.
func cut(s string, width int) int {
	runes, at := 0, 0
	for i, r := range s {
		runes++
		if r != ' ' {
			continue
		}
		end := i + 1
		if end < len(s) && s[end] == ' ' { // in a run: break behind it
			continue
		}
		if end == len(s) {
			break
		}
		if runes > width {
			if at == 0 {
				at = end
			}
			break
		}
		at = end
	}
	if at == 0 || utf8.RuneCountInString(s) <= width {
		return len(s)
	}
	return at
}

// shortLines reports whether every line is within RFC 5322's limit.
func shortLines(s string) bool {
	for line := range strings.SplitSeq(s, "\r\n") {
		if len(line) > maxLine {
			return false
		}
	}
	return true
}

// mostlyForeign reports whether base64 is shorter than quoted-printable.
func mostlyForeign(s string) bool {
	n := 0
	for i := range len(s) {
		if s[i] >= 0x80 {
			n++
		}
	}
	return n*6 > len(s)
}
