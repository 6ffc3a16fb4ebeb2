package wire

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"imapop/retrieval"
)

// recorder keeps what a scanner finds.
type recorder struct{ lines []string }

func (r *recorder) line(text []byte, n extent, last bool) {
	r.lines = append(r.lines, fmt.Sprintf("%s|%d|%v", text, n.wire, last))
}
func (r *recorder) literalStarts([]byte, int64) {}
func (r *recorder) literalOctets([]byte)        {}

var testLimits = Limits{Line: 2000, Response: 5000, Literal: 3000, Nesting: 8}

// scanPieces scans b in pieces of n octets and returns how many passed.
func scanPieces(b []byte, n int, l Limits) (int, []string, error) {
	l = l.orDefault()
	rec := new(recorder)
	s := imapScanner{limits: &l, spent: new(atomic.Int64), out: rec}
	passed := 0
	for len(b) > 0 {
		n := min(n, len(b))
		good, err := s.scan(b[:n])
		passed += good
		if err != nil {
			s.flush()
			return passed, rec.lines, err
		}
		b = b[n:]
	}
	s.flush()
	return passed, rec.lines, nil
}

func TestScanPasses(t *testing.T) {
	for in, want := range map[string]string{
		"* OK [PERMANENTFLAGS (x \\*)] hi (( \"\r\n":       "* OK [PERMANENTFLAGS (x \\*)] hi (( \"|%d|true",
		"* 1 FETCH (BODY[] {3}\r\n(\"\n UID 5)\r\n":        "* 1 FETCH (BODY[] {3 octets} UID 5)|%d|true",
		"* 1 FETCH (BINARY[1] ~{3}\r\n\x00\r\n UID 5)\r\n": "* 1 FETCH (BINARY[1] ~{3 octets} UID 5)|%d|true",
		"* 1 FETCH (BODY[]<0> {0}\r\n)\r\n":                "* 1 FETCH (BODY[]<0> {0 octets})|%d|true",
		"* LIST () \"\\\\\" {5}\r\nINBOX\r\n":              "* LIST () \"\\\\\" {5 octets}|%d|true",
		"* LIST () \"/\" \"((((((((((((\\\"((\"\r\n":       "* LIST () \"/\" \"((((((((((((\\\"((\"|%d|true",
		"+ go {5}\r\n":                 "+ go {5}|%d|true",
		"T1 OK done \"\r\n":            "T1 OK done \"|%d|true",
		"T1 NO [TRYCREATE] no {7}\r\n": "T1 NO [TRYCREATE] no {7}|%d|true",
		"* 5 OK odd {7}\r\n":           "* 5 OK odd {7}|%d|true",
		"* OK\r\n":                     "* OK|%d|true",
		"* 12 EXISTS\r\n":              "* 12 EXISTS|%d|true",
		"* SEARCH\r\n":                 "* SEARCH|%d|true",
		"* bye\r\n":                    "* bye|%d|true",
		"* 1 FETCH (BODY[] {2500}\r\n" + strings.Repeat("(", 2500) + ")\r\n":    "* 1 FETCH (BODY[] {2500 octets})|%d|true",
		"* 1 FETCH (ENVELOPE (\"d\" {4} \n((((" + " NIL))\r\n":                  "* 1 FETCH (ENVELOPE (\"d\" {4 octets} NIL))|%d|true",
		"* 1 FETCH (BODYSTRUCTURE " + strings.Repeat("(", 7) + "NIL)))))))\r\n": "* 1 FETCH (BODYSTRUCTURE (((((((NIL)))))))|%d|true",
	} {
		for _, n := range []int{1, 2, 3, 1 << 20} {
			passed, lines, err := scanPieces([]byte(in), n, testLimits)
			if err != nil || passed != len(in) || strings.Join(lines, "\n") != fmt.Sprintf(want, len(in)) {
				t.Errorf("%q by %d: passed %d of %d, %v, lines %q", in, n, passed, len(in), err, lines)
			}
		}
	}
}

// Each of these either breaks a limit, or would be read by the library in
// another way than it looks, and so could hide parentheses from the guard.
var refused = map[string]struct {
	in     string
	passes int // octets, -1: not looked at
	err    error
}{
	"nesting":                      {"* 1 FETCH (BODYSTRUCTURE " + strings.Repeat("(", 8), 25 + 7, retrieval.ErrTooMuch},
	"nesting over a literal":       {"* 1 FETCH (X (((((({1}\r\n((((", -1, retrieval.ErrTooMuch},
	"long line":                    {"* OK " + strings.Repeat("x", 3000), 2000, retrieval.ErrTooMuch},
	"long quoted string":           {"* LIST () \"" + strings.Repeat("x", 3000), 2000, retrieval.ErrTooMuch},
	"long line over literals":      {"* 1 FETCH (X {1000}\r\n" + strings.Repeat("x", 1000) + " {1000}\r\n" + strings.Repeat("x", 1000), -1, retrieval.ErrTooMuch},
	"long string literal":          {"* LIST () \"/\" {2500}\r\n", -1, retrieval.ErrTooMuch},
	"long literal":                 {"* 1 FETCH (BODY[] {3001}\r\n", -1, retrieval.ErrTooMuch},
	"string literal named as body": {"* 1 FETCH (ENVELOPE (x] {2500}\r\n", -1, retrieval.ErrTooMuch},
	"list literal named as body":   {"* LIST () \"/\" x] {2500}\r\n", -1, retrieval.ErrTooMuch},
	"huge literal":                 {"* 1 FETCH (BODY[] {99999999999999999999}\r\n", -1, retrieval.ErrProtocol},
	"answers":                      {strings.Repeat("* OK hello\r\n", 1000), 5000, retrieval.ErrTooMuch},
	"empty line":                   {"\r\n", 0, retrieval.ErrProtocol},
	"empty line, LF":               {"* OK\n\n", 5, retrieval.ErrProtocol},
	"no space behind star":         {"*OK {9}\r\n", 1, retrieval.ErrProtocol},
	"no space behind OK":           {"* OK\"a {9}\r\n", 4, retrieval.ErrProtocol},
	"line break in quotes":         {"* LIST () \"a\n", 12, retrieval.ErrProtocol},
	"escaped line break":           {"* LIST () \"a\\\n", 13, retrieval.ErrProtocol},
	"unclosed code":                {"* OK [X a\r\n", 10, retrieval.ErrProtocol},
	"unclosed code, tagged":        {"a OK [X a\r\n", 10, retrieval.ErrProtocol},
	"brace":                        {"* LIST () \"/\" a{b\r\n", 16, retrieval.ErrProtocol},
	"brace without digits":         {"* LIST () \"/\" {}\r\n", 15, retrieval.ErrProtocol},
	"octets behind a brace":        {"* LIST () \"/\" {5}x\r\n", 17, retrieval.ErrProtocol},
	"capabilities":                 {"* CAPABILITY (", 13, retrieval.ErrProtocol},
	"capabilities in a code":       {"* OK [CAPABILITY X(", 18, retrieval.ErrProtocol},
	"capabilities, tagged":         {"a OK [capability (", 17, retrieval.ErrProtocol},
	"number without space":         {"* 5(OK\r\n", 3, retrieval.ErrProtocol},
}

func TestScanRefuses(t *testing.T) {
	for name, c := range refused {
		for _, n := range []int{1, 2, 7, 1 << 20} {
			passed, _, err := scanPieces([]byte(c.in), n, testLimits)
			wantErr(t, err, c.err)
			if c.passes >= 0 && passed != c.passes {
				t.Errorf("%s by %d: %d octets passed, want %d", name, n, passed, c.passes)
			}
		}
	}
}

// hiding are openings that could make a guard look away.
var hiding = []string{
	"* CAPABILITY(\"\r\n]\r\n", "* OK [CAPABILITY(", "* OK [CAPABILITY X (a)] b\r\n",
	"* OK it\"s\r\n", "* OK it\"s\n", "* OK hi {9000000}\r\n", "+ hi {9000000}\r\n", "* OK [X a\r\n] b\r\n",
	"* OK [X a {9000000}\r\n] b\r\n", "* 1 FETCH (FLAGS (\"a\nb\" ", "* LIST () \"/\" a\"b\r\n", "* 7 OK {9000000}\r\n",
	"* BYE {9000000}\r\n", "* OK\x80 {9000000}\r\n", "* OK \"\r\n* 2 EXISTS\r\n", "* ok [UIDNEXT 5] {9000000} \n",
	"* 1 FETCH (BODY[] {1} \n(", "* 1 FETCH (BODY[] \"\\\"", "* 1 FETCH (BODY[] {1}\n", "* CAPABILITY \"\r\n",
	"* 1 FETCH (UID 3 BODY[] NIL BODYSTRUCTURE \"", "* SEARCH {3}\r\n", "* 2 EXISTS\r\n * 2 EXISTS\r\n",
}

// Whatever comes before, the parentheses behind it must not reach the library:
// its recursion would take the process down, and this test with it.
func TestNothingHidesParentheses(t *testing.T) {
	bombs := strings.Repeat("(", 2_000_000)
	for _, before := range hiding {
		c := serve(t, retrieval.IMAP, Options{}, func(c net.Conn, r *bufio.Reader) {
			send(c, "* OK hello\r\n")
			for _, s := range []string{before, "* 1 FETCH (BODYSTRUCTURE ", bombs, "\r\n* 1 FETCH (BODYSTRUCTURE ", bombs} {
				send(c, s)
			}
			c.Close()
		})
		client := imapclient.New(c, nil)
		select {
		case <-client.Closed():
		case <-time.After(20 * time.Second):
			t.Fatalf("the client still reads behind %q", before)
		}
		if c.Err() == nil {
			t.Errorf("nothing ended the connection behind %q", before)
		}
	}
}

// Outside of operations there is a budget, too.
func TestFloodInIdle(t *testing.T) {
	c := serve(t, retrieval.IMAP, Options{Limits: Limits{Response: 10_000}}, func(c net.Conn, r *bufio.Reader) {
		send(c, "* OK hi\r\n")
		for {
			if _, err := io.WriteString(c, "* 1 EXISTS\r\n"); err != nil {
				return
			}
		}
	})
	n, err := io.Copy(io.Discard, c)
	wantErr(t, err, retrieval.ErrTooMuch)
	if n != 10_000 {
		t.Errorf("%d octets passed", n)
	}
}

func FuzzScan(f *testing.F) {
	for _, c := range refused {
		f.Add([]byte(c.in), uint8(3))
	}
	f.Add([]byte("* OK hi\r\n* 1 FETCH (BODY[] {5}\r\nab(cd UID 1)\r\nT1 OK [X] done\r\n+ x\r\n* LIST () \"/\" \"a\\\"b\"\r\n"), uint8(1))
	f.Fuzz(func(t *testing.T, b []byte, n uint8) {
		passed, lines, err := scanPieces(b, len(b)+1, testLimits)
		if err == nil && passed != len(b) {
			t.Fatalf("%d of %d octets passed without an error", passed, len(b))
		}
		again, lines2, err2 := scanPieces(b, int(n)+1, testLimits)
		if again != passed || fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("whole: %d, %v; in pieces: %d, %v", passed, err, again, err2)
		}
		if fmt.Sprint(lines) != fmt.Sprint(lines2) {
			t.Fatalf("whole:\n%q\nin pieces:\n%q", lines, lines2)
		}
		// The client side never stops and never drops an octet.
		l := testLimits
		s := imapScanner{limits: &l, spent: new(atomic.Int64), client: true, out: &imapClient{tap: newTap(retrieval.IMAP, NewTranscript(10))}, opaque: func() bool { return false }}
		if n, err := s.scan(b); n != len(b) || err != nil {
			t.Fatalf("client: %d of %d, %v", n, len(b), err)
		}
	})
}

// FuzzHiding looks for openings that make the guard and the library disagree.
// A small stack turns what would be 3 MB of parentheses on the wire into 100 kB.
func FuzzHiding(f *testing.F) {
	for _, s := range hiding {
		f.Add([]byte(s), uint8(0))
	}
	bomb := strings.Repeat("* 1 FETCH (BODYSTRUCTURE "+strings.Repeat("(", 50_000)+"\r\n", 2)
	closers := []string{"", "\r\n", "\"\r\n", "]\r\n", ")\r\n", "\n", "x\r\n"}
	f.Fuzz(func(t *testing.T, before []byte, closer uint8) {
		defer debug.SetMaxStack(debug.SetMaxStack(1 << 20))
		in := "* OK hi\r\n" + string(before) + closers[int(closer)%len(closers)] + bomb
		o := Options{Limits: Limits{Literal: 1 << 16}}
		c := newConn(&pieces{b: []byte(in), n: 4096}, retrieval.IMAP, o, time.Now(), newTap(retrieval.IMAP, nil))
		<-imapclient.New(c, nil).Closed()
		if c.Err() == nil {
			t.Error("nothing ended the connection")
		}
	})
}

func BenchmarkScanIMAP(b *testing.B) {
	line := "* 17 FETCH (UID 4711 FLAGS (\\Seen) RFC822.SIZE 4412 ENVELOPE (\"Mon, 1 Jan 2026 12:00:00 +0000\" \"A subject of usual length\" ((\"Some One\" NIL \"some\" \"example.org\")) NIL NIL ((NIL NIL \"me\" \"example.org\")) NIL NIL NIL \"<id@example.org>\"))\r\n"
	for name, in := range map[string]string{
		"envelopes": strings.Repeat(line, 100),
		"body":      "* 1 FETCH (BODY[] {1000000}\r\n" + strings.Repeat("x", 1_000_000) + ")\r\n",
	} {
		b.Run(name, func(b *testing.B) {
			l := Limits{Response: 1 << 60}.orDefault()
			tp := newTap(retrieval.IMAP, NewTranscript(0))
			tp.mask.add("a secret of usual length")
			s := imapScanner{limits: &l, spent: new(atomic.Int64), out: &imapServer{tap: tp}}
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				for r := []byte(in); len(r) > 0; {
					n := min(4096, len(r))
					if _, err := s.scan(r[:n]); err != nil {
						b.Fatal(err)
					}
					r = r[n:]
				}
			}
		})
	}
}
