package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"imapop/retrieval"
)

func readAll(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Errorf("read body: %v", err)
	}
	return string(b)
}

// stuff is what a server makes of a message: dots doubled at the start of a
// line, which only CRLF ends, and the end behind it (RFC 1939 section 3).
func stuff(msg []byte) []byte {
	out := bytes.ReplaceAll(append([]byte("\r\n"), msg...), []byte("\r\n."), []byte("\r\n.."))[2:]
	if len(msg) > 0 && !bytes.HasSuffix(msg, []byte("\r\n")) {
		out = append(out, "\r\n"...)
	}
	return append(out, ".\r\n"...)
}

// pieces is a connection whose Read gives at most n octets of b.
type pieces struct {
	net.Conn
	b []byte
	n int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.b) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.b[:min(p.n, len(p.b))])
	p.b = p.b[n:]
	return n, nil
}
func (p *pieces) Write(b []byte) (int, error)      { return len(b), nil }
func (p *pieces) Close() error                     { return nil }
func (p *pieces) SetReadDeadline(time.Time) error  { return nil }
func (p *pieces) SetWriteDeadline(time.Time) error { return nil }

func pop3Over(b []byte, n int, o Options) *Conn {
	return newConn(&pieces{b: b, n: n}, retrieval.POP3, o, time.Now(), newTap(retrieval.POP3, o.Transcript))
}

// retrieve reads a status line and a body.
func retrieve(c *Conn, folded bool, wrap func(io.Reader) io.Reader) ([]byte, error) {
	if _, err := c.ReadLine(); err != nil {
		return nil, err
	}
	return io.ReadAll(wrap(c.Body(folded)))
}

var bodies = map[string]string{
	"empty":            "",
	"dots":             ".\r\n..\r\n...x\r\n",
	"LF dot LF":        "a\n.\nb\n.\r\nc\r\n",
	"LF dot CRLF":      "a\n.\r\nb\r\n",
	"CR dot":           "a\r.\r\r\n\r.\r\n",
	"NUL and 8 bit":    "\x00\xff\xfe\r\n",
	"empty lines":      "\r\n\r\n\r\n",
	"dot LF":           ".\nb\r\n",
	"dots and CR":      "\r\n.\r.\r\n",
	"long line":        strings.Repeat("x", 200_000) + "\r\n.\r\n",
	"ends with CR":     "a\r",
	"ends with LF":     "a\n",
	"ends without":     "a",
	"ends with a dot":  "a\r\n.",
	"only a dot":       ".",
	"only line breaks": "\n\n\r\r",
}

func TestBodyIsUntouched(t *testing.T) {
	for name, msg := range bodies {
		want := msg
		if msg != "" && !strings.HasSuffix(msg, "\r\n") {
			want += "\r\n"
		}
		for _, n := range []int{1, 2, 3, 1 << 20} {
			for _, folded := range []bool{true, false} {
				if len(msg) > 1000 && n < 1000 {
					continue // slow, and the same as a short line
				}
				// Two pipelined answers and the next status line follow each other.
				answer := "+OK\r\n" + string(stuff([]byte(msg)))
				c := pop3Over([]byte(answer+answer+"-ERR no\r\n"), n, Options{Transcript: NewTranscript(0)})
				got, err := retrieve(c, folded, func(r io.Reader) io.Reader { return r })
				if err != nil || string(got) != want {
					t.Errorf("%s by %d: %.40q, %v", name, n, got, err)
				}
				got, err = retrieve(c, folded, iotest.OneByteReader)
				if err != nil || string(got) != want {
					t.Errorf("%s by %d, an octet at a time: %.40q, %v", name, n, got, err)
				}
				if line, err := c.ReadLine(); err != nil || string(line) != "-ERR no" {
					t.Errorf("%s by %d: next status line is %q, %v", name, n, line, err)
				}
			}
		}
	}
}

func TestBodyCut(t *testing.T) {
	whole := "+OK\r\nab\r\n..c\r\n.\r\n"
	for n := len("+OK\r\n"); n < len(whole); n++ {
		c := pop3Over([]byte(whole[:n]), 100, Options{})
		_, err := retrieve(c, true, func(r io.Reader) io.Reader { return r })
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut behind %q: %v", whole[:n], err)
		}
		wantErr(t, c.Err(), retrieval.ErrClosed)
	}
}

func TestBodyLimits(t *testing.T) {
	l := Limits{Line: 100, Response: 1000, Literal: 500}
	for name, c := range map[string]struct {
		body   string
		folded bool
		err    error
	}{
		"line of a listing":    {strings.Repeat("x", 101), false, retrieval.ErrTooMuch},
		"listing":              {strings.Repeat("1 2\r\n", 200), false, retrieval.ErrTooMuch},
		"message":              {strings.Repeat("x\r\n", 200), true, retrieval.ErrTooMuch},
		"long line, message":   {strings.Repeat("x", 450), true, nil},
		"several good ones":    {strings.Repeat("x\r\n", 100), true, nil},
		"listing that is fine": {strings.Repeat("1 2\r\n", 150), false, nil},
	} {
		for _, n := range []int{1, 1000} {
			conn := pop3Over(append([]byte("+OK\r\n"), stuff([]byte(c.body))...), n, Options{Limits: l})
			_, err := retrieve(conn, c.folded, func(r io.Reader) io.Reader { return r })
			if !errors.Is(err, c.err) {
				t.Errorf("%s by %d: %v, want %v", name, n, err, c.err)
			}
		}
	}
}

func TestBodyLeftUnread(t *testing.T) {
	c := pop3Over([]byte("+OK\r\nab\r\n.\r\n+OK\r\n"), 100, Options{})
	c.ReadLine()
	c.Body(true).Read(make([]byte, 1))
	if _, err := c.ReadLine(); err == nil {
		t.Error("a status line was read out of a body")
	}
}

func TestListingIsFoldedBehindItsBeginning(t *testing.T) {
	var list strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&list, "%d x\r\n", i+1)
	}
	tr := NewTranscript(0)
	c := pop3Over([]byte("+OK\r\n"+list.String()+".\r\n"), 1<<20, Options{Transcript: tr})
	if _, err := retrieve(c, false, func(r io.Reader) io.Reader { return r }); err != nil {
		t.Fatal(err)
	}
	got := texts(tr)
	if len(got) != 1+shownLines+2 || got[shownLines] != "S 100 x" || !strings.HasPrefix(got[shownLines+1], "S {900 more lines, ") || got[shownLines+2] != "S ." {
		t.Errorf("%d lines, the last: %q", len(got), got[len(got)-3:])
	}
	var octets int64
	for _, l := range tr.Since(0, 0) {
		octets += l.Octets
	}
	if octets != c.Meter().In {
		t.Errorf("the lines have %d octets, the wire had %d", octets, c.Meter().In)
	}
}

func TestStatusLines(t *testing.T) {
	for in, want := range map[string]error{
		"+OK\r\n": nil, "+OK x\r\n": nil, "-ERR\r\n": nil, "-ERR [AUTH] x\n": nil,
		"\r\n": retrieval.ErrProtocol, "\n": retrieval.ErrProtocol, "+OKAY\r\n": retrieval.ErrProtocol,
		"+ b64\r\n": retrieval.ErrProtocol, "421 timeout\r\n": retrieval.ErrProtocol, "+ok\r\n": retrieval.ErrProtocol,
		"+OK " + strings.Repeat("x", 9000): retrieval.ErrTooMuch,
		"+OK x":                            io.ErrUnexpectedEOF,
		"":                                 io.EOF,
	} {
		for _, n := range []int{1, 1 << 20} {
			c := pop3Over([]byte(in), n, Options{Transcript: NewTranscript(0)})
			_, err := c.ReadLine()
			if !errors.Is(err, want) {
				t.Errorf("ReadLine %.20q: %v, want %v", in, err, want)
			}
			c = pop3Over([]byte(in), n, Options{})
			_, err = bufio.NewReader(c).ReadString('\n')
			if !errors.Is(err, want) {
				t.Errorf("Read %.20q: %v, want %v", in, err, want)
			}
			if want != nil {
				if _, err := c.Write([]byte("QUIT\r\n")); err == nil {
					t.Errorf("QUIT was sent behind %.20q", in)
				}
			}
		}
	}
}

func TestReadGivesOneStatusLineAtATime(t *testing.T) {
	long := "+OK " + strings.Repeat("x", 5000) + "\r\n"
	c := pop3Over([]byte(long+"+OK 2\r\n"), 1<<20, Options{})
	p := make([]byte, 4096)
	for _, want := range []string{long[:4096], long[4096:], "+OK 2\r\n"} {
		if n, err := c.Read(p); string(p[:n]) != want || err != nil {
			t.Errorf("read %.20q, %v, want %.20q", p[:n], err, want)
		}
	}
}

func FuzzBody(f *testing.F) {
	for _, b := range bodies {
		f.Add([]byte(b), uint8(3))
	}
	f.Fuzz(func(t *testing.T, msg []byte, n uint8) {
		want := append([]byte{}, msg...)
		if len(msg) > 0 && !bytes.HasSuffix(msg, []byte("\r\n")) {
			want = append(want, "\r\n"...)
		}
		c := pop3Over([]byte("+OK\r\n"+string(stuff(msg))+"+OK next\r\n"), int(n)+1, Options{Transcript: NewTranscript(10)})
		got, err := retrieve(c, n%2 == 0, func(r io.Reader) io.Reader { return r })
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%q, %v; want %q", got, err, want)
		}
		if line, err := c.ReadLine(); err != nil || string(line) != "+OK next" {
			t.Fatalf("then %q, %v", line, err)
		}
	})
}

// FuzzPOP3 reads what any server may send.
func FuzzPOP3(f *testing.F) {
	f.Add([]byte("+OK\r\na\r\n.\r\n-ERR\r\n"), uint8(1))
	f.Add([]byte("+ x\r\n\r\n"), uint8(2))
	f.Fuzz(func(t *testing.T, b []byte, n uint8) {
		read := func(n int) (all []byte, last error) {
			c := pop3Over(b, n, Options{Limits: Limits{Line: 50, Response: 500, Literal: 200}, Transcript: NewTranscript(10)})
			for {
				line, err := c.ReadLine()
				if err != nil {
					return all, err
				}
				all = append(append(all, line...), '|')
				body, err := io.ReadAll(c.Body(len(all)%2 == 0))
				if all = append(append(all, body...), '|'); err != nil {
					return all, err
				}
			}
		}
		whole, err := read(len(b) + 1)
		again, err2 := read(int(n) + 1)
		if class(err) != class(err2) || err2 == io.EOF && !bytes.Equal(whole, again) {
			t.Fatalf("whole: %q, %v; in pieces: %q, %v", whole, err, again, err2)
		}
	})
}

// class is what an error means; which of two limits is met first may depend on the pieces.
func class(err error) error {
	for _, c := range []error{retrieval.ErrTooMuch, retrieval.ErrProtocol, io.ErrUnexpectedEOF, io.EOF} {
		if errors.Is(err, c) {
			return c
		}
	}
	return err
}

// endless is a server that answers one pipelined RETR after the other.
type endless struct {
	pieces
	answer []byte
	at     int
}

func (e *endless) Read(b []byte) (int, error) {
	n := copy(b, e.answer[e.at:])
	e.at = (e.at + n) % len(e.answer)
	return n, nil
}

func BenchmarkBody(b *testing.B) {
	for _, size := range []int{300, 60_000, 5_000_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			msg := bytes.Repeat([]byte(strings.Repeat("x", 70)+"\r\n"), size/72+1)
			answer := append([]byte("+OK 300 octets\r\n"), stuff(msg)...)
			for size < 1000 && len(answer) < 1<<16 {
				answer = append(answer, answer...)
			}
			tr := NewTranscript(0)
			tr.mask.add("a secret of usual length")
			c := newConn(&endless{answer: answer}, retrieval.POP3, Options{Transcript: tr}, time.Now(), newTap(retrieval.POP3, tr))
			c.limits.Response = 1 << 60
			buf := make([]byte, 32<<10)
			b.SetBytes(int64(len(msg)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.ReadLine(); err != nil {
					b.Fatal(err)
				}
				for body := c.Body(true); ; {
					if _, err := body.Read(buf); err == io.EOF {
						break
					} else if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
