package audit

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/check"
	"imapop/retrieval/imap"
	"imapop/retrieval/pop3"
	"imapop/retrieval/safe"
)

const (
	inbox        = "INBOX"
	markHeader   = "X-Imapop-Check" // how our message is known again, whatever a server does to it
	cleanupTime  = 20 * time.Second // for removing our message after everything else failed
	lookedAt     = 200              // messages of the maildrop that are looked at for ours, the newest first
	windowOfOurs = 50               // messages of INBOX that are looked at for ours, where APPEND tells no UID
)

// trial is one message of our own on its way through both protocols.
type trial struct {
	r    *run
	t    *check.MessageTest
	s    *imap.Session
	mark string
	id   string // Message-ID
	uid  uint32
}

// message stores a message over IMAP, looks for it and retrieves it over POP3,
// and removes it, whatever happened in between.
func (r *run) message(ctx context.Context, s *imap.Session) {
	t := &check.MessageTest{}
	r.facts.Message = t
	if s == nil {
		t.Problem = "IMAP is not logged in, so no message was stored"
		r.popLogin(ctx, nil)
		return
	}
	mark := rand.Text()
	x := &trial{r: r, t: t, s: s, mark: mark, id: "<" + mark + "@check.imapop.example>"}
	defer x.remove(context.WithoutCancel(ctx))
	if err := x.store(ctx); err != nil {
		x.problem("store the message", err)
		r.popLogin(ctx, nil)
		return
	}
	r.popLogin(ctx, func(p *pop3.Session, drop retrieval.Maildrop) { x.retrieve(ctx, p, drop) })
	if l := r.facts.POP3.Login; l == nil || l.POP3 == nil {
		t.Problem = "POP3 is not logged in, so the message could not be looked for"
		return
	}
	if x.t.SeenRETR != nil {
		x.t.SeenQUIT = x.flag(ctx)
	}
}

func (x *trial) problem(what string, err error) {
	if x.t.Problem == "" {
		x.t.Problem = what + ": " + safe.Cut(safe.Line(err.Error()), 300)
	}
}

// store puts the message into INBOX and finds out its UID.
func (x *trial) store(ctx context.Context) error {
	now := time.Now()
	msg := fmt.Sprintf("%s: %s\r\nMessage-ID: %s\r\nDate: %s\r\nFrom: imapop check <check@imapop.example>\r\nTo: %s\r\nSubject: imapop check\r\n"+
		"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"+
		"imapop stored this message to see what IMAP and POP3 do to it, and removes it by itself.\r\n"+
		"Should you find it later than %s, it can be deleted.\r\n",
		markHeader, x.mark, x.id, now.Format(time.RFC1123Z), "undisclosed-recipients:;", now.Add(time.Hour).Format(time.RFC1123Z))
	uid, err := x.s.Append(ctx, inbox, nil, time.Time{}, []byte(msg))
	if err != nil {
		return err
	}
	x.t.Stored, x.uid = true, uid
	return x.find(ctx, x.s)
}

// find selects INBOX and, where APPEND told no UID, looks for our Message-ID.
func (x *trial) find(ctx context.Context, s *imap.Session) error {
	box, err := s.Select(ctx, inbox, false)
	if err != nil || x.uid != 0 || box.Messages == 0 {
		return err
	}
	from := uint32(1)
	if box.Messages > windowOfOurs {
		from = box.Messages - windowOfOurs + 1
	}
	list, err := s.Window(ctx, from, box.Messages)
	for _, m := range list {
		if m.Header.MessageID == x.id {
			x.uid = m.UID
		}
	}
	return err
}

// retrieve looks for the message over POP3 and downloads it.
func (x *trial) retrieve(ctx context.Context, p *pop3.Session, drop retrieval.Maildrop) {
	numbers := make([]int, 0, lookedAt)
	for i := len(drop.Entries) - 1; i >= 0 && len(numbers) < lookedAt; i-- {
		numbers = append(numbers, drop.Entries[i].Number)
	}
	ours := 0
	for group := range slices.Chunk(numbers, 10) { // ours is nearly always the last
		err := p.Top(ctx, group, 0, func(n int, octets []byte, err error) error {
			if err == nil && bytes.Contains(octets, []byte(x.mark)) {
				ours = n
			}
			return nil
		})
		if err != nil {
			x.problem("look for the message over POP3", err)
			return
		}
		if ours != 0 {
			break
		}
	}
	if ours == 0 {
		return
	}
	x.t.Found = true
	err := p.Retrieve(ctx, []int{ours}, func(int, int64) (pop3.Sink, error) { return nil, nil },
		func(_ int, _ pop3.Retrieved, err error) error { return err }, nil)
	if err != nil {
		x.problem("retrieve the message over POP3", err)
		return
	}
	x.t.SeenRETR = x.flag(ctx)
}

// flag looks whether IMAP shows the message as \Seen now.
func (x *trial) flag(ctx context.Context) *bool {
	if x.uid == 0 {
		return nil
	}
	if err := x.s.Noop(ctx); err != nil {
		x.problem("look at the flags", err)
		return nil
	}
	list, err := x.s.Messages(ctx, []uint32{x.uid})
	if err != nil || len(list) != 1 {
		if err == nil {
			err = retrieval.ErrGone
		}
		x.problem("look at the flags", err)
		return nil
	}
	seen := list[0].Has(`\Seen`)
	return &seen
}

// remove takes the message out again, over a connection of its own when the
// first one is gone. It runs after failures and a cancel too.
func (x *trial) remove(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, cleanupTime)
	defer cancel()
	s := x.s
	select {
	case <-s.Done():
		c, _ := x.r.config()
		again, err := imap.Open(ctx, c)
		if err != nil {
			x.problem("remove the message", err)
			return
		}
		defer again.Logout(ctx)
		s = again
	default:
	}
	if err := x.removeIn(ctx, s); err != nil {
		x.problem("remove the message", err)
	}
}

func (x *trial) removeIn(ctx context.Context, s *imap.Session) error {
	if err := x.find(ctx, s); err != nil {
		return err
	}
	if x.uid == 0 { // APPEND was not answered, and nothing like it is there
		x.t.Removed = true
		return nil
	}
	if list, err := s.Messages(ctx, []uint32{x.uid}); err != nil || len(list) == 0 {
		x.t.Removed = err == nil
		return err
	} else if list[0].Header.MessageID != x.id { // never anything but ours
		return fmt.Errorf("UID %d is not the message that was stored", x.uid)
	}
	if _, err := s.Store(ctx, []uint32{x.uid}, true, []string{`\Deleted`}); err != nil {
		return err
	}
	gone, err := s.Expunge(ctx, []uint32{x.uid})
	x.t.Removed = err == nil && slices.Contains(gone, x.uid)
	return err
}
