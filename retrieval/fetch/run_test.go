package fetch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/local"
	"imapop/retrieval/plan"
	"imapop/retrieval/pop3"
)

const day = 24 * time.Hour

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

var (
	keep         = account.LeaveOnServer{}
	untilRemoved = account.LeaveOnServer{Mode: account.LeaveRemoved}
	remove       = account.LeaveOnServer{Mode: account.LeaveDelete}
	sevenDays    = account.LeaveOnServer{Mode: account.LeaveDays, After: 7 * day}
)

// TestPlanIsWhatGoesOverTheWire holds each policy, over days, line for line.
func TestPlanIsWhatGoesOverTheWire(t *testing.T) {
	onServers(t, func(t *testing.T, w *world) {
		w.fill(5)
		for _, step := range []struct {
			what  string
			rules Rules
			after time.Duration // since the step before
			mail  int           // that arrives before the run
			left  int           // on the server, after it
			want  string
		}{
			{"a week", Rules{Leave: sevenDays}, 0, 0, 5, "RETR 1 RETR 2 RETR 3 RETR 4 RETR 5 QUIT"},
			{"six days later", Rules{Leave: sevenDays}, 6 * day, 2, 7, "RETR 6 RETR 7 QUIT"},
			{"a moment before", Rules{Leave: sevenDays}, day - time.Second, 0, 7, "QUIT"},
			{"seven days after the download", Rules{Leave: sevenDays}, time.Second, 0, 2, "DELE 1 DELE 2 DELE 3 DELE 4 DELE 5 QUIT"},
			{"keep holds them all", Rules{}, 30 * day, 1, 3, "RETR 3 QUIT"},
			{"delete from now on", Rules{Leave: remove}, 0, 1, 1, "RETR 4 DELE 1 DELE 2 DELE 4 QUIT"},
			{"nothing new", Rules{Leave: remove}, 0, 0, 1, "QUIT"},
			{"and what was kept", Rules{Leave: remove, Earlier: true}, 0, 0, 0, "DELE 1 QUIT"},
			{"headers only", Rules{HeadersOnly: true}, 0, 2, 2, "TOP 1 0 TOP 2 0 QUIT"},
			{"a limit", Rules{Leave: remove, MaxOctets: 1}, 0, 0, 2, "TOP 1 0 TOP 2 0 QUIT"},
			{"one by its number", Rules{Leave: remove, MaxOctets: 1, Numbers: []int{2}}, 0, 0, 1, "RETR 2 DELE 2 QUIT"},
			{"the rest", Rules{Leave: remove}, 0, 0, 0, "RETR 1 DELE 1 QUIT"},
		} {
			w.fill(step.mail)
			w.now = w.now.Add(step.after)
			shown := w.plan(Options{Rules: step.rules})
			out := w.must(Options{Rules: step.rules})
			if planned := out.plan.Commands(); !slices.Equal(planned, out.said) || !slices.Equal(shown, out.said) {
				t.Errorf("%s: planned %v, shown before %v, said %v", step.what, planned, shown, out.said)
			}
			if got := strings.Join(out.said, " "); got != step.want {
				t.Errorf("%s:\nsaid %s\nwant %s", step.what, got, step.want)
			}
			if n := w.left(); n != step.left {
				t.Errorf("%s: %d messages are on the server, want %d", step.what, n, step.left)
			}
			if len(out.rep.Headers) != len(out.plan.Look()) {
				t.Errorf("%s: %d headers", step.what, len(out.rep.Headers))
			}
		}
		w.complete()
	})
}

// TestListIsAskedWhenNeeded holds that a run which finds nothing to do asks for
// unique-ids alone, and that nothing is ever done without LIST's own sizes.
func TestListIsAskedWhenNeeded(t *testing.T) {
	onServers(t, func(t *testing.T, w *world) {
		for _, step := range []struct {
			what  string
			rules Rules
			after time.Duration
			mail  int
			want  string
		}{
			{"the first run", Rules{Leave: sevenDays}, 0, 3, "LIST UIDL"},
			{"nothing new", Rules{Leave: sevenDays}, day, 0, "UIDL"},
			{"nothing new, keep", Rules{}, day, 0, "UIDL"},
			{"one is new", Rules{}, 0, 1, "UIDL LIST"},
			{"three are due", Rules{Leave: sevenDays}, 7 * day, 0, "UIDL LIST"},
			{"three are gone", Rules{}, 0, 0, "UIDL"},
		} {
			w.fill(step.mail)
			w.now = w.now.Add(step.after)
			if got := strings.Join(w.must(Options{Rules: step.rules}).lists, " "); got != step.want {
				t.Errorf("%s: asked for %s, want %s", step.what, got, step.want)
			}
		}
	})
}

// TestRemovedHere deletes on the server what another program took out of the Maildir.
func TestRemovedHere(t *testing.T) {
	onServers(t, func(t *testing.T, w *world) {
		w.fill(3)
		w.must(Options{})
		names, _ := filepath.Glob(filepath.Join(w.maildir, "new", "*"))
		if err := os.Remove(names[1]); err != nil {
			t.Fatal(err)
		}
		if out := w.must(Options{}); len(out.said) != 1 {
			t.Errorf("without the rule: %v", out.said)
		}
		if out := w.must(Options{Rules: Rules{Removed: true}}); !slices.Equal(out.said, out.plan.Commands()) || len(out.rep.Deleted) != 1 || w.left() != 2 {
			t.Errorf("said %v, deleted %v, %d left", out.said, out.rep.Deleted, w.left())
		}
		if out := w.must(Options{Rules: Rules{Removed: true}}); len(out.said) != 1 {
			t.Errorf("again: %v", out.said)
		}
	})
}

// TestUntilRemoved holds the policy "delete on the server when deleted here": what
// was downloaded under it leaves when its file does, and nothing else does.
func TestUntilRemoved(t *testing.T) {
	onServers(t, func(t *testing.T, w *world) {
		w.fill(1)
		w.must(Options{})
		w.fill(2)
		w.now = w.now.Add(time.Second) // files are named by their time: the first is the one that was kept
		w.must(Options{Rules: Rules{Leave: untilRemoved}})
		names, _ := filepath.Glob(filepath.Join(w.maildir, "new", "*"))
		for _, name := range names[:2] { // one of each policy
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
		out := w.must(Options{Rules: Rules{Leave: untilRemoved}})
		if got := strings.Join(out.said, " "); got != "DELE 2 QUIT" && got != "DELE 3 QUIT" || got != strings.Join(out.plan.Commands(), " ") || w.left() != 2 {
			t.Errorf("said %s, planned %v, %d left", got, out.plan.Commands(), w.left())
		}
		if out.plan.Held != 1 {
			t.Errorf("%d are held; want the one that was downloaded to be kept", out.plan.Held)
		}
		if out := w.must(Options{Rules: Rules{Leave: untilRemoved}}); len(out.said) != 1 {
			t.Errorf("again: %v", out.said)
		}
	})
}

// TestCutAtEveryCommand cuts the connection at every line of the client's, before
// it reaches the server and behind it; the next run makes everything good.
func TestCutAtEveryCommand(t *testing.T) {
	onServers(t, func(t *testing.T, w *world) {
		cut := newCutter(t, w.account.POP3.Address)
		o := Options{Rules: Rules{Leave: remove}}
		for n, over := 1, false; !over; n++ {
			for _, pass := range []bool{false, true} {
				w.fill(2)
				cut.set(n, pass)
				out := w.run(t.Context(), o, cut.addr)
				if over = !cut.wasHit(); over {
					break
				}
				if out.err == nil {
					t.Errorf("cut at line %d (passed: %v): the run says that all went well", n, pass)
				}
				again := w.must(o)
				w.complete()
				if left := w.left(); left != 0 {
					t.Errorf("cut at line %d: %d messages are left after the next run", n, left)
				}
				if len(out.rep.Unknown) > 0 && len(again.rep.Settled.Deleted)+len(again.rep.Settled.Kept) != len(out.rep.Unknown) {
					t.Errorf("cut at line %d: %d deletions were unknown, and the next run settled %+v", n, len(out.rep.Unknown), again.rep.Settled)
				}
			}
			if n > 100 {
				t.Fatal("it never ends")
			}
		}
	})
}

// TestInterrupted holds how a run ends that is asked to stop in its middle.
func TestInterrupted(t *testing.T) {
	for _, c := range []struct {
		rules Rules
		end   End
		tail  string
	}{
		{Rules{}, EndReset, "RSET QUIT"},
		{Rules{Leave: remove}, EndQuit, "DELE 1 QUIT"},
	} {
		onServers(t, func(t *testing.T, w *world) {
			w.fill(40)
			ctx, stop := context.WithCancel(t.Context())
			out := w.run(ctx, Options{Rules: c.rules, Progress: func(p Progress) { stop() }}, "")
			if !errors.Is(out.err, ErrInterrupted) || !out.rep.Interrupted || out.rep.End != c.end {
				t.Errorf("got %v, end %q, interrupted %v", out.err, out.rep.End, out.rep.Interrupted)
			}
			if !strings.HasSuffix(strings.Join(out.said, " "), c.tail) {
				t.Errorf("said %v, want %s at the end", out.said, c.tail)
			}
			if len(out.rep.Stored) != 1 || len(w.here()) != 1 {
				t.Errorf("stored %d, here %v; want the message in hand", len(out.rep.Stored), w.here())
			}
			w.must(Options{Rules: c.rules})
			w.complete()
		})
	}
}

// TestWithoutUniqueIDs downloads and deletes in one session, by content.
func TestWithoutUniqueIDs(t *testing.T) {
	w := onSandbox(t, map[string]string{"uidl": "no"})
	w.fill(3)
	if out := w.run(t.Context(), Options{}, ""); !errors.Is(out.err, plan.ErrNoUniqueIDs) || w.left() != 3 {
		t.Errorf("keep: %v, %d left", out.err, w.left())
	}
	cut := newCutter(t, w.account.POP3.Address)
	cut.set(7+3+2, false) // behind the downloads, at a DELE
	if out := w.run(t.Context(), Options{Rules: Rules{Leave: remove}}, cut.addr); out.err == nil || len(out.rep.Stored) != 3 {
		t.Errorf("cut: %v, stored %d", out.err, len(out.rep.Stored))
	}
	out := w.must(Options{Rules: Rules{Leave: remove}})
	if w.left() != 0 || len(out.rep.Deleted) != 3 {
		t.Errorf("%d left, deleted %v", w.left(), out.rep.Deleted)
	}
	w.complete()
}

// TestUniqueIDsLost refuses to touch anything when a server that had UIDL lacks it.
func TestUniqueIDsLost(t *testing.T) {
	w := onSandbox(t, nil)
	w.fill(2)
	s, c, _, err := w.session(remove, "")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Drop()
	if _, err := Prepare(t.Context(), s, c, Options{}); err != nil {
		t.Fatal(err)
	}
	if err := Download(t.Context(), s, c, []Item{{Number: 1, UniqueID: "00000001", Octets: 100}}, Hooks{}); err != nil {
		t.Fatal(err)
	}
	if _, err := Prepare(t.Context(), nameless{s}, c, Options{Rules: Rules{Leave: remove}}); !errors.Is(err, ErrUniqueIDsLost) {
		t.Errorf("got %v", err)
	}
}

// nameless is a session whose server has lost its UIDL.
type nameless struct{ *pop3.Session }

func (n nameless) Snapshot(ctx context.Context) (retrieval.Maildrop, error) {
	d, err := n.Session.Snapshot(ctx)
	d.HasUIDL = false
	for i := range d.Entries {
		d.Entries[i].UniqueID = ""
	}
	return d, err
}

func (n nameless) Names(ctx context.Context, _ func(string) (int64, bool)) (retrieval.Maildrop, bool, error) {
	d, err := n.Snapshot(ctx)
	return d, true, err
}

// liar is a session that goes wrong in one of its answers.
type liar struct {
	*pop3.Session
	octets int64 // added to what LIST says of every message
	quit   error
	double bool // every message has the first one's unique-id
}

func (l liar) Snapshot(ctx context.Context) (retrieval.Maildrop, error) {
	d, err := l.Session.Snapshot(ctx)
	for i := range d.Entries {
		d.Entries[i].Octets += l.octets
		if l.double {
			d.Entries[i].UniqueID = d.Entries[0].UniqueID
		}
	}
	return d, err
}

func (l liar) Retrieve(ctx context.Context, numbers []int, open func(int, int64) (pop3.Sink, error),
	each func(int, pop3.Retrieved, error) error, progress func(int64, int64)) error {
	return l.Session.Retrieve(ctx, numbers, func(n int, octets int64) (pop3.Sink, error) { return open(n, octets+l.octets) },
		func(n int, r pop3.Retrieved, err error) error {
			r.Listed += l.octets
			r.Short = r.Octets < r.Listed-r.Listed/100
			return each(n, r, err)
		}, progress)
}

func (l liar) Quit(ctx context.Context) (pop3.Quit, error) {
	q, err := l.Session.Quit(ctx)
	if l.quit != nil {
		err = l.quit
	}
	return q, err
}

// TestLies holds that a server whose answers do not fit loses nothing by us.
func TestLies(t *testing.T) {
	for _, c := range []struct {
		name  string
		liar  liar
		check func(t *testing.T, out Report, err error)
	}{
		{"short bodies", liar{octets: 1000}, func(t *testing.T, out Report, err error) {
			if err != nil || len(out.Short) != 3 || len(out.Deleted) != 0 || len(out.Stored) != 3 {
				t.Errorf("%v, %d short, %d deleted", err, len(out.Short), len(out.Deleted))
			}
		}},
		{"one unique-id for all", liar{double: true}, func(t *testing.T, out Report, err error) {
			if err != nil || len(out.Stored) != 3 || len(out.Deleted) != 0 {
				t.Errorf("%v, %d stored, %d deleted", err, len(out.Stored), len(out.Deleted))
			}
		}},
		{"QUIT without an answer", liar{quit: retrieval.ErrUnknown}, func(t *testing.T, out Report, err error) {
			if !errors.Is(err, retrieval.ErrUnknown) || len(out.Unknown) != 3 || len(out.Deleted) != 0 || out.End != EndUnknown {
				t.Errorf("%v, %d unknown, %d deleted", err, len(out.Unknown), len(out.Deleted))
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := onSandbox(t, nil)
			w.fill(3)
			s, copy, _, err := w.session(remove, "")
			if err != nil {
				t.Fatal(err)
			}
			c.liar.Session = s
			r, err := Prepare(t.Context(), c.liar, copy, Options{Rules: Rules{Leave: remove}})
			if err != nil {
				t.Fatal(err)
			}
			out, err := r.Do(t.Context())
			c.check(t, out, err)
			copy.Close()
			w.complete()
		})
	}
}

func TestLoginWaits(t *testing.T) {
	for _, c := range []struct {
		err   error
		tries int
		least time.Duration
	}{
		{retrieval.ErrLoginDelay, 5, 2 * time.Minute},
		{retrieval.ErrSysTemp, 5, time.Minute},
		{retrieval.ErrAuth, 1, 0},
		{retrieval.ErrInUse, 1, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			tries, said, start := 0, 0, time.Now()
			l := Login{Say: func(string) { said++ }, Open: func(context.Context) (*pop3.Session, error) {
				tries++
				return nil, &retrieval.OpError{Protocol: retrieval.POP3, Op: "login", Err: c.err}
			}}
			_, err := l.Do(t.Context())
			took := time.Since(start)
			if !errors.Is(err, c.err) || tries != c.tries || said != tries-1 || took < c.least || took > 3*time.Minute {
				t.Errorf("%v: %v after %d tries, %d waits said, %v", c.err, err, tries, said, took)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) { // and a person can end the wait
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		_, err := Login{Open: func(context.Context) (*pop3.Session, error) { return nil, retrieval.ErrLoginDelay }}.Do(ctx)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

// TestSecondProgram is refused while one has the copy.
func TestSecondProgram(t *testing.T) {
	w := onSandbox(t, nil)
	w.fill(1)
	s, c, _, err := w.session(keep, "")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Drop()
	defer c.Close()
	if out := w.run(t.Context(), Options{}, ""); !errors.Is(out.err, local.ErrBusy) {
		t.Errorf("got %v", out.err)
	}
}
