package local

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBusy(t *testing.T) {
	o := options(scratch(t))
	c := open(t, o)
	_, err := Open(o)
	var busy *BusyError
	if !errors.Is(err, ErrBusy) || !errors.As(err, &busy) || !strings.Contains(busy.Holder, fmt.Sprint("process ", os.Getpid())) {
		t.Fatalf("got %v", err)
	}
	c.Close()
	open(t, o)
}

func TestNotAMaildir(t *testing.T) {
	dir := scratch(t)
	if err := os.WriteFile(filepath.Join(dir, "thesis.tex"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	o := options(dir)
	o.Maildir = dir
	_, err := Open(o)
	var e *Error
	if !errors.Is(err, ErrNotMaildir) || !errors.As(err, &e) || e.Path != dir {
		t.Errorf("got %v", err)
	}
	if exists(filepath.Join(dir, "new")) {
		t.Error("made a Maildir of somebody's directory")
	}
}

func TestMaildirTakenAway(t *testing.T) {
	o := options(scratch(t))
	c := open(t, o)
	mustStore(t, c, map[string]string{"u1": "x"})
	if err := os.Rename(o.Maildir, o.Maildir+".away"); err != nil {
		t.Fatal(err)
	}
	err := store(c, 2, "u2", "y")
	if !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), o.Maildir) {
		t.Errorf("got %v", err)
	}
	if err := c.MarkDeletePending([]string{"u1"}); err == nil {
		t.Error("a message may be deleted although the Maildir is gone")
	}
}

func TestDamagedLedger(t *testing.T) {
	for _, damage := range []func([]byte) []byte{
		func(b []byte) []byte { return []byte("not a database") },
		func(b []byte) []byte { return b[:len(b)/2] },
		func(b []byte) []byte { return append(b[:8192:8192], bytes.Repeat([]byte{0xa5}, len(b)-8192)...) },
	} {
		o := options(scratch(t))
		c := open(t, o)
		bodies := map[string]string{}
		for i := range 300 {
			bodies[fmt.Sprintf("u%d", i)] = "x"
		}
		mustStore(t, c, bodies)
		c.Close()
		path := filepath.Join(o.Maildir, ledgerFile)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, damage(b), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err = Open(o)
		if !errors.Is(err, ErrLedger) || !strings.Contains(err.Error(), path) {
			t.Errorf("got %v, want ErrLedger", err)
		}
		if err := os.Remove(path); err != nil { // as the error advises
			t.Fatal(err)
		}
		c = open(t, o)
		if !c.Has("u7") {
			t.Error("u7 is not found again by its file name")
		}
		got, err := c.Reconcile([]string{"u7", "u8"})
		if err != nil || len(got.Adopted) != 2 {
			t.Errorf("got %+v, %v", got, err)
		}
	}
}
