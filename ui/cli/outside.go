package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/adrg/xdg"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/mime"
	"imapop/retrieval/safe"
)

// outside gives attachments and links to the system, when a person says so. It
// writes new files only, and starts one program: the system's opener.
type outside struct {
	dir    string // where attachments are saved
	opener string // "xdg-open", "open"; "" when this system has none
	temp   string // private copies that were opened; made when needed
	start  func(name string, args ...string) error
}

func newOutside(a account.Account) *outside {
	o := &outside{dir: a.Reading.Downloads, start: startDetached}
	if o.dir == "" {
		o.dir = xdg.UserDirs.Download
	}
	for _, name := range []string{"xdg-open", "open"} {
		if path, err := exec.LookPath(name); err == nil {
			o.opener = path
			break
		}
	}
	return o
}

// close removes the copies that were opened.
func (o *outside) close() error {
	if o.temp == "" {
		return nil
	}
	return os.RemoveAll(o.temp)
}

// Propose is ui.Files'.
func (o *outside) Propose(name string) (string, error) { return free(o.dir, name) }

// free finds a name in a directory that no file has: "name.txt", "name (2).txt".
func free(dir, name string) (string, error) {
	name = safe.FileName(name)
	ext := filepath.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	for n := 1; n <= 1000; n++ {
		path := filepath.Join(dir, name)
		if n > 1 {
			path = filepath.Join(dir, fmt.Sprintf("%s (%d)%s", stem, n, ext))
		}
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			return path, nil
		} else if err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("%s holds a thousand files of that name", dir)
}

// Store is ui.Files'.
func (o *outside) Store(path string, octets []byte) (string, error) {
	path = expandHome(strings.TrimSpace(path))
	fail := func(err error) (string, error) {
		return "", &retrieval.OpError{Protocol: retrieval.Local, Op: "save the attachment as " + safe.Line(path), Err: err}
	}
	if path == "" || strings.HasSuffix(path, string(filepath.Separator)) {
		return fail(errors.New("that names no file"))
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fail(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fail(fmt.Errorf("%w; nothing is overwritten, choose another name", fs.ErrExist))
	}
	if err != nil {
		return fail(err)
	}
	_, err = f.Write(octets)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		_ = os.Remove(path) // half a file looks like a whole one
		return fail(err)
	}
	return path, nil
}

func expandHome(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	return path
}

// runnable are endings of files that an opener could run instead of show.
var runnable = []string{".desktop", ".sh", ".bash", ".zsh", ".exe", ".com", ".bat", ".cmd", ".msi", ".scr", ".pif", ".ps1", ".vbs", ".vbe", ".js", ".jse",
	".wsf", ".hta", ".jar", ".lnk", ".url", ".app", ".command", ".workflow", ".appimage", ".run", ".bin", ".py", ".pl", ".rb", ".reg", ".dll", ".so"}

// Show is ui.Files'. What could be run instead of shown is refused: it can be saved.
func (o *outside) Show(name string, octets []byte) (string, error) {
	name = safe.FileName(name)
	fail := func(err error) (string, error) {
		return "", &retrieval.OpError{Protocol: retrieval.Local, Op: "open " + name, Err: err}
	}
	lower := strings.ToLower(name)
	for _, ext := range runnable {
		if strings.HasSuffix(lower, ext) {
			return fail(fmt.Errorf("files that end in %s can be runnable, which imapop never opens; s saves it", ext))
		}
	}
	if o.opener == "" {
		return fail(errors.New("this system has no opener (xdg-open); s saves it"))
	}
	if o.temp == "" {
		dir, err := os.MkdirTemp("", "imapop-open-") // mode 0700
		if err != nil {
			return fail(err)
		}
		o.temp = dir
	}
	path, err := free(o.temp, name)
	if err == nil {
		path, err = o.Store(path, octets)
	}
	if err == nil {
		err = o.start(o.opener, path)
	}
	if err != nil {
		return fail(err)
	}
	return "a copy of " + name + " was given to " + filepath.Base(o.opener) + "; it is removed when imapop ends", nil
}

// Browse is ui.Files'.
func (o *outside) Browse(address string) error {
	l, ok := mime.NewLink(address)
	if !ok {
		return &retrieval.OpError{Protocol: retrieval.Local, Op: "open a link", Err: errors.New("only http, https and mailto are opened")}
	}
	if o.opener == "" {
		return &retrieval.OpError{Protocol: retrieval.Local, Op: "open a link", Err: errors.New("this system has no opener (xdg-open)")}
	}
	return o.start(o.opener, l.URL)
}

// startDetached runs a program that lives on by itself: nothing of the terminal
// is its.
func startDetached(name string, args ...string) error {
	cmd := exec.Command(name, args...)
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }() // it must not stay a zombie
	return nil
}
