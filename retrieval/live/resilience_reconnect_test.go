package live

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"imapop/account"
	"imapop/account/servertest/distance"
	"imapop/retrieval"
	"imapop/retrieval/imap"
	"imapop/retrieval/pop3"
)

func TestIMAPComesBackByItselfPOP3OnAKey(t *testing.T) {
	_, a := healthy(t)
	imapCable, popCable := distance.Start(t, a.IMAP.Address, 0), distance.Start(t, a.POP3.Address, 0)
	a.IMAP.Address, a.POP3.Address = imapCable.Addr, popCable.Addr
	b := try(t, a, func(o *Options) { o.pace = atOnce })
	b.works(retrieval.IMAP)
	b.works(retrieval.POP3)
	v := b.now()
	b.do(retrieval.Action{Verb: retrieval.VerbDelete, Side: retrieval.POP3, Numbers: []int{1}, Session: v.POP3.Session})
	imapCable.Cut()
	popCable.Cut()
	b.wait("IMAP is there again", func(bk *book) bool {
		return bk.imap.Session > v.IMAP.Session && bk.whole && bk.imap.Problem == nil
	})
	pr := b.problem(retrieval.POP3)
	if !pr.Retry.IsZero() || !strings.Contains(pr.Do, "o ") {
		t.Errorf("POP3's problem: %+v", pr)
	}
	if v := b.now(); v.POP3.Pending != 0 || len(v.POP3.Drop.Entries) == 0 || v.POP3.State != retrieval.POP3Closed {
		t.Errorf("after the cut: %d marks, %d entries, %s", v.POP3.Pending, len(v.POP3.Drop.Entries), v.POP3.State)
	}
	b.do(retrieval.Action{Verb: retrieval.VerbConnect, Side: retrieval.POP3})
	b.wait("POP3 is there again", func(bk *book) bool { return bk.listedIn > v.POP3.Session })
	if n := len(b.now().POP3.Drop.Entries); n != len(v.POP3.Drop.Entries) {
		t.Errorf("%d messages, there were %d: a cut deletes nothing", n, len(v.POP3.Drop.Entries))
	}
	b.works(retrieval.IMAP)
}

// TestUIDValidityChanges finds another UIDVALIDITY after a reconnect: nothing
// that was known by UID may be believed, shown or acted upon any more.
func TestUIDValidityChanges(t *testing.T) {
	_, a := healthy(t)
	validity := regexp.MustCompile(`UIDVALIDITY \d+`)
	r := startRelay(t, a.IMAP.Address, func(r *relay) {
		r.server = func(n int, line string) (string, bool) {
			if n > 1 {
				line = validity.ReplaceAllString(line, "UIDVALIDITY 77")
			}
			return line, false
		}
	})
	a.IMAP = plaintext(r.addr)
	b := try(t, a, func(o *Options) { o.pace = atOnce })
	b.works(retrieval.IMAP)
	b.works(retrieval.POP3)
	before, start := b.now(), b.seq()
	act := retrieval.Action{Verb: retrieval.VerbDelete, Side: retrieval.IMAP, UIDs: b.uidsNow()[:1]}
	box, err := b.staleUIDs(act)
	if err != nil {
		t.Fatal(err)
	}
	var known map[uint32]*retrieval.Message
	b.ask(func(bk *book) { known = bk.known })
	b.do(retrieval.Action{Verb: retrieval.VerbDrop, Side: retrieval.IMAP})
	b.problem(retrieval.IMAP)
	b.do(retrieval.Action{Verb: retrieval.VerbConnect, Side: retrieval.IMAP})
	b.happened(start, retrieval.IMAP, retrieval.Revalidated)
	b.wait("IMAP lists anew", func(bk *book) bool { return bk.whole && bk.imap.Mailbox.UIDValidity == 77 })
	b.ask(func(bk *book) {
		for uid, m := range bk.known {
			if known[uid] == m {
				t.Errorf("UID %d is still known from UIDVALIDITY %d", uid, before.IMAP.Mailbox.UIDValidity)
			}
		}
	})
	// What a person asked of the old list waits in the queue until the new session is there.
	err = enqueue(t.Context(), b.Desk, b.Desk.imap.jobs, func(_ context.Context, s *imap.Session) error { return sameMailbox(act, box, s.Mailbox()) })
	if !errors.Is(err, retrieval.ErrStale) {
		t.Errorf("a deletion by an old UID: %v", err)
	}
	if v := b.now(); len(v.Rows) == 0 || v.Pairing.Format != "" && len(paired(v)) > 0 && v.Rows[0].Sure == retrieval.SureFormula {
		t.Errorf("unique-ids that carry UIDVALIDITY %d are paired by formula with UIDVALIDITY 77", before.IMAP.Mailbox.UIDValidity)
	}
}

// TestOneSideHangs leaves an action without its answer. The other side works on,
// Cancel ends the wait, and IMAP comes back.
func TestOneSideHangs(t *testing.T) {
	_, a := healthy(t)
	hangs := make(chan struct{}, 1)
	r := startRelay(t, a.IMAP.Address, func(r *relay) {
		r.client = func(n int, line string) {
			if n == 1 && strings.Contains(line, "STORE") {
				r.deaf.Store(true)
				ring(hangs)
			}
			if n > 1 {
				r.deaf.Store(false)
			}
		}
	})
	a.IMAP = plaintext(r.addr)
	b := try(t, a, func(o *Options) { o.pace = atOnce; o.Wire.Timeouts.Answer = time.Hour })
	b.wait("IMAP lists", func(bk *book) bool { return bk.whole && len(bk.uids) > 0 })
	session := b.now().IMAP.Session
	done := make(chan error, 1)
	go func() {
		done <- b.Do(t.Context(), retrieval.Action{Verb: retrieval.VerbFlag, Side: retrieval.IMAP, UIDs: b.uidsNow()[:1]})
	}()
	<-hangs
	b.works(retrieval.POP3)
	select {
	case err := <-done:
		t.Fatalf("it did not hang: %v", err)
	default:
	}
	start := time.Now()
	b.Cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("after Cancel: %v", err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("Cancel took %v", took)
	}
	r.deaf.Store(false)
	b.wait("IMAP is there again", func(bk *book) bool { return bk.imap.Session > session && bk.whole })
	b.works(retrieval.IMAP)
}

// TestLeaveWhileAnActionHangs closes the desk while both servers owe an answer.
// Closing is timed where the desk is cleaned up.
func TestLeaveWhileAnActionHangs(t *testing.T) {
	_, a := healthy(t)
	hangs := make(chan struct{}, 2)
	spoil := func(word string) func(*relay) {
		return func(r *relay) {
			r.client = func(_ int, line string) {
				if strings.Contains(line, word) {
					r.deaf.Store(true)
					hangs <- struct{}{}
				}
			}
		}
	}
	a.IMAP = plaintext(startRelay(t, a.IMAP.Address, spoil("STORE")).addr)
	a.POP3 = plaintext(startRelay(t, a.POP3.Address, spoil("RSET")).addr)
	b := try(t, a, func(o *Options) { o.Wire.Timeouts.Answer = time.Hour })
	b.wait("both list", func(bk *book) bool { return bk.whole && bk.listedIn != 0 })
	done := make(chan error, 2)
	for _, act := range []retrieval.Action{{Verb: retrieval.VerbFlag, Side: retrieval.IMAP, UIDs: b.uidsNow()[:1]}, {Verb: retrieval.VerbReset, Side: retrieval.POP3}} {
		go func() { done <- b.Do(context.Background(), act) }()
	}
	<-hangs
	<-hangs
	b.Close()
	for range 2 {
		if err := <-done; err == nil {
			t.Error("an action that had no answer succeeded")
		}
	}
}

// TestDropInABody cuts the cable inside a message: it must not be taken for whole.
func TestDropInABody(t *testing.T) {
	_, a := healthy(t)
	var armed atomic.Bool
	spoil := func(word string) func(*relay) {
		var after atomic.Int32
		return func(r *relay) {
			r.client = func(_ int, line string) {
				if strings.Contains(line, word) && armed.Load() {
					after.Store(1)
				}
			}
			r.server = func(_ int, line string) (string, bool) {
				if after.Load() > 0 && after.Add(1) == 4 {
					after.Store(0)
					return line, true
				}
				return line, false
			}
		}
	}
	a.IMAP = plaintext(startRelay(t, a.IMAP.Address, spoil("BODY.PEEK[]")).addr)
	a.POP3 = plaintext(startRelay(t, a.POP3.Address, spoil("RETR")).addr)
	b := try(t, a, nil)
	b.works(retrieval.IMAP)
	b.works(retrieval.POP3)
	armed.Store(true)
	for _, act := range []retrieval.Action{
		{Verb: retrieval.VerbReadAloud, Side: retrieval.IMAP, UIDs: b.uidsNow()[:1]},
		{Verb: retrieval.VerbReadAloud, Side: retrieval.POP3, Numbers: []int{1}},
	} {
		if _, err := b.Octets(t.Context(), act); !errors.Is(err, retrieval.ErrClosed) {
			t.Errorf("%s: half a message: %v", act.Side, err)
		}
		if pr := b.problem(act.Side); !strings.Contains(pr.Why, "closed the connection") {
			t.Errorf("%s: %+v", act.Side, pr)
		}
	}
}

// TestRefusedLoginsStop presses the key again and again on a password that the
// servers refuse: a few logins go out, then none.
func TestRefusedLoginsStop(t *testing.T) {
	_, a := healthy(t)
	b := try(t, a, func(o *Options) { o.Password = account.NewPassword("not wonderland"); o.pace = atOnce })
	logins := func() (n int) {
		for _, l := range b.Lines(0, 0) {
			if l.Dir == retrieval.ClientSays && (strings.Contains(l.Text, "AUTH") || strings.HasPrefix(l.Text, "PASS") || strings.Contains(l.Text, "LOGIN")) {
				n++
			}
		}
		return n
	}
	b.problem(retrieval.IMAP)
	b.problem(retrieval.POP3)
	var stopped error
	for range 8 {
		for _, side := range []retrieval.Protocol{retrieval.IMAP, retrieval.POP3} {
			before := b.problem(side)
			if err := b.Do(t.Context(), retrieval.Action{Verb: retrieval.VerbConnect, Side: side}); err != nil {
				stopped = err
				continue
			}
			b.wait("the answer", func(bk *book) bool {
				pr := bk.imap.Problem
				if side == retrieval.POP3 {
					pr = bk.pop.Problem
				}
				return pr != nil && pr != before
			})
		}
	}
	if n := logins(); n != 1+laterRefusals {
		t.Errorf("%d logins went out, want %d", n, 1+laterRefusals)
	}
	if !errors.Is(stopped, errLockedOut) {
		t.Errorf("the key's answer: %v", stopped)
	}
}

// TestNoHammering has a server that ends every session as soon as it is open:
// the tries must come to an end all the same.
func TestNoHammering(t *testing.T) {
	_, a := healthy(t)
	var opened atomic.Int32
	s := serve(t, func(c *talker) {
		opened.Add(1)
		c.imapUntil("UID SEARCH")
	})
	a.IMAP = plaintext(s.addr)
	b := try(t, a, func(o *Options) { o.pace = atOnce })
	b.wait("it gives up", func(bk *book) bool { return bk.imap.Problem != nil && bk.imap.Problem.Retry.IsZero() })
	if n := opened.Load(); n != 1+maxRetries {
		t.Errorf("%d connections, want %d", n, 1+maxRetries)
	}
	b.works(retrieval.POP3)
}

// TestFaultOfOurOwn lets each side panic: it becomes that side's problem.
func TestFaultOfOurOwn(t *testing.T) {
	_, a := healthy(t)
	b := try(t, a, nil)
	b.works(retrieval.IMAP)
	b.works(retrieval.POP3)
	err := enqueue(t.Context(), b.Desk, b.Desk.imap.jobs, func(context.Context, *imap.Session) error { panic("one") })
	if err == nil || !strings.Contains(err.Error(), "TestFaultOfOurOwn") {
		t.Errorf("the error does not name the place: %v", err)
	}
	b.works(retrieval.POP3)
	if pr := b.problem(retrieval.IMAP); !strings.Contains(pr.Why, "a fault in imapop itself: one") || !pr.Retry.IsZero() {
		t.Errorf("IMAP: %+v", pr)
	}
	_ = enqueue(t.Context(), b.Desk, b.Desk.pop.jobs, func(context.Context, *pop3.Session) error { panic("two") })
	b.problem(retrieval.POP3)
	b.ask(func(*book) { panic("three") })
	b.wait("it is told", func(bk *book) bool {
		return len(bk.happened) > 0 && strings.Contains(bk.happened[len(bk.happened)-1].Text, "three")
	})
	for _, side := range []retrieval.Protocol{retrieval.IMAP, retrieval.POP3} {
		b.do(retrieval.Action{Verb: retrieval.VerbConnect, Side: side})
		b.wait("it is there again", func(bk *book) bool { return bk.imap.Problem == nil || side == retrieval.POP3 && bk.pop.Problem == nil })
		b.works(side)
	}
}

// TestBackoff holds the numbers that security and servers ask for.
func TestBackoff(t *testing.T) {
	tr := tries{pace: &usualPace}
	var all []time.Duration
	for {
		wait, again := tr.next(net.ErrClosed)
		if !again {
			break
		}
		all = append(all, wait)
	}
	if got := fmt.Sprint(all); got != "[1s 2s 4s 8s 16s 32s 1m0s 1m0s 1m0s 1m0s 1m0s 1m0s]" {
		t.Errorf("the waits are %s", got)
	}
	if tr.lived(time.Minute); tr.n != 0 {
		t.Error("a session of a minute is no failed try")
	}
	if wait, _ := tr.next(retrieval.ErrLoginDelay); wait != time.Minute {
		t.Errorf("a server that wants a delay is asked again after %v", wait)
	}
	for _, lasting := range []error{retrieval.ErrAuth, retrieval.ErrUnsafe, retrieval.ErrSysPerm, errByUs, errLockedOut, &faultError{"x"}} {
		if _, again := tr.next(lasting); again {
			t.Errorf("%v is tried again by itself", lasting)
		}
	}
}
