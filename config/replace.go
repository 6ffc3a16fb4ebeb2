package config

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

var errChanged = errors.New("somebody else changed the file at the same moment; nothing was written, try again")

// replace puts a new text in a file's place, all of it or nothing, also when the
// power fails. before is what was read; nil when there was no file.
func replace(path string, before, after []byte, private bool) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	mode := fs.FileMode(0o600)
	if info, err := os.Stat(path); err == nil && !private {
		mode = info.Mode().Perm()
	}
	tmp, err := os.CreateTemp(dir, ".config-*.toml") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // in vain once it has its name
	defer tmp.Close()
	if _, err := tmp.Write(after); err != nil {
		return err
	}
	if err := errors.Join(tmp.Chmod(mode), tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	now, err := os.ReadFile(path)
	if before == nil && !errors.Is(err, fs.ErrNotExist) || before != nil && (err != nil || !bytes.Equal(now, before)) {
		return errChanged
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	syncDir(dir)
	return nil
}

// syncDir makes a new name durable. Some file systems cannot; the name is there all the same.
func syncDir(dir string) {
	d, err := os.Open(dir)
	if err != nil {
		return
	}
	defer d.Close()
	_ = d.Sync()
}
