package stage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/fetch"
	"imapop/retrieval/lesson"
	"imapop/retrieval/local"
	"imapop/retrieval/pop3"
)

// onPOP3 does one act over POP3.
func (s *Stage) onPOP3(ctx context.Context, d *device, a *lesson.Action) error {
	switch a.Verb {
	case "open":
		return d.openPOP(ctx)
	case "stripped":
		return s.stripped(ctx, retrieval.POP3)
	case "flag":
		return pop3.Unsupported("flags")
	case "move":
		return pop3.Unsupported("move")
	case "search":
		return pop3.Unsupported("search")
	case "send":
		return &retrieval.UnsupportedError{Protocol: retrieval.POP3, What: "command that sends mail", Source: "RFC 1939 section 1",
			Instead: "SMTP submission (RFC 6409) sends"}
	}
	c, err := d.popSession()
	if err != nil {
		return err
	}
	return s.popAct(ctx, d, c, a)
}

func (s *Stage) popAct(ctx context.Context, d *device, c *pop3.Session, a *lesson.Action) error {
	switch a.Verb {
	case "rset":
		err := c.Reset(ctx)
		if err == nil {
			err = d.settle(nil, d.pending())
		}
		return err
	case "noop":
		return c.Noop(ctx)
	case "quit":
		return d.quit(ctx, c)
	case "drop":
		c.Drop()
		<-c.Done()
		d.s.dropped = time.Now()
		clear(d.marks) // the next list of unique-ids tells what became of them
		return nil
	case "tidy":
		return d.tidy(ctx, c)
	}
	numbers, err := d.numbersOf(a.Letters)
	if err != nil {
		return err
	}
	switch a.Verb {
	case "top":
		return first(func(each func(int, error)) error {
			return c.Top(ctx, numbers, 0, func(n int, _ []byte, err error) error { each(n, err); return nil })
		})
	case "dele":
		return first(func(each func(int, error)) error { return c.Delete(ctx, numbers, each) })
	case "retr":
		return d.retrieve(ctx, c, numbers)
	case "download":
		return d.download(ctx, c, numbers, a.Policy)
	}
	return nil
}

// first gives the first error that a message met, or else the run's.
func first(run func(each func(int, error)) error) error {
	var met error
	err := run(func(_ int, err error) {
		if met == nil {
			met = err
		}
	})
	if met != nil {
		return met
	}
	return err
}

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

// sink keeps what RETR brings.
type sink struct{ bytes.Buffer }

func (*sink) Close() error { return nil }

// retrieve brings messages and keeps nothing but a digest of each.
func (d *device) retrieve(ctx context.Context, c *pop3.Session, numbers []int) error {
	var met error
	open := map[int]*sink{}
	err := c.Retrieve(ctx, numbers, func(n int, _ int64) (pop3.Sink, error) {
		open[n] = &sink{}
		return open[n], nil
	}, func(n int, _ pop3.Retrieved, err error) error {
		if met == nil {
			met = err
		}
		if err == nil {
			d.brought(n, open[n].Bytes())
		}
		delete(open, n)
		return nil
	}, nil)
	if met != nil {
		return met
	}
	return err
}

// brought notes how a message looked when it was first retrieved.
func (d *device) brought(n int, octets []byte) {
	if l := d.letterAt(n); l != "" {
		if k := d.s.known(l); k.digest == "" {
			k.digest = digest(octets)
		}
	}
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

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// item is an entry of the open session as the download knows it.
func (d *device) item(n int) fetch.Item {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.list.Entries[n-1]
	return fetch.Item{Number: n, UniqueID: e.UniqueID, Octets: e.Octets}
}

// download brings messages into the device's local copy, those apart that are
// there; with the policy "delete" a DELE follows, as in the app.
func (d *device) download(ctx context.Context, c *pop3.Session, numbers []int, policy account.LeaveOnServer) error {
	copy, err := d.localCopy()
	if err != nil {
		return err
	}
	copy.SetPolicy(policy)
	var bring, all []fetch.Item
	var here []string
	for _, n := range numbers {
		it := d.item(n)
		all = append(all, it)
		if copy.Has(it.UniqueID) {
			here = append(here, it.UniqueID)
		} else {
			bring = append(bring, it)
		}
	}
	var refused error
	h := fetch.Hooks{Refused: func(_ int, err error) { refused = errors.Join(refused, err) }}
	if err := errors.Join(fetch.Download(ctx, c, copy, bring, h), refused); err != nil {
		return err
	}
	if len(here) > 0 {
		if err := copy.ApplyPolicy(here, policy); err != nil {
			return err
		}
	}
	if policy.Mode != account.LeaveDelete {
		return nil
	}
	return d.delete(ctx, c, all)
}

// tidy deletes on the server what the policy of the device says is due.
func (d *device) tidy(ctx context.Context, c *pop3.Session) error {
	copy, err := d.localCopy()
	if err != nil {
		return err
	}
	var due []fetch.Item
	now := d.now()
	for i, id := range d.uniqueIDs() {
		if r, ok := copy.Lookup(id); ok && d.letterAt(i+1) != "" && local.Due(r, r.Policy, now) {
			due = append(due, d.item(i+1))
		}
	}
	return d.delete(ctx, c, due)
}

// delete sends DELE for what is durable here.
func (d *device) delete(ctx context.Context, c *pop3.Session, items []fetch.Item) error {
	m, err := fetch.Delete(ctx, c, d.copy, items)
	for _, it := range m.Marked {
		d.marks[it.UniqueID] = true
	}
	for _, no := range m.Refused {
		err = errors.Join(err, no)
	}
	return err
}

func (d *device) pending() []string {
	var ids []string
	for id := range d.marks {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// settle tells the ledger how the deletions of this session ended.
func (d *device) settle(deleted, kept []string) error {
	clear(d.marks)
	if d.copy == nil || len(deleted)+len(kept) == 0 {
		return nil
	}
	return d.copy.Settle(deleted, kept)
}

func (d *device) quit(ctx context.Context, c *pop3.Session) error {
	q, err := c.Quit(ctx)
	if q.OK {
		return errors.Join(err, d.settle(d.pending(), nil))
	}
	return err
}

func cutAround(s, prefix, suffix string) (string, bool) {
	rest, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(rest, suffix)
}
