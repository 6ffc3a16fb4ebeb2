// Package reader shows one message: its header, its text, what is attached to
// it, and what it cost to read over either side. What it draws is clean; a part
// is never run or opened by itself, and nothing that a message names is fetched.
package reader

import (
	"fmt"

	"github.com/charmbracelet/bubbles/viewport"

	"imapop/retrieval"
	"imapop/retrieval/mime"
	"imapop/retrieval/safe"
	"imapop/ui/style"
	"imapop/ui/wish"
)

// place is what the middle of the screen shows.
type place byte

const (
	inText place = iota
	inSource
	inTree
	inLinks
	inFiles
	inTrust
	inHelp
)

// Model is the screen. It is a value.
type Model struct {
	st      *style.Styles
	keys    KeyMap
	w, h    int
	action  retrieval.Action
	opened  bool
	loading bool
	err     error
	message *mime.Message
	doc     *mime.Document
	html    bool // of two alternatives, the HTML is wanted
	whole   bool // quoted text is not folded
	costs   retrieval.Costs
	trust   *retrieval.Trust // nil: not asked
	source  []byte           // as it came, or its beginning; nil: not fetched
	at      place
	cursor  int    // in a list
	where   string // "3 of 14"
	running *retrieval.Progress
	purpose purpose // what a part is being fetched for
	ask     question
	notice  notice
	text    viewport.Model // what the middle shows, in lines of the width
}

// notice is the answer to the last key, until the next one.
type notice struct {
	text string
	bad  bool
}

// New makes the screen, with no message in it.
func New(st *style.Styles) Model { return Model{st: st, keys: Keys()} }

// Opened reports whether there is a message, or one on its way.
func (m Model) Opened() bool { return m.opened }

// Action is what the message was opened by.
func (m Model) Action() retrieval.Action { return m.action }

// HTML reports whether of two alternatives the HTML is wanted.
func (m Model) HTML() bool { return m.html }

// Opening says that a message is being fetched; where is its place in the list.
func (m Model) Opening(a retrieval.Action, where string) Model {
	return Model{st: m.st, keys: m.keys, w: m.w, h: m.h, action: a, opened: true, loading: true, html: m.html, whole: m.whole, where: where}
}

// Fetched brings the message, or why there is none.
func (m Model) Fetched(msg *mime.Message, costs retrieval.Costs, err error) Model {
	m.loading, m.err, m.message, m.costs = false, err, msg, costs
	if err == nil {
		m.source = msg.Source
		m.doc = msg.Document(m.html)
	}
	return m.drawn()
}

// Loaded brings bodies of parts that the text needed.
func (m Model) Loaded(bodies []mime.Body, costs retrieval.Costs, err error) Model {
	m.loading = false
	if err != nil {
		return m.say(true, "%v", err).drawn()
	}
	m.costs = costs
	for _, b := range bodies {
		if p := m.message.Find(b.Number); p != nil {
			p.SetBody(b.Octets, b.Cut)
		}
	}
	m.doc = m.message.Document(m.html)
	return m.drawn()
}

// SourceCame brings the beginning of the message as it came.
func (m Model) SourceCame(octets []byte, costs retrieval.Costs, err error) Model {
	m.loading = false
	if err != nil {
		m.at = inText
		return m.say(true, "%v", err).drawn()
	}
	m.costs, m.source = costs, octets
	return m.drawn()
}

// TrustCame brings what is known of who sent the message.
func (m Model) TrustCame(t retrieval.Trust, err error) Model {
	m.loading = false
	if err != nil {
		m.at = inText
		return m.say(true, "%v", err).drawn()
	}
	m.trust = &t
	return m.drawn()
}

// SetRunning tells how far a fetch is; nil: nothing runs.
func (m Model) SetRunning(p *retrieval.Progress) Model {
	m.running = p
	return m
}

// SetSize fits the screen into w by h cells.
func (m Model) SetSize(w, h int) Model {
	m.w, m.h = w, h
	return m.drawn()
}

// Say answers in the bottom line.
func (m Model) Say(text string) Model { return m.say(false, "%s", text) }

func (m Model) say(bad bool, format string, args ...any) Model {
	m.notice = notice{safe.Line(fmt.Sprintf(format, args...)), bad}
	return m
}

// need asks for what the text lacks. Over POP3 nothing can be missing.
func (m Model) need() (Model, []wish.Wish) {
	if len(m.doc.Missing) == 0 {
		return m.drawn(), nil
	}
	w := wish.Text{}
	for _, p := range m.doc.Missing {
		w.Parts = append(w.Parts, p.Want())
	}
	m.loading = true
	return m.drawn(), []wish.Wish{w}
}
