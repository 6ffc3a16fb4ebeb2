package stage

import (
	"context"
	"errors"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/pop3"
)

func (d *device) openPOP(ctx context.Context) error {
	if s, err := d.popSession(); err == nil {
		return s.Noop(ctx)
	}
	c := d.s.o.POP3
	c.Wire.Transcript, c.Events = d.s.tr, nil
	sess, err := d.s.openMaildrop(ctx, c)
	if err != nil {
		return err
	}
	d.mu.Lock()
	if d.pop != nil {
		d.popCost = d.popCost.Add(d.pop.Meter())
	}
	d.pop, d.before, d.numbers = sess, d.numbers, map[string]int{}
	d.s.popCaps = sess.Caps().Lines
	d.mu.Unlock()
	if err := d.snapshot(ctx, sess); err != nil {
		return err
	}
	if d.copy == nil {
		return nil
	}
	_, err = d.copy.Reconcile(d.uniqueIDs())
	return err
}

const (
	// lockLinger is how long a server may take to notice that a session which held
	// the maildrop's lock was dropped.
	lockLinger = 5 * time.Second
	// longestDelay is how long a server may ask to be left alone between two logins.
	longestDelay = 70 * time.Second
)

// openMaildrop logs in, and tries again when the server only asks for patience:
// after a session of ours that was dropped, or where it wants time between logins.
func (s *Stage) openMaildrop(ctx context.Context, c pop3.Config) (*pop3.Session, error) {
	for began, pause := time.Now(), 20*time.Millisecond; ; pause *= 2 {
		sess, err := pop3.Open(ctx, c)
		until := time.Time{}
		switch {
		case errors.Is(err, retrieval.ErrInUse):
			until = s.dropped.Add(lockLinger)
		case errors.Is(err, retrieval.ErrLoginDelay):
			until = began.Add(longestDelay)
		}
		if s.hasty || !time.Now().Add(pause).Before(until) {
			return sess, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (d *device) uniqueIDs() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	ids := make([]string, len(d.list.Entries))
	for i := range ids {
		ids[i] = d.list.Entries[i].UniqueID
	}
	return ids
}

// snapshot asks for the list and finds out which entries are the lesson's: by
// unique-ids that are known, and by TOP n 0 for those that are not.
func (d *device) snapshot(ctx context.Context, c *pop3.Session) error {
	drop, err := c.Snapshot(ctx)
	if err != nil {
		return err
	}
	letters, ask := d.s.recognise(drop)
	var met error
	if len(ask) > 0 {
		err = c.Top(ctx, ask, 0, func(n int, head []byte, err error) error {
			if err != nil {
				return nil // expunged by another, or marked
			}
			if l := d.s.learn(head, drop.Entries[n-1]); l != "" {
				letters[n] = l
			}
			return nil
		})
		met = err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.list, d.numbers, d.others = drop, map[string]int{}, max(len(drop.Entries)-len(letters), 0)
	for n, l := range letters {
		d.numbers[l] = n
	}
	return met
}

// maxAsked bounds how many headers are asked for where unique-ids do not help:
// the lesson's messages are among the last.
const maxAsked = 100

// recognise says which entries are the lesson's, and which must be looked at.
func (s *Stage) recognise(drop retrieval.Maildrop) (letters map[int]string, ask []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	letters = map[int]string{}
	for i := range drop.Entries {
		e := &drop.Entries[i]
		switch {
		case e.UniqueID != "" && s.byID[e.UniqueID] != "":
			letters[e.Number] = s.byID[e.UniqueID]
		case e.UniqueID != "" && s.others[e.UniqueID]:
		default:
			ask = append(ask, e.Number)
		}
	}
	return letters, ask[max(len(ask)-maxAsked, 0):]
}

// learn reads a header and remembers whose the unique-id is.
func (s *Stage) learn(head []byte, e retrieval.Entry) string {
	letter, run, ok := mark(head)
	if ok = ok && run == s.run; !ok {
		letter = ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case e.UniqueID == "":
	case ok:
		s.byID[e.UniqueID] = letter
	default:
		s.others[e.UniqueID] = true
	}
	if ok {
		k := s.first[letter]
		if k == nil {
			k = &seen{}
			s.first[letter] = k
		}
		if k.id == "" {
			k.id = e.UniqueID
		}
	}
	return letter
}

func (d *device) letterAt(n int) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	for l, at := range d.numbers {
		if at == n {
			return l
		}
	}
	return ""
}
