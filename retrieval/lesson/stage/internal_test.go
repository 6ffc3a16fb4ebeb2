package stage

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"imapop/retrieval"
	"imapop/retrieval/lesson"
)

// TestTheMiddleHearsLeaks holds that the stand-in of lesson 14 would notice a
// login: else nothing that it does not hear would mean anything.
func TestTheMiddleHearsLeaks(t *testing.T) {
	for side, login := range map[retrieval.Protocol]string{retrieval.IMAP: "a LOGIN alice secret\r\n", retrieval.POP3: "USER alice\r\n"} {
		m, err := listen(side)
		if err != nil {
			t.Fatal(err)
		}
		c, err := net.Dial("tcp", m.l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(c, login)
		c.(*net.TCPConn).CloseWrite()
		said, _ := io.ReadAll(c)
		c.Close()
		heard := m.close()
		if !slices.Contains(heard, "LOGIN") && !slices.Contains(heard, "USER") {
			t.Errorf("%s: heard %v, said %q", side, heard, said)
		}
		if strings.Contains(strings.Join(heard, " "), "secret") {
			t.Errorf("%s: it keeps more than the command: %v", side, heard)
		}
	}
}

// TestLessIsNotAlwaysTrue holds that a comparison of measures can fail.
func TestLessIsNotAlwaysTrue(t *testing.T) {
	s := &Stage{measures: map[string]retrieval.Meter{"small": {In: 10, Turnarounds: 3}, "large": {In: 20, Turnarounds: 1}}}
	for _, c := range []struct {
		unit, less, more string
		want             bool
	}{
		{"octets", "small", "large", true}, {"octets", "large", "small", false}, {"octets", "small", "small", false},
		{"turnarounds", "small", "large", false}, {"turnarounds", "large", "small", true},
	} {
		if got := s.less(&lesson.Condition{Unit: c.unit, Less: c.less, More: c.more}); got.ok != c.want {
			t.Errorf("%+v: %+v", c, got)
		}
	}
}
