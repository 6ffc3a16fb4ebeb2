package local

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// lock is held while a copy is open. The system lets go of it when the process
// dies, however it dies; the file stays, for taking it away would be a race.
type lock struct{ f *flock.Flock }

func takeLock(path string, now time.Time) (*lock, error) {
	f := flock.New(path, flock.SetPermissions(0o600))
	ok, err := f.TryLock()
	if err != nil {
		return nil, failed("lock", path, err)
	}
	if !ok {
		holder, _ := os.ReadFile(path)
		return nil, &BusyError{Path: path, Holder: printable(string(holder))}
	}
	// What is written helps a person only; a full disk must not keep the copy shut.
	os.WriteFile(path, fmt.Appendf(nil, "process %d since %s\n", os.Getpid(), now.UTC().Format(time.RFC3339)), 0o600)
	return &lock{f: f}, nil
}

func (l *lock) release() error { return failed("unlock", l.f.Path(), l.f.Close()) }

// printable keeps plain text of one line.
func printable(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s[:min(len(s), 80)])
}
