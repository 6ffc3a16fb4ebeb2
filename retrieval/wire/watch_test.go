package wire

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"imapop/account"
	"imapop/retrieval"
)

// silent says something and then nothing more; it reads on.
func silent(say string) func(net.Conn, *bufio.Reader) {
	return func(c net.Conn, r *bufio.Reader) {
		send(c, say)
		io.Copy(io.Discard, r)
	}
}

// elapsed calls f and tells how long it took.
func elapsed(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

func TestSilence(t *testing.T) {
	const idle = 3 * time.Hour
	for name, c := range map[string]struct {
		side retrieval.Protocol
		say  string
		skip int  // octets to read first
		op   bool // in an operation
		want time.Duration
	}{
		"no greeting":         {retrieval.IMAP, "", 0, false, 30 * time.Second},
		"no greeting, POP3":   {retrieval.POP3, "", 0, false, 30 * time.Second},
		"half a greeting":     {retrieval.IMAP, "* OK", 4, false, 30 * time.Second},
		"no answer":           {retrieval.IMAP, "* OK\r\n", 6, true, 30 * time.Second},
		"no answer, POP3":     {retrieval.POP3, "+OK\r\n", 5, true, 30 * time.Second},
		"half a line":         {retrieval.IMAP, "* OK\r\n* 1 FET", 13, true, 30 * time.Second},
		"half a literal":      {retrieval.IMAP, "* OK\r\n* 1 FETCH (BODY[] {10}\r\nab", 32, true, 60 * time.Second},
		"behind a literal":    {retrieval.IMAP, "* OK\r\n* 1 FETCH (BODY[] {2}\r\nab", 31, true, 30 * time.Second},
		"idle":                {retrieval.IMAP, "* OK\r\n", 6, false, idle},
		"half a line in idle": {retrieval.IMAP, "* OK\r\n* 1 FET", 13, false, idle},
	} {
		synctest.Test(t, func(t *testing.T) {
			conn := serve(t, c.side, Options{}, silent(c.say))
			if _, err := io.ReadFull(conn, make([]byte, c.skip)); err != nil {
				t.Fatal(err)
			}
			if c.op {
				defer conn.Begin(t.Context())()
			}
			if c.want == idle {
				defer time.AfterFunc(idle, func() { conn.Close() }).Stop()
			}
			var err error
			took := elapsed(func() { _, err = conn.Read(make([]byte, 100)) })
			if took != c.want || err == nil {
				t.Errorf("%s: %v after %v, want %v", name, err, took, c.want)
			}
			wantErr(t, conn.Err(), retrieval.ErrClosed)
			if c.want != idle {
				wantErr(t, conn.Err(), os.ErrDeadlineExceeded)
			}
		})
	}
}

// The library reads all the time, from a goroutine of its own: an operation
// must bound a Read that began before it.
func TestBeginReachesAReadInProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := serve(t, retrieval.IMAP, Options{}, silent("* OK [CAPABILITY IMAP4rev1] hi\r\n"))
		client := imapclient.New(conn, nil)
		if err := client.WaitGreeting(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(24 * time.Hour) // the library's own limit on silence would have come
		if err := conn.Err(); err != nil {
			t.Fatal(err)
		}
		end := conn.Begin(t.Context())
		defer end()
		var err error
		if took := elapsed(func() { err = client.Noop().Wait() }); took != 30*time.Second || err == nil {
			t.Errorf("%v after %v", err, took)
		}
		client.Close()
	})
}

// TestDripsAreNoProgress holds that a line which comes octet by octet ends like
// silence, and that one which comes slowly but steadily does not.
func TestDripsAreNoProgress(t *testing.T) {
	drip := func(begin, piece string, n int) func(net.Conn, *bufio.Reader) {
		return func(c net.Conn, r *bufio.Reader) {
			send(c, begin)
			for range n {
				time.Sleep(9 * time.Second)
				if _, err := io.WriteString(c, piece); err != nil {
					return
				}
			}
			send(c, "\r\n")
		}
	}
	for name, c := range map[string]struct {
		side  retrieval.Protocol
		serve func(net.Conn, *bufio.Reader)
		ends  bool
	}{
		"drops, IMAP":    {retrieval.IMAP, drip("* OK\r\n* 1 FETCH ", "x", 100), true},
		"drops, POP3":    {retrieval.POP3, drip("+OK\r\n+OK ", "x", 100), true},
		"a slow line":    {retrieval.POP3, drip("+OK\r\n+OK ", strings.Repeat("x", 90), 20), false},
		"lines, slowly":  {retrieval.IMAP, drip("* OK\r\n", "* 1 RECENT\r\n", 100), false},
		"in the upgrade": {"", drip("* O", "K", 100), true},
	} {
		synctest.Test(t, func(t *testing.T) {
			if c.side == "" {
				took := elapsed(func() {
					_, err := dialScript(t, retrieval.IMAP, account.StartTLS, Options{}, c.serve)
					wantErr(t, err, retrieval.ErrClosed)
				})
				if took != 30*time.Second {
					t.Errorf("%s: ended after %v", name, took)
				}
				return
			}
			conn := serve(t, c.side, Options{}, c.serve)
			first := make([]byte, 6)
			if c.side == retrieval.POP3 {
				conn.ReadLine()
			} else if _, err := io.ReadFull(conn, first); err != nil {
				t.Fatal(err)
			}
			defer conn.Begin(t.Context())()
			took := elapsed(func() {
				for buf := make([]byte, 4096); ; {
					if _, err := conn.Read(buf); err != nil {
						return
					}
				}
			})
			if ended := errors.Is(conn.Err(), os.ErrDeadlineExceeded) && took == 30*time.Second; ended != c.ends {
				t.Errorf("%s: %v after %v", name, conn.Err(), took)
			}
		})
	}
}

// A Read that waited for hours before the operation owes it nothing.
func TestOldReadDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := serve(t, retrieval.IMAP, Options{}, func(c net.Conn, r *bufio.Reader) {
			send(c, "* OK\r\n")
			r.ReadString('\n')
			send(c, "* 1 REC")
			time.Sleep(20 * time.Second)
			send(c, "ENT\r\n")
		})
		lines := make(chan string, 3)
		go func() {
			defer close(lines)
			for r := bufio.NewReader(conn); ; {
				s, err := r.ReadString('\n')
				if err != nil {
					return
				}
				lines <- s
			}
		}()
		<-lines
		time.Sleep(5 * time.Hour)
		defer conn.Begin(t.Context())()
		send(conn, "a NOOP\r\n")
		if got := <-lines; got != "* 1 RECENT\r\n" {
			t.Errorf("%q, %v", got, conn.Err())
		}
		conn.Close()
	})
}

func TestProgressResetsTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := serve(t, retrieval.POP3, Options{}, func(c net.Conn, r *bufio.Reader) {
			send(c, "+OK\r\n+OK\r\n")
			for range 100 { // 98 minutes in all
				time.Sleep(59 * time.Second)
				send(c, "x")
			}
			send(c, "\r\n.\r\n")
		})
		conn.ReadLine()
		defer conn.Begin(t.Context())()
		conn.ReadLine()
		if got := readAll(t, conn.Body(true)); got != strings.Repeat("x", 100)+"\r\n" {
			t.Errorf("body %q", got)
		}
	})
}

func TestBodyStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := serve(t, retrieval.POP3, Options{}, silent("+OK\r\n+OK\r\nab\r\n"))
		conn.ReadLine()
		defer conn.Begin(t.Context())()
		conn.ReadLine()
		var err error
		took := elapsed(func() { _, err = io.ReadAll(conn.Body(true)) })
		if took != 60*time.Second || err == nil {
			t.Errorf("%v after %v", err, took)
		}
	})
}

func TestOperationsFollowEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := serve(t, retrieval.POP3, Options{}, func(c net.Conn, r *bufio.Reader) {
			send(c, "+OK\r\n")
			time.Sleep(time.Hour)
			send(c, "+OK late\r\n")
			io.Copy(io.Discard, r)
		})
		conn.ReadLine()
		first := conn.Begin(t.Context())
		second := conn.Begin(t.Context())
		first() // does nothing: the second one governs
		time.Sleep(29 * time.Second)
		second()
		if line, err := conn.ReadLine(); err != nil || string(line) != "+OK late" {
			t.Errorf("%q, %v", line, err)
		}
		second = conn.Begin(t.Context())
		first()
		defer second()
		if took := elapsed(func() { conn.ReadLine() }); took != 30*time.Second {
			t.Errorf("ended after %v", took)
		}
	})
}

func TestContextEndsTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := serve(t, retrieval.POP3, Options{}, silent("+OK\r\n"))
		conn.ReadLine()
		reason := errors.New("the person pressed escape")
		ctx, cancel := context.WithCancelCause(t.Context())
		defer conn.Begin(ctx)()
		time.AfterFunc(5*time.Second, func() { cancel(reason) })
		var err error
		if took := elapsed(func() { _, err = conn.ReadLine() }); took != 5*time.Second {
			t.Errorf("ended after %v", took)
		}
		wantErr(t, err, reason)
		wantErr(t, conn.Err(), retrieval.ErrClosed)
		if _, err := conn.Write([]byte("DELE 1\r\n")); err == nil {
			t.Error("something was sent afterwards")
		}
	})
}

func TestContextDoesNotMatterAfterItsOperation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := serve(t, retrieval.POP3, Options{}, silent("+OK\r\n"))
		conn.ReadLine()
		ctx, cancel := context.WithCancel(t.Context())
		conn.Begin(ctx)()
		cancel()
		synctest.Wait()
		if err := conn.Err(); err != nil {
			t.Error(err)
		}
	})
}

func TestWriteStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := serve(t, retrieval.IMAP, Options{}, func(c net.Conn, r *bufio.Reader) {
			send(c, "* OK\r\n")
			io.ReadFull(r, make([]byte, 200_000))
			time.Sleep(time.Hour)
		})
		go func() {
			b := make([]byte, 100)
			for {
				if _, err := conn.Read(b); err != nil {
					return
				}
			}
		}()
		defer conn.Begin(t.Context())()
		var err error
		took := elapsed(func() { _, err = conn.Write(make([]byte, 1_000_000)) })
		if took != 60*time.Second || err == nil {
			t.Errorf("%v after %v", err, took)
		}
	})
}

func TestBudgetIsNewWithEachOperation(t *testing.T) {
	answers := strings.Repeat("+OK 123456\r\n", 8) // 96 octets
	conn := pop3Over([]byte(answers+answers+answers), 1000, Options{Limits: Limits{Response: 100}})
	for range 2 {
		end := conn.Begin(t.Context())
		for range 8 {
			if _, err := conn.ReadLine(); err != nil {
				t.Fatal(err)
			}
		}
		end()
	}
	defer conn.Begin(t.Context())()
	conn.spent.Add(50)
	var err error
	for err == nil {
		_, err = conn.ReadLine()
	}
	wantErr(t, err, retrieval.ErrTooMuch)
}

// A connection that a library's handler or our own code closes says so.
func TestErrAfterClose(t *testing.T) {
	conn := serve(t, retrieval.IMAP, Options{}, silent("* OK\r\n"))
	conn.Close()
	wantErr(t, conn.Err(), net.ErrClosed)
	_, err := conn.Read(make([]byte, 1))
	wantErr(t, err, net.ErrClosed)
	conn = serve(t, retrieval.IMAP, Options{}, func(c net.Conn, r *bufio.Reader) { c.Close() })
	if _, err = conn.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("end of the stream reads as %v", err)
	}
	wantErr(t, conn.Err(), io.EOF)
	wantErr(t, conn.Err(), retrieval.ErrClosed)
}

func TestLibraryDeadlinesAreIgnored(t *testing.T) {
	conn := serve(t, retrieval.IMAP, Options{}, silent("* OK\r\n"))
	past := time.Now().Add(-time.Hour)
	conn.SetDeadline(past)
	conn.SetReadDeadline(past)
	conn.SetWriteDeadline(past)
	if _, err := conn.Read(make([]byte, 100)); err != nil {
		t.Error(err)
	}
	if _, err := conn.Write([]byte("a NOOP\r\n")); err != nil {
		t.Error(err)
	}
}

func TestHalfLinesAreShown(t *testing.T) {
	for side, say := range map[retrieval.Protocol]string{retrieval.IMAP: "* OK hi\r\n* 1 FET", retrieval.POP3: "+OK hi\r\n+OK ha"} {
		tr := NewTranscript(0)
		conn := serve(t, side, Options{Transcript: tr}, func(c net.Conn, r *bufio.Reader) { send(c, say); c.Close() })
		io.Copy(io.Discard, conn)
		greeting, half, _ := strings.Cut(say, "\r\n")
		wantLines(t, tr, "S "+greeting, "S "+half)
	}
}

// 300 MB without a line break must be ended at the limit, not stored.
func TestEndlessLine(t *testing.T) {
	for side, greeting := range map[retrieval.Protocol]string{retrieval.IMAP: "* OK ", retrieval.POP3: "+OK "} {
		conn := serve(t, side, Options{Transcript: NewTranscript(0)}, func(c net.Conn, r *bufio.Reader) {
			send(c, greeting)
			x := strings.Repeat("x", 1<<20)
			for range 300 {
				if _, err := io.WriteString(c, x); err != nil {
					return
				}
			}
		})
		_, err := io.Copy(io.Discard, conn)
		wantErr(t, err, retrieval.ErrTooMuch)
		tr := conn.tap.to.Since(0, 0)
		if l := tr[1]; !strings.Contains(l.Text, " more octets") || len(l.Text) > 2100 || l.Octets < 8000 {
			t.Errorf("%s: %d octets, shown as %.20s...%s", side, l.Octets, l.Text, l.Text[max(0, len(l.Text)-30):])
		}
		if in := conn.Meter().In; in > 3<<20 {
			t.Errorf("%s: %d octets were taken in", side, in)
		}
	}
}
