package local

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"imapop/account"
)

// TestStates holds what a list shows of copies: their flags and nothing else of
// what stands behind a file's name, what other programs removed, and what may
// never be deleted on the server.
func TestStates(t *testing.T) {
	o := options(scratch(t))
	o.Policy = account.LeaveOnServer{Mode: account.LeaveRemoved}
	c := open(t, o)
	mustStore(t, c, map[string]string{"1": "one", "2": "two", "a b": "odd"})
	of := func(id string) State {
		t.Helper()
		s, err := c.States([]string{"unknown", id})
		if err != nil || !s[0].Downloaded.IsZero() {
			t.Fatalf("%+v, %v", s[0], err)
		}
		return s[1]
	}
	if s := of("1"); s.Flags != "" || s.Gone || s.Stays != nil || s.Policy.Mode != account.LeaveRemoved || s.Listed != 3 {
		t.Errorf("%+v", s)
	}
	if s := of("a b"); !errors.Is(s.Stays, ErrMalformed) {
		t.Errorf("a malformed unique-id: %+v", s)
	}
	path, _, err := c.locate(of("1").File)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, filepath.Join(o.Maildir, "cur", filepath.Base(path)+":2,S\x1b]0;x\aF")); err != nil {
		t.Fatal(err)
	}
	if s := of("1"); s.Flags != "SxF" || s.Gone {
		t.Errorf("moved by another program: %+v", s)
	}
	if path, _, err = c.locate(of("2").File); err != nil || os.Remove(path) != nil {
		t.Fatal(err)
	}
	if s := of("2"); !s.Gone || !errors.Is(s.Stays, ErrFileGone) || c.StateOf("2").Gone != s.Gone {
		t.Errorf("removed by another program: %+v", s)
	}
	if err := c.SetFlags("2", "S"); !errors.Is(err, ErrNotHere) {
		t.Errorf("flags of what is gone: %v", err)
	}
}

// TestARemovedCopyComesAgain holds that a message whose owner removed its copy is
// stored again when it is asked for, and that others are not.
func TestARemovedCopyComesAgain(t *testing.T) {
	o := options(scratch(t))
	c := open(t, o)
	mustStore(t, c, map[string]string{"1": "one", "2": "two"})
	if err := c.Remove("1"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Create(2, "2", 3); !errors.Is(err, ErrHere) {
		t.Errorf("what is in place: %v", err)
	}
	mustStore(t, c, map[string]string{"1": "one"})
	if s := c.StateOf("1"); s.Gone || !s.Removed.IsZero() || read(t, c, "1") != "one" || len(visible(t, o.Maildir)) != 2 {
		t.Errorf("%+v, %v", s, visible(t, o.Maildir))
	}
	c.Close()
	c = open(t, o)
	if s := c.StateOf("1"); s.Gone || !s.Removed.IsZero() {
		t.Errorf("after opening it anew: %+v", s)
	}
}
