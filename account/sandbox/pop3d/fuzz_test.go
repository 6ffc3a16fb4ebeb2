package pop3d

import (
	"bytes"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
)

// FuzzStuffing: whatever the message, a simple reader gets it back, and the
// reader's end is the writer's end.
func FuzzStuffing(f *testing.F) {
	for _, s := range []string{"", ".", "..", "a", "a\r\n", ".\r\n.\r\n", "\r\n.\r\n", "a\n.\n", "a\r.\r\n", "x\r\n..y\r\n.", "\r\n\r\n.\r\n\r\n"} {
		f.Add([]byte(s), 1)
	}
	f.Fuzz(func(t *testing.T, message []byte, k int) {
		for _, m := range [][]byte{message, topOf(message, k)} {
			var wire bytes.Buffer
			if err := writeStuffed(&wire, m); err != nil {
				t.Fatal(err)
			}
			wire.WriteString("+OK next\r\n")
			body, rest, ok := unstuff(wire.Bytes())
			want := m
			if len(m) > 0 && !bytes.HasSuffix(m, crlf) {
				want = append(bytes.Clone(m), crlf...)
			}
			if !ok || !bytes.Equal(body, want) || string(rest) != "+OK next\r\n" {
				t.Fatalf("%q became %q, rest %q", m, body, rest)
			}
		}
		if top := topOf(message, k); !bytes.HasPrefix(message, top) ||
			k >= 0 && bytes.Count(top[bodyStart(message):], crlf) > k {
			t.Fatalf("TOP %d of %q is %q", k, message, top)
		}
	})
}

func FuzzParseLine(f *testing.F) {
	for _, s := range []string{"", " ", "USER a", "pass  x ", "TOP 1 2", "NOOP\x00", "\xff", "LIST\t1", strings.Repeat("x", 400)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		keyword, arg, err := parseLine(line)
		if err != nil {
			return
		}
		if keyword != strings.ToUpper(keyword) || keyword == "" || strings.ContainsAny(keyword+arg, "\r\n\x00") {
			t.Fatalf("%q: %q, %q", line, keyword, arg)
		}
		again, _, found := strings.Cut(line, " ")
		if !strings.EqualFold(again, keyword) || found && line != again+" "+arg {
			t.Fatalf("%q: %q, %q", line, keyword, arg)
		}
	})
}

func FuzzParseNumber(f *testing.F) {
	for _, s := range []string{"", "0", "1", "01", "-1", "+1", "1 ", "9223372036854775808", "1e3", "\u0661"} {
		f.Add(s)
	}
	digits := regexp.MustCompile(`^[0-9]+$`)
	f.Fuzz(func(t *testing.T, s string) {
		if n, ok := parseNumber(s); ok != (digits.MatchString(s) && !strings.HasSuffix(s, "\n")) || n < 0 {
			t.Fatalf("%q: %d, %v", s, n, ok)
		}
	})
}

// FuzzSession sends foreign octets to a whole session, inside a login and
// before it. Each line that the server says is an answer, a challenge or part of
// a body, it ends, and the lock is freed.
func FuzzSession(f *testing.F) {
	for _, s := range []string{
		"QUIT\r\n", "STAT\r\nLIST\r\nUIDL\r\nRETR 1\r\nDELE 1\r\nQUIT\r\n", "STLS\r\nxx", "AUTH PLAIN\r\n*\r\n",
		"AUTH SCRAM-SHA-256 biwsbj11c2VyLHI9YQ==\r\nYz1iaXdz\r\n", "TOP 1 0\r\nRSET\r\n\r\n\r\n", "\x16\x03\x01\x00\xa5",
	} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	cfg, _ := certificate()
	f.Fuzz(func(t *testing.T, input []byte, loggedIn bool) {
		b := newBackend(".\r\n\r\n.\r\n", message(100))
		s := New(Options{Backend: b, TLS: cfg, Report: func(err error) { t.Error(err) }})
		here, there := net.Pipe()
		s.start(there, false)
		go func() {
			if loggedIn {
				io.WriteString(here, "USER alice\r\nPASS "+password+"\r\n")
			}
			here.Write(input)
			io.WriteString(here, "\r\nQUIT\r\n*\r\nQUIT\r\n")
			here.Close()
		}()
		io.Copy(io.Discard, here)
		s.sessions.Wait()
		if _, _, locks, unlocks := b.state(); locks != unlocks {
			t.Fatalf("%d locks, %d unlocks", locks, unlocks)
		}
	})
}
