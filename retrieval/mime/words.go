package mime

import "strings"

// words decodes RFC 2047's encoded words wherever they stand: mailers put them
// into quoted strings and file names too. Neighbours of one charset are joined
// before they are decoded, since some mailers cut characters in two. What does
// not decode stays as it is; octets that are not ASCII are read as UTF-8 or else
// as windows-1252. The result is not cleaned.
func words(s string) string {
	var out strings.Builder
	var run joined
	for len(s) > 0 {
		i := strings.Index(s, "=?")
		if i < 0 {
			break
		}
		w, n := word(s[i:])
		switch {
		case n == 0:
			run.flush(&out)
			out.WriteString(s[:i+2])
			n = 2
		case run.any && blank(s[:i]): // blanks between two words are not text (section 6.2)
			run.add(&out, w)
		default:
			run.flush(&out)
			out.WriteString(s[:i])
			run.add(&out, w)
		}
		s = s[i+n:]
	}
	run.flush(&out)
	out.WriteString(s)
	text, _ := decodeBytes([]byte(out.String()), "")
	return text
}

// encodedWord is one, its transfer encoding undone.
type encodedWord struct {
	charset string
	octets  []byte
}

// joined are neighbouring words of one charset.
type joined struct {
	any     bool
	charset string
	octets  []byte
}

func (j *joined) add(out *strings.Builder, w encodedWord) {
	if j.any && !strings.EqualFold(j.charset, w.charset) {
		j.flush(out)
	}
	j.any, j.charset = true, w.charset
	j.octets = append(j.octets, w.octets...)
}

func (j *joined) flush(out *strings.Builder) {
	if j.any {
		text, _ := decodeBytes(j.octets, j.charset)
		out.WriteString(text)
	}
	*j = joined{}
}

// word reads the encoded word that s begins with; n is its length, 0 for none.
func word(s string) (w encodedWord, n int) {
	rest := s[2:]
	charset, rest, ok := strings.Cut(rest, "?")
	if !ok || charset == "" || len(charset) > 60 || strings.ContainsAny(charset, " \t") {
		return w, 0
	}
	kind, rest, ok := strings.Cut(rest, "?")
	if !ok || len(kind) != 1 {
		return w, 0
	}
	text, _, ok := strings.Cut(rest, "?=")
	if !ok {
		return w, 0
	}
	charset, _, _ = strings.Cut(charset, "*") // a language may follow (RFC 2231 section 5)
	w.charset = charset
	switch kind {
	case "B", "b":
		w.octets, _ = base64Octets([]byte(text))
		if len(w.octets) == 0 && strings.Trim(text, "=") != "" {
			return w, 0
		}
	case "Q", "q":
		w.octets, _ = quotedOctets([]byte(strings.ReplaceAll(text, "_", "=20")))
	default:
		return w, 0
	}
	return w, len(s) - len(rest) + len(text) + 2
}

func blank(s string) bool { return strings.Trim(s, " \t\r\n") == "" }
