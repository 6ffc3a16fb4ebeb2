package stage_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"imapop/account/sandbox"
	"imapop/retrieval"
	"imapop/retrieval/imap"
	"imapop/retrieval/lesson"
	"imapop/retrieval/wire"
)

// census lists every message of every folder with its flags.
func census(t *testing.T, srv *sandbox.Server) []string {
	t.Helper()
	a := srv.Account()
	s, err := imap.Open(t.Context(), imap.Config{Account: a, Password: a.Secret.Literal, Wire: wire.Options{Roots: srv.Roots()}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Drop()
	folders, err := s.Folders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range folders {
		if f.NoSelect {
			continue
		}
		box, err := s.Select(t.Context(), f.Name, true)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f.Name)
		if box.Messages == 0 {
			continue
		}
		msgs, err := s.Window(t.Context(), 1, box.Messages)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range msgs {
			out = append(out, fmt.Sprintf("%s %d %v %s", f.Name, m.UID, m.Flags, m.Header.MessageID))
		}
	}
	slices.Sort(out)
	return out
}

// TestOnlyTheLessonsOwn holds that what lessons do leaves the account as it was:
// every message, every flag, every folder.
func TestOnlyTheLessonsOwn(t *testing.T) {
	srv := demo(t, sandbox.Options{Messages: 5, Policies: map[string]string{"pop3-delete": "trash"}})
	for _, forged := range []string{
		lesson.Header + ": lesson=1; message=A; run=abc\r\nMessage-ID: <somebody@else.example>\r\nSubject: a forged header\r\nFrom: m@x.example\r\n\r\nhi\r\n",
		lesson.Header + ": hello\r\nSubject: no Message-ID\r\nFrom: m@x.example\r\n\r\nhi\r\n",
	} {
		if _, err := srv.Deliver([]byte(forged)); err != nil {
			t.Fatal(err)
		}
	}
	before := census(t, srv)
	st := on(t, srv)
	for _, l := range lessons(t) {
		if !slices.Contains([]int{1, 3, 8, 15, 16}, l.Number) { // deletions, folders, the trash, a reset, submission
			continue
		}
		if r := st.Run(t.Context(), l, nil); r.Counts().Failed > 0 {
			t.Error(tell(r))
		}
	}
	if left, err := st.Close(t.Context()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if after := census(t, srv); !slices.Equal(before, after) {
		t.Errorf("the account changed:\n%s\nwas:\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
	}
}

// TestAfterACrash holds that what a killed lesson left is found by its header and
// its folders' names, told, and removed by the next one.
func TestAfterACrash(t *testing.T) {
	srv := demo(t, sandbox.Options{})
	before := census(t, srv)
	all := lessons(t)
	ctx, kill := context.WithCancel(t.Context())
	first := on(t, srv)
	first.Run(ctx, all[2], func(step int, o *lesson.Outcome) { // the third: it has a folder with a message in it
		if o.Statement.Action != nil && o.Statement.Action.Verb == "move" {
			kill()
		}
	})
	first.Pause()
	second := on(t, srv)
	n, folders, err := second.Leftovers(t.Context())
	if err != nil || n != 2 || len(folders) != 1 || !strings.Contains(folders[0], lesson.FolderPrefix) {
		t.Errorf("found %d messages and %v: %v", n, folders, err)
	}
	if left, err := second.Close(t.Context()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if after := census(t, srv); !slices.Equal(before, after) {
		t.Errorf("the account changed:\n%s\nwas:\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
	}
}

// TestWhatAServerCannotDoIsCounted holds that on a server without unique-ids the
// lessons say what cannot be shown, instead of calling it false or leaving it out.
func TestWhatAServerCannotDoIsCounted(t *testing.T) {
	srv := demo(t, sandbox.Options{Messages: 2, Policies: map[string]string{"uidl": "no"}})
	before := census(t, srv)
	st := on(t, srv)
	var c lesson.Counts
	for _, l := range lessons(t) {
		if !slices.Contains([]int{4, 5, 8, 10, 12, 18}, l.Number) { // those that download, or tell messages apart
			continue
		}
		r := st.Run(t.Context(), l, nil)
		c = c.Add(r.Counts())
		if r.Counts().Failed > 0 {
			t.Error(tell(r))
		}
	}
	if c.Impossible < 10 || c.Held < 30 {
		t.Errorf("%+v", c)
	}
	if left, err := st.Close(t.Context()); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if after := census(t, srv); !slices.Equal(before, after) {
		t.Errorf("the account changed:\n%s\nwas:\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
	}
}

// TestAFolderWithSomebodysMailStays holds that a lesson's folder into which
// somebody has put a message is not removed.
func TestAFolderWithSomebodysMailStays(t *testing.T) {
	srv := demo(t, sandbox.Options{Empty: true})
	a := srv.Account()
	s, err := imap.Open(t.Context(), imap.Config{Account: a, Password: a.Secret.Literal, Wire: wire.Options{Roots: srv.Roots()}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Drop()
	name := lesson.FolderPrefix + "Archive"
	if err := s.Create(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append(t.Context(), name, nil, srvTime, []byte("Subject: mine\r\nFrom: me@x.example\r\n\r\nkeep\r\n")); err != nil {
		t.Fatal(err)
	}
	left, err := on(t, srv).Close(t.Context())
	if err != nil || len(left) != 1 || left[0] != name {
		t.Errorf("left %v, %v", left, err)
	}
	f, err := s.Status(t.Context(), name)
	if err != nil || f.Messages != 1 {
		t.Errorf("the folder: %+v, %v", f, err)
	}
}

// TestSceneWhileRunning lets the screen look while a lesson runs, for the race
// detector, and holds that it sees the devices' copies and sessions come and go.
func TestSceneWhileRunning(t *testing.T) {
	st := on(t, demo(t, sandbox.Options{Empty: true}))
	stop, looked := make(chan struct{}), make(chan [2]bool)
	go func() {
		var copies, open bool
		tick := time.NewTicker(time.Millisecond) // often, and yet the lesson must not starve
		defer tick.Stop()
		for {
			select {
			case <-stop:
				looked <- [2]bool{copies, open}
				return
			case <-tick.C:
			}
			for _, d := range st.Scene().Devices {
				copies = copies || len(d.Copies) == 3
				open = open || d.POP3 == retrieval.POP3Transaction && len(d.POP3Rows) == 3
			}
		}
	}()
	r := st.Run(t.Context(), lessons(t)[7], nil)
	close(stop)
	if saw := <-looked; r.Counts().Failed > 0 || !saw[0] || !saw[1] {
		t.Errorf("copies seen: %v, sessions seen: %v\n%s", saw[0], saw[1], tell(r))
	}
	_, _ = st.Close(t.Context())
}

// TestNoSecretInEvidence holds that neither password is in the evidence of a course.
func TestNoSecretInEvidence(t *testing.T) {
	srv := demo(t, sandbox.Options{Empty: true})
	st := on(t, srv)
	r := st.Run(t.Context(), lessons(t)[13], func(_ int, o *lesson.Outcome) {
		for _, l := range o.Lines {
			if strings.Contains(l.Text, srv.Info().Password) || strings.Contains(l.Text, "not-the-real-one") {
				t.Errorf("a secret: %s", l.Text)
			}
		}
	})
	if r.Counts().Failed > 0 {
		t.Error(tell(r))
	}
	for _, l := range st.Transcript().Since(0, 0) {
		if l.Side == retrieval.IMAP && strings.Contains(l.Text, "LOGIN alice "+srv.Info().Password) {
			t.Errorf("a secret: %s", l.Text)
		}
	}
	_, _ = st.Close(t.Context())
}
