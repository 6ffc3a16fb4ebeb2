package ui

import (
	"context"
	"errors"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	page "imapop/retrieval/lesson"
	"imapop/ui/lesson"
	"imapop/ui/style"
	"imapop/ui/wish"
)

// Classroom performs lessons on the account that is open. Its methods block, and
// run one after the other; what was begun before is over when the next begins.
type Classroom interface {
	// Lessons are the pages; they do not change.
	Lessons() []*page.Lesson
	// Begin takes away what is left of other lessons and makes this one's messages.
	Begin(ctx context.Context, number int) (page.Scene, error)
	// Do performs one statement.
	Do(ctx context.Context, number, step, index int) (page.Outcome, page.Scene)
	// Scene is what is there now; it does not wait.
	Scene() page.Scene
	// Pause ends the lesson's sessions.
	Pause()
	// End takes away what the lesson made, and says what it could not.
	End(ctx context.Context) (left []string, err error)
}

type (
	begunMsg struct {
		scene page.Scene
		err   error
		gen   int
	}
	didMsg struct {
		outcome page.Outcome
		scene   page.Scene
		gen     int
	}
	sceneMsg struct {
		scene page.Scene
		gen   int
	}
	lessonEndedMsg struct {
		left []string
		err  error
	}
)

// teaching is the screen of the lessons with the lesson that runs.
type teaching struct {
	screen lesson.Model
	room   Classroom // nil: there is none
	gen    int       // of the stage: what an older one says is dropped
	ctx    context.Context
	stop   context.CancelFunc
}

func newTeaching(st *style.Styles, room Classroom) teaching {
	t := teaching{screen: lesson.New(st), room: room, ctx: context.Background(), stop: func() {}}
	if room != nil {
		t.screen = t.screen.SetLessons(room.Lessons())
	}
	return t
}

// endLimit bounds the cleaning up after a lesson.
const endLimit = 60 * time.Second

var errNoClassroom = errors.New("there are no lessons here")

// grant turns a wish of the lessons into a command.
func (t teaching) grant(ctx context.Context, desks []Desk, w wish.Wish) (teaching, tea.Cmd) {
	if t.room == nil {
		t.screen, _ = t.screen.Begun(page.Scene{}, errNoClassroom)
		return t, nil
	}
	room := t.room
	switch w := w.(type) {
	case wish.BeginLesson:
		t.stop()
		t.gen++
		t.ctx, t.stop = context.WithCancel(ctx)
		return t, beginLessonCmd(t.ctx, desks, room, w.Lesson, t.gen)
	case wish.PlayLesson:
		return t, playLessonCmd(t.ctx, room, w, t.gen)
	case wish.PauseLesson:
		t.stop()
		t.gen++
		return t, func() tea.Msg { room.Pause(); connectPOP3(ctx, desks); return nil }
	case wish.EndLesson:
		t.stop()
		t.gen++
		return t, func() tea.Msg {
			ctx, stop := context.WithTimeout(ctx, endLimit)
			defer stop()
			left, err := room.End(ctx)
			connectPOP3(ctx, desks)
			return lessonEndedMsg{left, err}
		}
	}
	return t, nil
}

// connectPOP3 gives the maildrop back to the main screen.
func connectPOP3(ctx context.Context, desks []Desk) {
	_ = desks[0].Do(ctx, retrieval.Action{Verb: retrieval.VerbConnect, Side: retrieval.POP3}) // it says itself what goes wrong
}

// beginLessonCmd closes the main screen's POP3 session, since the maildrop is for
// one, and sets the stage.
func beginLessonCmd(ctx context.Context, desks []Desk, room Classroom, number, gen int) tea.Cmd {
	return func() (msg tea.Msg) {
		defer func() {
			if r := recover(); r != nil {
				msg = begunMsg{err: broken(r), gen: gen}
			}
		}()
		for _, d := range desks {
			_ = d.Do(ctx, retrieval.Action{Verb: retrieval.VerbDrop, Side: retrieval.POP3}) // there may be none
		}
		sc, err := room.Begin(ctx, number)
		return begunMsg{sc, err, gen}
	}
}

func playLessonCmd(ctx context.Context, room Classroom, w wish.PlayLesson, gen int) tea.Cmd {
	return func() (msg tea.Msg) {
		defer func() {
			if r := recover(); r != nil {
				msg = begunMsg{err: broken(r), gen: gen}
			}
		}()
		o, sc := room.Do(ctx, w.Lesson, w.Step, w.Index)
		return didMsg{o, sc, gen}
	}
}

// look brings the scene as it is now: sessions go idle, and servers tell things
// while nobody presses a key.
func (t teaching) look() tea.Cmd {
	if t.room == nil || !t.screen.Active() {
		return nil
	}
	room, gen := t.room, t.gen
	return func() tea.Msg { return sceneMsg{room.Scene(), gen} }
}

// heard takes what came of a lesson's command; the wishes are the lesson's next.
func (t teaching) heard(msg tea.Msg) (teaching, []wish.Wish) {
	var wishes []wish.Wish
	switch msg := msg.(type) {
	case begunMsg:
		if msg.gen == t.gen {
			t.screen, wishes = t.screen.Begun(msg.scene, msg.err)
		}
	case didMsg:
		if msg.gen == t.gen {
			t.screen, wishes = t.screen.Did(msg.outcome, msg.scene)
		}
	case sceneMsg:
		if msg.gen == t.gen {
			t.screen = t.screen.Looked(msg.scene)
		}
	case lessonEndedMsg:
		t.screen = t.screen.Ended(msg.left, msg.err)
	}
	return t, wishes
}
