package ui

import (
	"context"
	"errors"
	"os/exec"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"imapop/account/draft"
	"imapop/retrieval"
	"imapop/retrieval/mime"
	"imapop/ui/compose"
	"imapop/ui/style"
	"imapop/ui/wish"
)

// Post sends mail, and keeps what is not sent. Every method but Editor may block.
type Post interface {
	// Begin makes a draft; a names the message that it answers or passes on, which is
	// fetched from where the person sees it.
	Begin(ctx context.Context, k draft.Kind, a retrieval.Action, from Originals) (draft.Draft, error)
	// Keep saves a draft on this device and returns it with its ID.
	Keep(d draft.Draft) (draft.Draft, error)
	// Store saves it also in the server's Drafts folder and says where it is.
	Store(ctx context.Context, d draft.Draft) (string, error)
	// Discard removes it, here and there.
	Discard(ctx context.Context, d draft.Draft) error
	// Editor gives the command that opens a kept draft, and what reads it afterwards.
	Editor(d draft.Draft) (*exec.Cmd, func() (draft.Draft, error), error)
	// Plan says what sending would do; the error is what keeps it from being done.
	Plan(d draft.Draft) (draft.Plan, error)
	// Send takes it into the outbox and tries to send it. Resend tries again: again
	// says that it may go a second time, partial that it may go to some.
	Send(ctx context.Context, d draft.Draft) draft.Outcome
	Resend(ctx context.Context, id string, again, partial bool) draft.Outcome
	// Unsent lists the drafts and the outbox.
	Unsent() ([]draft.Draft, []draft.Waiting, error)
	// Drop takes a message out of the outbox for good.
	Drop(id string) error
	// Files lists files whose path begins so, directories with a slash behind.
	Files(text string) []string
}

// Originals fetches what is answered or passed on: what is read of it, or all of it.
type Originals interface {
	Message(ctx context.Context, a retrieval.Action, html bool) (*mime.Message, retrieval.Costs, error)
	Octets(ctx context.Context, a retrieval.Action) ([]byte, error)
}

var errNoOriginals = errors.New("messages cannot be fetched whole here")

var errNoPost = errors.New("this account cannot send: it has no submission server")

type (
	draftedMsg struct {
		draft draft.Draft
		err   error
		gen   int
	}
	keptMsg struct {
		draft draft.Draft
		err   error
		gen   int
	}
	closedMsg struct { // a draft was stored or discarded
		said string
		err  error
	}
	editedMsg struct {
		draft draft.Draft
		err   error
		gen   int
	}
	plannedMsg struct {
		plan draft.Plan
		err  error
		gen  int
	}
	sentMsg struct {
		outcome draft.Outcome
		gen     int
	}
	unsentMsg struct {
		drafts []draft.Draft
		outbox []draft.Waiting
		err    error
	}
	pathsMsg struct {
		text  string
		found []string
	}
)

func (m closedMsg) text() string {
	if m.err != nil {
		return m.said + " " + m.err.Error()
	}
	return m.said
}

// writing is the compose screen with what sends for it.
type writing struct {
	screen compose.Model
	post   Post        // nil: there is none
	why    error       // why there is none
	from   wish.Screen // where it was opened
	gen    int         // of the draft: what comes of an older one is dropped
}

func newWriting(st *style.Styles, o Options) writing {
	w := writing{screen: compose.New(st), post: o.Post, why: o.NoPost}
	if w.why == nil {
		w.why = errNoPost
	}
	return w
}

// open shows the menu, or the message that is being written.
func (w writing) open(a retrieval.Action, about string) (writing, tea.Cmd) {
	w.screen = w.screen.Menu(a, about)
	return w, unsentCmd(w.post)
}

// grant turns a wish of the compose screen into a command; ours says whether it is
// one of these.
func (w writing) grant(ctx context.Context, from Originals, asked wish.Wish) (next writing, cmd tea.Cmd, ours bool) {
	switch asked := asked.(type) {
	case wish.Begin:
		w.gen++
		return w, beginCmd(ctx, w.post, asked.Kind, asked.Action, from, w.gen), true
	case wish.Keep:
		return w, keepCmd(w.post, asked.Draft, w.gen), true
	case wish.StoreDraft:
		w.gen++
		return w, storeDraftCmd(ctx, w.post, asked.Draft), true
	case wish.Discard:
		w.gen++
		return w, discardCmd(ctx, w.post, asked.Draft), true
	case wish.Edit:
		return w, editCmd(w.post, asked.Draft, w.gen), true
	case wish.Plan:
		return w, planCmd(w.post, asked.Draft, w.gen), true
	case wish.Send:
		return w, sendCmd(ctx, w.post, asked.Draft, w.gen), true
	case wish.Resend:
		return w, resendCmd(ctx, w.post, asked, w.gen), true
	case wish.Unsent:
		return w, unsentCmd(w.post), true
	case wish.Drop:
		return w, dropCmd(w.post, asked.ID), true
	case wish.Paths:
		return w, pathsCmd(w.post, asked.Text), true
	}
	return w, nil, false
}

// ticked keeps what was typed since the last second.
func (w writing) ticked(now time.Time) (writing, tea.Cmd) {
	w.screen = w.screen.SetNow(now)
	if w.post == nil || !w.screen.Unsaved() {
		return w, nil
	}
	d := w.screen.Draft()
	w.screen = w.screen.Keeping()
	return w, keepCmd(w.post, d, w.gen)
}

// last keeps, when the program ends, what was typed and is not on disk.
func (w writing) last() {
	if w.post != nil && w.screen.Typed() {
		_, _ = w.post.Keep(w.screen.Draft())
	}
}

// brought takes in what came of a command; ours says whether it was of one of these.
func (w writing) brought(msg tea.Msg) (next writing, ours bool) {
	switch msg := msg.(type) {
	case draftedMsg:
		if msg.gen == w.gen {
			w.screen = w.screen.Open(msg.draft, msg.err)
		}
	case keptMsg:
		if msg.gen == w.gen {
			w.screen = w.screen.Kept(msg.draft, msg.err)
		}
	case editedMsg:
		if msg.gen == w.gen {
			w.screen = w.screen.Edited(msg.draft, msg.err)
		}
	case plannedMsg:
		if msg.gen == w.gen {
			w.screen = w.screen.Planned(msg.plan, msg.err)
		}
	case sentMsg:
		if msg.gen == w.gen {
			w.screen = w.screen.Done(msg.outcome)
		}
	case unsentMsg:
		w.screen = w.screen.Unsent(msg.drafts, msg.outbox, msg.err)
	case pathsMsg:
		w.screen = w.screen.Paths(msg.text, msg.found)
	default:
		return w, false
	}
	return w, true
}

func beginCmd(ctx context.Context, p Post, k draft.Kind, a retrieval.Action, from Originals, gen int) tea.Cmd {
	return func() (msg tea.Msg) {
		defer func() {
			if r := recover(); r != nil {
				msg = draftedMsg{err: broken(r), gen: gen}
			}
		}()
		if from == nil && k != draft.New {
			return draftedMsg{err: errNoOriginals, gen: gen}
		}
		d, err := p.Begin(ctx, k, a, from)
		return draftedMsg{d, err, gen}
	}
}

func keepCmd(p Post, d draft.Draft, gen int) tea.Cmd {
	return func() tea.Msg {
		d, err := p.Keep(d)
		return keptMsg{d, err, gen}
	}
}

func storeDraftCmd(ctx context.Context, p Post, d draft.Draft) tea.Cmd {
	return func() tea.Msg {
		said, err := p.Store(ctx, d)
		return closedMsg{said, err}
	}
}

func discardCmd(ctx context.Context, p Post, d draft.Draft) tea.Cmd {
	return func() tea.Msg { return closedMsg{"", p.Discard(ctx, d)} }
}

// editCmd keeps the draft, gives the terminal to the editor, and reads what came of it.
func editCmd(p Post, d draft.Draft, gen int) tea.Cmd {
	return func() tea.Msg {
		d, err := p.Keep(d)
		if err != nil {
			return editedMsg{d, err, gen}
		}
		cmd, read, err := p.Editor(d)
		if err != nil {
			return editedMsg{d, err, gen}
		}
		return tea.ExecProcess(cmd, func(err error) tea.Msg {
			if err != nil {
				return editedMsg{d, err, gen}
			}
			d, err := read()
			return editedMsg{d, err, gen}
		})()
	}
}

func planCmd(p Post, d draft.Draft, gen int) tea.Cmd {
	return func() tea.Msg {
		plan, err := p.Plan(d)
		return plannedMsg{plan, err, gen}
	}
}

func sendCmd(ctx context.Context, p Post, d draft.Draft, gen int) tea.Cmd {
	return func() (msg tea.Msg) {
		defer func() {
			if r := recover(); r != nil {
				msg = sentMsg{draft.Outcome{Error: broken(r).Error()}, gen}
			}
		}()
		return sentMsg{p.Send(ctx, d), gen}
	}
}

func resendCmd(ctx context.Context, p Post, w wish.Resend, gen int) tea.Cmd {
	return func() tea.Msg { return sentMsg{p.Resend(ctx, w.ID, w.Again, w.Partial), gen} }
}

func unsentCmd(p Post) tea.Cmd {
	return func() tea.Msg {
		drafts, outbox, err := p.Unsent()
		return unsentMsg{drafts, outbox, err}
	}
}

func dropCmd(p Post, id string) tea.Cmd {
	return func() tea.Msg {
		err := p.Drop(id)
		drafts, outbox, listErr := p.Unsent()
		return unsentMsg{drafts, outbox, errors.Join(err, listErr)}
	}
}

func pathsCmd(p Post, text string) tea.Cmd {
	return func() tea.Msg { return pathsMsg{text, p.Files(text)} }
}
