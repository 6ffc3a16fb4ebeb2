package local

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// tmpPrefix marks our files in tmp/, where other programs may deliver too.
const tmpPrefix = "imapop-"

// makeMaildir makes the directories that are missing, durably. A directory that
// is not empty and has none of the three is somebody's own: it is refused.
func makeMaildir(dir string) error {
	made := false
	if err := ours(dir); err != nil {
		return err
	}
	for _, sub := range []string{"tmp", "new", "cur"} {
		path := filepath.Join(dir, sub)
		if exists(path) {
			continue
		}
		if err := os.MkdirAll(path, 0o700); err != nil {
			return failed("make the Maildir", path, err)
		}
		made = true
	}
	if !made {
		return nil
	}
	for _, path := range []string{dir, filepath.Dir(dir)} {
		if err := syncDir(path); err != nil {
			return failed("make the Maildir", path, err)
		}
	}
	return nil
}

// ours reports ErrNotMaildir for a directory that is neither empty, absent nor a Maildir.
func ours(dir string) error {
	for _, name := range []string{"cur", "new", "tmp"} {
		if exists(filepath.Join(dir, name)) {
			return nil
		}
	}
	f, err := os.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return failed("open", dir, err)
	}
	defer f.Close()
	names, err := f.Readdirnames(1)
	switch {
	case len(names) > 0:
		return &Error{Op: "open", Path: dir, Err: ErrNotMaildir}
	case err != nil && !errors.Is(err, io.EOF):
		return failed("open", dir, err)
	}
	return nil
}

// removeLeftovers clears what a killed download left in tmp/. The lock is held,
// so whatever carries our mark there belongs to nobody.
func (c *Copy) removeLeftovers() error {
	tmp := filepath.Join(c.dir, "tmp")
	f, err := os.Open(tmp)
	if err != nil {
		return failed("open", tmp, err)
	}
	names, err := f.Readdirnames(-1)
	f.Close()
	if err != nil {
		return failed("read", tmp, err)
	}
	for _, name := range names {
		if !strings.HasPrefix(name, tmpPrefix) {
			continue
		}
		if err := os.Remove(filepath.Join(tmp, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return failed("clear a leftover", filepath.Join(tmp, name), err)
		}
	}
	return nil
}

// scan notes where each of our files is. mu is held, or the copy not yet shared.
func (c *Copy) scan() error {
	var files map[string]string
	times, at := c.dirTimes(), time.Now()
	for _, sub := range []string{"new", "cur"} {
		dir := filepath.Join(c.dir, sub)
		f, err := os.Open(dir)
		if err != nil {
			return failed("open", dir, err)
		}
		names, err := f.Readdirnames(-1)
		f.Close()
		if err != nil {
			return failed("read", dir, err)
		}
		if files == nil {
			files = make(map[string]string, len(names))
		}
		for _, name := range names {
			if base, _ := splitFlags(name); strings.Contains(base, suffix) {
				files[base] = sub + "/" + name
			}
		}
	}
	c.files, c.scanned, c.scannedAt, c.looked = files, times, at, true
	return nil
}

// dirTimes are the times of the last change in new/ and cur/; zero when unknown.
func (c *Copy) dirTimes() (times [2]time.Time) {
	for i, sub := range []string{"new", "cur"} {
		if info, err := os.Stat(filepath.Join(c.dir, sub)); err == nil {
			times[i] = info.ModTime()
		}
	}
	return times
}

// locate finds the file of a base name and its size. When it is not where it was
// last seen and the directories changed since, it looks again: other mail programs
// rename files to set flags. mu is held.
func (c *Copy) locate(base string) (path string, size int64, err error) {
	path, size, err = c.stat(base)
	if !errors.Is(err, ErrFileGone) || base == "" || c.looked && c.dirTimes() == c.scanned {
		return path, size, err
	}
	if err := c.scan(); err != nil {
		return "", 0, err
	}
	return c.stat(base)
}

func (c *Copy) stat(base string) (string, int64, error) {
	at, ok := c.files[base]
	if !ok && !c.looked {
		at, ok = "new/"+base, true
	}
	if !ok || base == "" {
		return "", 0, ErrFileGone
	}
	path := filepath.Join(c.dir, filepath.FromSlash(at))
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular():
		return "", 0, ErrFileGone
	case err != nil:
		return "", 0, failed("look at", path, err)
	}
	return path, info.Size(), nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
