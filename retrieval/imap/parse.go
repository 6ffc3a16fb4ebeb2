package imap

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	goimap "github.com/emersion/go-imap/v2"
)

// untagged is the head of an untagged response, as far as the session needs it.
type untagged struct {
	word string // upper case: "EXISTS", "FETCH", "LIST"
	num  uint32 // before EXISTS, EXPUNGE, FETCH
	rest []byte // behind the word, without the line end
}

// parseUntagged reads "* [num] word rest". ok is false when the line is something else.
func parseUntagged(line []byte) (u untagged, ok bool) {
	line = bytes.TrimRight(line, "\r\n")
	rest, ok := bytes.CutPrefix(line, []byte("* "))
	if !ok {
		return u, false
	}
	word, rest, _ := bytes.Cut(rest, []byte(" "))
	if n, err := strconv.ParseUint(string(word), 10, 32); err == nil {
		u.num = uint32(n)
		word, rest, _ = bytes.Cut(rest, []byte(" "))
	}
	u.word, u.rest = strings.ToUpper(string(word)), rest
	return u, u.word != ""
}

// fetchHead is the beginning of a FETCH response.
type fetchHead struct {
	uid     uint32
	flags   []string // sorted
	flagged bool     // FLAGS was there
	asked   bool     // it has items that only a command of ours asks for, and always beside FLAGS
}

// parseFetch reads the items of "(UID 7 FLAGS (\Seen) ...)" up to the first
// that it does not know.
func parseFetch(b []byte) (h fetchHead) {
	b = bytes.TrimPrefix(b, []byte("("))
	for {
		b = bytes.TrimLeft(b, " ")
		name, rest, found := bytes.Cut(b, []byte(" "))
		if !found || name[0] == ')' {
			return h
		}
		switch item := strings.ToUpper(string(name)); item {
		case "UID", "RFC822.SIZE":
			word, after := numberWord(rest)
			n, err := strconv.ParseUint(string(word), 10, 63)
			if err != nil {
				return h
			}
			if b = after; item != "UID" {
				h.asked = true
			} else if h.uid = uint32(n); uint64(h.uid) != n {
				return fetchHead{}
			}
		case "FLAGS", "MODSEQ":
			inner, after, ok := list(rest)
			if !ok {
				return h
			}
			if item == "FLAGS" {
				h.flagged, h.flags = true, strings.Fields(string(inner))
				slices.Sort(h.flags)
			}
			b = after
		default: // we never ask for FLAGS with a body: it tells of the \Seen that the server set
			h.asked = !strings.HasPrefix(item, "BODY[]")
			return h
		}
	}
}

func numberWord(b []byte) (word, rest []byte) {
	i := 0
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	return b[:i], b[i:]
}

// list reads "(a b c)" without nesting.
func list(b []byte) (inner, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '(' {
		return nil, b, false
	}
	i := bytes.IndexByte(b, ')')
	if i < 0 {
		return nil, b, false
	}
	return b[1:i], b[i+1:], true
}

// capabilities reads the words of a CAPABILITY response or code; nil when the
// line has none (RFC 9051 sections 7.1 and 7.2.2).
func capabilities(line []byte) []string {
	line = bytes.TrimRight(line, "\r\n")
	if len(line) > 20_000 {
		return nil
	}
	if rest, ok := cutFold(line, "* CAPABILITY "); ok {
		return strings.Fields(string(rest))
	}
	_, rest, _ := bytes.Cut(line, []byte(" ")) // tag
	_, rest, _ = bytes.Cut(rest, []byte(" "))  // OK
	rest, ok := cutFold(rest, "[CAPABILITY ")
	if !ok {
		return nil
	}
	inner, _, ok := bytes.Cut(rest, []byte("]"))
	if !ok {
		return nil
	}
	return strings.Fields(string(inner))
}

func cutFold(b []byte, prefix string) ([]byte, bool) {
	if len(b) < len(prefix) || !strings.EqualFold(string(b[:len(prefix)]), prefix) {
		return b, false
	}
	return b[len(prefix):], true
}

// hideRev2 keeps IMAP4rev2 from the library when IMAP4rev1 is offered beside it:
// it would speak rev2 (UTF-8 names) without the ENABLE that must come first.
func hideRev2(line []byte, words []string) []byte {
	isRev1 := func(w string) bool { return strings.EqualFold(w, string(goimap.CapIMAP4rev1)) }
	if !slices.ContainsFunc(words, isRev1) {
		return line
	}
	for _, w := range words {
		if strings.EqualFold(w, string(goimap.CapIMAP4rev2)) {
			return bytes.Replace(line, []byte(" "+w), []byte(" X"+w), 1)
		}
	}
	return line
}

// canonical gives a capability the spelling that go-imap compares with.
func canonical(name string) goimap.Cap {
	up := strings.ToUpper(name)
	switch up {
	case "IMAP4REV1":
		return goimap.CapIMAP4rev1
	case "IMAP4REV2":
		return goimap.CapIMAP4rev2
	}
	return goimap.Cap(up)
}
