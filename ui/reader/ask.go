package reader

import (
	"errors"
	"io/fs"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	"imapop/retrieval/mime"
	"imapop/ui/internal/field"
	"imapop/ui/wish"
)

// purpose is what a part is fetched for.
type purpose byte

const (
	forNothing purpose = iota
	forSaving
	forOpening
)

// question is what the person is being asked; the zero value asks nothing.
type question struct {
	kind questionKind
	part *mime.Part
	path field.Field // where to save
	link mime.Link
}

type questionKind byte

const (
	asksNothing questionKind = iota
	asksPath
	asksOpen
	asksLink
)

func (q question) open() bool { return q.kind != asksNothing }

var (
	yes = key.NewBinding(key.WithKeys("y", "Y"))
	no  = key.NewBinding(key.WithKeys("n", "N", "esc", "q", "ctrl+c"))
	esc = key.NewBinding(key.WithKeys("esc", "ctrl+c"))
)

// answer takes a key for the open question.
func (m Model) answer(k tea.KeyMsg) (Model, []wish.Wish) {
	q := m.ask
	switch {
	case q.kind == asksPath && key.Matches(k, esc), q.kind != asksPath && key.Matches(k, no):
		m.ask = question{}
		return m.say(false, "nothing was done").drawn(), nil
	case q.kind == asksPath && k.Type == tea.KeyEnter:
		m.ask = question{}
		return m.drawn(), []wish.Wish{wish.Store{Path: q.path.Text(), File: file(q.part)}}
	case q.kind == asksPath:
		m.ask.path = q.path.Press(k)
	case key.Matches(k, yes) && q.kind == asksLink:
		m.ask = question{}
		return m.drawn(), []wish.Wish{wish.Browse{URL: q.link.URL}}
	case key.Matches(k, yes):
		m.ask = question{}
		return m.fetch(q.part, forOpening)
	}
	return m, nil
}

// chosen is the attachment under the cursor.
func (m Model) chosen() *mime.Part { return m.doc.Attachments[m.cursor] }

func (m Model) save() (Model, []wish.Wish) { return m.fetch(m.chosen(), forSaving) }

func (m Model) askOpen() Model {
	m.ask = question{kind: asksOpen, part: m.chosen()}
	return m.drawn()
}

func (m Model) askLink() Model {
	m.ask = question{kind: asksLink, link: m.doc.Links[m.cursor]}
	return m.drawn()
}

// fetch brings a part here, if it is not, and goes on with what it is for.
func (m Model) fetch(p *mime.Part, why purpose) (Model, []wish.Wish) {
	m.purpose = why
	if p.Here() && !p.Cut() {
		return m.proceed(p)
	}
	m.loading = true
	return m.drawn(), []wish.Wish{wish.Part{Part: p.Want()}}
}

// proceed does with a part what it was fetched for.
func (m Model) proceed(p *mime.Part) (Model, []wish.Wish) {
	if m.purpose == forOpening {
		return m.drawn(), []wish.Wish{wish.Show{File: file(p)}}
	}
	m.ask.part = p
	return m.drawn(), []wish.Wish{wish.Propose{Name: p.Name()}}
}

func file(p *mime.Part) wish.File {
	return wish.File{Name: p.Name(), Encoding: p.Encoding, Body: p.Body()}
}

// PartCame brings a part's body, or why it did not come.
func (m Model) PartCame(number string, octets []byte, costs retrieval.Costs, err error) (Model, []wish.Wish) {
	m.loading = false
	if err != nil {
		return m.say(true, "%v", err).drawn(), nil
	}
	m.costs = costs
	p := m.message.Find(number)
	if p == nil {
		return m.drawn(), nil
	}
	p.SetBody(octets, false)
	return m.proceed(p)
}

// Proposed brings a path that is free: where is the person's to change.
func (m Model) Proposed(path string, err error) Model {
	if err != nil || m.ask.part == nil {
		m.ask = question{}
		return m.say(true, "%v", err).drawn()
	}
	m.ask.kind, m.ask.path = asksPath, field.New(path, 1000, nil)
	return m.drawn()
}

// Filed tells what came of a file or a link. A path that is taken is asked for anew.
func (m Model) Filed(text string, err error) (Model, []wish.Wish) {
	switch {
	case errors.Is(err, fs.ErrExist) && m.at == inFiles:
		m = m.say(true, "%v", err)
		m.ask = question{part: m.chosen()}
		return m.drawn(), []wish.Wish{wish.Propose{Name: m.chosen().Name()}}
	case err != nil:
		return m.say(true, "%v", err).drawn(), nil
	}
	return m.say(false, "%s", text).drawn(), nil
}
