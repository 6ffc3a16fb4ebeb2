package mime

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"imapop/retrieval/safe"
)

// fieldValue reads "value; name=value; ..." (RFC 2045 section 5.1) of a raw
// field. Values are still as they came; Params decodes them. What is wrong is
// read as far as it goes: missing quotes, blanks around "=", empty parameters.
func fieldValue(raw string) (value string, params map[string]string) {
	raw = strings.ReplaceAll(strings.ReplaceAll(raw, "\r", ""), "\n", "")
	value, rest, _ := strings.Cut(raw, ";")
	value = strings.ToLower(strings.TrimSpace(uncommented(value)))
	params = map[string]string{}
	for rest != "" && len(params) < 100 {
		name, after, found := strings.Cut(rest, "=")
		if semi := strings.IndexByte(rest, ';'); semi >= 0 && (!found || semi < len(name)) {
			rest = rest[semi+1:] // a word without value
			continue
		}
		if !found {
			break
		}
		var v string
		v, rest = parameterValue(strings.TrimLeft(after, " \t"))
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" && !has(params, name) {
			params[name] = v
		}
	}
	return value, params
}

func has(m map[string]string, k string) bool { _, ok := m[k]; return ok }

// parameterValue reads one value and gives what stands behind its semicolon.
func parameterValue(s string) (value, rest string) {
	if !strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s, ";")
		return strings.TrimSpace(uncommented(value)), rest
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
			_, rest, _ = strings.Cut(s[i+1:], ";")
			return b.String(), rest
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), "" // never closed
}

// uncommented cuts a comment (RFC 5322 section 3.2.2) off the end of a value.
func uncommented(s string) string {
	if i := strings.Index(s, "("); i > 0 && (s[i-1] == ' ' || s[i-1] == '\t') {
		return s[:i]
	}
	return s
}

// Params decodes parameters as they were sent: joins continuations and decodes
// charsets (RFC 2231), and encoded words, which do not belong there and are
// common (RFC 2047 section 5). Names and values are cleaned.
func Params(raw map[string]string) map[string]string {
	out := make(map[string]string, len(raw))
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		base, section, _ := strings.Cut(name, "*")
		switch {
		case section == "" && base == name:
			if !has(out, base) { // RFC 2231's form goes first: it can say more
				out[base] = words(raw[name])
			}
		case section == "":
			out[base] = extended(raw[name])
		case section == "0" || section == "0*":
			out[base] = continued(raw, base)
		}
	}
	clean := make(map[string]string, len(out))
	for _, k := range slices.Sorted(maps.Keys(out)) {
		clean[safe.Line(k)] = safe.Line(out[k])
	}
	return clean
}

// extended reads charset'language'%41%42 (RFC 2231 section 4).
func extended(s string) string {
	charset, rest, ok := strings.Cut(s, "'")
	_, text, ok2 := strings.Cut(rest, "'")
	if !ok || !ok2 {
		t, _ := decodeBytes(percent(s), "")
		return t
	}
	t, _ := decodeBytes(percent(text), charset)
	return t
}

// continued joins name*0, name*1*, ... (RFC 2231 section 3).
func continued(raw map[string]string, base string) string {
	var octets []byte
	charset := ""
	for i := range 100 {
		key := base + "*" + strconv.Itoa(i)
		if v, ok := raw[key]; ok {
			octets = append(octets, v...)
			continue
		}
		v, ok := raw[key+"*"]
		if !ok {
			break
		}
		if i == 0 {
			if c, rest, ok := strings.Cut(v, "'"); ok {
				if _, text, ok := strings.Cut(rest, "'"); ok {
					charset, v = c, text
				}
			}
		}
		octets = append(octets, percent(v)...)
	}
	t, _ := decodeBytes(octets, charset)
	if charset == "" {
		return words(t)
	}
	return t
}

func percent(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && hex(s[i+1]) >= 0 && hex(s[i+2]) >= 0 {
			out = append(out, byte(hex(s[i+1])<<4|hex(s[i+2])))
			i += 2
			continue
		}
		out = append(out, s[i])
	}
	return out
}
