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
