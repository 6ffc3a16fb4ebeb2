package reader

import "strings"

// blocks are the elements that end a line of text.
const blocks = " p br div tr li h1 h2 h3 h4 h5 h6 ul ol table blockquote hr pre "

// stripped leaves the text of HTML: tags go, blocks become lines, style and
// script are dropped. It is for reading, not for judging. One pass.
func stripped(s string) string {
	var out strings.Builder
	lower := lowered(s)
	for at := 0; at < len(s); {
		i := strings.IndexByte(s[at:], '<')
		if i < 0 {
			out.WriteString(s[at:])
			break
		}
		out.WriteString(s[at : at+i])
		at += i + 1
		end := strings.IndexByte(s[at:], '>')
		if end < 0 {
			break
		}
		name := element(lower[at : at+end])
		at += end + 1
		if name == "style" || name == "script" {
			at = behind(lower, at, "</"+name)
		}
		if strings.Contains(blocks, " "+strings.TrimPrefix(name, "/")+" ") {
			out.WriteByte('\n')
		}
	}
	return squeezed(entities.Replace(out.String()))
}

// lowered is s with A-Z in lower case; every octet keeps its place.
func lowered(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

var entities = strings.NewReplacer("&nbsp;", " ", "&lt;", "<", "&gt;", ">", "&quot;", `"`, "&#39;", "'", "&amp;", "&", "&mdash;", "—", "&ndash;", "–", "&copy;", "©")

func element(tag string) string {
	f := strings.FieldsFunc(tag[:min(len(tag), 20)], func(r rune) bool { return r == ' ' || r == '\n' || r == '\r' || r == '\t' })
	if len(f) == 0 {
		return ""
	}
	return strings.TrimSuffix(f[0], "/")
}

// behind is the offset after the next tag that begins with mark; the end of s
// when there is none.
func behind(s string, at int, mark string) int {
	i := strings.Index(s[at:], mark)
	if i < 0 {
		return len(s)
	}
	if j := strings.IndexByte(s[at+i:], '>'); j >= 0 {
		return at + i + j + 1
	}
	return len(s)
}

// squeezed joins blanks and leaves at most one empty line between lines.
func squeezed(s string) string {
	var out []string
	for _, line := range strings.Split(s, "\n") {
		line = strings.Join(strings.Fields(line), " ")
		if line == "" && (len(out) == 0 || out[len(out)-1] == "") {
			continue
		}
		out = append(out, line)
	}
	return strings.TrimRight(strings.Join(out, "\n"), "\n")
}
