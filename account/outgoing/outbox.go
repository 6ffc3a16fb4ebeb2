// Package outgoing keeps on this device what a person wrote and what is not sent
// yet: drafts, and the outbox. A message in the outbox is never lost and never goes
// twice by itself, in every order of crashes: what may have been delivered is said
// to be unknown and left to the person.
package outgoing

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Sentinels, found with errors.Is.
var (
	ErrNone      = errors.New("there is no such message in the outbox")
	ErrBusy      = errors.New("the outbox is in use by another imapop that is sending")
	ErrUndecided = errors.New("nobody knows whether the message was delivered: look for its Message-ID, then say again or drop it")
)

// Outbox is a directory with a directory for each message: message.eml as it goes
// out, and state.json. Safe from many goroutines and processes; one of them sends
// at a time.
type Outbox struct{ dir string }

// Names below the outbox.
const (
	messageFile = "message.eml"
	stateFile   = "state.json"
	tmpDir      = "tmp"
	lockFile    = "lock"
)

// OpenOutbox makes the directory when it is not there, for its owner only.
func OpenOutbox(dir string) (*Outbox, error) {
	if err := os.MkdirAll(filepath.Join(dir, tmpDir), 0o700); err != nil {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	return &Outbox{dir}, nil
}

// Dir is where the outbox is.
func (o *Outbox) Dir() string { return o.dir }

// Add takes a message in. When it returns without error the message survives a
// crash, of the machine too.
func (o *Outbox) Add(e Entry, octets []byte) (Entry, error) {
	e.ID, e.State = newName(e.Created), Waiting
	work := filepath.Join(o.dir, tmpDir, e.ID)
	err := os.Mkdir(work, 0o700)
	for _, f := range []struct {
		name string
		data []byte
	}{{messageFile, octets}, {stateFile, e.encoded()}} {
		if err == nil {
			err = writeSynced(filepath.Join(work, f.name), f.data)
		}
	}
	if err == nil {
		err = syncDir(work)
	}
	if err == nil {
		err = os.Rename(work, filepath.Join(o.dir, e.ID))
	}
	if err == nil {
		err = syncDir(o.dir)
	}
	if err != nil {
		os.RemoveAll(work)
		return Entry{}, fmt.Errorf("outbox: keep the message: %w", err)
	}
	return e, nil
}

// newName makes a name that sorts by time and that nobody else makes.
func newName(at time.Time) string {
	var random [5]byte
	rand.Read(random[:]) // it never fails
	return at.UTC().Format("20060102T150405") + "-" + hex.EncodeToString(random[:])
}

// List returns what is in the outbox, oldest first. What cannot be read is told
// in the error beside what can.
func (o *Outbox) List() ([]Entry, error) {
	dirs, err := os.ReadDir(o.dir)
	if err != nil {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	sending := o.someoneSends()
	var list []Entry
	var errs []error
	for _, d := range dirs {
		if !d.IsDir() || d.Name() == tmpDir {
			continue
		}
		e, err := o.read(d.Name())
		switch {
		case errors.Is(err, ErrNone): // it was sent while this looked
		case err != nil:
			errs = append(errs, err)
		default:
			if e.State == sendingState && !sending {
				e.State = Unknown
			}
			list = append(list, e)
		}
	}
	slices.SortFunc(list, func(a, b Entry) int { return strings.Compare(a.ID, b.ID) })
	return list, errors.Join(errs...)
}

// Octets reads a message.
func (o *Outbox) Octets(id string) ([]byte, error) {
	path, err := o.path(id)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(path, messageFile))
}

// Drop takes a message out for good, whatever its state.
func (o *Outbox) Drop(id string) error {
	unlock, err := o.lock()
	if err != nil {
		return err
	}
	defer unlock()
	return o.remove(id)
}

// remove takes the name away first, so that a crash leaves no half message.
func (o *Outbox) remove(id string) error {
	path, err := o.path(id)
	if err != nil {
		return err
	}
	gone := filepath.Join(o.dir, tmpDir, id+".gone")
	if err := os.Rename(path, gone); err != nil {
		return none(id, err)
	}
	if err := syncDir(o.dir); err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	return os.RemoveAll(gone)
}

// path refuses names that are no entry's: they come from the command line.
func (o *Outbox) path(id string) (string, error) {
	if id == "" || id == tmpDir || id == lockFile || id != filepath.Base(id) || strings.HasPrefix(id, ".") {
		return "", fmt.Errorf("outbox: %q: %w", id, ErrNone)
	}
	return filepath.Join(o.dir, id), nil
}

func none(id string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("outbox: %s: %w", id, ErrNone)
	}
	return fmt.Errorf("outbox: %s: %w", id, err)
}

func (o *Outbox) read(id string) (Entry, error) {
	path, err := o.path(id)
	if err != nil {
		return Entry{}, err
	}
	data, err := os.ReadFile(filepath.Join(path, stateFile))
	if err != nil {
		return Entry{}, none(id, err)
	}
	var e Entry
	if err := json.Unmarshal(data, &e); err != nil {
		return Entry{}, fmt.Errorf("outbox: %s: %s cannot be read: %w; the message is beside it", id, stateFile, err)
	}
	e.ID = id
	return e, nil
}

// write replaces an entry's state and makes that durable.
func (o *Outbox) write(e Entry) error {
	path, err := o.path(e.ID)
	if err != nil {
		return err
	}
	if err := replaceSynced(filepath.Join(path, stateFile), e.encoded()); err != nil {
		return fmt.Errorf("outbox: %s: %w", e.ID, err)
	}
	return nil
}

// lock is held while a message is being sent. The system lets go of it when the
// process dies, however it dies.
func (o *Outbox) lock() (func(), error) {
	f := flock.New(filepath.Join(o.dir, lockFile), flock.SetPermissions(0o600))
	ok, err := f.TryLock()
	switch {
	case err != nil:
		return nil, fmt.Errorf("outbox: %w", err)
	case !ok:
		return nil, ErrBusy
	}
	return func() { f.Close() }, nil
}

func (o *Outbox) someoneSends() bool {
	unlock, err := o.lock()
	if err != nil {
		return errors.Is(err, ErrBusy)
	}
	unlock()
	return false
}
