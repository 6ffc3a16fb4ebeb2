// Package lesson is the screen of the lessons: their list, and the player, which
// shows a step's text beside what the two protocols see, runs its commands one
// by one, asks before it does, and keeps the score.
package lesson

import (
	"slices"
	"time"

	"imapop/retrieval"
	page "imapop/retrieval/lesson"
	"imapop/retrieval/safe"
	"imapop/ui/style"
)

// phase is what the screen is doing.
type phase int

const (
	listing phase = iota
	agreeing
	setting // the stage is being set
	playing
	leaving
)

// Model is the screen. It is a value.
type Model struct {
	st      *style.Styles
	keys    KeyMap
	w, h    int
	now     time.Time
	lessons []*page.Lesson
	demo    bool
	account string
	pending int // marks of the main screen's POP3 session

	phase  phase
	cursor int
	top    int    // first line of the text that is shown
	say    string // why something did not go well
	left   []string

	number   int // index of the lesson that plays
	began    time.Time
	step     int
	next     int // the statement that comes next in the step
	target   int // while replaying: the step at which it stops; -1: not replaying
	running  bool
	paused   bool // the main screen has the maildrop
	scene    page.Scene
	outcomes [][]page.Outcome // by step
	answers  map[int]int      // by line of the question: the choice
	notes    bool
	picture  bool
}

// New makes the screen.
func New(st *style.Styles) Model {
	return Model{st: st, keys: Keys(), target: -1}
}

// SetSize fits the screen into w by h cells.
func (m Model) SetSize(w, h int) Model {
	m.w, m.h = w, h
	return m
}

// SetNow brings the time, for the clock.
func (m Model) SetNow(now time.Time) Model {
	m.now = now
	return m
}

// SetLessons brings the pages; they must not change afterwards.
func (m Model) SetLessons(list []*page.Lesson) Model {
	m.lessons = list
	return m
}

// SetView brings what the main screen knows of the account.
func (m Model) SetView(v *retrieval.View) Model {
	m.demo, m.account, m.pending = v.Demo, v.Account, v.POP3.Pending
	return m
}

// Active reports whether a lesson has the account's maildrop.
func (m Model) Active() bool { return (m.phase == setting || m.phase == playing) && !m.paused }

// Begun hears that the stage is set, or why not.
func (m Model) Begun(sc page.Scene, err error) (Model, []Wish) {
	if err != nil && (m.phase == setting || m.phase == playing) {
		m.phase, m.say, m.target, m.running = listing, "the lesson could not go on: "+safe.Line(err.Error()), -1, false
		return m, []Wish{end()}
	}
	if m.phase != setting {
		return m, nil
	}
	m.phase, m.scene = playing, sc
	m.outcomes = make([][]page.Outcome, len(m.lesson().Steps))
	m.next, m.top = 0, 0
	if m.target >= 0 {
		m.step = 0
		return m.replaying()
	}
	return m, nil
}

// Did hears what came of one statement.
func (m Model) Did(o page.Outcome, sc page.Scene) (Model, []Wish) {
	if m.phase != playing {
		return m, nil
	}
	m.scene = sc
	m.outcomes = slices.Clone(m.outcomes)
	m.outcomes[m.step] = append(slices.Clip(m.outcomes[m.step]), o)
	m.next++
	if m.target >= 0 {
		return m.replaying()
	}
	if m.running {
		return m.onward()
	}
	return m, nil
}

// Looked brings the scene as it is now.
func (m Model) Looked(sc page.Scene) Model {
	if m.phase == playing {
		m.scene = sc
	}
	return m
}

// Ended hears that the lesson's messages are gone, or what could not be removed.
func (m Model) Ended(left []string, err error) Model {
	if m.phase == leaving {
		m.phase = listing
	}
	m.left = left
	if err != nil {
		m.say = "cleaning up failed: " + safe.Line(err.Error()) + "; the next lesson tries again"
	} else if len(left) > 0 {
		m.say = "some of the lesson's mail could not be removed; the next lesson tries again"
	}
	return m
}

func (m Model) lesson() *page.Lesson { return m.lessons[m.number] }

// statement is the one that comes next; nil at the end of the step.
func (m Model) statement() *page.Statement {
	do := m.lesson().Steps[m.step].Do
	if m.next >= len(do) {
		return nil
	}
	return &do[m.next]
}

// asked is the question that waits for an answer; nil when none does.
func (m Model) asked() *page.Statement {
	if m.phase != playing || m.target >= 0 {
		return nil
	}
	st := m.statement()
	if st == nil || st.Kind != page.Ask {
		return nil
	}
	if _, done := m.answers[st.Line]; done {
		return nil
	}
	return st
}

// onward asks for the next statement, unless a question waits or the step is over.
func (m Model) onward() (Model, []Wish) {
	st := m.statement()
	if st == nil || m.asked() != nil {
		m.running = false
		return m, nil
	}
	m.running = true
	return m, []Wish{play(m.number, m.step, m.next)}
}

// replaying runs, after a step back, everything before the step that is wanted.
func (m Model) replaying() (Model, []Wish) {
	for m.step < m.target && m.statement() == nil {
		m.step, m.next = m.step+1, 0
	}
	if m.step >= m.target {
		m.target, m.running, m.top = -1, false, 0
		return m, nil
	}
	return m, []Wish{play(m.number, m.step, m.next)}
}

// Score is how many questions were answered rightly, of how many that the
// evidence has decided.
func (m Model) Score() (right, decided int) {
	for _, outs := range m.outcomes {
		for i := range outs {
			st := &outs[i].Statement
			at, answered := m.answers[st.Line]
			if st.Kind != page.Ask || !answered {
				continue
			}
			a := page.Right(st, outs[i+1:])
			if !a.Sure || !m.settled(st) {
				continue
			}
			decided++
			if st.Choices[at].Key == a.Key {
				right++
			}
		}
	}
	return right, decided
}

// settled reports whether everything has run that decides a question.
func (m Model) settled(ask *page.Statement) bool {
	for s := range m.lesson().Steps {
		do := m.lesson().Steps[s].Do
		for i := range do {
			if do[i].Line != ask.Line {
				continue
			}
			last := i + 1
			for last < len(do) && do[last].Kind != page.Ask {
				last++
			}
			return len(m.outcomes[s]) >= last
		}
	}
	return false
}

func (m Model) counts() page.Counts {
	r := page.Result{}
	for _, outs := range m.outcomes {
		r.Steps = append(r.Steps, page.StepResult{Outcomes: outs})
	}
	return r.Counts()
}

// done reports whether the step has run.
func (m Model) done() bool {
	return m.phase == playing && !m.paused && m.target < 0 && m.statement() == nil && !m.running
}

// over reports whether the last step has run.
func (m Model) over() bool {
	return m.phase == playing && m.target < 0 && m.step == len(m.lesson().Steps)-1 && m.statement() == nil && !m.running
}
