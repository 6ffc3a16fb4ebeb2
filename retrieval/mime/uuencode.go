package mime

import (
	"bytes"
	"strings"
)

// uuFile is a file that stands uuencoded in a text.
type uuFile struct {
	Name   string // raw
	Octets []byte
}

// uuencoded finds the first uuencoded file of a text and gives the text without
// it, a line that names it in its place. ok is false when there is none.
func uuencoded(b []byte) (f uuFile, rest []byte, ok bool) {
	for from := 0; from < len(b); {
		i := bytes.Index(b[from:], []byte("begin "))
		if i < 0 {
			return f, b, false
		}
		start := from + i
		from = start + 6
		if start > 0 && b[start-1] != '\n' {
			continue
		}
		line, _, _ := bytes.Cut(b[start:], []byte("\n"))
		words := strings.Fields(string(line[:min(len(line), 300)]))
		if len(words) < 3 || strings.Trim(words[1], "01234567") != "" {
			continue
		}
		octets, n, whole := uuLines(b[min(start+len(line)+1, len(b)):])
		if !whole {
			continue
		}
		f = uuFile{Name: strings.Join(words[2:], " "), Octets: octets}
		rest = bytes.Join([][]byte{b[:start], b[min(start+len(line)+1+n, len(b)):]}, []byte("[uuencoded file "+f.Name+"]\r\n"))
		return f, rest, true
	}
	return f, b, false
}

// uuLines decodes lines up to "end"; n is how many octets they take. whole is
// false when a line is none of uuencode.
func uuLines(b []byte) (out []byte, n int, whole bool) {
	for n < len(b) {
		line, _, _ := bytes.Cut(b[n:], []byte("\n"))
		n = min(n+len(line)+1, len(b))
		line = bytes.TrimRight(line, "\r")
		if string(bytes.TrimSpace(line)) == "end" {
			return out, n, true
		}
		if len(line) == 0 {
			continue
		}
		want := int(line[0]-' ') & 63
		if line[0] < ' ' || line[0] > '`' || len(line)-1 < (want*4+2)/3 {
			return nil, 0, false
		}
		out = uuLine(out, line[1:], want)
	}
	return nil, 0, false
}

// uuLine decodes the want octets of one line.
func uuLine(out, line []byte, want int) []byte {
	var group uint32
	bits := 0
	for _, c := range line {
		if want == 0 {
			break
		}
		group = group<<6 | uint32((c-' ')&63)
		if bits += 6; bits >= 8 {
			bits -= 8
			out = append(out, byte(group>>bits))
			want--
		}
	}
	return out
}
