package wire

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"imapop/account"
	"imapop/retrieval"
)

// teller says one piece at first and one after each line that it hears, and keeps
// what it heard.
type teller struct {
	net.Conn // nil: nothing else is called
	pieces   []string
	at       int // of pieces: what may be read
	rest     string
	heard    bytes.Buffer
}

func (c *teller) Read(p []byte) (int, error) {
	if c.rest == "" {
		return 0, io.EOF
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func (c *teller) Write(p []byte) (int, error) {
	c.heard.Write(p)
	if c.at++; c.at < len(c.pieces) {
		c.rest += c.pieces[c.at]
	}
	return len(p), nil
}

func (c *teller) Close() error                     { return nil }
func (c *teller) SetDeadline(time.Time) error      { return nil }
func (c *teller) SetReadDeadline(time.Time) error  { return nil }
func (c *teller) SetWriteDeadline(time.Time) error { return nil }

// FuzzUpgrade holds that, whatever is said before TLS, nothing but the commands
// that ask for it goes out; that TLS begins only behind a good answer which is
// the very last of what came; and that the upgrade ends.
func FuzzUpgrade(f *testing.F) {
	sides := []struct {
		side     retrieval.Protocol
		commands []string
		good     string // how the last answer begins
	}{
		{retrieval.IMAP, []string{"i0 STARTTLS\r\n"}, "i0 OK"},
		{retrieval.POP3, []string{"STLS\r\n"}, "+OK"},
		{retrieval.SMTP, []string{"EHLO localhost\r\n", "STARTTLS\r\n"}, "220"},
	}
	f.Add(uint8(0), "* OK hi\r\n", "i0 OK go\r\n", "")
	f.Add(uint8(0), "* OK hi\r\n* 1 EXISTS\r\n", "* OK [ALERT] x\r\ni0 OK go\r\n* BYE\r\n", "")
	f.Add(uint8(0), "* PREAUTH hi\r\n", "i0 OK\r\n", "")
	f.Add(uint8(1), "+OK\r\n", "+OK\r\n", "x")
	f.Add(uint8(1), "+OK\n", "+OK begin\r\n+", "")
	f.Add(uint8(2), "220-a\r\n220 b\r\n", "250-a\r\n250 STARTTLS\r\n", "220 go\r\n")
	f.Add(uint8(2), "220 a\r\n", "250 a\r\n220 b\r\n", "220 go\r\n250 x\r\n")
	f.Fuzz(func(t *testing.T, which uint8, greeting, first, second string) {
		if len(greeting)+len(first)+len(second) > 20_000 {
			return
		}
		s := sides[int(which)%len(sides)]
		server := &teller{pieces: []string{greeting, first, second}, rest: greeting}
		_, err := Dial(t.Context(), s.side, account.Endpoint{Address: "127.0.0.1:1", Security: account.StartTLS}, Options{Transcript: NewTranscript(0),
			Dialer: func(context.Context, string, string) (net.Conn, error) { return server, nil }})
		if err == nil {
			t.Fatal("TLS without a handshake")
		}
		heard := server.heard.String()
		for _, c := range s.commands {
			if heard == "" {
				return
			}
			rest, ok := strings.CutPrefix(heard, c)
			if !ok {
				t.Fatalf("sent %q", heard)
			}
			heard = rest
		}
		if heard == "" {
			return
		}
		if !strings.HasPrefix(heard, "\x16\x03") {
			t.Fatalf("behind the commands it sent %q", heard)
		}
		said := strings.Join(server.pieces[:len(s.commands)+1], "")
		lines := strings.SplitAfter(said, "\n")
		if last := lines[len(lines)-1]; last != "" {
			t.Fatalf("TLS began with %q unread", last)
		}
		if last := lines[len(lines)-2]; !strings.HasPrefix(strings.ToUpper(last), strings.ToUpper(s.good)) {
			t.Fatalf("TLS began behind %q", last)
		}
	})
}
