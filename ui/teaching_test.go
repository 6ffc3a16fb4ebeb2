package ui

import (
	"context"
	"strings"
	"sync"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	page "imapop/retrieval/lesson"
	"imapop/ui/internal/fake"
	"imapop/ui/wish"
)

// room is a classroom that writes down what it was asked for.
type room struct {
	mu    sync.Mutex
	calls []string
	pages []*page.Lesson
}

func (r *room) note(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, s)
}

func (r *room) Lessons() []*page.Lesson { return r.pages }
func (r *room) Begin(context.Context, int) (page.Scene, error) {
	r.note("begin")
	return page.Scene{}, nil
}
func (r *room) Do(_ context.Context, _, step, index int) (page.Outcome, page.Scene) {
	st := r.pages[0].Steps[step].Do[index]
	r.note(st.Text)
	if st.Text == "pop3 open" {
		panic("a fault")
	}
	return page.Outcome{Statement: st, Verdict: page.Done}, page.Scene{}
}
func (r *room) Scene() page.Scene                              { return page.Scene{} }
func (r *room) Pause()                                         { r.note("pause") }
func (r *room) End(context.Context) (left []string, err error) { r.note("end"); return nil, nil }

func withRoom(t *testing.T, block string) (app, *room, *fake.Desk) {
	l, err := page.Parse("01-x.md", []byte("# One\n\nAbout.\n\n```lesson\nmail A \"A\"\n```\n\n## S\n\nText.\n\n```lesson\n"+block+"\n```\n"))
	if err != nil {
		t.Fatal(err)
	}
	r := &room{pages: []*page.Lesson{l}}
	d := fake.NewDesk()
	a := opened(t.Context(), d)
	a.teaching.room, a.teaching.screen = r, a.teaching.screen.SetLessons(r.pages)
	return a, r, d
}

// follow presses keys and runs every command that comes of them.
func follow(a app, keys ...string) app {
	for _, k := range keys {
		msg := tea.Msg(typed(k))
		if k == "enter" {
			msg = tea.KeyMsg{Type: tea.KeyEnter}
		} else if k == "esc" {
			msg = tea.KeyMsg{Type: tea.KeyEsc}
		}
		a = run(a, msg)
	}
	return a
}

func run(a app, msg tea.Msg) app {
	a, cmd := drive(a, msg)
	for _, m := range results(cmd) {
		a = run(a, m)
	}
	return a
}

// TestALessonHasTheMaildropToItself holds that the main screen's POP3 session is
// closed before a lesson begins, and opened again when it pauses or ends.
func TestALessonHasTheMaildropToItself(t *testing.T) {
	a, r, d := withRoom(t, "imap open\nimap noop")
	a = follow(a, "4", "enter", "enter")
	if a.screen != wish.Lesson || strings.Join(r.calls, ", ") != "begin, imap open, imap noop" {
		t.Fatalf("screen %v, asked for %q\n%s", a.screen, r.calls, a.View())
	}
	if done := d.Done(); len(done) != 1 || done[0].Verb != retrieval.VerbDrop || done[0].Side != retrieval.POP3 {
		t.Errorf("the desk was asked for %+v", done)
	}
	a = follow(a, "1")
	if a.screen != wish.Compare || r.calls[len(r.calls)-1] != "pause" {
		t.Errorf("free play: screen %v, asked for %q", a.screen, r.calls)
	}
	if done := d.Done(); done[len(done)-1].Verb != retrieval.VerbConnect {
		t.Errorf("the maildrop is not given back: %+v", done)
	}
	a = follow(a, "4", "enter", "esc")
	if last := r.calls[len(r.calls)-1]; last != "end" {
		t.Errorf("the lesson is not ended: %q", r.calls)
	}
	if done := d.Done(); done[len(done)-1].Verb != retrieval.VerbConnect {
		t.Errorf("the maildrop is not given back: %+v", done)
	}
	if !strings.Contains(a.View(), "About.") {
		t.Errorf("not back in the list:\n%s", a.View())
	}
}

// TestAnOldStageIsNotHeard holds that what a lesson that was left says later changes nothing.
func TestAnOldStageIsNotHeard(t *testing.T) {
	a, r, _ := withRoom(t, "imap open\nimap noop")
	a = follow(a, "4", "enter")
	old := a.teaching.gen
	a = follow(a, "r")
	before := a.View()
	a = run(a, didMsg{outcome: page.Outcome{Statement: r.pages[0].Steps[0].Do[0], Saw: "stale"}, gen: old})
	if a.View() != before {
		t.Errorf("an old answer was heard:\n%s", a.View())
	}
}

// TestAFaultInALessonIsItsOwn holds that a panic below becomes a sentence.
func TestAFaultInALessonIsItsOwn(t *testing.T) {
	a, r, _ := withRoom(t, "pop3 open")
	a = follow(a, "4", "enter", "enter")
	if len(r.calls) < 2 || !strings.Contains(a.View(), "a fault in imapop itself") {
		t.Errorf("calls %q\n%s", r.calls, a.View())
	}
}
