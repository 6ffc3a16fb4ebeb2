package style

import (
	"html"
	"strings"

	"imapop/retrieval/safe"
)

// span is text in one ink.
type span struct {
	pen  Pen
	text string
}

// maxSpan is how far the end of emphasis or of an address is looked for.
const maxSpan = 4096

// spans reads one line's emphasis, code, addresses and escapes.
func (d *markdown) spans(line string, ground Pen) (out []span) {
	line = strings.TrimSuffix(strings.TrimRight(line, " "), "\\") // a line break: every line breaks here
	strong, slanted, before := false, false, byte(' ')
	pen := func() Pen {
		switch {
		case strong:
			return d.Bold
		case slanted:
			return d.slant
		}
		return ground
	}
	for line != "" {
		i := strings.IndexAny(line, "\\`*_<&")
		if i != 0 {
			if i < 0 {
				i = len(line)
			}
			out, before, line = append(out, span{pen(), line[:i]}), line[i-1], line[i:]
			continue
		}
		s, n := d.sign(line, pen())
		if n == 0 {
			n = emphasis(line, before, strong, slanted)
			s = span{pen(), line[:max(n, 1)]}
			if n > 0 && !d.plain {
				s.text = ""
			}
			strong, slanted = strong != (n == 2), slanted != (n == 1)
		}
		out, n = append(out, s), max(n, 1)
		before, line = line[n-1], line[n:]
	}
	return out
}

// emphasis is how many signs at the start of line begin or end emphasis: 2 for
// strong, 1 for slanted; 0 when they are only signs.
func emphasis(line string, before byte, strong, slanted bool) int {
	sign := line[:1]
	if sign != "*" && sign != "_" {
		return 0
	}
	n := 1
	if strings.HasPrefix(line, sign+sign) {
		n = 2
	}
	rest := line[n:]
	if n == 2 && strong || n == 1 && slanted {
		if before != ' ' {
			return n
		}
		return 0
	}
	if rest == "" || rest[0] == ' ' || !strings.Contains(rest[:min(len(rest), maxSpan)], line[:n]) || sign == "_" && letter(before) {
		return 0
	}
	return n
}

func letter(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= 0x80
}

// sign reads what begins with a sign, and how much of the line it took; 0 when
// the sign is only a sign.
func (d *markdown) sign(line string, pen Pen) (span, int) {
	switch line[0] {
	case '\\':
		if len(line) > 1 && line[1] > ' ' && line[1] < 0x7f && !letter(line[1]) {
			return span{pen, line[1:2]}, 2
		}
	case '&':
		if end := strings.IndexByte(line[:min(len(line), 12)], ';'); end > 0 {
			if s := html.UnescapeString(line[:end+1]); s != line[:end+1] {
				return span{pen, safe.Line(s)}, end + 1
			}
		}
	case '`':
		sign := line[:len(line)-len(strings.TrimLeft(line, "`"))]
		if text, _, ok := strings.Cut(line[len(sign):], sign); ok {
			return span{d.Changed, strings.TrimSpace(text)}, len(text) + 2*len(sign)
		}
	case '<':
		if end := strings.IndexByte(line[:min(len(line), maxSpan)], '>'); end > 0 && !strings.ContainsAny(line[1:end], " <") && strings.ContainsAny(line[1:end], ":@") {
			return span{d.IMAP, line[1:end]}, end + 1
		}
	}
	return span{}, 0
}
