package pop3d

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// unstuff is the simplest reader of a multi-line body.
func unstuff(wire []byte) (body, rest []byte, ok bool) {
	for {
		i := bytes.Index(wire, crlf)
		if i < 0 {
			return nil, nil, false
		}
		line := wire[:i]
		wire = wire[i+2:]
		if string(line) == "." {
			return body, wire, true
		}
		body = append(append(body, bytes.TrimPrefix(line, []byte("."))...), crlf...)
	}
}

func TestStuffing(t *testing.T) {
	tests := []struct{ message, wire string }{
		{"", ".\r\n"},
		{"a\r\n", "a\r\n.\r\n"},
		{"a", "a\r\n.\r\n"},
		{".", "..\r\n.\r\n"},
		{".\r\n", "..\r\n.\r\n"},
		{"..\r\n", "...\r\n.\r\n"},
		{".x\r\n.\r\n..\r\n.y", "..x\r\n..\r\n...\r\n..y\r\n.\r\n"},
		{"a\r\n.", "a\r\n..\r\n.\r\n"},
		{"a.b\r\nc.\r\n", "a.b\r\nc.\r\n.\r\n"},
		{"a\n.\nb\r\n", "a\n.\nb\r\n.\r\n"}, // a lone LF ends no line
		{"a\r.\r\n", "a\r.\r\n.\r\n"},
		{"a\r", "a\r\r\n.\r\n"},
		{"a\n", "a\n\r\n.\r\n"},
		{"\r\n.\r\n.\r\n", "\r\n..\r\n..\r\n.\r\n"},
		{"\r\n\r\n", "\r\n\r\n.\r\n"},
	}
	for _, tt := range tests {
		var w bytes.Buffer
		if err := writeStuffed(&w, []byte(tt.message)); err != nil || w.String() != tt.wire {
			t.Errorf("%q: got %q (%v), want %q", tt.message, w.String(), err, tt.wire)
		}
	}
}

func TestTopOf(t *testing.T) {
	const m = "H: 1\r\nI: 2\r\n\r\none\r\n.two\r\n\r\nfour"
	tests := []struct {
		message string
		k       int
		want    string
	}{
		{m, 0, "H: 1\r\nI: 2\r\n\r\n"},
		{m, 1, "H: 1\r\nI: 2\r\n\r\none\r\n"},
		{m, 2, "H: 1\r\nI: 2\r\n\r\none\r\n.two\r\n"},
		{m, 3, "H: 1\r\nI: 2\r\n\r\none\r\n.two\r\n\r\n"},
		{m, 4, m}, {m, 5, m}, {m, 1 << 62, m},
		{"H: 1\r\n", 3, "H: 1\r\n"},
		{"\r\nbody\r\nmore\r\n", 1, "\r\nbody\r\n"},
		{"\r\nbody\r\n", 0, "\r\n"},
		{"", 1, ""},
		{"H: 1\r\n\r\n", 0, "H: 1\r\n\r\n"},
		{"H: 1\r\n\r\n\r\n\r\nx", 1, "H: 1\r\n\r\n\r\n"},
		{"H: 1\n\nlone\r\n", 0, "H: 1\n\nlone\r\n"},
	}
	for _, tt := range tests {
		if got := string(topOf([]byte(tt.message), tt.k)); got != tt.want {
			t.Errorf("TOP %d of %q: got %q, want %q", tt.k, tt.message, got, tt.want)
		}
	}
}

// TestRetrOctets sends awkward messages over a session and takes them apart.
func TestRetrOctets(t *testing.T) {
	long := strings.Repeat("x", 70_000)
	messages := []string{
		"Subject: dots\r\n\r\n.\r\n..\r\n.x\r\n",
		".first octet is a dot\r\n\r\n.\r\n",
		"Subject: long\r\n\r\n" + long + ".\r\n." + long + "\r\n",
		"Subject: no end\r\n\r\nlast line",
		"Subject: binary\r\n\r\n\x00\xff\x80\x1b[2J\r\n",
		"Subject: 4097\r\n\r\n" + strings.Repeat("z", 4096) + ".\r\n",
		strings.Repeat("Subject: big\r\n\r\n"+strings.Repeat("q", 998)+"\r\n", 2000),
		"",
	}
	b := newBackend(messages...)
	c := newRoom(t, b, Options{}).login()
	for i, m := range messages {
		c.want(fmt.Sprintf("RETR %d", i+1), fmt.Sprintf("+OK %d octets", len(m)))
		want := m
		if m != "" && !strings.HasSuffix(m, "\r\n") {
			want += "\r\n"
		}
		lines := c.body()
		body, _, ok := unstuff([]byte(strings.Join(append(lines, ".", ""), "\r\n")))
		if !ok || string(body) != want {
			t.Errorf("message %d: %d octets came, %d sent", i+1, len(body), len(want))
		}
	}
	c.want("NOOP", "+OK") // still in step
	if _, retrieved, _, _ := b.state(); len(retrieved) != len(messages) {
		t.Errorf("Retrieved was told of %v", retrieved)
	}
}

// TestTopOverTheWire: k lines, stuffed, and no word to Retrieved.
func TestTopOverTheWire(t *testing.T) {
	b := newBackend("Subject: x\r\n\r\n.one\r\n.\r\nthree")
	c := newRoom(t, b, Options{}).login()
	const head = "Subject: x||"
	for k, want := range []string{"", "..one|", "..one|..|", "..one|..|three|", "..one|..|three|"} {
		lines := c.multi(fmt.Sprintf("TOP 1 %d", k))
		if got := strings.Join(lines, "|") + "|"; got != head+want {
			t.Errorf("TOP 1 %d: %q", k, got)
		}
	}
	c.want("NOOP", "+OK")
	if _, retrieved, _, _ := b.state(); retrieved != nil {
		t.Errorf("Retrieved was told of %v after TOP", retrieved)
	}
}

// TestGone: another session expunged a message. The list stays as it was, the
// session goes on.
func TestGone(t *testing.T) {
	b := three()
	b.gone[1] = true
	c := newRoom(t, b, Options{}).login()
	for _, command := range []string{"RETR 2", "TOP 2 0"} {
		if got := c.cmd(command); got != "-ERR message 2 was expunged by another session" {
			t.Error(got)
		}
	}
	c.want("STAT", "+OK 3 600")
	c.want("LIST 2", "+OK 2 200")
	c.multi("RETR 3")
	c.want("DELE 2", "+OK")
	c.want("QUIT", "+OK")
	if _, retrieved, _, _ := b.state(); !reflect.DeepEqual(retrieved, []int{2}) {
		t.Error(retrieved)
	}
}

func TestReadFails(t *testing.T) {
	b := three()
	b.readErr = errors.New("bad sector")
	c := newRoom(t, b, Options{}).login()
	c.want("RETR 1", "-ERR [SYS/TEMP] the message cannot be read")
	c.want("STAT", "+OK 3 600")
}
