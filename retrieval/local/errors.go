package local

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"imapop/retrieval/plan"
)

// Sentinels, found with errors.Is.
var (
	ErrBusy       = errors.New("another imapop is using this local copy")
	ErrFull       = errors.New("there is no room left")
	ErrReadOnly   = errors.New("writing is not permitted")
	ErrMissing    = errors.New("it is not there; was it moved away, or is a disk not mounted?")
	ErrNotMaildir = errors.New("it holds other files and is no Maildir")
	ErrLedger     = errors.New("the ledger cannot be read; move it away and the downloads are found again by their file names")
	ErrHere       = errors.New("the message was downloaded already")
	ErrNotHere    = errors.New("there is no durable copy of the message here")
	ErrClosed     = errors.New("the local copy is closed")
)

// Reasons why a message that is here may not be deleted on the server.
var (
	ErrDuplicate = plan.ErrDuplicate
	ErrMalformed = plan.ErrMalformed
	ErrChanged   = errors.New("the server now lists another size for its unique-id")
	ErrShort     = errors.New("fewer octets came than the server announced")
	ErrFileGone  = plan.ErrFileGone
	ErrSettled   = errors.New("it was deleted on the server already")
)

// Error is what every operation returns that fails on a file.
type Error struct {
	Op   string // what was tried: "store message 3", "open the ledger"
	Path string // the file or directory that it is about
	Err  error  // a sentinel joined with its cause, or the cause; never nil
}

// Error gives one line that names the path.
func (e *Error) Error() string { return fmt.Sprintf("local copy: %s: %s: %v", e.Op, e.Path, e.Err) }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// BusyError says who holds the lock. It is ErrBusy.
type BusyError struct {
	Path   string // the lock file
	Holder string // as the holder wrote it: "process 1234 since 2026-11-24T12:00:00Z"; "" when not known
}

// Error gives one line.
func (e *BusyError) Error() string {
	if e.Holder == "" {
		return fmt.Sprintf("local copy: %v (%s)", ErrBusy, e.Path)
	}
	return fmt.Sprintf("local copy: %v: %s (%s)", ErrBusy, e.Holder, e.Path)
}

// Is makes errors.Is(err, ErrBusy) true.
func (e *BusyError) Is(target error) bool { return target == ErrBusy }

// RefusedError names a message that may not be deleted on the server, and why.
type RefusedError struct {
	UniqueID string
	Err      error // ErrNotHere or one of the reasons
}

// Error gives one line.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("local copy: unique-id %q will not be deleted on the server: %v", e.UniqueID, e.Err)
}

// Unwrap gives the reason.
func (e *RefusedError) Unwrap() error { return e.Err }

// failed wraps a file error with what was tried and the sentinel that names its kind.
func failed(op, path string, err error) error {
	if err == nil {
		return nil
	}
	var already *Error
	if errors.As(err, &already) {
		return err
	}
	var kind error
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		kind = ErrFull
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		kind = ErrReadOnly
	case errors.Is(err, fs.ErrNotExist):
		kind = ErrMissing
	default:
		return &Error{Op: op, Path: path, Err: err}
	}
	return &Error{Op: op, Path: path, Err: &classified{kind: kind, cause: bare(err)}}
}

// bare takes the path off an error, since Error names it.
func bare(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// classified is a sentinel with the system's own words behind it.
type classified struct{ kind, cause error }

func (c *classified) Error() string   { return c.kind.Error() + " (" + c.cause.Error() + ")" }
func (c *classified) Unwrap() []error { return []error{c.kind, c.cause} }
