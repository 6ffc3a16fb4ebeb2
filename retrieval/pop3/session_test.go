package pop3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"imapop/retrieval"
)

// buffer is a Sink.
type buffer struct {
	bytes.Buffer
	closed bool
}

func (b *buffer) Close() error { b.closed = true; return nil }

// fetched is what a Retrieve gave.
type fetched struct {
	got    map[int]*buffer
	result map[int]Retrieved
	errs   map[int]error
}

func fetch(s *Session, numbers ...int) (fetched, error) {
	f := fetched{map[int]*buffer{}, map[int]Retrieved{}, map[int]error{}}
	err := s.Retrieve(context.Background(), numbers,
		func(n int, _ int64) (Sink, error) { f.got[n] = &buffer{}; return f.got[n], nil },
		func(n int, r Retrieved, err error) error { f.result[n], f.errs[n] = r, err; return nil }, nil)
	return f, err
}

func TestWholeSession(t *testing.T) {
	for _, caps := range []string{allCaps, "TOP UIDL USER", ""} {
		t.Run("caps "+caps, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{caps: caps, messages: mails(3)}
				f.messages[1] = "..dot\r\n.\n\r\nbare\rCR\r\n"
				c := f.config()
				var rec recorder
				c.Events = rec.take
				s := openWith(t, c)
				wholeSession(t, s)
				if s.State() != retrieval.POP3Closed || s.Err() != nil {
					t.Errorf("after QUIT: %s, %v", s.State(), s.Err())
				}
				<-s.Done()
				want := []retrieval.Kind{retrieval.Connected, retrieval.Listed, retrieval.Retrieved, retrieval.Retrieved,
					retrieval.Marked, retrieval.Unmarked, retrieval.Marked, retrieval.Updated, retrieval.Closed}
				if !slices.Equal(rec.kinds(), want) {
					t.Errorf("events %v", rec.kinds())
				}
			})
		})
	}
}

func wholeSession(t *testing.T, s *Session) {
	t.Helper()
	ctx := t.Context()
	d, err := s.Snapshot(ctx)
	if err != nil || len(d.Entries) != 3 || d.Entries[2].UniqueID != "uid-3" || !d.HasUIDL {
		t.Fatalf("snapshot %+v, %v", d, err)
	}
	var tops []string
	err = s.Top(ctx, []int{3, 1}, 0, func(n int, o []byte, err error) error {
		tops = append(tops, fmt.Sprint(n, " ", len(o), " ", err))
		return nil
	})
	if err != nil || !slices.Equal(tops, []string{"3 20 <nil>", "1 20 <nil>"}) {
		t.Fatalf("tops %q, %v", tops, err)
	}
	got, err := fetch(s, 1, 2)
	if err != nil || got.errs[2] != nil || !got.got[2].closed {
		t.Fatalf("retrieve: %v, %v", err, got.errs)
	}
	if body := got.got[2].String(); body != ".dot\r\n\n\r\nbare\rCR\r\n" && body != ".dot\r\n.\n\r\nbare\rCR\r\n" {
		t.Errorf("octets %q", body)
	}
	for _, step := range []func() error{
		func() error { return s.Delete(ctx, []int{1, 3}, nil) },
		func() error { return s.Reset(ctx) },
		func() error { return s.Noop(ctx) },
		func() error { return s.Delete(ctx, []int{2}, nil) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	q, err := s.Quit(ctx)
	if err != nil || !q.OK || !slices.Equal(q.Marked, []int{2}) {
		t.Errorf("quit %+v, %v", q, err)
	}
	if err := s.Noop(ctx); !errors.Is(err, retrieval.ErrClosed) {
		t.Errorf("after QUIT: %v", err)
	}
}

// operations are every operation, by the command that it hangs or breaks on.
var operations = []struct {
	command string
	run     func(ctx context.Context, s *Session) error
}{
	{"STAT", func(ctx context.Context, s *Session) error { _, err := s.Snapshot(ctx); return err }},
	{"LIST", func(ctx context.Context, s *Session) error { _, err := s.Snapshot(ctx); return err }},
	{"UIDL", func(ctx context.Context, s *Session) error { _, err := s.Snapshot(ctx); return err }},
	{"TOP 2 0", func(ctx context.Context, s *Session) error {
		return s.Top(ctx, []int{1, 2, 3}, 0, func(int, []byte, error) error { return nil })
	}},
	{"RETR 2", func(ctx context.Context, s *Session) error { _, err := fetch(s, 1, 2, 3); return err }},
	{"DELE 2", func(ctx context.Context, s *Session) error { return s.Delete(ctx, []int{1, 2, 3}, nil) }},
	{"RSET", func(ctx context.Context, s *Session) error { return s.Reset(ctx) }},
	{"NOOP", func(ctx context.Context, s *Session) error { return s.Noop(ctx) }},
	{"QUIT", func(ctx context.Context, s *Session) error { _, err := s.Quit(ctx); return err }},
}

// breaks are answers that must end the session at any command.
var breaks = map[string]string{
	"silence":      hang,
	"drop":         drop,
	"half a line":  "+O" + hang,
	"half, drop":   "-ERR not the e" + drop,
	"half ok":      "+OK" + drop,
	"blank line":   "\r\n",
	"only LF":      "\n",
	"other words":  "OK fine\r\n",
	"untagged":     "* OK IMAP\r\n",
	"glued":        "+OKAY\r\n",
	"glued error":  "-ERROR\r\n",
	"lower case":   "+ok\r\n",
	"challenge":    "+ \r\n",
	"body at once": "Subject: x\r\n\r\n.\r\n",
}

// After anything but a clean answer nothing more is sent: not the rest, not QUIT.
func TestBrokenAnswers(t *testing.T) {
	for _, op := range operations {
		for name, answer := range breaks {
			for _, caps := range []string{allCaps, "UIDL TOP USER"} {
				t.Run(op.command+" "+name+" "+caps, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { brokenAnswer(t, op.command, op.run, answer, caps) })
				})
			}
		}
	}
}

func brokenAnswer(t *testing.T, command string, run func(context.Context, *Session) error, answer, caps string) {
	f := &fake{caps: caps, messages: mails(3), say: map[string]string{command: answer}}
	s := open(t, f)
	before := time.Now()
	err := run(t.Context(), s)
	if !errors.Is(err, retrieval.ErrClosed) && !errors.Is(err, retrieval.ErrProtocol) && !errors.Is(err, retrieval.ErrUnknown) {
		t.Errorf("error %v", err)
	}
	if command == "QUIT" && !errors.Is(err, retrieval.ErrUnknown) {
		t.Errorf("an unanswered QUIT is %v", err)
	}
	if waited := time.Since(before); waited > 2*time.Minute {
		t.Errorf("waited %s", waited)
	}
	<-s.Done()
	if s.State() != retrieval.POP3Closed || s.Err() == nil {
		t.Errorf("after it: %s, %v", s.State(), s.Err())
	}
	synctest.Wait()
	heard := len(f.commands())
	if err := s.Noop(t.Context()); !errors.Is(err, retrieval.ErrClosed) {
		t.Errorf("then: %v", err)
	}
	synctest.Wait()
	if command != "QUIT" && f.sawAny("QUIT") || len(f.commands()) != heard {
		t.Errorf("heard %q", f.commands())
	}
}

// A body that is cut, or whose end never comes, is reported as cut.
func TestBodyCut(t *testing.T) {
	for name, answer := range map[string]string{
		"drop":        "+OK\r\nSubject: x\r\n" + drop,
		"no last dot": "+OK\r\nSubject: x\r\n\r\nbody" + drop,
		"LF dot LF":   "+OK\r\nSubject: x\n.\n" + drop,
		"silence":     "+OK\r\nSubject: x\r\n.\r" + hang,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{caps: allCaps, messages: mails(3), say: map[string]string{"RETR 2": answer}}
				s := open(t, f)
				got, err := fetch(s, 1, 2, 3)
				if err == nil || got.errs[2] == nil || got.errs[1] != nil || !got.got[2].closed {
					t.Errorf("%v; each %v", err, got.errs)
				}
				if _, ok := got.errs[3]; ok || f.sawAny("QUIT") {
					t.Errorf("went on: %v, %q", got.errs, f.commands())
				}
			})
		})
	}
}

// -ERR in the middle of a pipeline is that message's alone.
func TestRefusedMidPipeline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{caps: allCaps, messages: mails(5), say: map[string]string{
			"RETR 2": "-ERR it's gone!\r\n", "RETR 4": "-ERR [SYS/TEMP] disk \x1b[2J away\r\n", "TOP 2 0": "-ERR\r\n", "DELE 3": "-ERR no\r\n"}}
		s := open(t, f)
		got, err := fetch(s, 1, 2, 3, 4, 5)
		if err != nil || got.errs[1] != nil || got.errs[3] != nil || got.errs[5] != nil {
			t.Fatalf("%v, %v", err, got.errs)
		}
		if e := got.errs[2]; !errors.Is(e, retrieval.ErrGone) || !errors.Is(e, retrieval.ErrRefused) || got.got[2] != nil {
			t.Errorf("RETR 2: %v", e)
		}
		if e := got.errs[4]; !errors.Is(e, retrieval.ErrSysTemp) || errors.Is(e, retrieval.ErrGone) || strings.Contains(e.Error(), "\x1b") {
			t.Errorf("RETR 4: %v", e)
		}
		var no []int
		_ = s.Top(t.Context(), []int{1, 2, 3}, 0, func(n int, _ []byte, err error) error {
			if errors.Is(err, ErrNotGiven) {
				no = append(no, n)
			}
			return nil
		})
		var refusals int
		_ = s.Delete(t.Context(), []int{3, 4}, func(_ int, err error) {
			if errors.Is(err, retrieval.ErrRefused) {
				refusals++
			}
		})
		if !slices.Equal(no, []int{2}) || refusals != 1 || !slices.Equal(s.Marked(), []int{4}) {
			t.Errorf("TOP refused %v, DELE %d, marked %v", no, refusals, s.Marked())
		}
	})
}

// The callee's error stops a download; what was asked for is read, and the session goes on.
func TestStoppedDownload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{caps: allCaps, messages: mails(2000)}
		s := open(t, f)
		full := errors.New("disk full")
		var seen int
		err := s.Retrieve(t.Context(), upTo(2000), func(int, int64) (Sink, error) { return nil, nil },
			func(n int, _ Retrieved, _ error) error {
				if seen++; n == 10 {
					return full
				}
				return nil
			}, nil)
		if !errors.Is(err, full) || seen != 10 || f.sawAny("RETR 600") {
			t.Errorf("%v after %d", err, seen)
		}
		if q, err := s.Quit(t.Context()); err != nil || !q.OK {
			t.Errorf("quit: %v", err)
		}
	})
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i + 1
	}
	return out
}

// A sink that fails stops the download: a full disk takes the next message no
// better. The session goes on, so that what is durable already can be deleted.
func TestFailingSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{caps: allCaps, messages: mails(3)}
		s := open(t, f)
		errs := map[int]error{}
		err := s.Retrieve(t.Context(), upTo(3), func(n int, _ int64) (Sink, error) {
			if n == 2 {
				return badSink{}, nil
			}
			return &buffer{}, nil
		}, func(n int, _ Retrieved, err error) error { errs[n] = err; return nil }, nil)
		check(t, err, io.ErrShortWrite)
		check(t, errs[2], io.ErrShortWrite)
		if errs[1] != nil || len(errs) != 2 {
			t.Errorf("%v", errs)
		}
		check(t, s.Delete(t.Context(), []int{1}, nil), nil)
	})
}

// A callback that panics ends the session, and hangs nobody.
func TestPanickingCallback(t *testing.T) {
	for _, caps := range []string{allCaps, ""} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{caps: caps, messages: mails(2000)}
			s := open(t, f)
			func() {
				defer func() { _ = recover() }()
				_ = s.Retrieve(t.Context(), upTo(2000), func(int, int64) (Sink, error) { panic("no") }, nil, nil)
				t.Error("no panic")
			}()
			<-s.Done()
			check(t, s.Noop(t.Context()), retrieval.ErrClosed)
		})
	}
}

type badSink struct{}

func (badSink) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
func (badSink) Close() error              { return nil }

// When the context ends, so does the session, at once.
func TestContextEnds(t *testing.T) {
	for _, op := range operations {
		t.Run(op.command, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{caps: allCaps, messages: mails(3), say: map[string]string{op.command: hang}}
				s := open(t, f)
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel)
				before := time.Now()
				if op.command == "RETR 2" {
					err := s.Retrieve(ctx, upTo(3), func(int, int64) (Sink, error) { return nil, nil },
						func(int, Retrieved, error) error { return nil }, nil)
					check(t, err, context.Canceled)
				} else {
					check(t, op.run(ctx, s), context.Canceled)
				}
				if time.Since(before) != time.Second || f.sawAny("QUIT") && op.command != "QUIT" {
					t.Errorf("after %s, heard %q", time.Since(before), f.commands())
				}
			})
		})
	}
}

func check(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}

// A server that hangs up on silence is heard at once, and how long it waited is known.
func TestIdleHangup(t *testing.T) {
	for _, farewell := range []string{"", "-ERR Disconnected for inactivity.\r\n"} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{caps: allCaps, messages: mails(1)}
			s := open(t, f)
			if d, known := s.IdleLimit(); known || d != 10*time.Minute {
				t.Errorf("before: %s, %v", d, known)
			}
			check(t, s.Noop(t.Context()), nil)
			synctest.Wait()
			time.AfterFunc(5*time.Minute, func() {
				if farewell != "" {
					f.conn.Write([]byte(farewell))
				}
				f.conn.Close()
			})
			<-s.Done()
			if d, known := s.IdleLimit(); !known || d != 5*time.Minute {
				t.Errorf("after: %s, %v", d, known)
			}
			check(t, s.Err(), retrieval.ErrClosed)
		})
	}
}

// A line that nobody asked for must not become the next command's answer.
func TestUnaskedAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{caps: allCaps, messages: mails(1)}
		f.after = func(c string) {
			if c == "NOOP" {
				f.conn.Write([]byte("+OK bye, all deleted\r\n"))
			}
		}
		s := open(t, f)
		check(t, s.Noop(t.Context()), nil)
		<-s.Done()
		check(t, s.Err(), retrieval.ErrProtocol)
		if q, err := s.Quit(t.Context()); err == nil || q.OK {
			t.Errorf("quit %+v, %v", q, err)
		}
	})
}

// Pulling the cable ends a running operation, says nothing and is no error.
func TestDrop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{caps: allCaps, messages: mails(2), say: map[string]string{"RETR 2": hang}}
		c := f.config()
		var rec recorder
		c.Events = rec.take
		s := openWith(t, c)
		check(t, s.Delete(t.Context(), []int{1}, nil), nil)
		time.AfterFunc(time.Second, s.Drop)
		_, err := fetch(s, 2)
		check(t, err, retrieval.ErrClosed)
		if s.Err() != nil || f.sawAny("QUIT") {
			t.Errorf("%v; heard %q", s.Err(), f.commands())
		}
		s.Drop()
		if k := rec.kinds(); !slices.Equal(k[len(k)-2:], []retrieval.Kind{retrieval.Dropped, retrieval.Closed}) {
			t.Errorf("events %v", k)
		}
	})
}

func TestQuitRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, &fake{caps: allCaps, messages: mails(2), say: map[string]string{"QUIT": "-ERR [SYS/PERM] some not removed\r\n"}})
		check(t, s.Delete(t.Context(), []int{2}, nil), nil)
		q, err := s.Quit(t.Context())
		check(t, err, retrieval.ErrSysPerm)
		if !q.Answered || q.OK || q.Text != "some not removed" || !slices.Equal(q.Marked, []int{2}) {
			t.Errorf("%+v", q)
		}
	})
}

// Numbers that the session never listed are refused before anything is sent.
func TestForeignNumbers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{caps: allCaps, messages: mails(2)}
		s := open(t, f)
		if _, err := s.Snapshot(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{-1, 0, 3, 1 << 40} {
			check(t, s.Delete(t.Context(), []int{1, n}, nil), retrieval.ErrStale)
			_, err := fetch(s, n)
			check(t, err, retrieval.ErrStale)
		}
		if f.sawAny("DELE") || f.sawAny("RETR") {
			t.Errorf("heard %q", f.commands())
		}
		check(t, s.Noop(t.Context()), nil)
	})
}
