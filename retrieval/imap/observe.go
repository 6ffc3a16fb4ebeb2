package imap

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	goimap "github.com/emersion/go-imap/v2"

	"imapop/retrieval"
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

// understood are the untagged responses that go-imap survives.
var understood = []string{"OK", "NO", "BAD", "BYE", "PREAUTH", "ID", "CAPABILITY", "NAMESPACE", "FLAGS", "EXISTS", "RECENT",
	"LIST", "STATUS", "FETCH", "EXPUNGE", "SEARCH", "ESEARCH"}

// see is the tap's: it takes in one response line before the library reads it
// and returns what the library is to read, nil for nothing.
func (s *Session) see(line []byte) ([]byte, error) {
	if len(bytes.TrimRight(line, "\r\n")) == 0 {
		return nil, nil // an empty line means nothing and would end the library's connection
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if words := capabilities(line); words != nil {
		s.caps, s.capsAt = words, s.capsAt+1
		line = hideRev2(line, words)
	}
	u, ok := parseUntagged(line)
	if !ok {
		s.tagged(line)
		return line, nil
	}
	if !slices.Contains(understood, u.word) {
		return nil, nil // also ENABLED, which we never ask for and which races inside the library
	}
	var err error
	switch u.word {
	case "EXISTS":
		err = s.seeExists(u.num)
	case "EXPUNGE":
		err = s.seeExpunge(u.num)
	case "FETCH":
		s.seeFetch(u.num, u.rest)
	case "LIST", "STATUS":
		line = s.readable(u, line)
	}
	return line, err
}

func (s *Session) seeExists(n uint32) error {
	switch {
	case n > maxExists:
		return fmt.Errorf("%w: EXISTS %d is more than a mailbox can hold", retrieval.ErrProtocol, n)
	case s.sel.now():
		s.sel.exists = n
	case n != s.view.exists && s.box.Name != "":
		s.view.grow(n)
		s.emit(Event{Kind: retrieval.Exists, Count: n, ByUs: s.causes&causesExists != 0})
	}
	return nil
}

func (s *Session) seeExpunge(seq uint32) error {
	if s.sel.now() || s.box.Name == "" {
		return nil
	}
	uid, ok := s.view.expunge(seq)
	if !ok {
		return fmt.Errorf("%w: EXPUNGE %d in a mailbox of %d messages", retrieval.ErrProtocol, seq, s.view.exists)
	}
	e := Event{Kind: retrieval.Expunged, ByUs: s.causes&causesExpunge != 0}
	if uid != 0 {
		e.UIDs = []uint32{uid}
	} else {
		e.Seqs = []uint32{seq}
	}
	s.gone = append(s.gone, uid)
	s.emit(e)
	return nil
}

func (s *Session) seeFetch(seq uint32, rest []byte) {
	if s.sel.now() {
		return
	}
	h := parseFetch(rest)
	if h.uid != 0 {
		s.view.learn(seq, h.uid)
	} else {
		h.uid = s.view.uid(seq)
	}
	if !h.flagged || h.asked || seq == 0 || seq > s.view.exists {
		return
	}
	e := Event{Kind: retrieval.FlagsChanged, ByUs: s.causes&causesFlags != 0}
	if h.uid != 0 {
		e.UIDs, e.Flags = []uint32{h.uid}, map[uint32][]string{h.uid: h.flags}
	} else {
		e.Seqs = []uint32{seq}
	}
	s.emit(e)
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
