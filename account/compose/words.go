package compose

import (
	"encoding/base64"
	"mime"
	"strings"
	"unicode/utf8"
)

// Octets that a line may have, without its CRLF (RFC 5322 section 2.1.1).
const (
	maxLine  = 998
	niceLine = 78
)

// encodedText writes unstructured text for a header field: as it is when that is
// safe, else wholly in encoded words (RFC 2047), spaces included, so that it comes
// back octet by octet. What looks like an encoded word is encoded too.
func encodedText(s string) string {
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd")))
	if ascii(s) && !strings.Contains(s, "=?") && !strings.Contains(s, "  ") && longestWord(s) < niceLine-20 {
		return s
	}
	// 45 octets in base64, with what stands around them, are within the 75 of an
	// encoded word (RFC 2047 section 2).
	var words []string
	for len(s) > 0 {
		n := min(len(s), 45)
		for n < len(s) && !utf8.RuneStart(s[n]) {
			n--
		}
		words = append(words, "=?utf-8?b?"+base64.StdEncoding.EncodeToString([]byte(s[:n]))+"?=")
		s = s[n:]
	}
	return strings.Join(words, " ")
}

func longestWord(s string) int {
	longest := 0
	for _, w := range strings.Fields(s) {
		longest = max(longest, len(w))
	}
	return longest
}

// disposition names an attached file, in the form of RFC 2231 where the name is
// not plain. go-message would put encoded words there, which RFC 2047 section 5 forbids.
func disposition(name string) string {
	name = strings.ToValidUTF8(name, "_")
	if v := mime.FormatMediaType("attachment", map[string]string{"filename": name}); v != "" && len(v) < maxLine-100 {
		return v
	}
	return "attachment"
}

// field writes one header field, folded before spaces so that its lines stay within
// 78 octets where they can (RFC 5322 section 2.1.1).
func field(name, value string) string {
	var b strings.Builder
	b.WriteString(name + ":")
	column := b.Len()
	for n, word := range strings.Split(value, " ") {
		if n > 0 && column+1+len(word) > niceLine && word != "" {
			b.WriteString("\r\n")
			column = 0
		}
		b.WriteString(" " + word)
		column += 1 + len(word)
	}
	return b.String() + "\r\n"
}
