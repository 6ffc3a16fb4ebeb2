package wire

import (
	"bufio"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/knadh/go-pop3"

	"imapop/retrieval"
)

type given struct{ net.Conn }

func (g given) Dial(string, string) (net.Conn, error) { return g.Conn, nil }

// answer replies to each line by its second word (IMAP) or its first (POP3).
func answer(c net.Conn, r *bufio.Reader, replies map[string]string) {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		words := strings.Fields(line)
		for i, w := range words[:min(2, len(words))] {
			if reply, ok := replies[w]; ok {
				if i == 1 {
					reply = strings.ReplaceAll(reply, "TAG", words[0])
				}
				send(c, reply)
			}
		}
	}
}

func TestGoIMAP(t *testing.T) {
	tr := NewTranscript(0)
	c := serve(t, retrieval.IMAP, Options{Transcript: tr}, func(c net.Conn, r *bufio.Reader) {
		send(c, "* OK [CAPABILITY IMAP4rev1] hello\r\n")
		answer(c, r, map[string]string{
			"LOGIN": "TAG OK [CAPABILITY IMAP4rev1] welcome, s3cr\"et\r\n",
			"FETCH": "* 1 FETCH (UID 7 BODY[] {10}\r\n((((\"\r\n)))\r\nTAG OK done\r\n",
			"NOOP":  "* BYE [ALERT] going down\r\n* OK [ALERT] really\r\nTAG OK done\r\n",
		})
	})
	var said []string
	c.OnServerText(func(kind, text string) { said = append(said, kind+": "+text) })
	client := imapclient.New(c, nil)
	defer client.Close()
	if err := client.WaitGreeting(); err != nil {
		t.Fatal(err)
	}
	end := c.Begin(t.Context())
	if err := client.Login("alice", `s3cr"et`).Wait(); err != nil {
		t.Fatal(err)
	}
	end()
	if err := client.Noop().Wait(); err != nil {
		t.Fatal(err)
	}
	wantLines(t, tr,
		"S * OK [CAPABILITY IMAP4rev1] hello",
		`C T1 LOGIN "alice" ***`,
		`S T1 OK [CAPABILITY IMAP4rev1] welcome, ***`,
		"C T2 NOOP", "S * BYE [ALERT] going down", "S * OK [ALERT] really", "S T2 OK done")
	if got := strings.Join(said, "; "); got != "BYE: [ALERT] going down; ALERT: really" {
		t.Errorf("server texts: %s", got)
	}
	m := c.Meter()
	if m.Turnarounds != 2 || m.Connections != 1 || m.FirstOctet <= 0 || m.Out == 0 || m.In == 0 {
		t.Errorf("meter: %+v", m)
	}
}

func TestGoPOP3(t *testing.T) {
	tr := NewTranscript(0)
	c := serve(t, retrieval.POP3, Options{Transcript: tr}, func(c net.Conn, r *bufio.Reader) {
		send(c, "+OK hello <1.2@example.org>\r\n")
		answer(c, r, map[string]string{
			"USER": "+OK\r\n", "PASS": "+OK no secret in wonderland\r\n", "NOOP": "+OK\r\n",
			"UIDL": "+OK list\r\n1 a\r\n2 b\r\n.\r\n",
			"RETR": "+OK 9 octets\r\n..a\nb\n.\nc\r\n.\r\n",
			"QUIT": "\r\n",
		})
	})
	l, err := pop3.New(pop3.Opt{Dialer: given{c}}).NewConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Auth("alice", "wonderland"); err != nil {
		t.Fatal(err)
	}
	for cmd, want := range map[string]string{"UIDL": "1 a\r\n2 b\r\n", "RETR 1": ".a\nb\n.\nc\r\n"} {
		if err := l.Send(cmd); err != nil {
			t.Fatal(err)
		}
		if _, err := l.ReadOne(); err != nil {
			t.Fatal(err)
		}
		if got := readAll(t, c.Body(cmd != "UIDL")); got != want {
			t.Errorf("%s: body %q, want %q", cmd, got, want)
		}
	}
	if err := l.Quit(); err == nil {
		t.Error("a blank line passed as +OK")
	}
	wantErr(t, c.Err(), retrieval.ErrProtocol)
	if _, err := c.Write([]byte("NOOP\r\n")); err == nil {
		t.Error("something was written after a broken answer")
	}
	got := strings.Join(texts(tr), "\n")
	for _, want := range []string{"C USER alice\nS +OK\nC PASS ***\nS +OK no secret in ***\n", "S 1 a\nS 2 b\nS .\n", "S +OK 9 octets\nS {10 octets}\n", "C QUIT\nS "} {
		if !strings.Contains(got+"\n", want) {
			t.Errorf("transcript lacks %q:\n%s", want, got)
		}
	}
}

// A library that met an endless nest of parentheses would take the process
// down with it: its recursion has no limit.
func TestNestingNeverReachesTheLibrary(t *testing.T) {
	c := serve(t, retrieval.IMAP, Options{}, func(c net.Conn, r *bufio.Reader) {
		send(c, "* OK hello\r\n* 1 FETCH (BODYSTRUCTURE ")
		send(c, strings.Repeat("(", 3_000_000))
	})
	client := imapclient.New(c, nil)
	select {
	case <-client.Closed():
	case <-time.After(20 * time.Second):
		t.Fatal("the client still reads")
	}
	wantErr(t, c.Err(), retrieval.ErrTooMuch)
	if in := c.Meter().In; in > 1<<20 {
		t.Errorf("%d octets were taken in", in)
	}
}
