package local

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestDiskFails makes each step of a download fail and the next session repair it.
func TestDiskFails(t *testing.T) {
	for _, step := range []string{"create", "write", "stage", "sync", "rename", "syncdir", "commit"} {
		for _, cause := range []error{syscall.ENOSPC, syscall.EROFS, syscall.EIO} {
			o := options(scratch(t))
			c := open(t, o)
			mustStore(t, c, map[string]string{"u0": "zero"})
			n := 0
			c.fault = func(s string) error {
				if s == step {
					if n++; n == 2 { // the second of three
						return cause
					}
				}
				return nil
			}
			if step == "sync" || step == "syncdir" || step == "commit" {
				n = 1
			}
			ids := []string{"u1", "u2", "u3"}
			var err error
			for i, id := range ids {
				err = errors.Join(err, store(c, i+1, id, "body of "+id))
			}
			_, flushed := c.Flush()
			err = errors.Join(err, flushed)
			want := map[error]error{syscall.ENOSPC: ErrFull, syscall.EROFS: ErrReadOnly, syscall.EIO: syscall.EIO}[cause]
			if !errors.Is(err, want) || !strings.Contains(err.Error(), o.Maildir) {
				t.Errorf("%s, %v: got %v", step, cause, err)
			}
			c.fault = nil
			retryAll(t, c, ids, step)
			if n := len(visible(t, o.Maildir)); n != 4 {
				t.Errorf("%s: %d files, want 4: %v", step, n, visible(t, o.Maildir))
			}
			if entries, _ := os.ReadDir(filepath.Join(o.Maildir, "tmp")); len(entries) != 0 {
				t.Errorf("%s: left in tmp: %v", step, entries)
			}
		}
	}
}

// retryAll downloads what is not here, as the next session does.
func retryAll(t *testing.T, c *Copy, ids []string, step string) {
	t.Helper()
	if _, err := c.Reconcile(append([]string{"u0"}, ids...)); err != nil {
		t.Fatal(err)
	}
	for i, id := range ids {
		if !c.Has(id) {
			if err := store(c, i+1, id, "body of "+id); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if got := read(t, c, id); got != "body of "+id {
			t.Errorf("%s: %s reads %q", step, id, got)
		}
	}
	if err := c.MarkDeletePending(ids); err != nil {
		t.Errorf("%s: %v", step, err)
	}
}

func TestOrderOfABatch(t *testing.T) {
	c := open(t, options(scratch(t)))
	var steps []string
	c.fault = func(s string) error { steps = append(steps, s); return nil }
	for i, id := range []string{"u1", "u2"} {
		if err := store(c, i, id, id); err != nil {
			t.Fatal(err)
		}
	}
	steps = nil
	if _, err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := c.MarkDeletePending([]string{"u1"}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"sync", "rename", "rename", "syncdir", "commit", "commit"}; !slices.Equal(steps, want) {
		t.Errorf("got %v, want %v", steps, want)
	}
}

func TestCutFileIsNotAdopted(t *testing.T) {
	o := options(scratch(t))
	c := open(t, o)
	c.fault = func(s string) error {
		if s == "commit" {
			return syscall.EIO
		}
		return nil
	}
	if err := store(c, 1, "u1", "the whole message"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Flush(); err == nil {
		t.Fatal("the ledger failed and nobody heard of it")
	}
	c.Close()
	files := visible(t, o.Maildir)
	if err := os.Truncate(filepath.Join(o.Maildir, files[0]), 3); err != nil {
		t.Fatal(err)
	}
	c = open(t, o)
	if got, err := c.Reconcile([]string{"u1"}); err != nil || len(got.Adopted) != 0 || c.Has("u1") {
		t.Errorf("got %+v, %v", got, err)
	}
	mustStore(t, c, map[string]string{"u1": "the whole message"})
	if got := read(t, c, "u1"); got != "the whole message" {
		t.Errorf("got %q", got)
	}
}

func TestAdoptedWithoutAList(t *testing.T) {
	o := options(scratch(t))
	c := open(t, o)
	c.fault = func(s string) error {
		if s == "commit" {
			return syscall.ENOSPC
		}
		return nil
	}
	if err := store(c, 1, "u1", "message"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Flush(); !errors.Is(err, ErrFull) {
		t.Fatal(err)
	}
	if err := c.MarkDeletePending([]string{"u1"}); !errors.Is(err, ErrNotHere) {
		t.Errorf("a message outside the ledger may be deleted: %v", err)
	}
	c.fault = nil
	if err := store(c, 1, "u1", "message"); !errors.Is(err, ErrHere) {
		t.Errorf("got %v, want ErrHere", err)
	}
	if err := c.MarkDeletePending([]string{"u1"}); err != nil {
		t.Error(err)
	}
	if n := len(visible(t, o.Maildir)); n != 1 {
		t.Errorf("%d files, want 1", n)
	}
}
