package local

import (
	"errors"
	"strings"
	"time"
)

// State is what the copy knows of one message, as a list shows it. The zero
// value: it was never downloaded.
type State struct {
	Record
	Flags string // Maildir flags: this device's alone
	Gone  bool   // its owner removed it, here or with another program
	Stays error  // why no DELE may go out for it, as far as names and the ledger tell; nil: one may
}

// States looks at the Maildir once, for what other mail programs did there, and
// tells of each unique-id, in their order. With an error they are what the
// ledger alone knows. Deletable has the last word before a DELE.
func (c *Copy) States(ids []string) ([]State, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return make([]State, len(ids)), ErrClosed
	}
	var err error
	if !c.unchanged() { // 100,000 names need not be read for nothing
		err = c.scan()
	}
	out := make([]State, len(ids))
	for i, id := range ids {
		if r, ok := c.records.get(id); ok && !r.Downloaded.IsZero() {
			out[i] = c.state(r, err == nil)
		}
	}
	return out, err
}

// settles is how much older than a scan a directory's time must be to say that
// nothing changed since: times of files are as coarse as two seconds (FAT).
const settles = 3 * time.Second

// unchanged reports whether the Maildir is as it was last seen. mu is held.
func (c *Copy) unchanged() bool {
	now := c.dirTimes()
	if !c.looked || now != c.scanned {
		return false
	}
	for _, t := range now {
		if t.IsZero() || c.scannedAt.Sub(t) < settles {
			return false
		}
	}
	return true
}

// StateOf is States for one message, without another look at the Maildir.
func (c *Copy) StateOf(id string) State {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.records.get(id)
	if !ok || r.Downloaded.IsZero() {
		return State{}
	}
	_, _, err := c.locate(r.File)
	return c.state(r, err == nil || errors.Is(err, ErrFileGone))
}

// state tells of one record; looked says that files is to be trusted. mu is held.
func (c *Copy) state(r Record, looked bool) State {
	if c.twice[r.UniqueID] {
		r.Duplicate = true
	}
	s := State{Record: r, Gone: !r.Removed.IsZero(), Stays: r.fault()}
	at, there := c.files[r.File]
	if !there && c.looked && looked && !s.Gone {
		s.Gone = true
		if s.Stays == nil {
			s.Stays = ErrFileGone
		}
	}
	_, flags := splitFlags(at)
	s.Flags = strings.Map(letter, flags)
	return s
}

// letter lets ASCII letters through: what else stands behind a file's name was
// put there by another program, and is no flag.
func letter(r rune) rune {
	if r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
		return r
	}
	return -1
}
