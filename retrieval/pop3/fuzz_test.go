package pop3

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/wire"
)

// answers is a server that answers each line with the next piece of what it was
// given, whatever the line says, and hangs up after the last one.
type answers struct {
	pieces [][]byte
	heard  []string      // read it after done
	last   []byte        // the piece that answered the last line
	done   chan struct{} // closed when it has hung up
}

func (a *answers) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	go a.serve(server)
	return client, nil
}

func (a *answers) serve(c net.Conn) {
	defer close(a.done)
	defer c.Close()
	r := bufio.NewReader(c)
	for _, p := range a.pieces {
		a.last = p
		if _, err := c.Write(p); err != nil {
			return
		}
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		a.heard = append(a.heard, strings.TrimSuffix(line, "\r\n"))
	}
	a.last = nil
}

// FuzzSession gives a whole session answers of any kind: it ends, it does not
// panic, and once it has ended neither DELE nor QUIT goes out, nor is QUIT ever
// taken for answered when it was not.
func FuzzSession(f *testing.F) {
	login := "+OK\x1e-ERR\x1e+OK\x1e+OK\x1e"
	ahead := "+OK\x1e+OK\nPIPELINING\n.\x1e+OK\x1e+OK\x1e+OK\nPIPELINING\nUIDL\n.\x1e"
	listed := "+OK 2 40\x1e+OK\n1 20\n2 20\n.\x1e+OK\n1 a\n2 b\n.\x1e"
	for _, s := range []string{
		login + listed + "+OK\nSubject: x\n\n..\n.\x1e-ERR gone\x1e+OK\x1e+OK\x1e+OK bye",
		ahead + listed + "+OK\na\n.\x1e+OK\nb\n.\x1e+OK\x1e-ERR\x1e-ERR [SYS/TEMP] no",
		login + listed + "+OK\n.\nrest\n.\x1e\x1e+OK",
		ahead + "+OK 2 40\x1e+OK\n1 20\n\n2 20\n.\x1e+OK",
		"* OK IMAP", "-ERR [IN-USE] busy", "\n", "+OK\x1e+ more",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		synctest.Test(t, func(t *testing.T) { session(t, script) }) // silences take no time
	})
}

func session(t *testing.T, script []byte) {
	a := &answers{done: make(chan struct{})}
	for p := range bytes.SplitSeq(script, []byte("\x1e")) {
		p = append(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n")), "\r\n"...)
		a.pieces = append(a.pieces, p)
	}
	ctx := t.Context()
	s, err := Open(ctx, Config{Account: account.Account{User: "alice", POP3: account.Endpoint{Address: "127.0.0.1:110", Security: account.Plaintext}},
		Password: account.NewPassword("wonderland"), Wire: wire.Options{Dialer: a.dial}})
	if err != nil {
		<-a.done
		return
	}
	drop, _ := s.Snapshot(ctx)
	numbers := upTo(min(len(drop.Entries), 20))
	_, _ = fetch(s, numbers...)
	_ = s.Delete(ctx, numbers, nil)
	over := s.State() == retrieval.POP3Closed
	q, err := s.Quit(ctx)
	<-a.done
	if quit := slices.Contains(a.heard, "QUIT"); over && quit {
		t.Fatalf("QUIT after the end: %q", a.heard)
	}
	if q.OK && (err != nil || !bytes.HasPrefix(a.last, []byte("+OK"))) || !q.OK && err == nil {
		t.Fatalf("%+v, %v; the server said %q to %q", q, err, a.last, a.heard)
	}
	if err != nil && !errors.Is(s.Err(), errors.Unwrap(err)) && s.Err() == nil {
		t.Fatalf("quit: %v, session: %v", err, s.Err())
	}
}

func FuzzResponseCode(f *testing.F) {
	for _, s := range []string{"[IN-USE] busy", "[AUTH]", "[SYS/TEMP/X] a", "[] x", "[a b] c", "[[a]", "[\x1b] x", "no [AUTH]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		code, rest := splitCode(text)
		if code == "" && rest != text {
			t.Fatalf("%q lost something: %q", text, rest)
		}
		if code != "" && !strings.HasPrefix(text, "["+code+"]") || !strings.HasSuffix(text, rest) {
			t.Fatalf("%q is %q and %q", text, code, rest)
		}
		e := refused("login", reply{text: []byte(text)}, retrieval.ErrAuth)
		if strings.ContainsAny(e.Error(), "\x1b\r\n\x00\u202e") || len(e.Text) > 400 || e.Err == nil {
			t.Fatalf("%q became %q", text, e.Error())
		}
	})
}
