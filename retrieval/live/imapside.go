package live

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/imap"
)

// imapSide owns the IMAP session: only run touches it.
type imapSide struct {
	d       *Desk
	jobs    chan job[*imap.Session]
	connect chan struct{} // a key: try now
	wake    chan struct{} // there is something to load
	folder  string        // the folder to select after a reconnect
	shown   chan struct{} // closed: the first screen is there, or cannot be had
	tried   sync.Once
	moved   *moved        // the last move; only run touches it
	leaving chan struct{} // closed: the Desk ends
	gone    chan struct{} // closed: run has ended

	wantUIDs []uint32                                     // guarded by d.mu
	chores   []func(context.Context, *imap.Session) error // guarded by d.mu: follow-ups of events
}

func newIMAPSide(d *Desk) *imapSide {
	return &imapSide{d: d, folder: "INBOX", jobs: make(chan job[*imap.Session]),
		connect: make(chan struct{}, 1), wake: make(chan struct{}, 1),
		shown: make(chan struct{}), leaving: make(chan struct{}), gone: make(chan struct{})}
}

func (s *imapSide) run() {
	defer s.d.wg.Done()
	defer close(s.gone)
	ctx, stop := endsWith(s.d.ctx, s.leaving) // what only connects is not waited for at the end
	defer stop()
	t := &tries{pace: s.d.o.pace}
	for {
		err := safely(func() error { return s.session(ctx, t) })
		if ctx.Err() != nil {
			return
		}
		s.rest(t, err)
	}
}

// session opens one session, serves it, and says why it ended.
func (s *imapSide) session(ctx context.Context, t *tries) error {
	sess, err := s.open(ctx)
	s.tried.Do(func() { close(s.shown) })
	if err != nil {
		return err
	}
	began := time.Now()
	defer sess.Drop()
	err = serveSession(s.d, sess, s.jobs, s.wake, s.background)
	t.lived(time.Since(began))
	return err
}

// open connects, logs in and brings the first screen; the rest follows as chores.
func (s *imapSide) open(ctx context.Context) (*imap.Session, error) {
	d := s.d
	d.post(func(b *book) { b.imap.State = retrieval.IMAPConnecting })
	sess, err := login(d, func() (*imap.Session, error) {
		return imap.Open(ctx, imap.Config{Account: d.o.Account, Password: d.o.Password, Guard: d.o.Guard, Wire: d.o.Wire,
			Events: func(e imap.Event) { d.post(func(b *book) { b.onIMAP(e) }) }})
	})
	if err != nil {
		return nil, err
	}
	d.post(func(b *book) { b.imapOpened(sess) })
	if err := s.selectFolder(ctx, sess, s.folder); err != nil {
		if s.folder != "INBOX" {
			s.folder = "INBOX"
			err = s.selectFolder(ctx, sess, s.folder)
		}
		if err != nil {
			sess.Drop()
			return nil, err
		}
	}
	return sess, nil
}

// selectFolder opens a folder and shows its newest messages before it asks for anything else.
func (s *imapSide) selectFolder(ctx context.Context, sess *imap.Session, name string) error {
	box, ms, err := sess.SelectWindow(ctx, name, false, s.d.o.Window)
	if err != nil {
		return err
	}
	s.folder = name
	s.d.post(func(b *book) { b.selected(box, ms) })
	s.chore(s.listUIDs)
	s.chore(s.listFolders)
	return nil
}

func (s *imapSide) listUIDs(ctx context.Context, sess *imap.Session) error {
	uids, err := sess.UIDs(ctx)
	if err != nil {
		return err
	}
	s.d.post(func(b *book) { b.listed(uids) })
	return nil
}

func (s *imapSide) listFolders(ctx context.Context, sess *imap.Session) error {
	folders, err := sess.Folders(ctx)
	if err != nil {
		return err
	}
	inOrder(folders)
	s.d.post(func(b *book) { b.imap.Folders = folders; b.stale = true })
	return nil
}

// recount asks for one folder's counts, after something went into or out of it.
// Of the selected mailbox the counts are known without asking, and STATUS is
// not meant for it (RFC 9051 section 6.3.11).
func (s *imapSide) recount(name string) func(context.Context, *imap.Session) error {
	return func(ctx context.Context, sess *imap.Session) error {
		if sess.Mailbox().Name == name {
			s.d.post(func(b *book) { b.countSelected() })
			return nil
		}
		f, err := sess.Status(ctx, name)
		if err != nil {
			return err
		}
		s.d.post(func(b *book) {
			list := slices.Clone(b.imap.Folders)
			for i := range list {
				if list[i].Name == name {
					list[i].Messages, list[i].Unseen, list[i].Counted = f.Messages, f.Unseen, f.Counted
				}
			}
			b.imap.Folders, b.stale = list, true
		})
		return nil
	}
}

// chore queues a follow-up that runs when no action waits; it never blocks.
func (s *imapSide) chore(f func(context.Context, *imap.Session) error) {
	s.d.mu.Lock()
	s.chores = append(s.chores, f)
	s.d.mu.Unlock()
	ring(s.wake)
}

func ring(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// background does one chore or loads one window, and asks to be woken for more.
// A failure of the connection shows itself through Done; a refusal is told once.
// The error is a panic's.
func (s *imapSide) background(sess *imap.Session) error {
	d := s.d
	d.mu.Lock()
	var f func(context.Context, *imap.Session) error
	if len(s.chores) > 0 {
		f, s.chores = s.chores[0], s.chores[1:]
	} else if len(s.wantUIDs) > 0 {
		uids := s.wantUIDs
		s.wantUIDs = nil
		f = func(ctx context.Context, sess *imap.Session) error {
			d.ask(func(b *book) { // an earlier load may have brought them meanwhile
				uids = slices.DeleteFunc(uids, func(u uint32) bool { return b.known[u] != nil })
			})
			if len(uids) == 0 {
				return nil
			}
			return s.load(ctx, sess, uids)
		}
	}
	more := len(s.chores) > 0 || len(s.wantUIDs) > 0
	d.mu.Unlock()
	if f == nil {
		return nil
	}
	err := safely(func() error { return f(d.ctx, sess) })
	if broken(err) {
		return err
	}
	if err != nil && !errors.Is(err, retrieval.ErrClosed) && d.ctx.Err() == nil {
		d.post(func(b *book) { b.failed(retrieval.IMAP, "", err) })
	}
	if more {
		ring(s.wake)
	}
	return nil
}

func (s *imapSide) load(ctx context.Context, sess *imap.Session, uids []uint32) error {
	ms, err := sess.Messages(ctx, uids)
	if err != nil {
		return err
	}
	s.d.post(func(b *book) { b.setMessages(ms) })
	return nil
}

// rest waits for the next try: by itself with backoff where that can help, or
// for a key. Jobs that come meanwhile are told that there is no session.
func (s *imapSide) rest(t *tries, err error) {
	d := s.d
	var timer <-chan time.Time
	var at time.Time
	if wait, again := t.next(err); again {
		at = time.Now().Add(wait)
		timer = time.After(wait)
	}
	pr := problem(retrieval.IMAP, d.o.Account.IMAP, err, at)
	d.post(func(b *book) { b.imapClosed(pr) })
	for {
		select {
		case j := <-s.jobs:
			j.done <- &retrieval.OpError{Protocol: retrieval.IMAP, Op: "use the session", Err: retrieval.ErrClosed, Text: pr.Why}
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

// leave logs out, bounded by the session itself.
func (s *imapSide) leave() {
	close(s.leaving)
	ctx, stop := endsWith(s.d.ctx, s.gone)
	defer stop()
	_ = enqueue(ctx, s.d, s.jobs, func(ctx context.Context, sess *imap.Session) error { return sess.Logout(ctx) })
}

func isInbox(name string) bool { return strings.EqualFold(name, "INBOX") }

func (b *book) imapOpened(sess *imap.Session) {
	b.isess = sess
	b.imap.Session, b.imap.Security, b.imap.Revision = sess.Number(), sess.Security(), sess.Revision()
	b.imap.Caps, b.imap.Problem, b.imap.State = sess.Caps(), nil, sess.State()
	b.happen(retrieval.Happening{Side: retrieval.IMAP, Kind: retrieval.Connected, Line: sess.LastLine(),
		Text: fmt.Sprintf("IMAP session %d is open (%s, %s)", sess.Number(), b.imap.Revision, b.imap.Security.WithLogin())})
}

func (b *book) imapClosed(pr *retrieval.Problem) {
	if b.isess != nil {
		b.icost = b.icost.Add(b.isess.Meter())
		b.isess = nil
	}
	b.imap.State, b.imap.Problem = retrieval.IMAPClosed, pr
	b.happen(retrieval.Happening{Side: retrieval.IMAP, Kind: retrieval.Closed, Text: "IMAP: " + pr.What + ": " + pr.Why})
}

// selected takes in a newly selected folder with its newest messages.
func (b *book) selected(box retrieval.Mailbox, ms []retrieval.Message) {
	old := b.imap.Mailbox
	if old.Name == box.Name && old.UIDValidity != 0 && old.UIDValidity != box.UIDValidity {
		b.happen(retrieval.Happening{Side: retrieval.IMAP, Kind: retrieval.Revalidated, Cause: retrieval.CausePolicy, Source: "RFC 9051 section 2.3.1.1",
			Text: fmt.Sprintf("UIDVALIDITY of %s went from %d to %d: every UID known before is void", box.Name, old.UIDValidity, box.UIDValidity)})
	}
	b.imap.Mailbox = box
	b.known = map[uint32]*retrieval.Message{}
	b.uids = make([]uint32, 0, len(ms))
	for i := range ms {
		b.known[ms[i].UID] = &ms[i]
		b.uids = append(b.uids, ms[i].UID)
	}
	slices.Sort(b.uids)
	b.rows, b.stale, b.whole, b.complete = nil, true, false, false
	b.happen(retrieval.Happening{Side: retrieval.IMAP, Kind: retrieval.Selected,
		Text: fmt.Sprintf("selected %s: %d messages", box.Name, box.Messages)})
}

// listed takes in every UID of the selected mailbox.
func (b *book) listed(uids []uint32) {
	b.uids, b.stale, b.whole = uids, true, true
	b.imap.Mailbox.Messages = uint32(len(uids))
	if isInbox(b.imap.Mailbox.Name) {
		b.inbox.uidValidity, b.inbox.uids = b.imap.Mailbox.UIDValidity, uids
	}
}
