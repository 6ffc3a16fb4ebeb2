package local

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// mount gives a tiny file system of its own. It needs root; IMAPOP_INTEROP=require
// makes a skip a failure.
func mount(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("imapop-test", dir, "tmpfs", 0, "size="+size); err != nil {
		if os.Getenv("IMAPOP_INTEROP") == "require" {
			t.Fatalf("cannot mount a tmpfs: %v", err)
		}
		t.Skipf("cannot mount a tmpfs: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

func TestDiskReallyFull(t *testing.T) {
	dir := mount(t, "512k")
	o := options(dir)
	c := open(t, o)
	big := strings.Repeat("x", 40_000)
	var durable []string
	var err error
	for i := 0; err == nil && i < 100; i++ {
		if err = store(c, i, fmt.Sprint("id", i), big); err != nil {
			break
		}
		if i%3 == 2 {
			var got []Stored
			got, err = c.Flush()
			for _, s := range got {
				durable = append(durable, s.UniqueID)
			}
		}
	}
	if !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), o.Maildir) {
		t.Fatalf("got %v, want ErrFull", err)
	}
	c.Close()
	c = open(t, o)
	if len(durable) == 0 {
		t.Error("nothing became durable")
	}
	for _, id := range durable {
		if !c.Has(id) || read(t, c, id) != big {
			t.Errorf("%s is lost", id)
		}
	}
	for _, name := range visible(t, o.Maildir) {
		if info, err := os.Stat(filepath.Join(o.Maildir, name)); err != nil || info.Size() != int64(len(big)) {
			t.Errorf("%s is cut: %v", name, err)
		}
	}
}

// TestLedgerReallyFull fills the ledger's disk while the Maildir's has room: a
// message whose entry is not on disk is not durable and may not be deleted, and
// its file is found again, without a second copy, once there is room.
func TestLedgerReallyFull(t *testing.T) {
	dir := mount(t, "128k")
	o := options(scratch(t))
	o.Ledger = filepath.Join(dir, "ledger.db")
	c := open(t, o)
	durable := map[string]bool{}
	var ids []string
	var err error
	for i := 0; err == nil && i < 10_000; i++ {
		ids = append(ids, fmt.Sprint("id", i))
		if err = store(c, i, ids[i], ids[i]); err == nil && i%50 == 49 {
			var got []Stored
			got, err = c.Flush()
			for _, s := range got {
				durable[s.UniqueID] = true
			}
		}
	}
	if !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), o.Ledger) {
		t.Fatalf("got %v, want ErrFull", err)
	}
	if len(durable) == 0 || len(durable) == len(ids) {
		t.Fatalf("%d of %d are durable", len(durable), len(ids))
	}
	for _, id := range ids {
		if err := c.Deletable(id, -1); (err == nil) != durable[id] {
			t.Errorf("%s: durable %v, deletable %v", id, durable[id], err)
		}
	}
	c.Close()
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT, "size=4m"); err != nil {
		t.Fatal(err)
	}
	c = open(t, o)
	got, err := c.Reconcile(ids)
	if err != nil || len(got.Adopted) != len(ids)-len(durable) || got.Missing != 0 {
		t.Errorf("%d of %d were durable, %d adopted, %d missing, %v", len(durable), len(ids), len(got.Adopted), got.Missing, err)
	}
	for _, id := range ids {
		if read(t, c, id) != id || c.Deletable(id, -1) != nil {
			t.Errorf("%s is not here for good", id)
		}
	}
	if n := len(visible(t, o.Maildir)); n != len(ids) {
		t.Errorf("%d files of %d messages", n, len(ids))
	}
}

func TestDiskReallyReadOnly(t *testing.T) {
	dir := mount(t, "1m")
	o := options(dir)
	c := open(t, o)
	mustStore(t, c, map[string]string{"u1": "x"})
	c.Close()
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	_, err := Open(o)
	if !errors.Is(err, ErrReadOnly) || !strings.Contains(err.Error(), o.Maildir) {
		t.Errorf("got %v, want ErrReadOnly", err)
	}
}

func TestBothSyncers(t *testing.T) {
	for _, s := range []syncer{nil, eachFile{}} {
		o := options(scratch(t))
		c := open(t, o)
		if s != nil {
			c.syncer.close()
			c.syncer = s
		}
		bodies := map[string]string{}
		for i := range 50 {
			bodies[fmt.Sprint("id", i)] = fmt.Sprint("body ", i)
		}
		mustStore(t, c, bodies)
		for id, body := range bodies {
			if read(t, c, id) != body {
				t.Errorf("%s is not as it was stored", id)
			}
		}
	}
}
