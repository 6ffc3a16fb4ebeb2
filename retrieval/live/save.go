package live

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"imapop/retrieval"
)

// SaveTranscript writes the kept transcript to a new file that only its owner
// can read, never over another file, and returns its path. It was masked before
// it was stored.
func (d *Desk) SaveTranscript(path string) (string, error) {
	fail := func(err error) (string, error) {
		return "", &retrieval.OpError{Protocol: retrieval.Local, Op: "save the transcript to " + path, Err: err}
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fail(fmt.Errorf("%w; choose another name", fs.ErrExist))
	}
	if err != nil {
		return fail(err)
	}
	if err := errors.Join(d.tr.Save(f), f.Close()); err != nil {
		return fail(err)
	}
	return path, nil
}
