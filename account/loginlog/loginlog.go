// Package loginlog remembers the logins that servers refused, in a small file of
// this device: a JSON line each, readable for its owner alone, bounded in size
// and age. It holds no secret and nothing that was typed. Several programs may
// use one file at once.
package loginlog

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"imapop/account"
)

const (
	maxAge   = 90 * 24 * time.Hour // long enough for a season of guessing to show
	maxLines = 1000                // the oldest are forgotten first
	maxFile  = 512 << 10           // octets that are read: nobody else should have written here
)

// Log is the file. Its methods are safe from any goroutine and process.
type Log struct{ path string }

// At is the log in a file, which need not exist.
func At(path string) Log { return Log{path} }

// Path is where it is.
func (l Log) Path() string { return l.path }

// Add writes one entry, and forgets what is too old or too much.
func (l Log) Add(e account.FailedLogin) error {
	if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
		return fmt.Errorf("failed logins: %w", err)
	}
	lock := flock.New(l.path+".lock", flock.SetPermissions(0o600))
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("failed logins: %w", err)
	}
	defer lock.Unlock()
	all, err := l.read()
	if err != nil {
		return err
	}
	all = append(all, e)
	var b bytes.Buffer
	for _, x := range all[max(0, len(all)-maxLines):] {
		if e.At.Sub(x.At) > maxAge {
			continue
		}
		line, err := json.Marshal(x)
		if err != nil {
			return fmt.Errorf("failed logins: %w", err)
		}
		b.Write(append(line, '\n'))
	}
	return l.replace(b.Bytes())
}

// replace puts a new file in the old one's place. It is not synced: what a power
// cut could lose here is not worth a wait.
func (l Log) replace(b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(l.path), ".failed-logins-*") // 0600
	if err != nil {
		return fmt.Errorf("failed logins: %w", err)
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), l.path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("failed logins: %w", err)
	}
	return nil
}

// Of lists what is remembered of an account, newest first, at most max entries (0: all).
// A file that is not there is an empty list.
func (l Log) Of(name string, max int) ([]account.FailedLogin, error) {
	all, err := l.read()
	out := []account.FailedLogin{}
	for i := len(all) - 1; i >= 0 && (max <= 0 || len(out) < max); i-- {
		if all[i].Account == name {
			out = append(out, all[i])
		}
	}
	return out, err
}

// read gives the entries, oldest first; lines that are none are left out.
func (l Log) read() ([]account.FailedLogin, error) {
	f, err := os.Open(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("failed logins: %w", err)
	}
	defer f.Close()
	var all []account.FailedLogin
	s := bufio.NewScanner(io.LimitReader(f, maxFile))
	s.Buffer(nil, maxFile+1)
	for s.Scan() {
		var e account.FailedLogin
		if json.Unmarshal(s.Bytes(), &e) == nil && !e.At.IsZero() {
			all = append(all, e)
		}
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("failed logins: %w", err)
	}
	return all, nil
}
