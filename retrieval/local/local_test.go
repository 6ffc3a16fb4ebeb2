package local

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"imapop/account"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// clock is a clock that tests turn.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func options(dir string) Options {
	return Options{Maildir: filepath.Join(dir, "Maildir"), Endpoint: "pop.test:995", User: "alice", Now: (&clock{noon}).now}
}

// scratch is a directory in memory where there is one: most tests hold what is
// written in which order, and need not wait for a disk.
func scratch(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "imapop-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func open(t testing.TB, o Options) *Copy {
	t.Helper()
	c, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// store brings a message into the batch.
func store(c *Copy, number int, id, body string) error {
	d, err := c.Create(number, id, int64(len(body)))
	if err != nil {
		return err
	}
	defer d.Close()
	if _, err := io.Copy(d, strings.NewReader(body)); err != nil {
		return err
	}
	return d.Stage()
}

func mustStore(t testing.TB, c *Copy, bodies map[string]string) {
	t.Helper()
	for id, body := range bodies {
		if err := store(c, 1, id, body); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Flush(); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, c *Copy, id string) string {
	t.Helper()
	r, err := c.OpenMessage(id)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// visible lists the message files a mail program would see.
func visible(t testing.TB, dir string) []string {
	t.Helper()
	var names []string
	for _, sub := range []string{"new", "cur"} {
		entries, err := os.ReadDir(filepath.Join(dir, sub))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, sub+"/"+e.Name())
		}
	}
	return names
}

func TestStoreAndReopen(t *testing.T) {
	o := options(scratch(t))
	o.Policy = account.LeaveOnServer{Mode: account.LeaveDays, After: 48 * time.Hour}
	c := open(t, o)
	odd := "From: x\r\n\r\nbare\nlf, NUL \x00, 8-bit \xff, CR\r, " + strings.Repeat("long", 50_000) + "\r\n.\r\n"
	bodies := map[string]string{"u1": "one\r\n", "../../u2": odd, "u3": ""}
	mustStore(t, c, bodies)
	for range 2 {
		for id, body := range bodies {
			if !c.Has(id) || read(t, c, id) != body {
				t.Errorf("%s is not as it was stored", id)
			}
			r, ok := c.Lookup(id)
			if !ok || r.Octets != int64(len(body)) || r.Listed != int64(len(body)) || !r.Downloaded.Equal(noon) || r.Policy != o.Policy || r.State != OnServer {
				t.Errorf("record %+v", r)
			}
			if err := store(c, 1, id, body); !errors.Is(err, ErrHere) {
				t.Errorf("storing %s again: %v, want ErrHere", id, err)
			}
		}
		if c.Has("u4") || c.Has("") {
			t.Error("has what was never stored")
		}
		if n := len(visible(t, o.Maildir)); n != 3 {
			t.Errorf("%d files, want 3", n)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		c = open(t, o)
	}
}

func TestPermissions(t *testing.T) {
	o := options(scratch(t))
	c := open(t, o)
	mustStore(t, c, map[string]string{"u1": "x"})
	filepath.WalkDir(o.Maildir, func(path string, e os.DirEntry, _ error) error {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %v", path, info.Mode())
		}
		return nil
	})
}

func TestNotDurableBeforeFlush(t *testing.T) {
	o := options(scratch(t))
	c := open(t, o)
	if err := store(c, 1, "u1", "one"); err != nil {
		t.Fatal(err)
	}
	if c.Has("u1") || c.Staged() != 1 || len(visible(t, o.Maildir)) != 0 {
		t.Error("a staged message is taken for a durable one")
	}
	if err := c.MarkDeletePending([]string{"u1"}); !errors.Is(err, ErrNotHere) {
		t.Errorf("got %v, want ErrNotHere", err)
	}
	if err := store(c, 2, "u1", "one"); !errors.Is(err, ErrHere) {
		t.Errorf("got %v, want ErrHere", err)
	}
	got, err := c.Flush()
	if err != nil || len(got) != 1 || got[0].UniqueID != "u1" || got[0].Number != 1 || got[0].Existed {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := c.MarkDeletePending([]string{"u1"}); err != nil {
		t.Error(err)
	}
}

func TestAbandonedDelivery(t *testing.T) {
	o := options(scratch(t))
	c := open(t, o)
	d, err := c.Create(1, "u1", 10)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(d, "half")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(filepath.Join(o.Maildir, "tmp")); len(entries) != 0 {
		t.Errorf("left in tmp: %v", entries)
	}
	if err := d.Stage(); !errors.Is(err, ErrClosed) {
		t.Errorf("staged after Close: %v", err)
	}
	mustStore(t, c, map[string]string{"u1": "whole"}) // it may be tried again
}

func TestLeftoversOfOthersStay(t *testing.T) {
	o := options(scratch(t))
	open(t, o).Close()
	tmp := filepath.Join(o.Maildir, "tmp")
	for _, name := range []string{"imapop-1-2", "123.other.host"} {
		if err := os.WriteFile(filepath.Join(tmp, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	open(t, o)
	entries, _ := os.ReadDir(tmp)
	if len(entries) != 1 || entries[0].Name() != "123.other.host" {
		t.Errorf("tmp holds %v", entries)
	}
}

func TestWithoutUniqueID(t *testing.T) {
	o := options(scratch(t))
	c := open(t, o)
	for n, body := range []string{"same", "same", "other"} {
		if err := store(c, n+1, "", body); err != nil {
			t.Fatal(err)
		}
	}
	got, err := c.Flush()
	if err != nil || len(got) != 3 || got[0].Existed || !got[1].Existed || got[2].Existed || got[1].Record.File != got[0].Record.File {
		t.Fatalf("got %+v, %v", got, err)
	}
	c.Close()
	c = open(t, o)
	if err := store(c, 1, "", "same"); err != nil {
		t.Fatal(err)
	}
	if got, err = c.Flush(); err != nil || !got[0].Existed {
		t.Errorf("got %+v, %v", got, err)
	}
	if n := len(visible(t, o.Maildir)); n != 2 {
		t.Errorf("%d files, want 2", n)
	}
	if err := c.MarkDeletePending([]string{""}); !errors.Is(err, ErrNotHere) {
		t.Errorf("got %v, want ErrNotHere", err)
	}
}

func TestFlags(t *testing.T) {
	o := options(scratch(t))
	c := open(t, o)
	mustStore(t, c, map[string]string{"u1": "x"})
	if c.Flags("u1") != "" || c.Flags("u9") != "" {
		t.Error("flags where there are none")
	}
	if err := c.SetFlags("u1", "SFS"); err != nil {
		t.Fatal(err)
	}
	if err := c.SetFlags("u1", "../S"); err == nil {
		t.Error("took a path for flags")
	}
	if got := visible(t, o.Maildir); c.Flags("u1") != "FS" || len(got) != 1 || !strings.HasPrefix(got[0], "cur/") || !strings.HasSuffix(got[0], ":2,FS") {
		t.Errorf("flags %q, files %v", c.Flags("u1"), got)
	}
	// Another mail program marks it replied.
	old := filepath.Join(o.Maildir, visible(t, o.Maildir)[0])
	if err := os.Rename(old, strings.Replace(old, ":2,FS", ":2,FRS", 1)); err != nil {
		t.Fatal(err)
	}
	if err := c.Deletable("u1", 1); err != nil {
		t.Errorf("the renamed file was not found: %v", err)
	}
	if c.Flags("u1") != "FRS" || read(t, c, "u1") != "x" {
		t.Errorf("flags %q", c.Flags("u1"))
	}
	if err := c.SetFlags("u9", "S"); !errors.Is(err, ErrNotHere) {
		t.Errorf("got %v", err)
	}
}

func TestOthersRecordsStayApart(t *testing.T) {
	o := options(scratch(t))
	c := open(t, o)
	mustStore(t, c, map[string]string{"1": "alice's"})
	c.Close()
	o.User = "bob"
	c = open(t, o)
	if c.Has("1") {
		t.Error("bob has alice's message")
	}
	mustStore(t, c, map[string]string{"1": "bob's"})
	if got := read(t, c, "1"); got != "bob's" {
		t.Errorf("bob reads %q", got)
	}
	if n := len(visible(t, o.Maildir)); n != 2 {
		t.Errorf("%d files, want 2", n)
	}
}

func TestClosed(t *testing.T) {
	c := open(t, options(scratch(t)))
	d, err := c.Create(1, "u1", 1)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if err := d.Stage(); !errors.Is(err, ErrClosed) {
		t.Errorf("Stage: %v", err)
	}
	d.Close()
	_, err1 := c.Create(1, "u1", 1)
	_, err2 := c.Flush()
	_, err3 := c.Reconcile(nil)
	for _, err := range []error{err1, err2, err3, c.Unknown(nil), c.Rescan()} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("got %v, want ErrClosed", err)
		}
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func sorted(s []string) []string { slices.Sort(s); return s }
