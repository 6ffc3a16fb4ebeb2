package pop3

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"imapop/retrieval"
)

// P2, P10: octets arrive as they were sent; only CRLF.CRLF ends them.
func TestOctetsUntouched(t *testing.T) {
	for _, c := range []struct{ sent, want string }{
		{"", ""},
		{"\r\n", "\r\n"},
		{"a\n.\nb\r\n", "a\n.\nb\r\n"},
		{"a\r.\rb\r\n", "a\r.\rb\r\n"},
		{"a\n.\r\nb\r\n", "a\n.\r\nb\r\n"},
		{"a\r\r\n..\r\n", "a\r\r\n.\r\n"},
		{"..\r\n...\r\n..x\r\n", ".\r\n..\r\n.x\r\n"},
		{".x\r\n", "x\r\n"}, // not stuffed by its server: RFC 1939 section 3 takes the dot off
		{"nul\x00 8-bit \xff\r\n", "nul\x00 8-bit \xff\r\n"},
		{"\xef\xbb\xbfSubject: BOM\r\n", "\xef\xbb\xbfSubject: BOM\r\n"},
		{"Content-Type: text/plain; charset=x-nobody\r\n\r\n?\r\n", "Content-Type: text/plain; charset=x-nobody\r\n\r\n?\r\n"},
		{strings.Repeat("l", 2<<20) + "\r\n", strings.Repeat("l", 2<<20) + "\r\n"},
		{strings.Repeat("+OK\r\n-ERR\r\n", 1000), strings.Repeat("+OK\r\n-ERR\r\n", 1000)},
	} {
		for _, caps := range []string{allCaps, ""} {
			synctest.Test(t, func(t *testing.T) {
				s := open(t, &fake{caps: caps, messages: []string{c.sent, "next\r\n"}})
				got, err := fetch(s, 1, 2)
				if err != nil || got.got[1].String() != c.want || got.got[2].String() != "next\r\n" {
					t.Errorf("%.40q became %.40q, %v", c.sent, got.got[1], err)
				}
				err = s.Top(t.Context(), []int{1}, 0, func(_ int, o []byte, err error) error {
					if string(o) != c.want || err != nil {
						t.Errorf("TOP: %.40q became %.40q, %v", c.sent, o, err)
					}
					return nil
				})
				check(t, err, nil)
			})
		}
	}
}

// Fewer octets than announced are flagged; more are not (a missing last line break).
func TestShort(t *testing.T) {
	for _, c := range []struct {
		listed, sent int
		short        bool
	}{{73, 75, false}, {75, 75, false}, {1000, 991, false}, {1000, 989, true}, {20, 0, true}, {0, 2, false}, {42, 776, false}} {
		synctest.Test(t, func(t *testing.T) {
			body := strings.Repeat("x", max(c.sent-2, 0)) + "\r\n"
			if c.sent == 0 {
				body = ""
			}
			s := open(t, &fake{caps: allCaps, messages: []string{body}, say: map[string]string{"LIST": multi(fmt.Sprint("1 ", c.listed))}})
			_, err := s.Snapshot(t.Context())
			check(t, err, nil)
			got, err := fetch(s, 1)
			if r := got.result[1]; err != nil || r.Short != c.short || r.Octets != int64(c.sent) || r.Listed != int64(c.listed) {
				t.Errorf("%+v: %+v, %v", c, r, err)
			}
		})
	}
}

// Dovecot and Courier do not stuff a message that begins with a dot. What they
// give is flagged, and the rest of it is not taken for the next answer.
func TestMessageThatBeginsWithDot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{caps: allCaps, messages: mails(3)}
		f.messages[1] = ".\r\n+OKAY, rest of the mail\r\n"
		s := open(t, f)
		_, err := s.Snapshot(t.Context())
		check(t, err, nil)
		got, err := fetch(s, 1, 2, 3)
		check(t, err, retrieval.ErrProtocol)
		if !got.result[2].Short || got.result[2].Octets != 0 || got.errs[2] != nil || got.got[3] != nil {
			t.Errorf("%+v, %v", got.result, got.errs)
		}
		check(t, s.Delete(t.Context(), []int{1}, nil), retrieval.ErrClosed)
		if f.sawAny("DELE") || f.sawAny("QUIT") {
			t.Errorf("heard %q", f.commands())
		}
	})
}

// P4: a message streams through; TOP keeps no more than its limit and goes on.
func TestMemory(t *testing.T) {
	const size = 64 << 20
	synctest.Test(t, func(t *testing.T) {
		f := &fake{caps: allCaps, messages: mails(2), lines: map[string]int{"RETR 1": size / 1024, "TOP 1 99999": size / 1024}}
		s := open(t, f)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var done int64
		err := s.Retrieve(t.Context(), []int{1}, func(int, int64) (Sink, error) { return nil, nil },
			func(_ int, r Retrieved, err error) error { done = r.Octets; return err }, nil)
		var errs []error
		err2 := s.Top(t.Context(), []int{1, 2}, 99999, func(_ int, _ []byte, err error) error { errs = append(errs, err); return nil })
		runtime.ReadMemStats(&after)
		if err != nil || err2 != nil || done != size || len(errs) != 2 || errs[1] != nil {
			t.Fatalf("%d octets, %v, %v, %v", done, err, err2, errs)
		}
		check(t, errs[0], retrieval.ErrTooMuch)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 5*maxTop { // TOP's buffer grows by doubling
			t.Errorf("allocated %d octets", grown)
		}
	})
}

func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, &fake{caps: allCaps, messages: mails(100)})
		d, err := s.Snapshot(t.Context())
		check(t, err, nil)
		var last int64
		err = s.Retrieve(t.Context(), upTo(100), func(int, int64) (Sink, error) { return nil, nil },
			func(int, Retrieved, error) error { return nil },
			func(done, total int64) {
				if done < last || total != d.Octets {
					t.Errorf("%d of %d after %d", done, total, last)
				}
				last = done
			})
		if err != nil || last != d.Octets {
			t.Errorf("%d of %d, %v", last, d.Octets, err)
		}
	})
}

// Operations from many goroutines run one after the other, each with its own answers.
func TestConcurrentOperations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, &fake{caps: allCaps, messages: mails(50)})
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				switch i % 4 {
				case 0:
					_, err := s.Snapshot(t.Context())
					check(t, err, nil)
				case 1:
					n := i + 1
					got, err := fetch(s, n)
					if err != nil || !strings.Contains(got.got[n].String(), fmt.Sprintf("Subject: %d\r\n", n)) {
						t.Errorf("message %d: %v, %v", n, got.got[n], err)
					}
				case 2:
					check(t, s.Noop(t.Context()), nil)
				case 3:
					s.State()
					s.Caps()
					s.Meter()
					s.LastSaid()
					s.IdleLimit()
					s.Marked()
				}
			})
		}
		wg.Wait()
	})
}

// One by one means one by one, and ahead means no more than the limits.
func TestAhead(t *testing.T) {
	for _, ahead := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{caps: "TOP UIDL USER", messages: mails(3000)}
			if ahead {
				f.caps = allCaps
			}
			s := open(t, f)
			most := 0
			err := s.Retrieve(t.Context(), upTo(3000), func(int, int64) (Sink, error) { return nil, nil },
				func(n int, _ Retrieved, _ error) error {
					synctest.Wait()
					most = max(most, int(f.said.Load())-4-n)
					return nil
				}, nil)
			if err != nil || most > maxAhead || !ahead && most > 0 || ahead && most < 100 {
				t.Errorf("ahead %v: %d ahead, %v", ahead, most, err)
			}
			want := append([]string{"CAPA", "USER alice", "PASS wonderland", "CAPA"}, numberedAll("RETR", 3000)...)
			if !slices.Equal(f.commands(), want) {
				t.Error("the commands differ")
			}
		})
	}
}

func numberedAll(command string, n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprint(command, " ", i+1))
	}
	return out
}

// A server without TOP is asked once and then left alone.
func TestNoTop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{caps: "UIDL USER PIPELINING", messages: mails(3), say: map[string]string{"TOP 1 0": "-ERR unknown command\r\n"}}
		s := open(t, f)
		err := s.Top(t.Context(), upTo(3), 0, func(n int, _ []byte, err error) error {
			t.Errorf("message %d: %v", n, err)
			return nil
		})
		check(t, err, retrieval.ErrUnsupported)
		if f.sawAny("TOP 2") {
			t.Errorf("heard %q", f.commands())
		}
		delete(f.say, "TOP 1 0")
		seen := 0
		check(t, s.Top(t.Context(), upTo(3), 0, func(int, []byte, error) error { seen++; return nil }), nil)
		if seen != 3 {
			t.Errorf("saw %d", seen)
		}
	})
}
