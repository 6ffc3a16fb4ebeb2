// Package compare is the main screen: two live views of one mailbox side by
// side, the chosen message compared aspect by aspect, and the wire below. Its
// Update and View are pure: no I/O, no clock; what it wants done it returns as
// wishes.
package compare

import (
	"math"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/compare"
	"imapop/retrieval/safe"
	"imapop/ui/style"
)

// Model is the screen. It is a value; every change returns a new one.
type Model struct {
	st    *style.Styles
	keys  KeyMap
	rules Rules
	lay   Layout

	full *retrieval.View // as it came; never nil
	view *retrieval.View // what is shown of it: its rows may be fewer, and in another order; never nil
	now  time.Time
	wire scribe

	side     retrieval.Protocol // which pane has the focus
	tree     bool               // the folder tree has it instead
	folder   int                // cursor in the tree
	cursor   int                // index into view.Rows
	top      int                // first row on screen
	follow   bool               // the cursor stays on the newest message: nobody has moved it
	selected map[rowKey]bool    // never changed in place
	search   finding
	order    ordering
	undo     undo  // of the last action
	depth    []int // of the shown rows in their threads; nil: none is

	since  uint64          // rows with Changed above it changed in the last action; the greatest before the first
	before *retrieval.View // as it was when that began; nil: none began yet

	happenedAt uint64 // Seq of the last happening before that began
	busyIMAP   bool
	busyPOP3   bool
	busyHere   bool
	predict    bool // the next action key is predicted, not run
	panel      panel
	notice     notice
	elsewhere  string // what happened on another device, until the next key
	device     int    // which of the account's devices this is; 0: there is one only
	devices    int
	version    string // of the program, for the help
	setup      bool   // the app can add an account

	sharedTail int // octets that all unique-ids end in alike

	aspects []compare.Aspect // of the row under the cursor
	plan    compare.Plan     // of the next download
	planned bool             // plan is of the messages that are chosen now
	due     int              // earlier downloads whose deletion on the server is due
}

// New makes the screen; it draws nothing before its first SetSize.
func New(st *style.Styles, rules Rules) Model {
	return Model{st: st, keys: Keys(), rules: rules, full: &retrieval.View{}, view: &retrieval.View{}, side: retrieval.IMAP, follow: true, since: math.MaxUint64, wire: newScribe()}
}

// SetVersion says which version of the program the help names.
func (m Model) SetVersion(v string) Model {
	m.version = v
	return m
}

// SetSetup says that the app can add an account: there is a key for it then.
func (m Model) SetSetup(can bool) Model {
	m.setup = can
	return m
}

// SetDevice says which of the account's devices this is.
func (m Model) SetDevice(n, of int) Model {
	m.device, m.devices = n, of
	return m
}

// Elsewhere says in a line what happened on another device. It gives way to an
// answer of this one's.
func (m Model) Elsewhere(text string) Model {
	m.elsewhere = safe.Line(text)
	return m
}

// Size is what SetSize said last.
func (m Model) Size() (w, h int) { return m.lay.Width, m.lay.Height }

// SetSize fits the screen into w by h cells.
func (m Model) SetSize(w, h int) Model {
	m.lay.Width, m.lay.Height = w, h
	return m.arranged()
}

// SetNow brings the time; it comes once a second.
func (m Model) SetNow(now time.Time) Model {
	m.now = now
	if m.panel != nil {
		m.panel = m.panel.heard(m)
	}
	return m.explained().foreseen()
}

// SetLines brings the transcript's latest lines, cleaned, oldest first. The
// slice must not change afterwards.
func (m Model) SetLines(lines []retrieval.Line) Model {
	m.wire = m.wire.read(lines)
	return m
}

// SetView brings a new view of the account. The cursor is on the newest message
// until the person chooses another; then it stays on its message, by identity,
// and at its place when that has left both sides.
func (m Model) SetView(v *retrieval.View) Model {
	key, had := m.keyAt(m.cursor)
	old, now := m.full.IMAP.Mailbox, v.IMAP.Mailbox
	if now.Name != old.Name {
		m.follow, had = true, false
	}
	if now.Name != old.Name || now.UIDValidity != old.UIDValidity { // what was found, sorted and flagged was another list
		if len(m.undo.by.UIDs) > 0 {
			m.undo = undo{}
		}
		m.search, m.order = finding{gen: m.search.gen + 1}, ordering{gen: m.order.gen + 1}
	}
	if m.notice.text == markedHere && v.POP3.State == retrieval.POP3Closed {
		m.notice = notice{} // the marks went with the session
	}
	m = m.shownOf(v)
	switch {
	case m.follow:
		m.cursor = len(m.view.Rows) - 1
	case had:
		m.cursor = m.find(key)
	}
	m.sharedTail = sharedTail(v.POP3.Drop.Entries)
	if m.panel != nil {
		m.panel = m.panel.heard(m)
	}
	return m.arranged().explained().foreseen()
}

// Current returns the view that is on screen: its rows are those that are shown.
func (m Model) Current() *retrieval.View { return m.view }

// Visible returns the rows on screen and a page around them: what should be loaded.
func (m Model) Visible() (first, last int) {
	page := max(m.lay.Rows, 1)
	return max(m.top-page, 0), min(m.top+2*page, len(m.view.Rows))
}

// arranged computes the layout anew and keeps the cursor on screen.
func (m Model) arranged() Model {
	s := State{Tree: m.tree}
	if m.panel != nil {
		s.Panel = len(m.panel.body(&m, m.lay.Width-4)) + 2
		_, s.Whole = m.panel.(whole)
	}
	m.lay = Compute(m.lay.Width, m.lay.Height, s)
	m.cursor = min(max(m.cursor, 0), max(len(m.view.Rows)-1, 0))
	m.folder = min(max(m.folder, 0), max(len(m.view.IMAP.Folders)-1, 0))
	rows := max(m.lay.Rows, 1)
	m.top = min(m.top, m.cursor)
	m.top = max(m.top, m.cursor-rows+1)
	m.top = min(m.top, max(len(m.view.Rows)-rows, 0))
	return m
}

// explained compares the row under the cursor.
func (m Model) explained() Model {
	m.aspects = nil
	if m.cursor < len(m.view.Rows) {
		m.aspects = m.rules.Explain(m.view, m.cursor, m.now)
	}
	return m
}

// planAtOnce is up to how many messages the next download is planned at each
// key; the plan looks at the whole maildrop, and in a larger one it comes with
// the next second.
const planAtOnce = 2000

// foreseen plans the next download.
func (m Model) foreseen() Model {
	m.plan, m.planned, m.due = compare.Plan{Policy: m.view.Policy}, true, 0
	if m.view.POP3.State == retrieval.POP3Transaction {
		m.due = m.rules.Due(m.full, m.now)
		m.plan = m.rules.PlanDownload(m.full, m.numbers(), m.now)
	}
	return m
}

// chosenAnew follows a key: another row may be chosen now.
func (m Model) chosenAnew() Model {
	m = m.arranged().explained()
	if len(m.view.POP3.Drop.Entries) > planAtOnce {
		m.planned = false
		return m
	}
	return m.foreseen()
}
