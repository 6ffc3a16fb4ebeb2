package wire

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"imapop/account"
	"imapop/retrieval"
)

// serve connects to a scripted server over a pipe. The script runs in its own
// goroutine and is waited for at the end of the test.
func serve(t *testing.T, p retrieval.Protocol, o Options, script func(net.Conn, *bufio.Reader)) *Conn {
	t.Helper()
	c, err := dialScript(t, p, account.Plaintext, o, script)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func dialScript(t *testing.T, p retrieval.Protocol, s account.Security, o Options, script func(net.Conn, *bufio.Reader)) (*Conn, error) {
	t.Helper()
	return dialEndpoint(t, p, account.Endpoint{Address: "127.0.0.1:1", Security: s}, o, script)
}

func dialEndpoint(t *testing.T, p retrieval.Protocol, ep account.Endpoint, o Options, script func(net.Conn, *bufio.Reader)) (*Conn, error) {
	t.Helper()
	ours, theirs := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		script(theirs, bufio.NewReader(theirs))
	}()
	t.Cleanup(func() {
		ours.Close()
		theirs.Close()
		<-done
	})
	o.Dialer = func(context.Context, string, string) (net.Conn, error) { return ours, nil }
	c, err := Dial(t.Context(), p, ep, o)
	if err == nil {
		t.Cleanup(func() { c.Close() })
	}
	return c, err
}

// send writes and ignores errors: the other side may have hung up on purpose.
func send(w io.Writer, s string) { io.WriteString(w, s) }

// texts are the lines of a transcript: "C PASS ***".
func texts(tr *Transcript) []string {
	var all []string
	for _, l := range tr.Since(0, 0) {
		if l.Dir != retrieval.Note {
			all = append(all, string(rune(l.Dir))+" "+l.Text)
		}
	}
	return all
}

func wantLines(t *testing.T, tr *Transcript, want ...string) {
	t.Helper()
	got := texts(tr)
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("transcript:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error is %v, want %v", err, want)
	}
}
