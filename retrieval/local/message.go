package local

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// OpenMessage opens the copy of a message to read; ErrNotHere when there is none.
func (c *Copy) OpenMessage(uniqueID string) (io.ReadCloser, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	base := c.base(uniqueID)
	if base == "" {
		return nil, ErrNotHere
	}
	path, _, err := c.locate(base)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotHere, err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, failed("read", path, err)
	}
	return f, nil
}

// base is the name of a unique-id's file; "" when there is none. mu is held.
func (c *Copy) base(uniqueID string) string {
	if r, ok := c.records.get(uniqueID); ok && r.File != "" {
		return r.File
	}
	return c.orphan(uniqueID)
}

// Flags returns the Maildir flags of a message's copy, which are this device's
// alone: S seen, R replied, F flagged, T trashed, D draft, P passed. It reads
// memory; Rescan notices what another mail program changed.
func (c *Copy) Flags(uniqueID string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.looked && c.scan() != nil {
		return ""
	}
	_, flags := splitFlags(c.files[c.base(uniqueID)])
	return flags
}

// SetFlags replaces the flags of a message's copy.
func (c *Copy) SetFlags(uniqueID, flags string) error {
	letters := []byte(flags)
	slices.Sort(letters)
	letters = slices.Compact(letters)
	if strings.Trim(string(letters), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") != "" {
		return fmt.Errorf("local copy: %q are not Maildir flags", flags)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	base := c.base(uniqueID)
	if base == "" {
		return ErrNotHere
	}
	from, _, err := c.locate(base)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotHere, err)
	}
	name := base + ":2," + string(letters)
	to := filepath.Join(c.dir, "cur", name)
	if from == to {
		return nil
	}
	if err := os.Rename(from, to); err != nil {
		return failed("set flags", from, err)
	}
	c.files[base] = "cur/" + name
	if filepath.Dir(from) == filepath.Dir(to) {
		return nil // a flag that a power cut takes back is no loss
	}
	// From new/ to cur/: its new place must be on disk before its old one can go.
	for _, sub := range []string{"cur", "new"} {
		if err := syncDir(filepath.Join(c.dir, sub)); err != nil {
			return failed("set flags", to, err)
		}
	}
	return nil
}

// Rescan looks at the Maildir again, for what other mail programs did.
func (c *Copy) Rescan() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	return c.scan()
}

// Remove deletes the copy of a message here and remembers that its owner wanted
// so: from then on the message may be deleted on the server without a copy.
func (c *Copy) Remove(uniqueID string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.records.get(uniqueID)
	if !ok || r.File == "" {
		return ErrNotHere
	}
	path, _, err := c.locate(r.File)
	if err != nil && !errors.Is(err, ErrFileGone) {
		return err
	}
	r.Removed = c.now().UTC().Truncate(time.Microsecond)
	if err := c.commit([]Record{r}, nil); err != nil {
		return err
	}
	if path == "" {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failed("remove", path, err)
	}
	delete(c.files, r.File)
	return nil
}

// NoteRemoved remembers that the owner of these copies removed their files with
// another program, as Gone found: from then on the messages may be deleted on the
// server without a copy. A copy that is in place after all is left as it is.
func (c *Copy) NoteRemoved(ids []string) error {
	now := c.now().UTC().Truncate(time.Microsecond)
	c.mu.Lock()
	defer c.mu.Unlock()
	var fault error
	err := c.changeLocked(ids, func(r *Record) bool {
		_, _, err := c.locate(r.File)
		if err != nil && !errors.Is(err, ErrFileGone) {
			fault = err
		}
		if r.File == "" || !errors.Is(err, ErrFileGone) || !r.Removed.IsZero() {
			return false
		}
		r.Removed = now
		return true
	})
	return errors.Join(fault, err)
}

// Gone lists the unique-ids whose file another program moved or removed. They are
// not deleted on the server unless Remove is called for them.
func (c *Copy) Gone() ([]string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, ErrClosed
	}
	if err := c.scan(); err != nil {
		return nil, err
	}
	var ids []string
	for r := range c.records.all() {
		if r.File != "" && r.Removed.IsZero() && c.files[r.File] == "" {
			ids = append(ids, r.UniqueID)
		}
	}
	slices.Sort(ids)
	return ids, nil
}
