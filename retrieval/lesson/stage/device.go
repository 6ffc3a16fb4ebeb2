package stage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/imap"
	"imapop/retrieval/lesson"
	"imapop/retrieval/local"
	"imapop/retrieval/pop3"
)

// device is one place that works with the account: a session of each side and a
// local copy, each made when it is first wanted.
type device struct {
	s           *Stage
	name, about string
	copy        *local.Copy
	marks       map[string]bool // unique-ids of the local copy for which DELE went out in the open session

	days atomic.Int32 // how far the clock was turned on; the copy's lock may be held when it is read

	mu       sync.Mutex // guards what follows, and the pointer copy
	imap     *imap.Session
	rows     map[string]lesson.IMAPRow // by letter: INBOX
	uids     map[uint32]string         // letter by UID
	heard    []imap.Event
	imapCost retrieval.Meter // of ended sessions
	pop      *pop3.Session
	list     retrieval.Maildrop
	numbers  map[string]int // by letter, in the open session
	before   map[string]int // by letter, in the session before
	popCost  retrieval.Meter
	others   int
}

func newDevice(s *Stage, name, about string) *device {
	return &device{s: s, name: name, about: about, rows: map[string]lesson.IMAPRow{}, uids: map[uint32]string{},
		numbers: map[string]int{}, before: map[string]int{}, marks: map[string]bool{}}
}

// errOffline says that the device has no session to do it in.
var errOffline = errors.New("there is no session: the cable is pulled, or nobody has logged in")

func (d *device) close() {
	if s, err := d.imapSession(); err == nil {
		s.Drop()
		<-s.Done()
	}
	if s, err := d.popSession(); err == nil {
		s.Drop()
	}
	if d.copy != nil {
		_ = d.copy.Close()
	}
}

func (d *device) imapSession() (*imap.Session, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.imap == nil || over(d.imap.Done()) {
		return nil, errOffline
	}
	return d.imap, nil
}

func (d *device) popSession() (*pop3.Session, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pop == nil || over(d.pop.Done()) {
		return nil, errOffline
	}
	return d.pop, nil
}

func over(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// now is the device's clock.
func (d *device) now() time.Time {
	return d.s.o.Now().Add(time.Duration(d.days.Load()) * 24 * time.Hour)
}

// cost is what the device's connections cost so far.
func (d *device) cost() (i, p retrieval.Meter) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i, p = d.imapCost, d.popCost
	if d.imap != nil {
		i = i.Add(d.imap.Meter())
	}
	if d.pop != nil {
		p = p.Add(d.pop.Meter())
	}
	return i, p
}

// localCopy opens the device's local copy, in a directory of its own: the
// account's Maildir is its owner's.
func (d *device) localCopy() (*local.Copy, error) {
	if d.copy != nil {
		return d.copy, nil
	}
	if err := d.s.makeDir(); err != nil {
		return nil, err
	}
	a := d.s.o.POP3.Account
	c, err := local.Open(local.Options{Maildir: filepath.Join(d.s.dir, d.s.run+"-"+d.name), Endpoint: a.POP3.Address, User: a.User,
		Policy: account.LeaveOnServer{}, Now: d.now})
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	d.copy = c
	d.mu.Unlock()
	return c, nil
}

func (s *Stage) makeDir() (err error) {
	if s.dir != "" {
		return nil
	}
	if s.dir = s.o.Dir; s.dir == "" {
		s.dir, err = os.MkdirTemp("", "imapop-lesson-")
	}
	return err
}

// event takes what an IMAP session heard.
func (d *device) event(e imap.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.heard = append(d.heard, e)
	if n := len(d.heard); n > 1000 {
		d.heard = slices.Clone(d.heard[n-500:])
	}
	switch e.Kind {
	case retrieval.Expunged:
		for _, uid := range e.UIDs {
			delete(d.rows, d.uids[uid])
		}
	case retrieval.FlagsChanged:
		for uid, flags := range e.Flags {
			if letter := d.uids[uid]; letter != "" {
				if r, ok := d.rows[letter]; ok && r.UID == uid {
					r.Flags = flags
					d.rows[letter] = r
				}
			}
		}
	}
}

// scene is the device as a class sees it; Stage.mu is held.
func (d *device) scene() lesson.DeviceScene {
	d.mu.Lock()
	defer d.mu.Unlock()
	sc := lesson.DeviceScene{Name: d.name, About: d.about, IMAP: retrieval.IMAPClosed, POP3: retrieval.POP3Closed, Days: int(d.days.Load()), Others: d.others}
	sc.IMAPMeter, sc.POP3Meter = d.imapCost, d.popCost
	if d.imap != nil {
		sc.IMAPMeter = sc.IMAPMeter.Add(d.imap.Meter())
		if !over(d.imap.Done()) {
			sc.IMAP, sc.IMAPTLS = d.imap.State(), d.imap.Security().String()
		}
	}
	for _, r := range d.rows {
		sc.IMAPRows = append(sc.IMAPRows, r)
	}
	slices.SortFunc(sc.IMAPRows, func(a, b lesson.IMAPRow) int { return int(int64(a.UID) - int64(b.UID)) })
	if d.pop != nil {
		sc.POP3Meter = sc.POP3Meter.Add(d.pop.Meter())
		if !over(d.pop.Done()) {
			sc.POP3, sc.POP3TLS = d.pop.State(), d.pop.Security().String()
			sc.POP3Rows = d.popRows()
		}
	}
	sc.Copies = d.copies()
	return sc
}

func (d *device) popRows() []lesson.POP3Row {
	var rows []lesson.POP3Row
	marked := d.pop.Marked()
	for letter, n := range d.numbers {
		if n < 1 || n > len(d.list.Entries) {
			continue
		}
		e := d.list.Entries[n-1]
		rows = append(rows, lesson.POP3Row{Letter: letter, Number: n, Octets: e.Octets, UniqueID: e.UniqueID, Marked: slices.Contains(marked, n)})
	}
	slices.SortFunc(rows, func(a, b lesson.POP3Row) int { return a.Number - b.Number })
	return rows
}

// copies are the letters in the local copy; Stage.mu may be held.
func (d *device) copies() []string {
	if d.copy == nil {
		return nil
	}
	var out []string
	for id, letter := range d.s.byID {
		if r, ok := d.copy.Lookup(id); ok && r.File != "" && r.Removed.IsZero() {
			out = append(out, letter)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// use runs an act on the IMAP session.
func (d *device) use(ctx context.Context, f func(*imap.Session) error) error {
	s, err := d.imapSession()
	if err != nil {
		return err
	}
	return f(s)
}

// uidOf is a letter's UID in INBOX.
func (d *device) uidsOf(letters []string) ([]uint32, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var uids []uint32
	for _, l := range letters {
		r, ok := d.rows[l]
		if !ok {
			return nil, fmt.Errorf("IMAP does not list message %s: %w", l, retrieval.ErrGone)
		}
		uids = append(uids, r.UID)
	}
	return uids, nil
}

// numbersOf are the letters' message numbers in the open POP3 session.
func (d *device) numbersOf(letters []string) ([]int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []int
	for _, l := range letters {
		n := d.numbers[l]
		if n == 0 {
			return nil, fmt.Errorf("POP3 does not list message %s: %w", l, retrieval.ErrGone)
		}
		out = append(out, n)
	}
	return out, nil
}
