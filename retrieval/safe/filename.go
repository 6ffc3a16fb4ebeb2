package safe

import (
	"strings"
	"unicode/utf8"
)

// maxName bounds a file name, in octets: file systems take 255, and a suffix
// such as " (2)" or ".part" must still fit.
const maxName = 200

// FileName gives a name for a new file from foreign text such as an
// attachment's name: the part behind the last separator of any system, without
// control, format or shell-hostile characters, without a leading dot or hyphen,
// never empty, at most 200 octets, its extension kept. Names that Windows
// reserves get an underscore. It says nothing of whether such a file exists.
func FileName(s string) string {
	if i := strings.LastIndexAny(s, `/\`); i >= 0 {
		s = s[i+1:]
	}
	var b strings.Builder
	for _, r := range Line(s) {
		switch {
		case strings.ContainsRune(`<>:"|?*`, r), r >= pictures && r <= newlineMark, r == utf8.RuneError:
			r = '_'
		case r == '⟨' || r == '⟩':
			r = '_'
		}
		b.WriteRune(r)
	}
	name := Line(strings.Trim(b.String(), " .")) // a mark that lost the blank it stood on gets a base
	if strings.HasPrefix(name, "-") {
		name = "_" + name
	}
	name = shorten(name)
	if name == "" {
		return "unnamed"
	}
	if reserved(name) {
		return "_" + name
	}
	return name
}

// shorten cuts a name to maxName octets, before its extension if that is short.
func shorten(name string) string {
	if len(name) <= maxName {
		return name
	}
	ext := ""
	if i := strings.LastIndexByte(name, '.'); i > 0 && len(name)-i <= 16 {
		ext = name[i:]
	}
	stem := name[:maxName-len(ext)]
	for !utf8.ValidString(stem) {
		stem = stem[:len(stem)-1]
	}
	return strings.TrimRight(stem, " .") + ext
}

// reserved reports the device names of Windows, which keep their meaning with
// any extension.
func reserved(name string) bool {
	stem, _, _ := strings.Cut(name, ".")
	switch stem = strings.ToUpper(strings.TrimSpace(stem)); stem {
	case "CON", "PRN", "AUX", "NUL":
		return true
	}
	return len(stem) == 4 && (strings.HasPrefix(stem, "COM") || strings.HasPrefix(stem, "LPT")) && stem[3] >= '0' && stem[3] <= '9'
}
