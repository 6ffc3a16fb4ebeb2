package live

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"imapop/retrieval"
	"imapop/retrieval/local"
)

// deviceCopy is the local copy from the first try to open it on. Its lock is what
// keeps an account's device to one POP3 session, whichever program opens it.
type deviceCopy struct {
	opener func(locked func()) (*local.Copy, error) // nil: there is no copy

	mu    sync.Mutex
	tried *opening // the latest
}

// opening is one attempt to open the copy.
type opening struct {
	locked chan struct{} // closed: the lock is held, or the try has failed
	opened chan struct{} // closed: copy and err are set
	copy   *local.Copy
	err    error
}

// start opens the copy on a goroutine of its own.
func (c *deviceCopy) start() *opening {
	t := &opening{locked: make(chan struct{}), opened: make(chan struct{})}
	c.tried = t
	go func() {
		var once sync.Once
		locked := func() { once.Do(func() { close(t.locked) }) }
		defer close(t.opened)
		defer locked()
		if c.opener != nil {
			t.copy, t.err = c.opener(locked)
		}
	}()
	return t
}

// latest is the copy that is open or being opened.
func (c *deviceCopy) latest() *opening {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tried
}

// hold waits until this device's lock is held; *local.BusyError: another program
// has it. A copy that cannot be opened for another reason holds up nobody: only
// downloads are refused.
func (c *deviceCopy) hold(ctx context.Context) error {
	c.mu.Lock()
	t := c.tried
	select {
	case <-t.opened:
		if errors.Is(t.err, local.ErrBusy) {
			t = c.start()
		}
	default:
	}
	c.mu.Unlock()
	select {
	case <-t.locked:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-t.opened:
		if errors.Is(t.err, local.ErrBusy) {
			return t.err
		}
	default:
	}
	return nil
}

// copy waits until the local copy is open; nil when there is none. The book's
// goroutine must not call it: it never waits for a disk.
func (d *Desk) copy() *local.Copy {
	t := d.device.latest()
	<-t.opened
	return t.copy
}

var errNoCopy = errors.New("there is no local copy to download into")

// noCopy says why there is no copy.
func (d *Desk) noCopy() error { return errors.Join(errNoCopy, d.device.latest().err) }

// here tells the entries what this device has of them.
func (d *Desk) here(entries []retrieval.Entry) {
	if d.copy() == nil {
		return
	}
	ids := make([]string, len(entries))
	for i := range entries {
		ids[i] = entries[i].UniqueID
	}
	states, err := d.copy().States(ids)
	if err != nil {
		d.post(func(b *book) { b.failed(retrieval.Local, "look at the Maildir", err) })
	}
	copies := make([]retrieval.LocalCopy, len(states)) // one piece of memory for all
	for i, s := range states {
		if !s.Downloaded.IsZero() {
			copies[i] = localCopy(s)
			entries[i].Has(&copies[i])
		}
	}
}

// localCopy is what the screens hear of a copy.
func localCopy(s local.State) retrieval.LocalCopy {
	return retrieval.LocalCopy{Downloaded: s.Downloaded, Listed: s.Listed, Leave: s.Policy, Removed: s.Gone, Flags: s.Flags, Stays: s.Stays}
}

// renewHere tells the entries of these messages anew what this device has of them.
func (d *Desk) renewHere(numbers []int) {
	var listed map[int]retrieval.Entry
	d.ask(func(b *book) { listed = b.entries(numbers) })
	now := make(map[int]*retrieval.LocalCopy, len(listed))
	for n, e := range listed {
		if s := d.copy().StateOf(e.UniqueID); !s.Downloaded.IsZero() {
			c := localCopy(s)
			now[n] = &c
		}
	}
	d.ask(func(b *book) {
		b.setEntries(numbers, func(e *retrieval.Entry) {
			if was := listed[e.Number]; was.UniqueID == e.UniqueID { // not of another session meanwhile
				e.Has(now[e.Number])
			}
		})
	})
}

// onDevice does what concerns this device alone: no server hears of it.
func (d *Desk) onDevice(a retrieval.Action) error {
	if d.copy() == nil {
		return &retrieval.OpError{Protocol: retrieval.Local, Op: string(a.Verb), Err: d.noCopy()}
	}
	var listed map[int]retrieval.Entry
	d.ask(func(b *book) { listed = b.entries(a.Numbers) })
	var done []int
	var failed error
	for _, n := range a.Numbers {
		if err := d.onCopy(a.Verb, listed[n].UniqueID); err != nil {
			failed = errors.Join(failed, fmt.Errorf("message %d: %w", n, err))
			continue
		}
		done = append(done, n)
	}
	if len(done) > 0 {
		d.renewHere(done)
		d.ask(func(b *book) { b.happen(deviceHappening(a.Verb, done)) })
	}
	if failed != nil {
		return &retrieval.OpError{Protocol: retrieval.Local, Op: string(a.Verb), Err: failed}
	}
	return nil
}

// onCopy does it to one copy.
func (d *Desk) onCopy(v retrieval.Verb, id string) error {
	if id == "" {
		return local.ErrNotHere
	}
	if v == retrieval.VerbRemove {
		return d.copy().Remove(id)
	}
	set, flag, ok := maildirFlag(v)
	if !ok {
		return retrieval.ErrUnsupported
	}
	s := d.copy().StateOf(id)
	if s.Downloaded.IsZero() || s.Gone {
		return local.ErrNotHere
	}
	flags := slices.DeleteFunc([]byte(s.Flags), func(c byte) bool { return c == flag })
	if set {
		flags = append(flags, flag)
	}
	return d.copy().SetFlags(id, string(flags))
}

// maildirFlag is the letter that a verb sets or clears.
func maildirFlag(v retrieval.Verb) (set bool, flag byte, ok bool) {
	switch v {
	case retrieval.VerbRead, retrieval.VerbUnread:
		return v == retrieval.VerbRead, 'S', true
	case retrieval.VerbFlag, retrieval.VerbUnflag:
		return v == retrieval.VerbFlag, 'F', true
	case retrieval.VerbAnswered, retrieval.VerbUnanswer:
		return v == retrieval.VerbAnswered, 'R', true
	}
	return false, 0, false
}

func deviceHappening(v retrieval.Verb, numbers []int) retrieval.Happening {
	h := retrieval.Happening{Side: retrieval.Local, Kind: retrieval.FlagsChanged, Numbers: numbers, Cause: retrieval.CauseClient,
		Text: fmt.Sprintf("%s: %s, on this device only; the server and IMAP know nothing of it", numbered(numbers), deviceDeeds[v])}
	if v == retrieval.VerbRemove {
		h.Kind = retrieval.Removed
		h.Text = numbered(numbers) + ": the copy on this device is removed; nothing was said to the server"
	}
	return h
}

var deviceDeeds = map[retrieval.Verb]string{
	retrieval.VerbRead: "read", retrieval.VerbUnread: "unread", retrieval.VerbFlag: "flagged", retrieval.VerbUnflag: "not flagged",
	retrieval.VerbAnswered: "answered", retrieval.VerbUnanswer: "not answered",
}

// wasRead marks the copy of a message as read on this device.
func (d *Desk) wasRead(n int, id string) {
	s := d.copy().StateOf(id)
	if s.Downloaded.IsZero() || s.Gone || slices.Contains([]byte(s.Flags), 'S') {
		return
	}
	if err := d.copy().SetFlags(id, s.Flags+"S"); err != nil {
		d.post(func(b *book) { b.failed(retrieval.Local, "mark the copy as read", err) })
		return
	}
	d.renewHere([]int{n})
	d.ask(func(b *book) { b.happen(deviceHappening(retrieval.VerbRead, []int{n})) })
}
