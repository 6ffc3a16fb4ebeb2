package fetch

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"imapop/retrieval/local"
)

// TestDiskGoesAwayInTheMiddle strikes a run that deletes while its messages are
// arriving: it says what happened, unmarks everything, and the next run completes it.
func TestDiskGoesAwayInTheMiddle(t *testing.T) {
	cases := map[string]struct {
		strike, heal func(t *testing.T, maildir string)
		want         error
	}{
		"moved away": {
			func(t *testing.T, maildir string) { must(t, os.Rename(maildir, maildir+".away")) },
			func(t *testing.T, maildir string) { must(t, os.Rename(maildir+".away", maildir)) }, local.ErrMissing},
		"tmp is gone": {
			func(t *testing.T, maildir string) { must(t, os.Rename(maildir+"/tmp", maildir+"/cur/tmp")) },
			func(t *testing.T, maildir string) { must(t, os.Rename(maildir+"/cur/tmp", maildir+"/tmp")) }, local.ErrMissing},
		"new is read-only": {
			func(t *testing.T, maildir string) { immutable(t, filepath.Join(maildir, "new"), true) },
			func(t *testing.T, maildir string) { immutable(t, filepath.Join(maildir, "new"), false) }, local.ErrReadOnly},
		"tmp is read-only": {
			func(t *testing.T, maildir string) { immutable(t, filepath.Join(maildir, "tmp"), true) },
			func(t *testing.T, maildir string) { immutable(t, filepath.Join(maildir, "tmp"), false) }, local.ErrReadOnly},
	}
	onServers(t, func(t *testing.T, w *world) {
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				w.fill(8)
				struck := false
				o := Options{Rules: Rules{Leave: remove}}
				o.Progress = func(p Progress) {
					if p.Messages == 3 && !struck {
						struck = true
						c.strike(t, w.maildir)
					}
				}
				out := w.run(t.Context(), o, "")
				if !errors.Is(out.err, c.want) || out.rep.End != EndReset || len(out.rep.Deleted) > 0 || w.left() != 8 {
					t.Errorf("%v, want %v; end %q, %d deleted, %d left", out.err, c.want, out.rep.End, len(out.rep.Deleted), w.left())
				}
				c.heal(t, w.maildir)
				w.must(Options{Rules: Rules{Leave: remove}})
				if w.left() != 0 {
					t.Errorf("%d are left after the next run", w.left())
				}
				w.complete()
			})
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const immutableFlag = 0x10 // FS_IMMUTABLE_FL of linux/fs.h

// immutable makes a directory one that even root cannot change, or takes that back.
func immutable(t *testing.T, dir string, on bool) {
	t.Helper()
	f, err := os.Open(dir)
	must(t, err)
	defer f.Close()
	flags, err := unix.IoctlGetInt(int(f.Fd()), unix.FS_IOC_GETFLAGS)
	if err == nil {
		flags &^= immutableFlag
		if on {
			flags |= immutableFlag
			t.Cleanup(func() { immutable(t, dir, false) }) // whatever ends the test, the directory can be removed
		}
		err = unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, flags)
	}
	if err != nil {
		t.Skipf("this file system, or this user, cannot make a directory immutable: %v", err)
	}
}
