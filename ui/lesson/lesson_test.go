package lesson

import (
	"errors"
	"slices"
	"strings"
	"testing"

	page "imapop/retrieval/lesson"
	"imapop/ui/wish"
)

// TestNothingRunsBeforeThePrediction holds that a question stops the lesson until
// it is answered, and that the answer is not shown before the evidence.
func TestNothingRunsBeforeThePrediction(t *testing.T) {
	r := &room{}
	m := r.drive(fresh(t, 80, 24), "enter", "enter")
	if len(r.done) != 1 || r.done[0] != "imap open" {
		t.Fatalf("ran %q", r.done)
	}
	if strings.Contains(m.View(), "DELE is a promise") {
		t.Error("the answer stands on the screen before the question is answered")
	}
	m = r.drive(m, "enter", "x", "f")
	if len(r.done) != 1 {
		t.Errorf("an answer that is none let it go on: %q", r.done)
	}
	m = r.drive(m, "b")
	if len(r.done) != 4 || !strings.Contains(m.View(), "DELE is a promise") {
		t.Errorf("ran %q:\n%s", r.done, m.View())
	}
	if right, decided := m.Score(); right != 1 || decided != 1 {
		t.Errorf("score %d of %d", right, decided)
	}
}

// TestScoreNeedsEvidence holds that a prediction counts only when the page's
// claims were seen to hold.
func TestScoreNeedsEvidence(t *testing.T) {
	m := (&room{failing: "expect imap lists A B"}).drive(fresh(t, 80, 24), "enter", "enter", "b")
	if _, decided := m.Score(); decided != 0 {
		t.Errorf("%d questions count on a server that contradicts the page", decided)
	}
	if !strings.Contains(m.View(), "✗ not so:") || !strings.Contains(m.View(), "does not decide it") {
		t.Errorf("it is not said:\n%s", m.View())
	}
}

// TestStepsBackAreReplayed holds that a step back, and a repeated one, set the
// stage anew and do again what came before, without asking again.
func TestStepsBackAreReplayed(t *testing.T) {
	r := &room{}
	m := r.drive(fresh(t, 80, 24), "enter", "enter", "b", "enter", "enter")
	if !m.over() || len(r.done) != 10 {
		t.Fatalf("ran %q", r.done)
	}
	r.done = nil
	m = r.drive(m, "r")
	if m.step != 1 || m.next != 0 || len(r.done) != 4 || r.begun != 2 {
		t.Errorf("again: step %d, statement %d, begun %d times, ran %q", m.step, m.next, r.begun, r.done)
	}
	r.done = nil
	m = r.drive(m, "left")
	if m.step != 0 || m.next != 0 || len(r.done) != 0 || r.begun != 3 {
		t.Errorf("back: step %d, statement %d, begun %d times, ran %q", m.step, m.next, r.begun, r.done)
	}
	if m = r.drive(m, "left"); r.begun != 3 {
		t.Error("there is a step before the first")
	}
}

// TestFreePlay holds that going to the main screen gives the maildrop back, and
// that the lesson goes on at its step.
func TestFreePlay(t *testing.T) {
	r := &room{}
	m := r.drive(fresh(t, 80, 24), "enter", "enter", "b", "enter", "1")
	if len(r.others) != 2 || m.Active() {
		t.Fatalf("wished %v, active %v", r.others, m.Active())
	}
	if _, ok := r.others[0].(wish.PauseLesson); !ok {
		t.Errorf("the sessions are kept: %v", r.others)
	}
	r.done = nil
	m = r.drive(m, "enter")
	if m.step != 1 || !m.Active() || !slices.Contains(r.done, "pop3 download A delete") {
		t.Errorf("step %d, ran %q", m.step, r.done)
	}
}

// TestLeavingCleansUp holds that a lesson is ended whichever way it is left.
func TestLeavingCleansUp(t *testing.T) {
	for _, keys := range [][]string{{"enter", "esc"}, {"enter", "enter", "esc"}, {"enter", "enter", "b", "enter", "enter", "enter"}, {"enter", "1", "esc"}} {
		r := &room{}
		m := r.drive(fresh(t, 80, 24), keys...)
		last := r.others[len(r.others)-1]
		if _, ok := last.(wish.EndLesson); !ok {
			t.Errorf("%v: %v", keys, r.others)
		}
		m = m.Ended([]string{"1 messages in INBOX"}, nil)
		if m.phase != listing || !strings.Contains(m.View(), "could not be removed") {
			t.Errorf("%v:\n%s", keys, m.View())
		}
	}
}

func TestRealAccountsAreAsked(t *testing.T) {
	r := &room{}
	m := fresh(t, 80, 24)
	m.demo = false
	m = r.drive(m, "enter")
	if r.begun != 0 || !strings.Contains(m.View(), "a real account") {
		t.Fatalf("it began unasked:\n%s", m.View())
	}
	if m = r.drive(m, "x"); m.phase != listing || r.begun != 0 {
		t.Error("another key than y began it")
	}
	if r.drive(m, "enter", "y"); r.begun != 1 {
		t.Error("y does not begin it")
	}
}

func TestABeginningThatFails(t *testing.T) {
	m, _ := fresh(t, 80, 24).Update(keyMsg("enter"))
	m, wishes := m.Begun(page.Scene{}, errors.New("pop3: login: busy\x1b[2J"))
	if m.phase != listing || len(wishes) != 1 || !strings.Contains(m.View(), "could not go on: pop3: login: busy") {
		t.Errorf("%v\n%s", wishes, m.View())
	}
}
