package cli

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"imapop/account/draft"
	"imapop/account/outgoing"
	"imapop/retrieval"
	"imapop/retrieval/live"
	"imapop/retrieval/mime"
	"imapop/retrieval/safe"
	"imapop/retrieval/sending"
	"imapop/ui"
)

// post is the app's way to send (ui.Post). Safe from any goroutine.
type post struct {
	sender *sending.Sender
	from   string

	mu     sync.Mutex
	closed map[string]bool // drafts that were sent or discarded: a late autosave must not bring them back
}

func newPost(op *opened, d *live.Desk) (*post, error) {
	s, err := openSender(op, d)
	if err != nil {
		return nil, err
	}
	return &post{sender: s, from: op.account.From, closed: map[string]bool{}}, nil
}

// Begin is ui.Post's.
func (p *post) Begin(ctx context.Context, k draft.Kind, a retrieval.Action, from ui.Originals) (draft.Draft, error) {
	d := draft.Draft{From: p.from}
	if k != draft.New {
		original, octets, err := original(ctx, k, a, from)
		if err != nil {
			return d, err
		}
		switch k {
		case draft.PassOn:
			d = draft.Forward(original, p.from)
			d.ID = outgoing.NewID(time.Now())
			return p.sender.Drafts().Keep(d, octets, time.Now())
		default:
			d = draft.Reply(original, p.from, k == draft.AnswerAll)
		}
	}
	d.ID = outgoing.NewID(time.Now())
	return d, nil
}

// original fetches what is answered: of a message that is answered, over IMAP, only
// what is read of it; one that is passed on goes whole.
func original(ctx context.Context, k draft.Kind, a retrieval.Action, from ui.Originals) (draft.Original, []byte, error) {
	if k == draft.PassOn {
		octets, err := from.Octets(ctx, a)
		if err != nil {
			return draft.Original{}, nil, err
		}
		return sending.Original(mime.Parse(octets)), octets, nil
	}
	m, _, err := from.Message(ctx, a, false)
	if err != nil {
		return draft.Original{}, nil, err
	}
	return sending.Original(m), nil, nil
}

// Keep is ui.Post's.
func (p *post) Keep(d draft.Draft) (draft.Draft, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed[d.ID] {
		return d, nil
	}
	return p.sender.Drafts().Save(d, time.Now())
}

// Store is ui.Post's. What the server cannot take is on this device all the same.
func (p *post) Store(ctx context.Context, d draft.Draft) (string, error) {
	d, err := p.Keep(d)
	if err != nil {
		return "", err
	}
	where, err := p.sender.StoreDraft(ctx, d)
	if err != nil {
		return "the draft is kept on this device only:", err
	}
	d.Stored = true
	if _, err = p.Keep(d); err != nil {
		return "", err
	}
	return "the draft is kept on this device and in " + where + "; e, d opens it again", nil
}

// close takes a draft away for good.
func (p *post) close(id string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed[id] = true
	return p.sender.Drafts().Remove(id)
}

// Discard is ui.Post's.
func (p *post) Discard(ctx context.Context, d draft.Draft) error {
	return errors.Join(p.close(d.ID), p.sender.RemoveDraft(ctx, d))
}

// Editor is ui.Post's. It runs what $VISUAL or $EDITOR says by the shell, as other
// programs do, so that "code --wait" works.
func (p *post) Editor(d draft.Draft) (*exec.Cmd, func() (draft.Draft, error), error) {
	name := os.Getenv("VISUAL")
	if name == "" {
		name = os.Getenv("EDITOR")
	}
	if strings.TrimSpace(name) == "" {
		return nil, nil, errors.New("neither $VISUAL nor $EDITOR names an editor")
	}
	cmd := exec.Command("/bin/sh", "-c", name+` "$1"`, "sh", p.sender.Drafts().Path(d.ID))
	return cmd, func() (draft.Draft, error) { return p.sender.Drafts().Load(d.ID) }, nil
}

// Plan is ui.Post's.
func (p *post) Plan(d draft.Draft) (draft.Plan, error) { return p.sender.Plan(absolute(d)) }

// absolute makes the paths of attachments mean the same everywhere.
func absolute(d draft.Draft) draft.Draft {
	d.Attach = slices.Clone(d.Attach)
	for i, path := range d.Attach {
		if abs, err := filepath.Abs(home(path)); err == nil {
			d.Attach[i] = abs
		}
	}
	return d
}

// home puts the home directory for a leading "~/".
func home(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if dir, err := os.UserHomeDir(); err == nil {
			return filepath.Join(dir, rest)
		}
	}
	return path
}

// Send is ui.Post's.
func (p *post) Send(ctx context.Context, d draft.Draft) draft.Outcome {
	p.mu.Lock() // an autosave that is under way ends first
	e, err := p.sender.Take(absolute(d), nil)
	if e.ID != "" {
		p.closed[d.ID] = true
	}
	p.mu.Unlock()
	if e.ID == "" {
		return draft.Outcome{Error: safe.Line(err.Error())}
	}
	out := p.sender.Send(ctx, e.ID, false)
	if err := p.sender.RemoveDraft(ctx, d); err != nil && out.FileError == "" {
		out.FileError = "its draft is still on the server: " + safe.Line(err.Error())
	}
	return out
}

// Resend is ui.Post's.
func (p *post) Resend(ctx context.Context, id string, again, partial bool) draft.Outcome {
	list, err := p.sender.Outbox().List()
	i := slices.IndexFunc(list, func(e outgoing.Entry) bool { return e.ID == id })
	if i < 0 {
		if err == nil {
			err = outgoing.ErrNone
		}
		return draft.Outcome{ID: id, Error: safe.Line(err.Error())}
	}
	return trySend(ctx, p.sender, list[i], again, partial)
}

// Unsent is ui.Post's.
func (p *post) Unsent() ([]draft.Draft, []draft.Waiting, error) {
	drafts, err := p.sender.Drafts().List()
	list, boxErr := p.sender.Outbox().List()
	var waiting []draft.Waiting
	for _, e := range list {
		waiting = append(waiting, draft.Waiting{ID: e.ID, State: string(e.State), Subject: safe.Line(e.Subject),
			To: safe.Line(strings.Join(append(slices.Clone(e.To), e.SentTo...), ", ")), MessageID: safe.Line(e.MessageID),
			LastError: safe.Line(e.LastError), Tried: e.Tried, Octets: e.Octets})
	}
	return drafts, waiting, errors.Join(err, boxErr)
}

// Drop is ui.Post's.
func (p *post) Drop(id string) error { return p.sender.Outbox().Drop(id) }

// listedFiles bounds what a completion looks at.
const listedFiles = 200

// Files is ui.Post's.
func (p *post) Files(text string) []string {
	dir, name := filepath.Split(home(text))
	look := dir
	if look == "" {
		look = "."
	}
	f, err := os.Open(look)
	if err != nil {
		return nil
	}
	defer f.Close()
	entries, _ := f.ReadDir(10_000)
	var out []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), name) || strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(name, ".") {
			continue
		}
		path := text[:len(text)-len(name)] + e.Name()
		if info, err := os.Stat(filepath.Join(look, e.Name())); err == nil && info.IsDir() {
			path += "/"
		}
		out = append(out, path)
	}
	slices.Sort(out)
	return out[:min(len(out), listedFiles)]
}
