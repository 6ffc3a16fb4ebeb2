package mime

import (
	"bytes"
	"fmt"
)

// Decoded is the part's body with its transfer encoding undone (RFC 2045
// section 6), as far as it goes; what was wrong is told beside it, cleaned.
func (p *Part) Decoded() ([]byte, []string) { return Decode(p.body, p.Encoding) }

// Decode undoes a transfer encoding, as Part.Decoded does.
func Decode(body []byte, encoding string) ([]byte, []string) {
	var n notes
	b := decoded(body, encoding, &n)
	return b, n.list
}

func decoded(b []byte, encoding string, n *notes) []byte {
	switch encoding {
	case "", "7bit", "8bit", "binary":
		return b
	case "base64":
		out, odd := base64Octets(b)
		if odd {
			n.add("characters that are not base64 were left out")
		}
		return out
	case "quoted-printable":
		out, odd := quotedOctets(b)
		if odd {
			n.add("quoted-printable has escapes that mean nothing; they are shown as they came")
		}
		return out
	case "x-uuencode", "x-uue", "uuencode":
		if f, _, ok := uuencoded(b); ok {
			return f.Octets
		}
		n.add("uuencode without its begin line: shown as it came")
		return b
	}
	n.add(fmt.Sprintf("unknown transfer encoding %q: shown as it came", encoding))
	return b
}

// base64Octets decodes; what is not of the alphabet is left out, as RFC 2045
// section 6.8 asks, and odd says that there was such. Padding ends a group only,
// since some mailers join encoded pieces; but behind it a line that is no base64
// is a mailing list's footer.
func base64Octets(b []byte) (out []byte, odd bool) {
	d := sextets{out: make([]byte, 0, len(b)*3/4+3)}
	padded := false
	for len(b) > 0 {
		line := b
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			line = b[:i+1]
		}
		b = b[len(line):]
		line = bytes.TrimSpace(line)
		strange := bytes.ContainsFunc(line, func(r rune) bool { return r >= 0x80 || sixBits(byte(r)) < 0 && r != '=' })
		odd = odd || strange
		if padded && strange {
			continue
		}
		padded = d.add(line) || padded
	}
	return d.out, odd
}

// sextets gathers groups of six bits into octets.
type sextets struct {
	out   []byte
	group uint32
	bits  int
}

// add reports whether there was padding.
func (d *sextets) add(line []byte) (padded bool) {
	for _, c := range line {
		if c == '=' {
			d.bits, padded = 0, true
			continue
		}
		v := sixBits(c)
		if v < 0 {
			continue
		}
		d.group = d.group<<6 | uint32(v)
		if d.bits += 6; d.bits >= 8 {
			d.bits -= 8
			d.out = append(d.out, byte(d.group>>d.bits))
		}
	}
	return padded
}

// sixBits is the value of a character of base64's alphabet; negative for others.
func sixBits(c byte) int {
	switch {
	case 'A' <= c && c <= 'Z':
		return int(c - 'A')
	case 'a' <= c && c <= 'z':
		return int(c-'a') + 26
	case '0' <= c && c <= '9':
		return int(c-'0') + 52
	case c == '+':
		return 62
	case c == '/':
		return 63
	}
	return -1
}

// quotedOctets decodes quoted-printable; an escape that means nothing stays.
func quotedOctets(b []byte) (out []byte, odd bool) {
	out = make([]byte, 0, len(b))
	for len(b) > 0 {
		line := b
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			line = b[:i+1]
		}
		b = b[len(line):]
		text := bytes.TrimRight(line, "\r\n")
		end := line[len(text):]
		text = bytes.TrimRight(text, " \t") // blanks at a line's end were added on the way (section 6.7, rule 3)
		if n := len(text); n > 0 && text[n-1] == '=' {
			text, end = text[:n-1], nil
		}
		for i := 0; i < len(text); i++ {
			if text[i] != '=' {
				out = append(out, text[i])
				continue
			}
			if i+2 < len(text) && hex(text[i+1]) >= 0 && hex(text[i+2]) >= 0 {
				out = append(out, byte(hex(text[i+1])<<4|hex(text[i+2])))
				i += 2
				continue
			}
			odd = true
			out = append(out, '=')
		}
		out = append(out, end...)
	}
	return out, odd
}

func hex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
