// Package compose is the screen on which a person writes: a menu of what to begin,
// the fields and the text, what sending will do, and the way of what was sent. It
// asks the app for everything that is not on it.
package compose

import (
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/textarea"
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"imapop/account/draft"
	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/ui/internal/field"
	"imapop/ui/style"
)

// place is what the screen shows.
type place byte

const (
	inMenu place = iota
	inDrafts
	inOutbox
	loading // an original, a draft
	writing
	leaving // asked: keep or discard
	planned // what sending will do
	sending
	done // what came of it, and the message's way
)

// The fields above the text, in their order.
const (
	fieldTo = iota
	fieldCc
	fieldBcc
	fieldSubject
	fieldAttach
	fieldText // the text itself
)

// names are the fields' own.
var names = [...]string{"To", "Cc", "Bcc", "Subject", "Attach"}

// maxTyped bounds what a field takes, in octets.
const maxTyped = 8000

// Model is the screen. It is a value.
type Model struct {
	st   *style.Styles
	keys KeyMap
	w, h int
	at   place
	now  time.Time
	view *retrieval.View

	action retrieval.Action // the message that is answered; no Verb: none
	about  string
	kind   draft.Kind

	draft   draft.Draft // as it was last kept; what is typed since is in the fields
	fields  [fieldText]field.Field
	focus   int
	text    textarea.Model
	touched bool // the text was edited here
	dirty   bool // something was typed that is not on disk
	keeping bool // it is on its way there
	kept    time.Time

	drafts []draft.Draft
	outbox []draft.Waiting
	cursor int
	hints  []string // completions of what is typed
	plan   draft.Plan
	failed string // why there is no plan
	result
	notice string
	sure   string // ID of what was asked to be dropped: the same key again drops it
}

// result is what came of sending.
type result struct {
	outcome draft.Outcome
	replied bool
}

// New makes the screen; Menu opens it.
func New(st *style.Styles) Model {
	return Model{st: st, keys: Keys(), view: &retrieval.View{}}
}

// Menu asks what to write. a names the message under the cursor and about is it in
// a few words; a without Verb: there is none.
func (m Model) Menu(a retrieval.Action, about string) Model {
	if m.at == sending || m.at == writing || m.at == leaving || m.at == planned {
		return m // something is being written: it comes first
	}
	m.at, m.action, m.about, m.cursor, m.notice = inMenu, a, safe.Line(about), 0, ""
	if a.Verb == "" {
		m.about = ""
	}
	return m
}

// SetSize fits the screen into w by h cells.
func (m Model) SetSize(w, h int) Model {
	m.w, m.h = w, h
	return m.fitted()
}

// SetView takes in what is known of the account: whose mail was seen, and how far a
// sent message is.
func (m Model) SetView(v *retrieval.View) Model {
	m.view = v
	return m
}

// SetNow takes in the time.
func (m Model) SetNow(now time.Time) Model {
	m.now = now
	return m
}

// Unsaved reports whether something was typed that is not on disk yet, and that
// nothing is on its way there.
func (m Model) Unsaved() bool { return m.dirty && !m.keeping }

// Typed reports whether something was typed that may not be on disk.
func (m Model) Typed() bool { return m.dirty || m.keeping }

// Keeping says that the draft as it is now is being kept.
func (m Model) Keeping() Model {
	m.keeping, m.dirty = true, false
	return m
}

// Kept says that it was, or why not.
func (m Model) Kept(d draft.Draft, err error) Model {
	m.keeping = false
	if err != nil {
		m.dirty, m.notice = true, safe.Line(err.Error())
		return m
	}
	m.draft.ID, m.kept = d.ID, m.now
	if m.kept.IsZero() {
		m.kept = time.Unix(0, 0) // before the first tick
	}
	return m
}

// Loading says that a draft is being made.
func (m Model) Loading(k draft.Kind) Model {
	m.at, m.kind, m.notice = loading, k, ""
	return m
}

// Open shows a draft to write on, or why there is none.
func (m Model) Open(d draft.Draft, err error) Model {
	if err != nil {
		m.at, m.notice = inMenu, safe.Line(err.Error())
		return m
	}
	m.at, m.draft, m.touched, m.dirty, m.keeping, m.kept, m.hints, m.result = writing, d, false, false, false, time.Time{}, nil, result{}
	for i, s := range []string{d.To, d.Cc, d.Bcc, d.Subject, ""} {
		m.fields[i] = field.New(safe.Line(s), maxTyped, nil)
	}
	m.text = m.area()
	m.text.SetValue(safe.Text(d.Text))
	m.text.CursorEnd()
	if m.kind == draft.PassOn { // what is passed on stands below what is to be typed
		for m.text.Line() > 0 {
			m.text.CursorUp()
		}
		m.text.CursorStart()
	}
	m.focus = fieldTo
	if d.To != "" {
		m.focus = fieldText
	}
	return m.fitted()
}

// Draft is what is on the screen now.
func (m Model) Draft() draft.Draft {
	d := m.draft
	if m.at < writing {
		return d
	}
	d.To, d.Cc, d.Bcc, d.Subject = m.fields[fieldTo].Text(), m.fields[fieldCc].Text(), m.fields[fieldBcc].Text(), m.fields[fieldSubject].Text()
	if m.touched {
		d.Text = m.text.Value()
	}
	return d
}

// Edited brings the draft back from the person's editor.
func (m Model) Edited(d draft.Draft, err error) Model {
	if err != nil {
		m.notice = safe.Line(err.Error())
		return m
	}
	focus := m.focus
	m = m.Open(d, nil)
	m.focus, m.kept = focus, m.now
	return m.fitted()
}

// Unsent brings the drafts and the outbox.
func (m Model) Unsent(drafts []draft.Draft, outbox []draft.Waiting, err error) Model {
	m.drafts, m.outbox = drafts, outbox
	if err != nil {
		m.notice = safe.Line(err.Error())
	}
	m.cursor = min(m.cursor, max(m.length()-1, 0))
	return m
}

// Planned brings what sending will do, or what keeps it from being done.
func (m Model) Planned(p draft.Plan, err error) Model {
	m.at, m.plan, m.failed = planned, p, ""
	if err != nil {
		m.failed = safe.Line(err.Error())
	}
	return m
}

// Sending says that the message is on its way to the server.
func (m Model) Sending() Model {
	m.at, m.notice = sending, ""
	return m
}

// Done brings what came of it.
func (m Model) Done(out draft.Outcome) Model {
	m.at, m.outcome, m.dirty, m.keeping = done, out, false, false
	if out.ID == "" { // it never came to the outbox: what was typed is still the draft
		m.at, m.failed = planned, out.Error
	}
	return m
}

// Answered reports once that the message that was answered can be marked so.
func (m Model) Answered() (Model, retrieval.Action, bool) {
	mark := (m.kind == draft.Answer || m.kind == draft.AnswerAll) && m.outcome.State == "sent" && !m.replied && len(m.action.UIDs) == 1
	if !mark {
		return m, retrieval.Action{}, false
	}
	m.replied = true
	return m, retrieval.Action{Verb: retrieval.VerbAnswered, Side: retrieval.IMAP, UIDs: m.action.UIDs}, true
}

// area is the editor of the text, in the theme.
func (m Model) area() textarea.Model {
	t := textarea.New()
	t.Prompt, t.ShowLineNumbers, t.CharLimit, t.MaxHeight, t.MaxWidth, t.EndOfBufferCharacter = "", false, 0, 0, 0, ' '
	t.KeyMap.Paste.SetEnabled(false) // it would read the clipboard, behind the screen's back
	plain := m.st.Renderer.NewStyle()
	look := textarea.Style{Base: plain, CursorLine: plain, CursorLineNumber: plain, EndOfBuffer: plain, LineNumber: plain, Placeholder: plain, Prompt: plain, Text: plain}
	t.FocusedStyle, t.BlurredStyle = look, look
	t.Cursor.Style = m.st.Renderer.NewStyle()
	if m.st.Renderer.ColorProfile() == termenv.Ascii { // where nothing can be reversed, the cursor is a line below
		t.Cursor.Style = lipgloss.NewStyle().Transform(func(s string) string {
			if strings.TrimSpace(s) == "" {
				return "_"
			}
			return s + "\u0332"
		})
	}
	t.Focus()
	return t
}
