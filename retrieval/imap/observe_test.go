package imap

import (
	"slices"
	"testing"
)

func TestParseFetch(t *testing.T) {
	for _, c := range []struct {
		in      string
		uid     uint32
		flags   []string
		flagged bool
		asked   bool
	}{
		{`(FLAGS (\Seen))`, 0, []string{`\Seen`}, true, false},
		{`(UID 7 FLAGS (b a) MODSEQ (99))`, 7, []string{"a", "b"}, true, false},
		{`(FLAGS () UID 7)`, 7, nil, true, false},
		{`(UID 7 FLAGS () RFC822.SIZE 5)`, 7, nil, true, true},
		{`(UID 7 RFC822.SIZE 5 FLAGS (\Seen) BODY[]<0> {3}`, 7, []string{`\Seen`}, true, false}, // Dovecot, after BODY[] without PEEK
		{`(UID 7 FLAGS (\Seen) BODY[HEADER.FIELDS (MESSAGE-ID)] {3}`, 7, []string{`\Seen`}, true, true},
		{`(FLAGS (\Seen) ENVELOPE (NIL`, 0, []string{`\Seen`}, true, true},
		{`(ENVELOPE (NIL`, 0, nil, false, true},
		{`(UID 99999999999 FLAGS (x))`, 0, nil, false, false},
		{`(UID 7)`, 7, nil, false, false},
		{``, 0, nil, false, false}, {`(`, 0, nil, false, false}, {`(FLAGS (`, 0, nil, false, false}, {`( `, 0, nil, false, false},
	} {
		h := parseFetch([]byte(c.in))
		if h.uid != c.uid || !slices.Equal(h.flags, c.flags) || h.flagged != c.flagged || h.asked != c.asked {
			t.Errorf("%q: %+v", c.in, h)
		}
	}
}

func TestAnnounces(t *testing.T) {
	for line, want := range map[string]int64{
		"* 1 FETCH (BODY[] {12}\r\n": 12, "* 1 FETCH (BODY[] {12+}\r\n": 12, " x {0}\r\n": 0, ") y {3}\r\n": 3,
		"* OK {5}\r\n": -1, "T1 NO {5}\r\n": -1, "+ {5}\r\n": -1, "* LIST () {x}\r\n": -1, "* LIST () 5}\r\n": -1, "\r\n": -1, "* LIST {-1}\r\n": -1,
	} {
		n, ok := announces([]byte(line))
		if ok != (want >= 0) || ok && n != want {
			t.Errorf("%q: %d, %v", line, n, ok)
		}
	}
}

func TestCapabilities(t *testing.T) {
	for line, want := range map[string][]string{
		"* CAPABILITY IMAP4rev1 IDLE\r\n":            {"IMAP4rev1", "IDLE"},
		"* OK [CAPABILITY IMAP4rev1] hi\r\n":         {"IMAP4rev1"},
		"T3 OK [capability IMAP4rev1 X] done\r\n":    {"IMAP4rev1", "X"},
		"* OK CAPABILITY IMAP4rev1\r\n":              nil,
		"* OK [CAPABILITY IMAP4rev1 without end\r\n": nil,
		"\r\n": nil,
	} {
		if got := capabilities([]byte(line)); !slices.Equal(got, want) {
			t.Errorf("%q: %v", line, got)
		}
	}
}
