package live

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"imapop/account"
	"imapop/account/sandbox"
	"imapop/retrieval"
	"imapop/retrieval/compare"
	"imapop/retrieval/local"
)

// opener opens a copy of an account in a Maildir, by a clock.
func opener(a account.Account, maildir string, now func() time.Time) func(locked func()) (*local.Copy, error) {
	return func(locked func()) (*local.Copy, error) {
		return local.Open(local.Options{Maildir: maildir, Endpoint: a.POP3.Address, User: a.User, Policy: a.LeaveOnServer, Now: now, Locked: locked})
	}
}

// device opens the account on another device: a Maildir, a ledger, a transcript
// and two sessions of its own. It need not come up.
func (b *bench) device() *bench {
	o := b.o
	o.Wire.Transcript = nil
	o.Account.Maildir = filepath.Join(b.t.TempDir(), "Maildir-2")
	o.OpenCopy = opener(o.Account, o.Account.Maildir, nil)
	d := Open(context.Background(), o)
	b.t.Cleanup(d.Close)
	return &bench{Desk: d, t: b.t}
}

// second is why a second device's POP3 session does not open; nil: it does.
func (b *bench) second() *retrieval.Problem {
	other := b.device()
	var pr *retrieval.Problem
	other.wait("the second session's fate", func(bk *book) bool {
		pr = bk.pop.Problem
		return pr != nil || bk.psess != nil
	})
	return pr
}

func (b *bench) listed() {
	b.t.Helper()
	b.wait("both sides are listed", func(bk *book) bool { return bk.whole && !bk.pop.Drop.At.IsZero() })
}

// entry is a message of the POP3 list by its unique-id.
func (b *bench) entry(id string) *retrieval.Entry {
	b.t.Helper()
	v := b.now()
	for i := range v.POP3.Drop.Entries {
		if v.POP3.Drop.Entries[i].UniqueID == id {
			return &v.POP3.Drop.Entries[i]
		}
	}
	return nil
}

// commands are what POP3 was told of messages since a line of the transcript.
func (b *bench) commands(after uint64) (out []string) {
	for _, s := range b.said(after, retrieval.POP3, retrieval.ClientSays) {
		if verb, _, _ := strings.Cut(s, " "); slices.Contains([]string{"RETR", "TOP", "DELE", "RSET", "QUIT"}, verb) {
			out = append(out, s)
		}
	}
	return out
}

func (b *bench) local(v retrieval.Verb, numbers ...int) error {
	return b.Do(b.t.Context(), retrieval.Action{Verb: v, Side: retrieval.Local, Numbers: numbers})
}

// TestFlagsOfThisDevice holds that r, s and a over POP3 mark the copy on this
// device, in its file's name, and that no server hears of it.
func TestFlagsOfThisDevice(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, b *bench) {
		row := b.unread()
		n, id := row.Number, row.Entry.UniqueID
		if err := b.local(retrieval.VerbFlag, n); !errors.Is(err, local.ErrNotHere) {
			t.Errorf("without a copy: %v", err)
		}
		b.pop(retrieval.VerbDownload, n)
		b.newSession() // Dovecot marks as read at QUIT: that is over before anything is compared
		b.sync()
		n = b.entry(id).Number
		before, line, flags := b.row(row.UID).Message.Flags, b.lastLine(), func() string { return b.entry(id).Copy.Flags }
		for _, v := range []retrieval.Verb{retrieval.VerbFlag, retrieval.VerbAnswered, retrieval.VerbRead} {
			if err := b.local(v, n); err != nil {
				t.Fatal(err)
			}
		}
		if got := flags(); got != "FRS" {
			t.Errorf("the copy carries %q", got)
		}
		if err := b.local(retrieval.VerbUnflag, n); err != nil || flags() != "RS" {
			t.Errorf("the copy carries %q, %v", flags(), err)
		}
		names, _ := filepath.Glob(filepath.Join(b.o.Account.Maildir, "cur", "*:2,RS"))
		if len(names) != 1 {
			t.Errorf("%d files carry the flags in their name", len(names))
		}
		if said := append(b.said(line, retrieval.POP3, retrieval.ClientSays), b.said(line, retrieval.IMAP, retrieval.ClientSays)...); len(said) > 0 && slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, "STORE") }) {
			t.Errorf("servers were told %q", said)
		}
		b.sync()
		if got := b.row(row.UID).Message.Flags; !slices.Equal(got, before) {
			t.Errorf("IMAP's flags are %q, were %q", got, before)
		}
		if len(b.commands(line)) > 0 {
			t.Errorf("POP3 was told %q", b.commands(line))
		}
	})
}

// TestReadingTheCopyMarksTheCopy holds that reading over POP3 what is here marks
// it as read here, and nowhere else.
func TestReadingTheCopyMarksTheCopy(t *testing.T) {
	b := open(t, policy("retr-sets-seen", "no"), nil)
	row := b.unread()
	b.pop(retrieval.VerbDownload, row.Number)
	if b.entry(row.Entry.UniqueID).Copy.Has('S') {
		t.Error("a download marks the copy as read")
	}
	b.readOverPOP(row.Number)
	if !b.entry(row.Entry.UniqueID).Copy.Has('S') {
		t.Error("the copy is not marked as read")
	}
	b.sync()
	if b.seen(row.UID) {
		t.Error(`IMAP has \Seen`)
	}
}

// TestOtherProgramsFlagsAreSeen holds that the next session shows what another
// mail program did to the Maildir.
func TestOtherProgramsFlagsAreSeen(t *testing.T) {
	b := open(t, sandbox.Options{}, nil)
	id := b.now().POP3.Drop.Entries[0].UniqueID
	b.pop(retrieval.VerbDownload, 1)
	b.pop(retrieval.VerbDownload, 2)
	gone := b.now().POP3.Drop.Entries[1].UniqueID
	for i, name := range globOne(t, filepath.Join(b.o.Account.Maildir, "new")) {
		if i == 0 {
			if err := os.Rename(name, filepath.Join(b.o.Account.Maildir, "cur", filepath.Base(name)+":2,FS\x1b[2J")); err != nil {
				t.Fatal(err)
			}
		} else if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	b.newSession()
	if e := b.entry(id); e.Copy == nil || e.Copy.Flags != "FSJ" || !e.Here {
		t.Errorf("%+v", e.Copy)
	}
	if e := b.entry(gone); e.Here || e.Copy == nil || !e.Copy.Removed {
		t.Errorf("what was removed: %+v", e)
	}
}

func globOne(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no files in %s: %v", dir, err)
	}
	return names
}

// TestPlanIsWhatGoesOverTheWire holds, in the app's path, that what is shown of a
// download or a fetch is what goes out, line by line, under each policy.
func TestPlanIsWhatGoesOverTheWire(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, b *bench) {
		total := len(b.now().POP3.Drop.Entries)
		for _, step := range []struct {
			what    string
			policy  string
			earlier bool
			limit   int64
			verb    retrieval.Verb
			numbers []int
			want    string // "": whatever the plan says, but not nothing
		}{
			{"keep", "keep", false, 0, retrieval.VerbDownload, []int{2, 1}, "RETR 1,RETR 2"},
			{"days, later", "7d", false, 0, retrieval.VerbDownload, []int{3}, "RETR 3"},
			{"delete is from now on", "delete", false, 0, retrieval.VerbDownload, []int{1, 4}, "RETR 4,DELE 4"},
			{"what is marked is out of reach", "delete", false, 0, retrieval.VerbDownload, []int{4}, "-"},
			{"also those", "delete", true, 0, retrieval.VerbDownload, []int{1, 2}, "DELE 1,DELE 2"},
			{"everything, headers only", "delete", false, retrieval.HeadersOnly, retrieval.VerbFetch, nil, "-"},
			{"everything below a limit", "keep", false, 1, retrieval.VerbFetch, nil, "-"},
			{"everything", "delete", false, 0, retrieval.VerbFetch, nil, ""},
		} {
			b.do(retrieval.Action{Verb: retrieval.VerbPolicy, Side: retrieval.POP3, Policy: step.policy, Earlier: step.earlier})
			b.do(retrieval.Action{Verb: retrieval.VerbLimit, Side: retrieval.POP3, Octets: step.limit})
			var plan compare.Plan
			if step.verb == retrieval.VerbFetch {
				b.Want(b.now().Rows)
				b.wait("every header is known", func(bk *book) bool {
					return !slices.ContainsFunc(bk.pop.Drop.Entries, func(e retrieval.Entry) bool { return e.Header == nil && !e.Marked })
				})
				plan = compare.PlanFetch(b.now(), time.Now())
			} else {
				plan = compare.PlanDownload(b.now(), step.numbers, time.Now())
			}
			line := b.lastLine()
			b.do(retrieval.Action{Verb: step.verb, Side: retrieval.POP3, Numbers: step.numbers, Planned: plan.Commands})
			if said := b.commands(line); !slices.Equal(said, plan.Commands) {
				t.Errorf("%s: planned %v, said %v", step.what, plan.Commands, said)
			}
			got := strings.Join(plan.Commands, ",")
			if step.want == "-" && got != "" || step.want == "" && got == "" || len(step.want) > 1 && got != step.want {
				t.Errorf("%s: %s, want %s", step.what, got, step.want)
			}
		}
		if n := b.now().POP3.Pending; n != total {
			t.Errorf("%d of %d are marked", n, total)
		}
	})
}

// TestAnotherPlanIsRefused holds that nothing is sent when what would go out is
// not what was shown.
func TestAnotherPlanIsRefused(t *testing.T) {
	b := open(t, sandbox.Options{}, nil)
	shown := compare.PlanDownload(b.now(), []int{1}, time.Now()).Commands
	b.do(retrieval.Action{Verb: retrieval.VerbPolicy, Side: retrieval.POP3, Policy: "delete"})
	line := b.lastLine()
	err := b.Do(t.Context(), retrieval.Action{Verb: retrieval.VerbDownload, Side: retrieval.POP3, Numbers: []int{1}, Planned: shown})
	if !errors.Is(err, errOtherPlan) || len(b.commands(line)) > 0 {
		t.Errorf("err %v, said %v", err, b.commands(line))
	}
}

// TestDueDeletionsWaitForAYes downloads under "7d" by a clock eight days ago: the
// next session says that they are due, and only the fetch that was asked for
// marks them.
func TestDueDeletionsWaitForAYes(t *testing.T) {
	var ago time.Duration
	b := open(t, sandbox.Options{}, func(o *Options) {
		o.Account.LeaveOnServer = account.LeaveOnServer{Mode: account.LeaveDays, After: 7 * 24 * time.Hour}
		o.OpenCopy = opener(o.Account, filepath.Join(t.TempDir(), "Maildir"), func() time.Time { return time.Now().Add(-ago) })
		ago = 8 * 24 * time.Hour
	})
	b.pop(retrieval.VerbDownload, 1, 2)
	start, line := b.seq(), b.lastLine()
	b.newSession()
	if h := b.happened(start, retrieval.Local, retrieval.Due); !strings.Contains(h.Text, "2 messages") {
		t.Error(h.Text)
	}
	if n := compare.Due(b.now(), time.Now()); n != 2 || b.now().POP3.Pending != 0 {
		t.Errorf("%d are due, %d are marked", n, b.now().POP3.Pending)
	}
	if slices.ContainsFunc(b.commands(line), func(s string) bool { return strings.HasPrefix(s, "DELE") }) {
		t.Errorf("said %v", b.commands(line))
	}
	b.pop(retrieval.VerbFetch)
	if got := b.now().POP3.Pending; got != 2 {
		t.Errorf("%d are marked", got)
	}
}

// TestRemovedHereLeavesTheServer holds "delete on the server when deleted here".
func TestRemovedHereLeavesTheServer(t *testing.T) {
	b := open(t, sandbox.Options{}, func(o *Options) { o.Account.LeaveOnServer.Mode = account.LeaveRemoved })
	b.pop(retrieval.VerbDownload, 1, 2, 3)
	if got := compare.PlanDownload(b.now(), []int{1, 2, 3}, time.Now()).Commands; len(got) != 0 {
		t.Errorf("with all copies in place: %v", got)
	}
	if err := b.local(retrieval.VerbRemove, 2); err != nil {
		t.Fatal(err)
	}
	if e := b.now().POP3.Drop.Entries[1]; e.Here || !e.Copy.Removed || len(globOne(t, filepath.Join(b.o.Account.Maildir, "new"))) != 2 {
		t.Errorf("%+v", e)
	}
	line := b.lastLine()
	b.do(retrieval.Action{Verb: retrieval.VerbLimit, Side: retrieval.POP3, Octets: 1})
	b.pop(retrieval.VerbFetch)
	if got := strings.Join(b.commands(line), ","); got != "DELE 2" {
		t.Errorf("said %s", got)
	}
	// Until QUIT there is a way back: RSET, and the download of what was removed.
	b.pop(retrieval.VerbReset)
	b.pop(retrieval.VerbDownload, 2)
	if e := b.now().POP3.Drop.Entries[1]; !e.Here || len(globOne(t, filepath.Join(b.o.Account.Maildir, "new"))) != 3 {
		t.Errorf("downloaded again: %+v", e)
	}
}

// TestStopKeepsWhatIsWhole stops a download in its middle: the message in hand is
// finished and stays, the others are not asked for, nothing is marked, and the
// session lives on.
func TestStopKeepsWhatIsWhole(t *testing.T) {
	b := open(t, sandbox.Options{Empty: true}, func(o *Options) { o.Account.LeaveOnServer.Mode = account.LeaveDelete })
	large := strings.Repeat(strings.Repeat("x", 76)+"\r\n", 100_000)
	for _, name := range []string{"one", "two", "three", "four"} {
		b.deliver(name + "\r\nX: y\r\n\r\n" + large)
	}
	b.newSession()
	n, session := len(b.now().POP3.Drop.Entries), b.session()
	go func() {
		_ = b.until(t.Context(), func(bk *book) bool { return bk.running != nil && bk.running.Done > 0 })
		b.Cancel()
	}()
	err := b.Do(t.Context(), retrieval.Action{Verb: retrieval.VerbFetch, Side: retrieval.POP3})
	var stopped *retrieval.StoppedError
	if !errors.As(err, &stopped) || !errors.Is(err, context.Canceled) {
		t.Fatalf("the download ended with %v", err)
	}
	v, here := b.now(), 0
	for _, e := range v.POP3.Drop.Entries {
		if e.Here {
			here++
		}
	}
	if here == 0 || here == n || v.POP3.Pending != 0 || v.POP3.State != retrieval.POP3Transaction || v.POP3.Session != session || v.Running != nil {
		t.Errorf("%d of %d are here, %d are marked, %s", here, n, v.POP3.Pending, v.POP3.State)
	}
	b.pop(retrieval.VerbFetch)
	if v := b.now(); v.POP3.Pending != n {
		t.Errorf("%d of %d are marked by the next one", v.POP3.Pending, n)
	}
}

// TestOneSessionPerDevice holds that a second program on the same local copy
// opens no POP3 session, says who has it, and may when that one is gone.
func TestOneSessionPerDevice(t *testing.T) {
	b := open(t, sandbox.Options{Policies: map[string]string{"pop3-lock": "no"}}, nil)
	o := b.o
	o.Wire.Transcript, o.pace = nil, never
	other := &bench{Desk: Open(context.Background(), o), t: t}
	t.Cleanup(other.Close)
	pr := other.problem(retrieval.POP3)
	if !errors.Is(pr.Err, local.ErrBusy) || !strings.Contains(pr.Why, "busy") || !strings.Contains(pr.Why, "process") {
		t.Errorf("%+v", pr)
	}
	if said := other.said(0, retrieval.POP3, retrieval.ClientSays); len(said) > 0 {
		t.Errorf("the server was told %q", said)
	}
	other.works(retrieval.IMAP)
	b.Close()
	other.do(retrieval.Action{Verb: retrieval.VerbConnect, Side: retrieval.POP3})
	other.wait("a session", func(bk *book) bool { return bk.psess != nil })
}

// TestTwoDevices holds what two devices of one account see of each other: over
// IMAP a flag, at once; over POP3 nothing but that mail is gone.
func TestTwoDevices(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, b *bench) {
		b.o.Account.LeaveOnServer = account.LeaveOnServer{}
		two := b.device()
		if b.name == "sandbox" {
			b.set("pop3-lock", "no")
			two.do(retrieval.Action{Verb: retrieval.VerbConnect, Side: retrieval.POP3})
		}
		two.listed()
		Beside(b.Desk, "device 1", two.Desk, "device 2")
		row, start := b.unread(), two.seq()
		b.imapDo(retrieval.VerbFlag, row.UID)
		two.wait("device 2 sees the flag", func(bk *book) bool {
			m := bk.known[row.UID]
			return m != nil && m.Has(`\Flagged`)
		})
		if h := two.happened(start, retrieval.IMAP, retrieval.FlagsChanged); !strings.Contains(h.Text, "after UID STORE on device 1") {
			t.Errorf("device 2 heard %q", h.Text)
		}
		id := row.Entry.UniqueID
		b.pop(retrieval.VerbDownload, row.Number)
		if err := b.local(retrieval.VerbAnswered, row.Number); err != nil {
			t.Fatal(err)
		}
		two.newSession()
		if e := two.entry(id); e == nil || e.Here || e.Copy != nil {
			t.Errorf("device 2 has of device 1's download: %+v", e)
		}
		b.pop(retrieval.VerbDelete, row.Number)
		start = two.seq()
		b.newSession()
		if h := two.happened(start, retrieval.IMAP, retrieval.Expunged); !strings.Contains(h.Text, "after POP3's QUIT on device 1") {
			t.Errorf("device 2 heard %q", h.Text)
		}
		two.newSession()
		if e := two.entry(id); e != nil {
			t.Errorf("device 2 still finds %+v", e)
		}
		if _, err := os.Stat(filepath.Join(two.o.Account.Maildir, "new")); err != nil || b.o.Account.Maildir == two.o.Account.Maildir {
			t.Errorf("device 2 has no Maildir of its own: %v", err)
		}
	})
}

// TestWantBringsNoView holds that asking for what is on screen, which a screen
// does after each View, makes no further View by itself: else the two would keep
// each other busy for ever.
func TestWantBringsNoView(t *testing.T) {
	b := open(t, sandbox.Options{}, nil)
	rows := b.now().Rows
	dirty := func() (is bool) {
		done := make(chan struct{})
		b.look(func(bk *book) { is = bk.dirty; close(done) })
		<-done
		return is
	}
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(patience); ; <-tick.C {
		if dirty() {
			select {
			case <-late:
				t.Fatal("the book never came to rest")
			default:
				continue // a View is still to come
			}
		}
		if b.Want(rows); !dirty() {
			return
		}
		select {
		case <-late:
			t.Fatal("each Want brings a View")
		default: // a server may have said something just then
		}
	}
}

// TestLoginDelayIsWaitedOut holds that a server which wants time between two
// logins gets it, that the pane says until when, and that the session then comes
// by itself.
func TestLoginDelayIsWaitedOut(t *testing.T) {
	wait := &pace{first: time.Hour, last: 100 * time.Millisecond, steady: time.Hour}
	b := open(t, sandbox.Options{}, func(o *Options) { o.pace = wait })
	b.set("login-delay", "200ms")
	n := b.session()
	b.pop(retrieval.VerbQuit)
	b.wait("the server asks for time", func(bk *book) bool {
		pr := bk.pop.Problem
		return pr != nil && errors.Is(pr.Err, retrieval.ErrLoginDelay) && !pr.Retry.IsZero()
	})
	b.renewed(n)
}
