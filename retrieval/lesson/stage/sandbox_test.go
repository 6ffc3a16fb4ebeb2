package stage_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"imapop/account/sandbox"
	"imapop/account/submission"
	"imapop/retrieval/imap"
	"imapop/retrieval/lesson"
	"imapop/retrieval/lesson/stage"
	"imapop/retrieval/pop3"
	"imapop/retrieval/wire"
)

// lessons reads the shipped pages.
func lessons(t testing.TB) []*lesson.Lesson {
	t.Helper()
	dir := os.DirFS("../../../docs/lessons")
	files, err := fs.Glob(dir, "[0-9]*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("no lessons: %v", err)
	}
	var all []*lesson.Lesson
	for _, f := range files {
		b, err := fs.ReadFile(dir, f)
		if err != nil {
			t.Fatal(err)
		}
		l, err := lesson.Parse(f, b)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	return all
}

func demo(t testing.TB, o sandbox.Options) *sandbox.Server {
	t.Helper()
	srv, err := sandbox.Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	return srv
}

// on is a stage on the demo account.
func on(t testing.TB, srv *sandbox.Server) *stage.Stage {
	a := srv.Account()
	w := wire.Options{Roots: srv.Roots()}
	return stage.New(stage.Options{
		IMAP: imap.Config{Account: a, Password: a.Secret.Literal, Wire: w},
		POP3: pop3.Config{Account: a, Password: a.Secret.Literal, Wire: w},
		Dir:  t.TempDir(), Enough: 150 * time.Millisecond,
		Submit: submitter(srv),
	})
}

func submitter(srv *sandbox.Server) func(context.Context, string, string, []byte, func(byte, string)) error {
	a := srv.Account()
	return func(ctx context.Context, from, to string, msg []byte, line func(byte, string)) error {
		_, err := submission.Send(ctx, a, a.Secret.Literal, submission.Options{Roots: srv.Roots(), Line: line}, submission.Envelope{From: from, To: []string{to}}, msg)
		return err
	}
}

// tell prints what did not hold.
func tell(r lesson.Result) string {
	var b strings.Builder
	if r.Err != nil {
		fmt.Fprintf(&b, "lesson %d: %v\n", r.Number, r.Err)
	}
	for _, s := range r.Steps {
		for _, o := range s.Outcomes {
			if o.Bad() {
				fmt.Fprintf(&b, "%s:%d: %s: %s\n", r.File, o.Statement.Line, o.Statement.Text, o.Saw)
				for _, l := range o.Lines {
					fmt.Fprintf(&b, "    %s %d %c %s\n", l.Side, l.Session, l.Dir, l.Text)
				}
			}
		}
	}
	return b.String()
}

var srvTime time.Time // zero: the server dates what it stores

func TestLessonsHoldOnTheDemoAccount(t *testing.T) {
	srv := demo(t, sandbox.Options{})
	st := on(t, srv)
	st.SetEnough(time.Second) // a busy machine must not look like a server that says nothing
	saw := map[string]string{}
	var total lesson.Counts
	for _, l := range lessons(t) {
		r := st.Run(t.Context(), l, nil)
		c := r.Counts()
		total = total.Add(c)
		t.Logf("%2d %-40s %s %+v", l.Number, l.Title, r.Took.Round(time.Millisecond), c)
		if c.Failed > 0 || c.Impossible > 0 || c.Unwaited > 0 {
			t.Error(tell(r))
		}
		observed(saw, r)
	}
	behaviour(t, map[string]map[string]string{demoColumn: saw})
	t.Logf("%+v", total)
	left, err := st.Close(t.Context())
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
