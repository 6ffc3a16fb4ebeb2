package live

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/pop3"
)

// popSide owns the POP3 session: only run touches it.
type popSide struct {
	d       *Desk
	jobs    chan job[*pop3.Session]
	connect chan struct{}
	wake    chan struct{}
	leaving chan struct{} // closed: the Desk ends
	gone    chan struct{} // closed: run has ended
	again   bool          // a new session is to follow the one that ends; only run and its jobs touch it

	wantTops []int // guarded by d.mu; numbers of session wantOf
	wantOf   int
}

func newPOPSide(d *Desk) *popSide {
	return &popSide{d: d, jobs: make(chan job[*pop3.Session]),
		connect: make(chan struct{}, 1), wake: make(chan struct{}, 1),
		leaving: make(chan struct{}), gone: make(chan struct{})}
}

// headStart is how long POP3's first login lets IMAP's first screen go ahead: a
// person reads that screen while POP3 lists, and a server that has to make two
// sessions at once makes both late.
const headStart = 250 * time.Millisecond

func (s *popSide) run() {
	defer s.d.wg.Done()
	defer close(s.gone)
	ctx, stop := endsWith(s.d.ctx, s.leaving) // what only connects is not waited for at the end
	defer stop()
	t := &tries{pace: s.d.o.pace}
	select {
	case <-s.d.imap.shown:
	case <-time.After(headStart):
	case <-ctx.Done():
		return
	}
	for {
		opened := false
		err := safely(func() error { return s.session(ctx, &opened) })
		if ctx.Err() != nil {
			return
		}
		if s.again {
			s.again, t.n = false, 0
			continue
		}
		s.rest(t, opened, err)
	}
}

// session opens one session, serves it, and says why it ended.
func (s *popSide) session(ctx context.Context, opened *bool) error {
	sess, err := s.open(ctx)
	*opened = sess != nil
	if sess == nil {
		return err
	}
	defer sess.Drop()
	if err != nil {
		return err
	}
	return serveSession(s.d, sess, s.jobs, s.wake, s.loadTops)
}

// open logs in and takes the snapshot; the session is nil when the login failed.
func (s *popSide) open(ctx context.Context) (*pop3.Session, error) {
	d := s.d
	d.post(func(b *book) { b.pop.State = retrieval.POP3Connecting })
	if err := d.device.hold(ctx); err != nil {
		return nil, err
	}
	sess, err := login(d, func() (*pop3.Session, error) {
		return pop3.Open(ctx, pop3.Config{Account: d.o.Account, Password: d.o.Password, Guard: d.o.Guard, Wire: d.o.Wire, APOP: d.o.APOP,
			Events: func(e pop3.Event) { d.post(func(b *book) { b.onPOP(e) }) }})
	})
	if err != nil {
		return nil, err
	}
	d.post(func(b *book) { b.popOpened(sess) })
	drop, err := sess.Snapshot(ctx)
	if err != nil {
		return sess, err
	}
	d.reconcile(drop)
	d.here(drop.Entries)
	d.post(func(b *book) { b.snapshot(sess, drop); b.tellDue() })
	return sess, nil
}

// loadTops asks TOP n 0 for the rows on screen: POP3's only way to a subject
// that does not mark anything as read on any server that was measured.
func (s *popSide) loadTops(sess *pop3.Session) error {
	d := s.d
	d.mu.Lock()
	numbers := s.wantTops
	if s.wantOf != sess.Number() {
		numbers = nil
	}
	s.wantTops = nil
	d.mu.Unlock()
	d.ask(func(b *book) { numbers = b.headless(numbers) }) // an earlier load may have brought them meanwhile
	if len(numbers) == 0 {
		return nil
	}
	err := safely(func() error { return s.tops(d.ctx, sess, numbers) })
	if broken(err) {
		return err
	}
	if err != nil && d.ctx.Err() == nil {
		d.post(func(b *book) { b.failed(retrieval.POP3, "", err) })
	}
	return nil
}

// headless keeps the numbers whose header is not known.
func (b *book) headless(numbers []int) []int {
	return slices.DeleteFunc(numbers, func(n int) bool {
		return n > len(b.pop.Drop.Entries) || b.pop.Drop.Entries[n-1].Header != nil || b.pop.Drop.Entries[n-1].Gone
	})
}

func (s *popSide) tops(ctx context.Context, sess *pop3.Session, numbers []int) error {
	if caps := sess.Caps(); caps.Known && !caps.Top {
		return nil
	}
	heads := map[int]*retrieval.Header{}
	var gone []int
	err := sess.Top(ctx, numbers, 0, func(n int, octets []byte, err error) error {
		if errors.Is(err, retrieval.ErrGone) {
			gone = append(gone, n)
		}
		if err != nil {
			return nil
		}
		heads[n] = parseHeader(octets)
		return nil
	})
	s.d.post(func(b *book) { b.topped(sess.Number(), heads, gone) })
	return err
}

// rest waits for a key, or for the next try where the connection could not be
// made at all. A session that was open and ended is not replaced by itself: its
// snapshot stays on the screen, and what it had marked stays on the server.
func (s *popSide) rest(t *tries, hadSession bool, err error) {
	d := s.d
	var timer <-chan time.Time
	var at time.Time
	if !hadSession {
		if wait, again := t.next(err); again {
			at = time.Now().Add(wait)
			timer = time.After(wait)
		}
	}
	pr := problem(retrieval.POP3, d.o.Account.POP3, err, at)
	var void []string
	d.ask(func(b *book) { void = b.popClosed(pr) })
	d.copyKept(void)
	for {
		select {
		case j := <-s.jobs:
			j.done <- &retrieval.OpError{Protocol: retrieval.POP3, Op: "use the session", Err: retrieval.ErrClosed, Text: pr.Why}
		case <-timer:
			return
		case <-s.connect:
			t.n = 0
			return
		case <-d.ctx.Done():
			return
		}
	}
}

// leave ends the session without deleting anything that nobody confirmed.
func (s *popSide) leave() {
	close(s.leaving)
	ctx, stop := endsWith(s.d.ctx, s.gone)
	defer stop()
	_ = enqueue(ctx, s.d, s.jobs, func(ctx context.Context, sess *pop3.Session) error {
		pending := 0
		s.d.ask(func(b *book) { pending = b.pop.Pending })
		if pending > 0 {
			sess.Drop()
			return nil
		}
		_, err := sess.Quit(ctx)
		return err
	})
}

func (b *book) popOpened(sess *pop3.Session) {
	if b.psess != nil { // QUIT ended it and this one follows at once
		b.pcost = b.pcost.Add(b.psess.Meter())
	}
	b.psess = sess
	b.pop.Session, b.pop.Security, b.pop.Caps = sess.Number(), sess.Security(), sess.Caps().Lines
	b.pop.State, b.pop.Problem, b.pop.Pending = sess.State(), nil, 0
	b.pop.IdleAfter, b.pop.IdleKnown = sess.IdleLimit()
	b.happen(retrieval.Happening{Side: retrieval.POP3, Kind: retrieval.Connected, Line: sess.LastLine(),
		Text: fmt.Sprintf("POP3 session %d is open (%s)", sess.Number(), b.pop.Security.WithLogin())})
}

// snapshot takes in a new session's frozen list, and says what came of what
// the session before had marked.
func (b *book) snapshot(sess *pop3.Session, drop retrieval.Maildrop) {
	keepHeaders(b.pop.Drop.Entries, drop.Entries)
	b.pop.Drop, b.pop.Pending, b.stale, b.listedIn = drop, 0, true, sess.Number()
	b.newest, b.taken = 0, nil
	if n := len(b.uids); n > 0 && b.whole && isInbox(b.imap.Mailbox.Name) {
		b.newest = b.uids[n-1]
	}
	b.happen(retrieval.Happening{Side: retrieval.POP3, Kind: retrieval.Listed, Line: sess.LastLine(),
		Cause: retrieval.CauseProtocol, Source: "RFC 1939 section 5",
		Text: fmt.Sprintf("POP3 session %d froze its list: %d messages%s", sess.Number(), len(drop.Entries), b.verify(drop))})
}

// verify says whether this list keeps what the last session's end promised.
func (b *book) verify(drop retrieval.Maildrop) string {
	listed := make(map[string]bool, len(drop.Entries))
	for i := range drop.Entries {
		listed[drop.Entries[i].UniqueID] = true
	}
	count := func(ids []string) (n int) {
		for _, id := range ids {
			if listed[id] {
				n++
			}
		}
		return n
	}
	text := ""
	if n := len(b.dropped); n > 0 {
		text = fmt.Sprintf("; of the %d that were marked when the cable was pulled, %d are still here", n, count(b.dropped))
	}
	if n := len(b.deleted); n > 0 {
		text = fmt.Sprintf("; of the %d that QUIT deleted, %d are still listed", n, count(b.deleted))
	}
	b.dropped, b.deleted = nil, nil
	return text
}

// keepHeaders carries what TOP told over to a new session's list: the same
// unique-id is the same message (RFC 1939 section 7).
func keepHeaders(old, now []retrieval.Entry) {
	heads := make(map[string]*retrieval.Header)
	for i := range old {
		if old[i].Header != nil && old[i].UniqueID != "" {
			heads[old[i].UniqueID] = old[i].Header
		}
	}
	for i := range now {
		now[i].Header = heads[now[i].UniqueID]
	}
}

func (b *book) topped(session int, heads map[int]*retrieval.Header, gone []int) {
	if session != b.pop.Session {
		return
	}
	numbers := slices.Clone(gone)
	for n := range heads {
		numbers = append(numbers, n)
	}
	b.setEntries(numbers, func(e *retrieval.Entry) {
		if h := heads[e.Number]; h != nil {
			e.Header = h
		} else {
			e.Gone = true
		}
	})
}

// popClosed keeps the ended session's list on screen, its marks undone: without
// QUIT there is no UPDATE state, so the server must delete nothing (RFC 1939
// section 3). It returns the unique-ids of those marks.
func (b *book) popClosed(pr *retrieval.Problem) (void []string) {
	if b.psess != nil {
		b.pcost = b.pcost.Add(b.psess.Meter())
		b.psess = nil
	}
	text := "POP3: " + pr.What + ": " + pr.Why
	if b.pop.Pending > 0 {
		var numbers []int
		for i := range b.pop.Drop.Entries {
			if e := &b.pop.Drop.Entries[i]; e.Marked {
				numbers = append(numbers, e.Number)
				b.dropped = append(b.dropped, e.UniqueID)
			}
		}
		text += fmt.Sprintf("; marks void without QUIT: %d", len(numbers))
		void = b.dropped
		b.setEntries(numbers, func(e *retrieval.Entry) { e.Marked = false })
	}
	b.pop.State, b.pop.Problem = retrieval.POP3Closed, pr
	if !errors.Is(pr.Err, errByUs) { // who pulled the cable was told so already
		b.happen(retrieval.Happening{Side: retrieval.POP3, Kind: retrieval.Closed, Text: text, Cause: retrieval.CauseProtocol, Source: "RFC 1939 section 3"})
	}
	return void
}

// onPOP takes in what the POP3 session did.
func (b *book) onPOP(e pop3.Event) {
	if e.State != "" {
		b.pop.State = e.State
	}
}

// failed records an error that no action waits for.
func (b *book) failed(side retrieval.Protocol, what string, err error) {
	if what != "" {
		what += ": "
	}
	b.happen(retrieval.Happening{Side: side, Kind: retrieval.Failed, Text: what + plain(err)})
}
