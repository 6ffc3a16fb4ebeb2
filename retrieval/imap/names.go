package imap

import (
	"bytes"
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// readable makes a LIST or STATUS line whose mailbox name is not modified UTF-7
// (RFC 9051 section 5.1) into one that the library survives. Such a name cannot
// be sent back, so the folder is remembered as odd. s.mu is held.
func (s *Session) readable(u untagged, line []byte) []byte {
	start, end := mailboxName(u)
	if start < 0 {
		return line
	}
	name := u.rest[start:end]
	plain := bytes.Trim(name, `"`)
	if decodes(plain) {
		return line
	}
	if s.odd == nil {
		s.odd = map[string]bool{}
	}
	fixed := strings.ReplaceAll(strings.Map(asciiOnly, string(plain)), "&", "&-")
	s.odd[strings.ReplaceAll(fixed, "&-", "&")] = true
	at := bytes.LastIndex(line, name)
	return bytes.Join([][]byte{line[:at], []byte(`"` + fixed + `"`), line[at+len(name):]}, nil)
}

// mailboxName finds the mailbox name in what follows LIST or STATUS; -1 when
// it is a literal or cannot be found.
func mailboxName(u untagged) (start, end int) {
	b := u.rest
	if u.word == "LIST" {
		attrs := bytes.IndexByte(b, ')')
		if attrs < 0 || attrs+2 > len(b) {
			return -1, -1
		}
		start = attrs + 2
		delim := token(b[start:])
		start += delim + 1
	}
	if start >= len(b) || b[start] == '{' {
		return -1, -1
	}
	return start, start + token(b[start:])
}

// token is the length of the atom or quoted string that b begins with.
func token(b []byte) int {
	if len(b) == 0 || b[0] != '"' {
		if i := bytes.IndexByte(b, ' '); i >= 0 {
			return i
		}
		return len(b)
	}
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// asciiOnly replaces what a quoted mailbox name of ours cannot carry.
func asciiOnly(r rune) rune {
	if r < ' ' || r > '~' || r == '"' || r == '\\' {
		return '?'
	}
	return r
}

// decodes reports whether the library can decode a mailbox name: UTF-8 without
// controls, each "&" the start of "&-" or of base64 up to "-", not two in a row.
func decodes(name []byte) bool {
	if !utf8.Valid(name) {
		return false
	}
	shifted := false // directly behind an encoded run
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c < ' ' || c == 0x7f {
			return false
		}
		if c != '&' {
			shifted = false
			continue
		}
		n := bytes.IndexByte(name[i+1:], '-')
		if n < 0 || (n > 0 && (shifted || !decodesRun(name[i+1:i+1+n]))) {
			return false
		}
		shifted = n > 0
		i += n + 1
	}
	return true
}

// decodesRun reports whether b is modified base64 of whole UTF-16 units.
func decodesRun(b []byte) bool {
	enc := base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").WithPadding(base64.NoPadding)
	raw, err := enc.DecodeString(string(b))
	if err != nil || len(raw) == 0 || len(raw)%2 != 0 {
		return false
	}
	for i := 0; i < len(raw); i += 2 {
		unit := uint16(raw[i])<<8 | uint16(raw[i+1])
		switch {
		case unit >= 0x20 && unit < 0x7f:
			return false // printable ASCII must not be encoded
		case unit >= 0xd800 && unit < 0xdc00:
			if i+3 >= len(raw) || raw[i+2]&0xfc != 0xdc {
				return false
			}
			i += 2
		case unit >= 0xdc00 && unit < 0xe000:
			return false
		}
	}
	return true
}
