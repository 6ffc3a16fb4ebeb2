package sandbox

import (
	"bytes"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// script is a connection whose input is known beforehand.
type script struct {
	io.Reader
	out    bytes.Buffer
	closed bool
}

func (s *script) Write(b []byte) (int, error)      { return s.out.Write(b) }
func (s *script) Close() error                     { s.closed = true; return nil }
func (s *script) LocalAddr() net.Addr              { return nil }
func (s *script) RemoteAddr() net.Addr             { return nil }
func (s *script) SetDeadline(time.Time) error      { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }

var holdsCommand = regexp.MustCompile(`(?i) (id|starttls)`)

// Whatever comes, in pieces of whatever size: Read ends, what is not ID or
// STARTTLS passes octet for octet, and what passes was sent.
func FuzzIMAPConn(f *testing.F) {
	f.Add("a NOOP\r\nb LOGIN {5}\r\nalice {3+}\r\nabc\r\n", true)
	f.Add("a ID NIL\r\nb APPEND x {10+}\r\nc ID NIL\r\n\r\nd ID (\"a\" {2+}\r\nxx)\r\n", false)
	f.Add("a STARTTLS\r\nb NOOP\r\n", false)
	f.Add("a ID (\"a\" {99999999999}\r\n", true)
	f.Add(strings.Repeat("x", 70_000)+"{3}\r\na ID NIL\r\n", false)
	f.Add("a ID {65537+}\r\n", true)
	f.Fuzz(func(t *testing.T, in string, small bool) {
		var r io.Reader = strings.NewReader(in)
		if small {
			r = iotest.OneByteReader(r)
		}
		s := &script{Reader: r}
		upgraded := false
		c := newIMAPConn(s, func(net.Conn) { upgraded = true }, false)
		out, _ := io.ReadAll(c)
		if len(out) > len(in) {
			t.Fatalf("%d octets became %d", len(in), len(out))
		}
		if !holdsCommand.MatchString(in) && (string(out) != in || upgraded || s.out.Len() > 0) {
			t.Errorf("%q passed as %q, answered %q", in, out, s.out.String())
		}
		if upgraded && !strings.Contains(s.out.String(), "OK Begin TLS") {
			t.Error("TLS begins without a word")
		}
	})
}

// What follows a literal on its line belongs to the same command, even where it
// looks like another one.
func TestTextAfterLiteral(t *testing.T) {
	for in, want := range map[string]string{
		"a LOGIN {1+}\r\nxb ID NIL\r\nc ID NIL\r\n": "a LOGIN {1+}\r\nxb ID NIL\r\n",
		"a X {0+}\r\nb STARTTLS\r\n":                "a X {0+}\r\nb STARTTLS\r\n",
	} {
		s := &script{Reader: strings.NewReader(in)}
		c := newIMAPConn(s, func(net.Conn) { t.Error("upgraded") }, false)
		if out, err := io.ReadAll(c); string(out) != want || err != nil {
			t.Errorf("%q passed as %q, %v", in, out, err)
		}
	}
}
