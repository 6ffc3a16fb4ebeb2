package ui

import (
	"context"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"imapop/account/draft"
	"imapop/retrieval"
	"imapop/ui/internal/fake"
)

// fakePost remembers what was asked of it.
type fakePost struct {
	mu   sync.Mutex
	kept []draft.Draft
	out  draft.Outcome
	sent []draft.Draft
	gone []string
	from Originals
}

func (p *fakePost) Begin(_ context.Context, k draft.Kind, _ retrieval.Action, from Originals) (draft.Draft, error) {
	p.from = from
	if k == draft.New {
		return draft.Draft{ID: "d1", From: "alice@demo"}, nil
	}
	return draft.Draft{ID: "d1", From: "alice@demo", To: "ada@demo", Subject: "Re: Notes", Text: "> The Engine\n"}, nil
}
func (p *fakePost) Keep(d draft.Draft) (draft.Draft, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kept = append(p.kept, d)
	return d, nil
}
func (p *fakePost) Store(context.Context, draft.Draft) (string, error) { return "kept in Drafts", nil }
func (p *fakePost) Discard(_ context.Context, d draft.Draft) error {
	p.gone = append(p.gone, d.ID)
	return nil
}
func (p *fakePost) Editor(draft.Draft) (*exec.Cmd, func() (draft.Draft, error), error) {
	return nil, nil, context.Canceled
}
func (p *fakePost) Plan(draft.Draft) (draft.Plan, error) {
	return draft.Plan{Steps: []draft.Step{{Protocol: "SMTP", Text: "goes out"}}}, nil
}
func (p *fakePost) Send(_ context.Context, d draft.Draft) draft.Outcome {
	p.sent = append(p.sent, d)
	return p.out
}
func (p *fakePost) Resend(context.Context, string, bool, bool) draft.Outcome { return p.out }
func (p *fakePost) Unsent() ([]draft.Draft, []draft.Waiting, error)          { return nil, nil, nil }
func (p *fakePost) Drop(string) error                                        { return nil }
func (p *fakePost) Files(string) []string                                    { return nil }

// all drives the app with a message and with all that follows from it.
func all(a app, msgs ...tea.Msg) app {
	for len(msgs) > 0 {
		var cmd tea.Cmd
		a, cmd = drive(a, msgs[0])
		msgs = append(results(cmd), msgs[1:]...)
	}
	return a
}

func writer(t *testing.T, p Post) (app, *fake.Desk) {
	t.Helper()
	d := fake.NewDesk()
	a := opened(t.Context(), d)
	a.writing.post, a.writing.why = p, errNoPost
	return a, d
}

var ctrlS = tea.KeyMsg{Type: tea.KeyCtrlS}

// TestReplyIsSentAndMarked goes the whole way of an answer.
func TestReplyIsSentAndMarked(t *testing.T) {
	p := &fakePost{out: draft.Outcome{ID: "o1", MessageID: "<1@demo>", State: "sent", At: fake.Now, Answer: "2.0.0 OK"}}
	a, d := writer(t, p)
	a = all(a, typed("e"), typed("r"), typed("Yes!"), ctrlS)
	if !strings.Contains(a.View(), "goes out") || len(p.sent) != 0 {
		t.Fatalf("it did not ask first:\n%s", a.View())
	}
	a = all(a, typed("y"))
	if len(p.sent) != 1 || p.sent[0].Text != "> The Engine\nYes!" || !strings.Contains(a.View(), "2.0.0 OK") {
		t.Errorf("sent %+v\n%s", p.sent, a.View())
	}
	if done := d.Done(); len(done) != 1 || done[0].Verb != retrieval.VerbAnswered || done[0].UIDs[0] != 41 {
		t.Errorf("the desk was asked for %+v", done)
	}
}

// TestTypedIsKept holds that what was typed is on disk a second later, and at the end
// of the program.
func TestTypedIsKept(t *testing.T) {
	p := &fakePost{}
	a, _ := writer(t, p)
	a = all(a, typed("e"), typed("r"), typed("Yes"))
	var cmd tea.Cmd
	a.writing, cmd = a.writing.ticked(fake.Now.Add(time.Second))
	a = all(a, results(cmd)...)
	if len(p.kept) != 1 || !strings.HasSuffix(p.kept[0].Text, "Yes") || !strings.Contains(a.View(), "kept here 12:04:35") {
		t.Errorf("kept %+v\n%s", p.kept, a.View())
	}
	if a.writing, cmd = a.writing.ticked(fake.Now.Add(2 * time.Second)); cmd != nil {
		t.Error("it is kept again though nothing was typed")
	}
	a = all(a, typed("!"))
	a.writing.last()
	if len(p.kept) != 2 || !strings.HasSuffix(p.kept[1].Text, "Yes!") {
		t.Errorf("at the end kept %+v", p.kept)
	}
}

// TestLeavingAsks holds that q and esc do not lose a message.
func TestLeavingAsks(t *testing.T) {
	p := &fakePost{}
	a, _ := writer(t, p)
	a = all(a, typed("e"), typed("n"), typed("bob"), tea.KeyMsg{Type: tea.KeyCtrlC})
	if !strings.Contains(a.View(), "not sent") || len(p.gone) != 0 {
		t.Fatalf("it did not ask:\n%s", a.View())
	}
	a = all(a, typed("s"))
	if !strings.Contains(a.View(), "kept in Drafts") || len(p.gone) != 0 {
		t.Errorf("discarded %q\n%s", p.gone, a.View())
	}
}

// TestEditorFails holds that a missing editor is told on the message.
func TestEditorFails(t *testing.T) {
	a, _ := writer(t, &fakePost{})
	a = all(a, typed("e"), typed("r"), tea.KeyMsg{Type: tea.KeyCtrlO})
	if !strings.Contains(a.View(), "canceled") || !strings.Contains(a.View(), "> The Engine") {
		t.Errorf("got\n%s", a.View())
	}
}

// TestOriginalOfTheDevice holds that what is answered is fetched where it is seen:
// message numbers of one device's session mean other messages in another's.
func TestOriginalOfTheDevice(t *testing.T) {
	p := &fakePost{}
	a, first := writer(t, p)
	second := fake.NewDesk()
	a, _ = drive(a, secondMsg{desk: second})
	a, _ = drive(a, deviceMsg{1, viewedMsg{fake.Fresh()}})
	all(a, typed("g"), typed("e"), typed("r"))
	if p.from != Originals(second) {
		t.Errorf("fetched from the first device: %v", p.from == Originals(first))
	}
}

func TestWithoutSubmission(t *testing.T) {
	a, _ := writer(t, nil)
	a = all(a, typed("e"))
	if !strings.Contains(a.View(), "cannot send") {
		t.Errorf("got\n%s", a.View())
	}
}
