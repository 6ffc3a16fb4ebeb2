package pop3d

import (
	"io"
	"strings"
	"sync"
	"testing"
)

// TestPanicStaysInItsSession: the client is told, the lock is freed once, and
// the server goes on.
func TestPanicStaysInItsSession(t *testing.T) {
	for _, in := range []string{"Authenticate", "Messages", "Read", "Retrieved", "Update", "Unlock"} {
		t.Run(in, func(t *testing.T) {
			b := three()
			var mu sync.Mutex
			var told []string
			r := newRoom(t, b, Options{Report: func(err error) {
				mu.Lock()
				defer mu.Unlock()
				told = append(told, err.Error())
			}})
			b.panicIn = in
			c := r.dial()
			c.write("USER alice\r\nPASS " + password + "\r\nRETR 1\r\nQUIT\r\n")
			answer, err := io.ReadAll(c.r)
			last := "-ERR [SYS/TEMP] internal error, closing\r\n"
			if in == "Unlock" {
				last = "+OK bye, 0 deleted\r\n" // one answer a command
			}
			if err != nil || !strings.HasSuffix(string(answer), last) {
				t.Errorf("%q, %v", answer, err)
			}
			r.s.sessionsEnd()
			mu.Lock()
			if len(told) != 1 || !strings.Contains(told[0], "in "+in) {
				t.Errorf("Report was told %q", told)
			}
			mu.Unlock()
			b.panicIn = ""
			r.login().want("STAT", "+OK 3 600")
		})
	}
}

// TestPanicInPolicy must not end the process either.
func TestPanicInPolicy(t *testing.T) {
	r := newRoom(t, three(), Options{Policy: func() Policy { panic("in Policy") }})
	if got := r.dial().greeting; !strings.HasPrefix(got, "-ERR [SYS/TEMP]") {
		t.Error(got)
	}
}

func TestTooManyBadCommands(t *testing.T) {
	c := newRoom(t, three(), Options{}).login()
	for range 3 { // good ones in between start the count again
		for range maxBad - 1 {
			c.want("GET / HTTP/1.1", "-ERR unknown command")
		}
		c.want("NOOP", "+OK")
	}
	for range maxBad - 1 {
		c.want("", "-ERR no command on this line")
	}
	c.want("FOO", "-ERR unknown command; too many bad commands, closing")
	c.ended()
}

// TestRefusalsAreNotBad: a message that is not there may be asked for often.
func TestRefusalsAreNotBad(t *testing.T) {
	c := newRoom(t, three(), Options{}).login()
	for range 3 * maxBad {
		c.want("RETR 4", "-ERR no such message")
	}
}

// TestLongLines: up to 255 octets with CRLF are a command; more are skipped,
// and the session stays in step; without end they end it.
func TestLongLines(t *testing.T) {
	r := newRoom(t, three(), Options{})
	c := r.dial()
	c.want("USER "+strings.Repeat("u", maxCommand-len("USER \r\n")), "+OK")
	c.want("USER "+strings.Repeat("u", maxCommand-len("USER \r\n")+1), "-ERR line too long")
	for _, n := range []int{readBuffer - 2, readBuffer - 1, readBuffer, readBuffer + 1, 50_000} {
		c.want("USER "+strings.Repeat("u", n-len("USER ")), "-ERR line too long")
	}
	c.login()
	c.want("NOOP", "+OK")
	c.write(strings.Repeat("y", 2*maxSkip))
	if got := c.line(); got != "-ERR line far too long, closing" {
		t.Fatal(got)
	}
	c.ended()
}

// TestLoneLF ends a command too: people type into netcat.
func TestLoneLF(t *testing.T) {
	c := newRoom(t, three(), Options{}).dial()
	c.write("USER alice\nPASS " + password + "\nSTAT\nQUIT\n")
	for _, want := range []string{"+OK", "+OK", "+OK 3 600", "+OK"} {
		if got := c.line(); !strings.HasPrefix(got, want) {
			t.Fatal(got)
		}
	}
}
