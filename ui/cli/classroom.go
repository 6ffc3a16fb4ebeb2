package cli

import (
	"context"
	"sync"
	"time"

	"imapop/retrieval/lesson"
	"imapop/retrieval/lesson/stage"
)

// classroom is ui.Classroom on the account that is open. One call runs at a time.
type classroom struct {
	lessons []*lesson.Lesson
	st      *stage.Stage
	mu      sync.Mutex
	enough  func() time.Duration // how long a wait on the demo account must be; nil on another
	used    bool                 // something may be there to be removed
}

// enoughInApp is how long a lesson waits on the demo server for what does not
// come: long enough to be seen waiting.
const enoughInApp = 1500 * time.Millisecond

func newClassroom(op *opened) (*classroom, error) {
	list, err := shipped()
	if err != nil {
		return nil, err
	}
	c := &classroom{lessons: list, st: stage.New(stageOptions(op))}
	if op.account.Demo && op.live.Switches != nil {
		c.enough = func() time.Duration { return enoughInApp + notifyDelay(op) }
	}
	return c, nil
}

// notifyDelay is how long the demo server waits before it tells, as it stands now.
func notifyDelay(op *opened) time.Duration {
	for _, s := range op.live.Switches() {
		if s.Name == "notify-delay" {
			d, _ := time.ParseDuration(s.Value)
			return d
		}
	}
	return 0
}

// Lessons are the shipped pages.
func (c *classroom) Lessons() []*lesson.Lesson { return c.lessons }

// Begin sets the stage.
func (c *classroom) Begin(ctx context.Context, number int) (lesson.Scene, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return lesson.Scene{}, err
	}
	c.used = true
	if c.enough != nil {
		c.st.SetEnough(c.enough())
	}
	err := c.st.Begin(ctx, c.lessons[number])
	return c.st.Scene(), err
}

// Do performs one statement.
func (c *classroom) Do(ctx context.Context, number, step, index int) (lesson.Outcome, lesson.Scene) {
	c.mu.Lock()
	defer c.mu.Unlock()
	st := &c.lessons[number].Steps[step].Do[index]
	if err := ctx.Err(); err != nil {
		return lesson.Outcome{Statement: *st, Verdict: lesson.Failed, Saw: err.Error()}, lesson.Scene{}
	}
	o := c.st.Do(ctx, st)
	return o, c.st.Scene()
}

// Scene is what is there now.
func (c *classroom) Scene() lesson.Scene { return c.st.Scene() }

// Pause ends the lesson's sessions.
func (c *classroom) Pause() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.st.Pause()
}

// End removes what the lesson made.
func (c *classroom) End(ctx context.Context) ([]string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.used {
		return nil, nil
	}
	left, err := c.st.Close(ctx)
	c.used = err != nil
	return left, err
}

// closeLimit is how long the end of the program may wait for a server: what a
// lesson then leaves behind, the next one removes.
const closeLimit = 2 * time.Second

func (c *classroom) close() {
	ctx, stop := context.WithTimeout(context.Background(), closeLimit)
	defer stop()
	_, _ = c.End(ctx)
}
