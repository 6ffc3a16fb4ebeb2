package imap

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/wire"
)

const (
	someCaps = "IMAP4rev1 SASL-IR AUTH=PLAIN IDLE UIDPLUS MOVE ESEARCH LIST-EXTENDED"
	fewCaps  = "IMAP4rev1"
)

// script is a server that says what a test tells it to.
type script struct {
	t    *testing.T
	c    net.Conn
	r    *bufio.Reader
	tag  string // of the latest command
	done chan struct{}
}

// say writes lines; "TAG" at the start of one stands for the latest command's tag.
func (x *script) say(lines ...string) {
	for _, l := range lines {
		if rest, ok := strings.CutPrefix(l, "TAG "); ok {
			l = x.tag + " " + rest
		}
		if _, err := x.c.Write([]byte(l + "\r\n")); err != nil {
			return
		}
	}
}

// hear reads a command and fails the test unless it begins with want (without its tag).
func (x *script) hear(want string) string {
	line, err := x.r.ReadString('\n')
	line = strings.TrimRight(line, "\r\n")
	if err != nil {
		x.t.Errorf("server: %v while waiting for %q", err, want)
		return ""
	}
	if line == "DONE" {
		if want != "DONE" {
			x.t.Errorf("server heard DONE, want %q", want)
		}
		return line
	}
	tag, cmd, _ := strings.Cut(line, " ")
	x.tag = tag
	if !strings.HasPrefix(cmd, want) {
		x.t.Errorf("server heard %q, want %q", cmd, want)
	}
	return cmd
}

// login greets and lets the client in with the capabilities.
func (x *script) login(caps string) {
	x.say("* OK [CAPABILITY " + caps + "] hello")
	if strings.Contains(caps, "AUTH=PLAIN") {
		x.hear("AUTHENTICATE PLAIN AGFsaWNlAHNlY3JldA==")
	} else {
		x.hear(`LOGIN "alice" "secret"`)
	}
	x.say("TAG OK [CAPABILITY " + caps + "] in")
}

// open selects INBOX with so many messages.
func (x *script) open(exists int) {
	x.hear("SELECT INBOX")
	x.say(`* FLAGS (\Seen \Deleted)`, fmt.Sprintf("* %d EXISTS", exists), "* 0 RECENT",
		"* OK [UIDVALIDITY 7] x", "* OK [UIDNEXT 1000] x", `* OK [PERMANENTFLAGS (\Seen \*)] x`, "TAG OK [READ-WRITE] selected")
}

// play runs server and client in a bubble where time is free and a goroutine
// that outlives them fails the test.
func play(t *testing.T, server func(x *script), client func(s *Session, e *ear)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, e, x, err := begin(t, server)
		if err != nil {
			t.Errorf("open: %v", err)
		} else {
			client(s, e)
			s.Drop()
			<-s.Done()
		}
		x.c.Close()
		<-x.done
	})
}

func begin(t *testing.T, server func(x *script)) (*Session, *ear, *script, error) {
	here, there := net.Pipe()
	x := &script{t: t, c: there, r: bufio.NewReader(there), done: make(chan struct{})}
	go func() {
		defer close(x.done)
		defer there.Close()
		server(x)
		io.Copy(io.Discard, x.r) // a server waits for the client to go
	}()
	e := newEar()
	s, err := Open(context.Background(), Config{Account: testAccount(), Password: account.NewPassword("secret"), Events: e.hear,
		Wire: wire.Options{Dialer: func(context.Context, string, string) (net.Conn, error) { return here, nil }}})
	return s, e, x, err
}

func is(t *testing.T, err error, want ...error) {
	t.Helper()
	for _, w := range want {
		if !errors.Is(err, w) {
			t.Errorf("error %v, want %v", err, w)
		}
	}
}

func TestLoginRefused(t *testing.T) {
	for _, c := range []struct {
		answer string
		want   error
	}{
		{"NO [AUTHENTICATIONFAILED] no", retrieval.ErrAuth},
		{"NO Login failed.", retrieval.ErrAuth},
		{"NO [UNAVAILABLE] later", retrieval.ErrSysTemp},
		{"NO [LIMIT] too many", retrieval.ErrInUse},
		{"NO [INUSE] busy", retrieval.ErrInUse},
		{"NO [PRIVACYREQUIRED] tls", retrieval.ErrUnsafe},
		{"BAD what", retrieval.ErrRefused},
	} {
		synctest.Test(t, func(t *testing.T) {
			_, _, x, err := begin(t, func(x *script) {
				x.say("* OK [CAPABILITY " + someCaps + "] hello")
				x.hear("AUTHENTICATE")
				x.say("TAG " + c.answer)
				if rest, err := x.r.ReadString('\n'); err == nil {
					t.Errorf("after a refusal the client said %q", rest)
				}
			})
			is(t, err, c.want)
			<-x.done
		})
	}
}

func TestNothingIsSentUnlessItIsSafe(t *testing.T) {
	for name, greeting := range map[string]string{
		"LOGINDISABLED": "* OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=PLAIN] hello",
		"BYE":           "* BYE go away",
		"not IMAP":      "220 smtp.example.org ESMTP",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, _, x, err := begin(t, func(x *script) {
					x.say(greeting)
					if said, err := x.r.ReadString('\n'); err == nil {
						t.Errorf("the client said %q", said)
					}
				})
				if err == nil {
					t.Error("logged in")
				}
				if name == "LOGINDISABLED" {
					is(t, err, retrieval.ErrUnsafe)
				}
				<-x.done
			})
		})
	}
}

func TestUnprotectedConnectionIsRefused(t *testing.T) {
	s := &Session{cfg: Config{Account: account.Account{IMAP: account.Endpoint{Address: "h:993", Security: account.TLS}}}, conn: &fakeConn{}}
	if _, _, err := s.choose(); !errors.Is(err, retrieval.ErrUnsafe) {
		t.Error(err)
	}
	s.cfg.Account.IMAP = account.Endpoint{Address: "mail.example.org:143", Security: account.Plaintext}
	if _, _, err := s.choose(); !errors.Is(err, retrieval.ErrUnsafe) {
		t.Error(err)
	}
}

func TestAuthenticateWithoutInitialResponse(t *testing.T) {
	const caps = "IMAP4rev1 AUTH=PLAIN"
	play(t, func(x *script) {
		x.say("* OK [CAPABILITY " + caps + "] hello")
		x.hear("AUTHENTICATE PLAIN")
		x.say("+ ")
		if line, _ := x.r.ReadString('\n'); line != "AGFsaWNlAHNlY3JldA==\r\n" {
			t.Errorf("heard %q", line)
		}
		x.say("TAG OK in")
		x.hear("CAPABILITY") // Courier does not tell them by itself
		x.say("* CAPABILITY "+caps+" IDLE", "TAG OK done")
	}, func(s *Session, _ *ear) {
		if !slices.Contains(s.Caps(), "IDLE") {
			t.Error(s.Caps())
		}
	})
}

// After a challenge that PLAIN does not know nothing more may be said: the
// server would take it for the rest of the exchange.
func TestStrangeChallengeEndsTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, _, x, err := begin(t, func(x *script) {
			x.say("* OK [CAPABILITY " + someCaps + "] hello")
			x.hear("AUTHENTICATE PLAIN")
			x.say("+ c3VycHJpc2U=")
			if line, err := x.r.ReadString('\n'); err == nil {
				t.Errorf("the client went on with %q", line)
			}
		})
		is(t, err, retrieval.ErrClosed)
		if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "AGFsaWNl") {
			t.Errorf("the password is in %q", err)
		}
		<-x.done
	})
}

func TestPreauthNeedsNoLogin(t *testing.T) {
	play(t, func(x *script) {
		x.say("* PREAUTH [CAPABILITY " + someCaps + "] hello")
		x.hear("NOOP")
		x.say("TAG OK done")
	}, func(s *Session, _ *ear) {
		if err := s.Noop(context.Background()); err != nil || s.State() != retrieval.IMAPAuthenticated {
			t.Error(err, s.State())
		}
	})
}

func TestCapabilitiesAreAskedOnlyWhenNotTold(t *testing.T) {
	play(t, func(x *script) {
		x.say("* OK hello")
		x.hear("CAPABILITY")
		x.say("* CAPABILITY IMAP4rev1", "TAG OK done")
		x.hear("LOGIN")
		x.say("TAG OK in")
		x.hear("CAPABILITY")
		x.say("* CAPABILITY IMAP4rev1 MOVE", "TAG OK done")
	}, func(s *Session, _ *ear) {
		if !slices.Equal(s.Caps(), []string{"IMAP4rev1", "MOVE"}) {
			t.Error(s.Caps())
		}
	})
}

func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, _, x, err := begin(t, func(x *script) { x.r.ReadString('\n') })
		is(t, err, retrieval.ErrClosed, os.ErrDeadlineExceeded)
		<-x.done
	})
	play(t, func(x *script) {
		x.login(someCaps)
		x.hear("NOOP")
		x.r.ReadString('\n')
	}, func(s *Session, e *ear) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		start := time.Now()
		is(t, s.Noop(ctx), context.DeadlineExceeded, retrieval.ErrClosed)
		if d := time.Since(start); d != time.Second {
			t.Errorf("took %v", d)
		}
		<-s.Done()
		is(t, s.Err(), retrieval.ErrClosed)
		is(t, s.Noop(context.Background()), retrieval.ErrClosed)
		is(t, e.wait(t, retrieval.Closed).Err, retrieval.ErrClosed)
	})
}

func TestHarmlessOddities(t *testing.T) {
	play(t, func(x *script) {
		x.login(someCaps)
		x.hear("NOOP")
		x.say(`* LSUB () "/" x`, "* VANISHED 1:5", "* X-THING {5}\r\n12)45 more {3}\r\nabc", "* ENABLED UTF8=ACCEPT",
			"* 3 XYZ", "* OK still here {9}", "TAG OK done")
	}, func(s *Session, _ *ear) {
		if err := s.Noop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func TestImpossibleNumbersEndTheSession(t *testing.T) {
	for _, line := range []string{"* 0 EXPUNGE", "* 6 EXPUNGE", "* 4294967295 EXPUNGE", "* 4294967295 EXISTS", "* 10000001 EXISTS"} {
		play(t, func(x *script) {
			x.login(someCaps)
			x.open(5)
			x.hear("NOOP")
			x.say(line, "TAG OK done")
		}, func(s *Session, _ *ear) {
			if _, err := s.Select(context.Background(), "INBOX", false); err != nil {
				t.Error(err)
			}
			err := s.Noop(context.Background())
			is(t, err, retrieval.ErrProtocol, retrieval.ErrClosed)
			<-s.Done()
			is(t, s.Err(), retrieval.ErrProtocol)
		})
	}
}

func TestWhatTheLibraryCannotSurviveEndsTheSession(t *testing.T) {
	for name, lines := range map[string][]string{
		"nesting":        {"* 1 FETCH (BODYSTRUCTURE " + strings.Repeat("(", 5000)},
		"bad date":       {`* 1 FETCH (INTERNALDATE "never")`},
		"unknown item":   {"* 1 FETCH (EMAILID (M1))"},
		"strange tag":    {"T99 OK what"},
		"no IMAP at all": {"%%%"},
	} {
		play(t, func(x *script) {
			x.login(someCaps)
			x.hear("NOOP")
			x.say(lines...)
		}, func(s *Session, e *ear) {
			err := s.Noop(context.Background())
			if is(t, err, retrieval.ErrClosed); !errors.Is(err, retrieval.ErrProtocol) && !errors.Is(err, retrieval.ErrTooMuch) {
				t.Errorf("%s: %v", name, err)
			}
			if text := err.Error(); len(text) > 500 || strings.ContainsAny(text, "\n\x1b") {
				t.Errorf("%s: %q", name, text)
			}
			is(t, e.wait(t, retrieval.Closed).Err, retrieval.ErrClosed)
		})
	}
}

func TestOneOperationAfterTheOther(t *testing.T) {
	const n = 20
	play(t, func(x *script) {
		x.login(someCaps)
		for range n {
			x.hear("NOOP")
			x.say("TAG OK done")
		}
		x.hear("CREATE")
	}, func(s *Session, _ *ear) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() {
				if err := s.Noop(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		go s.Create(ctx, "hangs")
		synctest.Wait()
		waiting, stop := context.WithTimeout(ctx, time.Second)
		defer stop()
		is(t, s.Noop(waiting), context.DeadlineExceeded) // its turn never came
		if s.State() == retrieval.IMAPClosed {
			t.Error("giving up before the turn ended the session")
		}
	})
}

func TestDropWhileIdle(t *testing.T) {
	play(t, func(x *script) {
		x.login(someCaps)
		x.open(1)
		x.hear("IDLE")
		x.say("+ idling")
	}, func(s *Session, e *ear) {
		s.Select(context.Background(), "INBOX", false)
		time.Sleep(time.Second)
		s.Drop()
		<-s.Done()
		if ev := e.wait(t, retrieval.Closed); s.Err() != nil || ev.Err != nil {
			t.Error(s.Err(), ev)
		}
	})
}

func TestBYE(t *testing.T) {
	play(t, func(x *script) {
		x.login(someCaps)
		x.hear("NOOP")
		x.say("* OK [ALERT] the disk is nearly full", "TAG OK done", "* BYE shutting down")
		x.c.Close()
	}, func(s *Session, e *ear) {
		if err := s.Noop(context.Background()); err != nil {
			t.Error(err)
		}
		<-s.Done()
		if a, b := e.wait(t, retrieval.Alert), e.wait(t, retrieval.Alert); a.Text != "the disk is nearly full" || b.Text != "shutting down" {
			t.Error(a, b)
		}
		is(t, s.Err(), retrieval.ErrClosed)
		if !strings.Contains(s.Err().Error(), "shutting down") {
			t.Error(s.Err())
		}
		if errors.Is(s.Err(), retrieval.ErrProtocol) {
			t.Error("a BYE is no fault of protocol:", s.Err())
		}
	})
}

// uids answers UID SEARCH and leaves the numbers 11, 12, 13, ... to the client.
func (x *script) uids(n int) {
	x.hear("UID SEARCH RETURN (ALL) ALL")
	x.say(fmt.Sprintf(`* ESEARCH (TAG "%s") UID ALL 11:%d`, x.tag, 10+n), "TAG OK done")
}

func TestExpungesInAnyOrderNameTheSameMessages(t *testing.T) {
	for _, order := range [][]string{{"* 5 EXPUNGE", "* 3 EXPUNGE", "* 1 EXPUNGE"}, {"* 1 EXPUNGE", "* 2 EXPUNGE", "* 3 EXPUNGE"}} {
		play(t, func(x *script) {
			x.login(someCaps)
			x.open(5)
			x.uids(5)
			x.hear("NOOP")
			x.say(order...)
			x.say("* 2 EXISTS", "TAG OK done")
		}, func(s *Session, e *ear) {
			ctx := context.Background()
			s.Select(ctx, "INBOX", false)
			if uids, err := s.UIDs(ctx); err != nil || len(uids) != 5 {
				t.Error(uids, err)
			}
			if err := s.Noop(ctx); err != nil {
				t.Error(err)
			}
			synctest.Wait()
			var got []uint32
			for len(got) < 3 {
				got = append(got, e.wait(t, retrieval.Expunged).UIDs...)
			}
			slices.Sort(got)
			if !slices.Equal(got, []uint32{11, 13, 15}) || s.Mailbox().Messages != 2 {
				t.Error(got, s.Mailbox())
			}
		})
	}
}

// A flag update right before an EXPUNGE must not land on the message that moves up.
func TestFlagsBeforeExpungeKeepTheirMessage(t *testing.T) {
	play(t, func(x *script) {
		x.login(someCaps)
		x.open(3)
		x.uids(3)
		x.hear("NOOP")
		x.say(`* 1 FETCH (FLAGS (\Deleted))`, "* 1 EXPUNGE", `* 1 FETCH (FLAGS (\Seen kw))`, "TAG OK done")
	}, func(s *Session, e *ear) {
		ctx := context.Background()
		s.Select(ctx, "INBOX", false)
		s.UIDs(ctx)
		s.Noop(ctx)
		a, b, c := e.wait(t, retrieval.FlagsChanged), e.wait(t, retrieval.Expunged), e.wait(t, retrieval.FlagsChanged)
		if a.UIDs[0] != 11 || b.UIDs[0] != 11 || c.UIDs[0] != 12 || !slices.Equal(c.Flags[12], []string{`\Seen`, "kw"}) {
			t.Error(a, b, c)
		}
	})
}

func TestEventsOfTheMailboxBeforeDoNotMix(t *testing.T) {
	play(t, func(x *script) {
		x.login(someCaps)
		x.open(3)
		x.uids(3)
		x.hear("IDLE")
		x.say("+ idling")
		idle := x.tag
		x.hear("DONE")
		x.hear("SELECT")
		sel := x.tag
		x.say("* 3 EXPUNGE", idle+" OK idle done", "* 9 EXISTS", "* OK [UIDVALIDITY 8] x", sel+" OK [READ-ONLY] selected")
	}, func(s *Session, e *ear) {
		ctx := context.Background()
		s.Select(ctx, "INBOX", false)
		s.UIDs(ctx)
		time.Sleep(time.Second)
		box, err := s.Select(ctx, "Other", false)
		if err != nil || box.Messages != 9 || box.UIDValidity != 8 || !box.ReadOnly || box.Name != "Other" {
			t.Error(box, err)
		}
		if ev := e.wait(t, retrieval.Expunged); !slices.Equal(ev.UIDs, []uint32{13}) {
			t.Error(ev)
		}
	})
}

func TestIdleIsRenewedAndLeft(t *testing.T) {
	play(t, func(x *script) {
		x.login(someCaps)
		x.open(1)
		x.hear("IDLE")
		x.say("+ idling", "* 2 EXISTS")
		first := x.tag
		x.hear("DONE")
		x.hear("IDLE") // without waiting for the answer to DONE
		second := x.tag
		x.say(first+" OK done", "+ idling")
		x.hear("DONE")
		x.hear("NOOP")
		x.say(second+" OK done", "TAG OK done")
	}, func(s *Session, e *ear) {
		ctx := context.Background()
		s.Select(ctx, "INBOX", false)
		time.Sleep(time.Minute)
		if s.State() != retrieval.IMAPIdle {
			t.Error(s.State())
		}
		if ev := e.wait(t, retrieval.Exists); ev.Count != 2 || ev.ByUs {
			t.Error(ev)
		}
		time.Sleep(25 * time.Minute)
		if err := s.Noop(ctx); err != nil || s.State() != retrieval.IMAPSelected {
			t.Error(err, s.State())
		}
	})
}

func TestWithoutIdleThereArePolls(t *testing.T) {
	for _, refuse := range []bool{false, true} {
		caps := fewCaps
		if refuse {
			caps = someCaps
		}
		play(t, func(x *script) {
			x.login(caps)
			x.open(1)
			if refuse {
				x.hear("IDLE")
				x.say("TAG NO not today")
			}
			for range 2 {
				x.hear("NOOP")
				x.say("* 3 EXISTS", "TAG OK done")
			}
		}, func(s *Session, e *ear) {
			s.Select(context.Background(), "INBOX", false)
			time.Sleep(65 * time.Second)
			if s.Mailbox().Messages != 3 {
				t.Error(s.Mailbox())
			}
		})
	}
}

// TestHeardBeforeTheAnswer holds that a command's method returns after the listener
// has had what the server said before its answer, however slow the listener is.
func TestHeardBeforeTheAnswer(t *testing.T) {
	play(t, func(x *script) {
		x.login(fewCaps)
		x.open(2)
		x.hear("NOOP")
		x.say("* 3 EXISTS", "* 1 EXPUNGE", "TAG OK news")
	}, func(s *Session, e *ear) {
		if _, err := s.Select(context.Background(), "INBOX", false); err != nil {
			t.Error(err)
		}
		e.delay(time.Second)
		if err := s.Noop(context.Background()); err != nil {
			t.Error(err)
		}
		e.delay(0)
		e.mu.Lock()
		defer e.mu.Unlock()
		if n := len(e.list); n == 0 || e.list[n-1].Kind != retrieval.Expunged {
			t.Errorf("NOOP returned before the listener heard of the expunge: %v", e.list)
		}
	})
}
