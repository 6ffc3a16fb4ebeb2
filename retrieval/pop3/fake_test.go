package pop3

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/wire"
)

// Ends of a fake's answer: hang says nothing more, drop closes.
const (
	hang = "\x00<hang>"
	drop = "\x00<drop>"
)

const allCaps = "TOP UIDL USER PIPELINING RESP-CODES AUTH-RESP-CODE"

// fake is a scripted server. It answers properly, but for what say lists.
type fake struct {
	caps     string               // words of CAPA; "": it has no CAPA
	say      map[string]string    // command line ("" is the greeting) → raw answer
	lines    map[string]int       // command line → lines of 1,024 octets that answer it
	messages []string             // as RETR would give them, stuffed, without the final dot
	after    func(command string) // called behind each answer

	mu    sync.Mutex
	heard []string
	conn  net.Conn
	said  atomic.Int64 // lines that the client wrote
}

// dial is the Dialer of wire.Options.
func (f *fake) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	f.conn = server
	go f.serve(server)
	return counted{client, &f.said}, nil
}

// counted counts the commands that were written, answered or not.
type counted struct {
	net.Conn
	lines *atomic.Int64
}

func (c counted) Write(p []byte) (int, error) {
	c.lines.Add(int64(bytes.Count(p, []byte("\n"))))
	return c.Conn.Write(p)
}

func (f *fake) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	for line := ""; ; {
		answer, ok := f.say[line]
		if !ok {
			answer = f.proper(line)
		}
		if n := f.lines[line]; n > 0 {
			answer = ".\r\n"
			if c.Write([]byte("+OK\r\n")); writeLines(c, n) != nil {
				return
			}
		}
		text, hangs := strings.CutSuffix(answer, hang)
		text, drops := strings.CutSuffix(text, drop)
		if _, err := c.Write([]byte(text)); err != nil {
			return
		}
		if drops || line == "QUIT" && !hangs {
			return
		}
		if hangs {
			for {
				if _, err := r.ReadString('\n'); err != nil {
					return
				}
			}
		}
		if f.after != nil {
			f.after(line)
		}
		next, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSuffix(next, "\r\n")
		f.mu.Lock()
		f.heard = append(f.heard, line)
		f.mu.Unlock()
	}
}

func writeLines(w io.Writer, n int) error {
	const ahead = 32
	piece := []byte(strings.Repeat(strings.Repeat("x", 1022)+"\r\n", ahead))
	for ; n > 0; n -= ahead {
		if _, err := w.Write(piece); err != nil {
			return err
		}
	}
	return nil
}

// proper is what a good server answers.
func (f *fake) proper(line string) string {
	var n, k int
	fmt.Sscanf(line[strings.Index(line, " ")+1:], "%d %d", &n, &k)
	word, _, _ := strings.Cut(line, " ")
	switch word {
	case "":
		return "+OK ready\r\n"
	case "CAPA":
		if f.caps == "" {
			return "-ERR what?\r\n"
		}
		return "+OK\r\n" + strings.ReplaceAll(f.caps, " ", "\r\n") + "\r\n.\r\n"
	case "STAT":
		return fmt.Sprintf("+OK %d %d\r\n", len(f.messages), len(strings.Join(f.messages, "")))
	case "LIST", "UIDL":
		var b strings.Builder
		b.WriteString("+OK\r\n")
		for i, m := range f.messages {
			if word == "LIST" {
				fmt.Fprintf(&b, "%d %d\r\n", i+1, len(m))
			} else {
				fmt.Fprintf(&b, "%d uid-%d\r\n", i+1, i+1)
			}
		}
		return b.String() + ".\r\n"
	case "RETR", "TOP":
		if n < 1 || n > len(f.messages) {
			return "-ERR no such message\r\n"
		}
		return "+OK\r\n" + f.messages[n-1] + ".\r\n"
	}
	return "+OK fine\r\n"
}

// commands gives what the server heard.
func (f *fake) commands() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.heard)
}

func (f *fake) sawAny(prefix string) bool {
	return slices.ContainsFunc(f.commands(), func(c string) bool { return strings.HasPrefix(c, prefix) })
}

func (f *fake) config() Config {
	return Config{
		Account:  account.Account{User: "alice", POP3: account.Endpoint{Address: "127.0.0.1:110", Security: account.Plaintext}},
		Password: account.NewPassword("wonderland"),
		Wire:     wire.Options{Dialer: f.dial},
	}
}

// mails makes n messages.
func mails(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("Subject: %d\r\n\r\nline\r\n", i+1)
	}
	return out
}

// open opens a session or ends the test; it is dropped at the end.
func open(t *testing.T, f *fake) *Session {
	t.Helper()
	return openWith(t, f.config())
}

func openWith(t *testing.T, c Config) *Session {
	t.Helper()
	s, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Drop)
	return s
}

// recorder collects events.
type recorder struct {
	mu     sync.Mutex
	events []Event
}

func (r *recorder) take(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

func (r *recorder) kinds() (kinds []retrieval.Kind) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}
