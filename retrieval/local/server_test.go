package local

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"imapop/account"
)

func state(t *testing.T, c *Copy, id string) ServerState {
	t.Helper()
	r, ok := c.Lookup(id)
	if !ok {
		t.Fatalf("no record of %s", id)
	}
	return r.State
}

func TestDeletionSettles(t *testing.T) {
	o := options(scratch(t))
	c := open(t, o)
	mustStore(t, c, map[string]string{"a": "1", "b": "2", "c": "3", "d": "4"})
	if err := c.MarkDeletePending([]string{"a", "b", "c"}); err != nil {
		t.Fatal(err)
	}
	if err := c.Settle([]string{"a"}, []string{"b"}); err != nil {
		t.Fatal(err)
	}
	if err := c.Unknown([]string{"c"}); err != nil {
		t.Fatal(err)
	}
	c.Close()
	c = open(t, o)
	for id, want := range map[string]ServerState{"a": Deleted, "b": OnServer, "c": Unknown, "d": OnServer} {
		if got := state(t, c, id); got != want {
			t.Errorf("%s is %v, want %v", id, got, want)
		}
	}
	if err := c.MarkDeletePending([]string{"a"}); !errors.Is(err, ErrSettled) {
		t.Errorf("got %v, want ErrSettled", err)
	}
}

func TestReconcileAfterUnclearQuit(t *testing.T) {
	o := options(scratch(t))
	c := open(t, o)
	mustStore(t, c, map[string]string{"a": "1", "b": "2", "c": "3", "d": "4"})
	if err := c.MarkDeletePending([]string{"a", "b"}); err != nil { // killed before it heard more
		t.Fatal(err)
	}
	if err := c.MarkDeletePending([]string{"c", "d"}); err != nil {
		t.Fatal(err)
	}
	if err := c.Unknown([]string{"c", "d"}); err != nil { // QUIT cut off
		t.Fatal(err)
	}
	c.Close()
	c = open(t, o)
	got, err := c.Reconcile([]string{"b", "d"})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(sorted(got.Deleted), []string{"a", "c"}) || !reflect.DeepEqual(sorted(got.Kept), []string{"b", "d"}) {
		t.Errorf("got %+v", got)
	}
	if got, err = c.Reconcile([]string{"a", "b", "d"}); err != nil || !reflect.DeepEqual(got.Back, []string{"a"}) || len(got.Kept) != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestAnEmptyListForgetsNothing(t *testing.T) {
	o := options(scratch(t))
	k := &clock{noon}
	o.Now = k.now
	c := open(t, o)
	mustStore(t, c, map[string]string{"a": "1", "b": "2"})
	for _, list := range [][]string{{}, {"b"}, {}} {
		if _, err := c.Reconcile(list); err != nil {
			t.Fatal(err)
		}
		k.t = k.t.Add(30 * 24 * time.Hour)
	}
	if !c.Has("a") || !c.Has("b") {
		t.Error("forgotten after 90 days")
	}
	k.t = k.t.Add(300 * 24 * time.Hour)
	if _, err := c.Reconcile(nil); err != nil || !c.Has("a") {
		t.Errorf("an empty list made it forget: %v", err)
	}
	if got, err := c.Reconcile([]string{"b"}); err != nil || c.Has("a") || !c.Has("b") {
		t.Errorf("after 390 days: %+v, %v, a %v, b %v", got, err, c.Has("a"), c.Has("b"))
	}
	if n := len(visible(t, o.Maildir)); n != 2 {
		t.Errorf("forgetting removed mail: %d files", n)
	}
}

func TestDuplicatesAreNeverDeleted(t *testing.T) {
	c := open(t, options(scratch(t)))
	mustStore(t, c, map[string]string{"a": "1"})
	got, err := c.Reconcile([]string{"a", "b", "a", "b", "b"})
	if err != nil || !reflect.DeepEqual(sorted(got.Duplicates), []string{"a", "b"}) {
		t.Fatalf("got %+v, %v", got, err)
	}
	if err := c.MarkDeletePending([]string{"a"}); !errors.Is(err, ErrDuplicate) {
		t.Errorf("got %v, want ErrDuplicate", err)
	}
	for n, body := range []string{"first", "second"} { // both are downloaded
		if err := store(c, n, "b", body); err != nil {
			t.Fatal(err)
		}
	}
	if stored, err := c.Flush(); err != nil || len(stored) != 2 || stored[0].Existed || stored[1].Existed {
		t.Errorf("got %+v, %v", stored, err)
	}
	if _, err := c.Reconcile([]string{"a"}); err != nil { // the twin is gone, the doubt stays
		t.Fatal(err)
	}
	if err := c.MarkDeletePending([]string{"a"}); !errors.Is(err, ErrDuplicate) {
		t.Errorf("got %v, want ErrDuplicate", err)
	}
}

func TestReusedUniqueID(t *testing.T) {
	o := options(scratch(t))
	c := open(t, o)
	mustStore(t, c, map[string]string{"a": "old"})
	if err := c.Deletable("a", 3); err != nil {
		t.Error(err)
	}
	if err := c.Deletable("a", 9); !errors.Is(err, ErrChanged) {
		t.Errorf("got %v, want ErrChanged", err)
	}
	mustStore(t, c, map[string]string{"a": "brand new"})
	if err := c.Deletable("a", 9); err != nil || read(t, c, "a") != "brand new" {
		t.Errorf("got %v, %q", err, read(t, c, "a"))
	}
	if n := len(visible(t, o.Maildir)); n != 2 {
		t.Errorf("%d files, want both", n)
	}
}

func TestFaultyMessagesAreNeverDeleted(t *testing.T) {
	c := open(t, options(scratch(t)))
	mustStore(t, c, map[string]string{"with space": "1", "gone": "2", "cut": "3"})
	d, err := c.Create(1, "short", 1000)
	if err != nil {
		t.Fatal(err)
	}
	d.Write(make([]byte, 980))
	if err := d.Stage(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	for id, change := range map[string]func(string) error{"gone": os.Remove, "cut": func(p string) error { return os.Truncate(p, 0) }} {
		r, _ := c.Lookup(id)
		if err := change(filepath.Join(c.Dir(), "new", r.File)); err != nil {
			t.Fatal(err)
		}
	}
	for id, want := range map[string]error{"with space": ErrMalformed, "gone": ErrFileGone, "cut": ErrFileGone, "short": ErrShort, "never": ErrNotHere} {
		err := c.MarkDeletePending([]string{id})
		var refused *RefusedError
		if !errors.Is(err, want) || !errors.As(err, &refused) || refused.UniqueID != id {
			t.Errorf("%s: got %v, want %v", id, err, want)
		}
	}
	if ids, err := c.Gone(); err != nil || !reflect.DeepEqual(ids, []string{"gone"}) {
		t.Errorf("gone: %v, %v", ids, err)
	}
}

func TestRemove(t *testing.T) {
	o := options(scratch(t))
	c := open(t, o)
	mustStore(t, c, map[string]string{"a": "1"})
	if err := c.Remove("a"); err != nil {
		t.Fatal(err)
	}
	r, _ := c.Lookup("a")
	if len(visible(t, o.Maildir)) != 0 || !c.Has("a") || !Due(r, account.LeaveOnServer{}, noon) {
		t.Errorf("files %v, has %v, record %+v", visible(t, o.Maildir), c.Has("a"), r)
	}
	if err := c.MarkDeletePending([]string{"a"}); err != nil {
		t.Error(err)
	}
}

func TestDue(t *testing.T) {
	week := account.LeaveOnServer{Mode: account.LeaveDays, After: 7 * 24 * time.Hour}
	del := account.LeaveOnServer{Mode: account.LeaveDelete}
	good := Record{UniqueID: "u", Downloaded: noon, Octets: 100, Listed: 100, File: "f"}
	with := func(f func(*Record)) Record { r := good; f(&r); return r }
	for _, c := range []struct {
		name   string
		r      Record
		policy account.LeaveOnServer
		after  time.Duration
		want   bool
	}{
		{"keep", good, account.LeaveOnServer{}, 1e6 * time.Hour, false},
		{"delete", good, del, 0, true},
		{"a second too early", good, week, 7*24*time.Hour - time.Second, false},
		{"on the second", good, week, 7 * 24 * time.Hour, true},
		{"clock set back", good, del, -time.Hour, false},
		{"not downloaded", Record{UniqueID: "u"}, del, 0, false},
		{"duplicate", with(func(r *Record) { r.Duplicate = true }), del, 0, false},
		{"malformed", with(func(r *Record) { r.UniqueID = "a b" }), del, 0, false},
		{"no unique-id", with(func(r *Record) { r.UniqueID = "" }), del, 0, false},
		{"short", with(func(r *Record) { r.Octets = 90 }), del, 0, false},
		{"a percent short", with(func(r *Record) { r.Octets = 99 }), del, 0, true},
		{"longer", with(func(r *Record) { r.Octets = 749 }), del, 0, true},
		{"deleted already", with(func(r *Record) { r.State = Deleted }), del, 0, false},
		{"unknown", with(func(r *Record) { r.State = Unknown }), del, 0, true},
	} {
		if got := Due(c.r, c.policy, noon.Add(c.after)); got != c.want {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
}

func TestPolicyOfWhatIsHere(t *testing.T) {
	o := options(scratch(t))
	c := open(t, o)
	mustStore(t, c, map[string]string{"a": "1"})
	del := account.LeaveOnServer{Mode: account.LeaveDelete}
	c.SetPolicy(del)
	mustStore(t, c, map[string]string{"b": "2"})
	for id, want := range map[string]bool{"a": false, "b": true} { // from now on
		if r, _ := c.Lookup(id); Due(r, r.Policy, noon) != want {
			t.Errorf("%s: due %v", id, !want)
		}
	}
	if err := c.ApplyPolicy([]string{"a", "none"}, del); err != nil {
		t.Fatal(err)
	}
	c.Close()
	c = open(t, o)
	if r, _ := c.Lookup("a"); !Due(r, r.Policy, noon) {
		t.Error("the policy was not applied to what is here")
	}
}
