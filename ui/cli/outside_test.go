package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"imapop/account"
)

// watched is an outside that starts nothing and remembers what it would have.
func watched(t *testing.T) (o *outside, started *[][]string) {
	t.Helper()
	started = new([][]string)
	o = &outside{dir: t.TempDir(), opener: "/usr/bin/xdg-open", start: func(name string, args ...string) error {
		*started = append(*started, append([]string{name}, args...))
		return nil
	}}
	t.Cleanup(func() {
		if err := o.close(); err != nil {
			t.Error(err)
		}
	})
	return o, started
}

// TestStoreOverwritesNothing: a file that is there stays as it is, a link to
// elsewhere too, and the next name is proposed.
func TestStoreOverwritesNothing(t *testing.T) {
	o, _ := watched(t)
	path, err := o.Propose("../../etc/report.pdf")
	if err != nil || path != filepath.Join(o.dir, "report.pdf") {
		t.Fatal(path, err)
	}
	if _, err := o.Store(path, []byte("first")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if _, err := o.Store(path, []byte("second")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second one: %v", err)
	}
	if b, _ := os.ReadFile(path); string(b) != "first" {
		t.Errorf("the file holds %q", b)
	}
	if next, err := o.Propose("report.pdf"); err != nil || next != filepath.Join(o.dir, "report (2).pdf") {
		t.Error(next, err)
	}
	victim := filepath.Join(t.TempDir(), "victim")
	if err := os.Symlink(victim, filepath.Join(o.dir, "link")); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Store(filepath.Join(o.dir, "link"), []byte("x")); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	if _, err := os.Lstat(victim); err == nil {
		t.Error("it was written through a link")
	}
	for _, bad := range []string{"", o.dir + "/", o.dir} {
		if _, err := o.Store(bad, nil); err == nil {
			t.Errorf("%q was written", bad)
		}
	}
	if got, err := o.Store(filepath.Join(o.dir, "new", "deep.txt"), []byte("x")); err != nil || !strings.HasSuffix(got, "new/deep.txt") {
		t.Error(got, err)
	}
}

// TestShowRunsNothing: what could be a program is refused, and what is shown is
// a private copy, named to the opener as one argument.
func TestShowRunsNothing(t *testing.T) {
	o, started := watched(t)
	for _, name := range []string{"a.desktop", "setup.EXE", "x.pdf.sh", "evil.AppImage", "run.py"} {
		if _, err := o.Show(name, []byte("x")); err == nil || len(*started) > 0 {
			t.Errorf("%s: %v, started %v", name, err, *started)
		}
	}
	if _, err := o.Show("-rf $(x).pdf", []byte("x")); err != nil {
		t.Fatal(err)
	}
	args := (*started)[0]
	if len(args) != 2 || args[0] != "/usr/bin/xdg-open" || !filepath.IsAbs(args[1]) || filepath.Dir(args[1]) != o.temp {
		t.Errorf("started %q", args)
	}
	if info, _ := os.Stat(o.temp); info.Mode().Perm() != 0o700 {
		t.Errorf("%v", info.Mode())
	}
	none := &outside{}
	if _, err := none.Show("a.pdf", nil); err == nil {
		t.Error("shown without an opener")
	}
}

func TestBrowseOpensOnlyLinks(t *testing.T) {
	o, started := watched(t)
	for _, bad := range []string{"file:///etc/passwd", "javascript:alert(1)", "-version", "", "http://", "https://x.example/\x1b", "ftp://x.example/", "data:text/html,x", "smb://x/y"} {
		if err := o.Browse(bad); err == nil {
			t.Errorf("%q was opened", bad)
		}
	}
	for _, good := range []string{"https://x.example/a?b=c&d=$(e);f", "mailto:a@example.org"} {
		if err := o.Browse(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	if want := [][]string{{"/usr/bin/xdg-open", "https://x.example/a?b=c&d=$(e);f"}, {"/usr/bin/xdg-open", "mailto:a@example.org"}}; !reflect.DeepEqual(*started, want) {
		t.Errorf("started %q", *started)
	}
}

func TestDownloadsGoWhereTheAccountSays(t *testing.T) {
	if o := newOutside(account.Account{Reading: account.Reading{Downloads: "/d"}}); o.dir != "/d" {
		t.Error(o.dir)
	}
	if o := newOutside(account.Account{}); o.dir == "" {
		t.Error("no directory for downloads")
	}
}
