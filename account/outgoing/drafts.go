package outgoing

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"imapop/account/draft"
)

// Drafts is a directory of unsent messages on this device: a text file each, as
// draft.Format writes it, with what was forwarded beside it. Nothing is synced to a
// server; a file is replaced whole.
type Drafts struct{ dir string }

const (
	draftSuffix  = ".txt"
	besideSuffix = ".d"            // a directory for what belongs to the draft
	originalName = "forwarded.eml" // in it: the message that a draft forwards; recipients see this name
)

// OpenDrafts makes the directory when it is not there, for its owner only.
func OpenDrafts(dir string) (*Drafts, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("drafts: %w", err)
	}
	return &Drafts{dir}, nil
}

// Dir is where the drafts are.
func (s *Drafts) Dir() string { return s.dir }

// Path is the file of a draft that has an ID.
func (s *Drafts) Path(id string) string { return filepath.Join(s.dir, id+draftSuffix) }

// NewID names a draft that is not saved yet.
func NewID(now time.Time) string { return newName(now) }

// Save keeps the draft as it is now; one without an ID gets one.
func (s *Drafts) Save(d draft.Draft, now time.Time) (draft.Draft, error) {
	if d.ID == "" {
		d.ID = newName(now)
	}
	if err := replaceSynced(s.Path(d.ID), []byte(draft.Format(d))); err != nil {
		return d, fmt.Errorf("drafts: keep what was typed: %w", err)
	}
	return d, nil
}

// Keep puts a message that is to be forwarded beside its draft and attaches it.
func (s *Drafts) Keep(d draft.Draft, original []byte, now time.Time) (draft.Draft, error) {
	if d.ID == "" {
		d.ID = newName(now)
	}
	path := filepath.Join(s.dir, d.ID+besideSuffix, originalName)
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = replaceSynced(path, original)
	}
	if err != nil {
		return d, fmt.Errorf("drafts: keep the forwarded message: %w", err)
	}
	d.Attach = append(d.Attach[:len(d.Attach):len(d.Attach)], path)
	return s.Save(d, now)
}

// Load reads one draft.
func (s *Drafts) Load(id string) (draft.Draft, error) {
	if id == "" || id != filepath.Base(id) || strings.HasPrefix(id, ".") {
		return draft.Draft{}, fmt.Errorf("drafts: there is no %q", id)
	}
	data, err := os.ReadFile(s.Path(id))
	if err != nil {
		return draft.Draft{}, fmt.Errorf("drafts: %w", err)
	}
	d := draft.Parse(string(data))
	d.ID = id
	return d, nil
}

// List returns the drafts, the newest last. What cannot be read is told in the
// error beside what can.
func (s *Drafts) List() ([]draft.Draft, error) {
	names, err := filepath.Glob(filepath.Join(s.dir, "*"+draftSuffix))
	if err != nil {
		return nil, fmt.Errorf("drafts: %w", err)
	}
	slices.Sort(names)
	var list []draft.Draft
	var errs []error
	for _, name := range names {
		d, err := s.Load(strings.TrimSuffix(filepath.Base(name), draftSuffix))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		list = append(list, d)
	}
	return list, errors.Join(errs...)
}

// Remove takes a draft away, with what it forwards: it was sent, or given up.
func (s *Drafts) Remove(id string) error {
	if id == "" {
		return nil
	}
	err := os.Remove(s.Path(id))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err = errors.Join(err, os.RemoveAll(filepath.Join(s.dir, id+besideSuffix))); err != nil {
		return fmt.Errorf("drafts: %w", err)
	}
	return nil
}
