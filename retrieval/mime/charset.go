package mime

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
)

// aliases are charsets that mail names and the tables do not, or that mail says
// where it means a larger one (as the Encoding Standard of browsers has it).
var aliases = map[string]string{
	"utf8": "utf-8", "utf-8mb4": "utf-8", "unicode-1-1-utf-8": "utf-8",
	"iso-8859-1": "windows-1252", "latin1": "windows-1252", "latin-1": "windows-1252", "iso8859-1": "windows-1252",
	"ansi": "windows-1252", "cp-1252": "windows-1252", "cp1252": "windows-1252", "x-ansi": "windows-1252",
	"iso-8859-9": "windows-1254", "iso-8859-8-i": "iso-8859-8", "iso-8859-8-e": "iso-8859-8", "tis-620": "windows-874",
	"gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "gb_2312-80": "gb18030", "cp936": "gb18030",
	"ks_c_5601-1987": "euc-kr", "cp949": "euc-kr", "x-sjis": "shift_jis", "cp932": "shift_jis", "shift-jis": "shift_jis",
	"koi8r": "koi8-r", "win-1251": "windows-1251", "cp-1251": "windows-1251", "cp1251": "windows-1251", "big-5": "big5",
}

// decodeBytes makes UTF-8 of octets in a charset. A charset that is not named,
// not known or plainly wrong is guessed; the note says so. The result can hold
// anything: it is not cleaned.
func decodeBytes(b []byte, name string) (text, note string) {
	asked := strings.ToLower(strings.Trim(strings.TrimSpace(name), `"'`))
	if a, ok := aliases[asked]; ok {
		asked = a
	}
	switch asked {
	case "utf-8":
		if utf8.Valid(b) {
			return string(b), ""
		}
		return strings.ToValidUTF8(string(b), "\ufffd"), "the text is not all UTF-8, as it says"
	case "", "us-ascii", "ascii", "unknown-8bit", "x-unknown", "default": // says nothing
		return guess(b, name)
	}
	r, err := charset.Reader(asked, bytes.NewReader(b))
	if err != nil {
		text, _ := guess(b, "")
		return text, fmt.Sprintf("unknown charset %s: shown as %s", name, guessed(b))
	}
	out, err := io.ReadAll(io.LimitReader(r, 4*maxText))
	if err != nil {
		return strings.ToValidUTF8(string(out), "\ufffd"), fmt.Sprintf("the text is not all %s, as it says", name)
	}
	return string(out), ""
}

// guess reads octets whose charset is not told.
func guess(b []byte, name string) (text, note string) {
	if name == "" {
		name = "none"
	}
	switch g := guessed(b); g {
	case "ASCII":
		return string(b), ""
	case "UTF-8":
		return string(b), ""
	default:
		r, err := charset.Reader(strings.ToLower(g), bytes.NewReader(b))
		if err != nil {
			return strings.ToValidUTF8(string(b), "\ufffd"), ""
		}
		out, _ := io.ReadAll(io.LimitReader(r, 4*maxText))
		return string(out), fmt.Sprintf("8-bit text in charset %s: shown as %s", name, g)
	}
}

// guessed names what octets are most likely: what cannot be UTF-8 is taken as
// windows-1252, which holds what Latin-1 has; escapes to JIS name themselves.
func guessed(b []byte) string {
	ascii := true
	for _, c := range b {
		if c >= 0x80 {
			ascii = false
			break
		}
	}
	switch {
	case ascii && (bytes.Contains(b, []byte("\x1b$B")) || bytes.Contains(b, []byte("\x1b$@"))):
		return "ISO-2022-JP"
	case ascii:
		return "ASCII"
	case utf8.Valid(b):
		return "UTF-8"
	}
	return "windows-1252"
}
