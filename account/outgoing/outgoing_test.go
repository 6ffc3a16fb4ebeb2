package outgoing

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"imapop/account/draft"
	"imapop/account/submission"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func at() time.Time { return noon }

func filled(t *testing.T) (*Outbox, Entry) {
	t.Helper()
	box, err := OpenOutbox(filepath.Join(t.TempDir(), "outbox"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := box.Add(Entry{MessageID: "<1@x>", Subject: "s", From: "a@x", To: []string{"b@x", "c@x"}, Created: noon}, []byte("octets"))
	if err != nil {
		t.Fatal(err)
	}
	return box, e
}

// answering is a submission that ends in a way.
func answering(t *testing.T, r submission.Result, err error, data bool) Submit {
	return func(e Entry, octets []byte, atTheEnd func() error) (submission.Result, error) {
		if string(octets) != "octets" {
			t.Errorf("sent %q", octets)
		}
		if data {
			if err := atTheEnd(); err != nil {
				t.Fatal(err)
			}
		}
		return r, err
	}
}

func TestWaysToEnd(t *testing.T) {
	both := []submission.Recipient{{Address: "b@x", Code: 250}, {Address: "c@x", Code: 250}}
	some := []submission.Recipient{{Address: "b@x", Code: 250}, {Address: "c@x", Code: 550, Text: "no such person"}}
	unknown := &submission.Error{Step: "end of message", Err: submission.ErrUnknown}
	refused := &submission.Error{Step: "RCPT TO c@x", Code: 550, Err: submission.ErrRefused}
	for _, c := range []struct {
		name   string
		r      submission.Result
		err    error
		data   bool
		state  State
		to     []string
		sentTo []string
	}{
		{"accepted", submission.Result{At: noon, Recipients: both}, nil, true, Sent, nil, []string{"b@x", "c@x"}},
		{"refused before DATA", submission.Result{Recipients: some}, refused, false, Waiting, []string{"b@x", "c@x"}, nil},
		{"partly accepted", submission.Result{At: noon, Recipients: some}, nil, true, Waiting, []string{"c@x"}, []string{"b@x"}},
		{"cut after the dot", submission.Result{Recipients: both}, unknown, true, Unknown, []string{"b@x", "c@x"}, nil},
		{"refused after the dot", submission.Result{Recipients: both}, refused, true, Waiting, []string{"b@x", "c@x"}, nil},
	} {
		box, e := filled(t)
		got, _, err := box.Send(e.ID, at, answering(t, c.r, c.err, c.data))
		if !errors.Is(err, c.err) || got.State != c.state || !reflect.DeepEqual(got.To, c.to) || !reflect.DeepEqual(got.SentTo, c.sentTo) {
			t.Errorf("%s: %v, %+v", c.name, err, got)
		}
		list, err := box.List()
		if err != nil || len(list) != 1 || !reflect.DeepEqual(list[0], got) || got.Tries != 1 || len(got.Answers) != len(c.r.Recipients) {
			t.Errorf("%s: on disk %+v, %v; returned %+v", c.name, list, err, got)
		}
		if (c.state == Waiting || c.state == Unknown) && got.LastError == "" {
			t.Errorf("%s: no reason is kept", c.name)
		}
	}
}

// TestSentLeavesWhenFiled holds that a message that is sent stays until its copy is
// kept, and is not sent again meanwhile.
func TestSentLeavesWhenFiled(t *testing.T) {
	box, e := filled(t)
	accepted := submission.Result{At: noon, Recipients: []submission.Recipient{{Address: "b@x", Code: 250}, {Address: "c@x", Code: 250}}}
	if _, _, err := box.Send(e.ID, at, answering(t, accepted, nil, true)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := box.Send(e.ID, at, nil); err == nil || !strings.Contains(err.Error(), "sent already") {
		t.Errorf("sent again: %v", err)
	}
	if err := box.Filed(e.ID); err != nil {
		t.Fatal(err)
	}
	if list, err := box.List(); err != nil || len(list) != 0 {
		t.Errorf("%v, %+v", err, list)
	}
	if _, _, err := box.Send(e.ID, at, nil); !errors.Is(err, ErrNone) {
		t.Errorf("got %v", err)
	}
}

func TestOneSends(t *testing.T) {
	box, e := filled(t)
	other, _ := OpenOutbox(box.Dir())
	_, _, err := box.Send(e.ID, at, func(e Entry, _ []byte, atTheEnd func() error) (submission.Result, error) {
		if err := atTheEnd(); err != nil {
			t.Fatal(err)
		}
		if _, _, err := other.Send(e.ID, at, nil); !errors.Is(err, ErrBusy) {
			t.Errorf("two at a time: %v", err)
		}
		if list, err := other.List(); err != nil || list[0].State != sendingState {
			t.Errorf("while it is sent: %v, %+v", err, list)
		}
		return submission.Result{}, submission.ErrRefused
	})
	if !errors.Is(err, submission.ErrRefused) {
		t.Error(err)
	}
}

func TestNamesFromOutside(t *testing.T) {
	box, _ := filled(t)
	for _, id := range []string{"", ".", "..", "../drafts", "tmp", "lock", "a/b", "nothing"} {
		if err := box.Drop(id); !errors.Is(err, ErrNone) {
			t.Errorf("drop %q: %v", id, err)
		}
	}
}

// TestForTheOwnerOnly holds the modes of everything that is written.
func TestForTheOwnerOnly(t *testing.T) {
	box, e := filled(t)
	if _, err := box.Again(e.ID); err == nil {
		t.Error("a waiting message was decided over")
	}
	drafts, err := OpenDrafts(filepath.Join(t.TempDir(), "drafts"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := drafts.Keep(draft.Draft{Text: "x"}, []byte("y"), noon); err != nil {
		t.Fatal(err)
	}
	for _, root := range []string{box.Dir(), drafts.Dir()} {
		filepath.Walk(root, func(path string, info os.FileInfo, err error) error {
			if err != nil || info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s: %v %v", path, info.Mode(), err)
			}
			return nil
		})
	}
}

func TestDrafts(t *testing.T) {
	s, err := OpenDrafts(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.Save(draft.Draft{To: "b@x", Text: "one\n"}, noon)
	if err != nil {
		t.Fatal(err)
	}
	d.Text = "two\n"
	if d, err = s.Save(d, noon); err != nil {
		t.Fatal(err)
	}
	if d, err = s.Keep(d, []byte("original"), noon); err != nil {
		t.Fatal(err)
	}
	list, err := s.List()
	if err != nil || len(list) != 1 || !reflect.DeepEqual(list[0], d) {
		t.Errorf("%v, %+v; want %+v", err, list, d)
	}
	if err := s.Remove(d.ID); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(s.Dir()); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	if _, err := s.Load("../x"); err == nil {
		t.Error("a name from outside was read")
	}
}
