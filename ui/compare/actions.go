package compare

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	"imapop/ui/wish"
)

// actionKey handles the keys that ask something of the side with the focus.
func (m Model) actionKey(k tea.KeyMsg) (Model, []wish.Wish) {
	switch {
	case key.Matches(k, m.keys.Open):
		return m.read()
	case key.Matches(k, m.keys.Seen):
		return m.toggle(`\Seen`, 'S', retrieval.VerbRead, retrieval.VerbUnread)
	case key.Matches(k, m.keys.Star):
		return m.toggle(`\Flagged`, 'F', retrieval.VerbFlag, retrieval.VerbUnflag)
	case key.Matches(k, m.keys.Answered):
		return m.toggle(`\Answered`, 'R', retrieval.VerbAnswered, retrieval.VerbUnanswer)
	case key.Matches(k, m.keys.Keyword):
		return m.asked(retrieval.VerbKeyword, func(m Model) Model { m.panel = newKeywordPanel(m); return m })
	case key.Matches(k, m.keys.Move):
		return m.asked(retrieval.VerbMove, func(m Model) Model { m.panel = newFolderPanel(m, retrieval.VerbMove); return m })
	case key.Matches(k, m.keys.Copy):
		return m.asked(retrieval.VerbCopy, func(m Model) Model { m.panel = newFolderPanel(m, retrieval.VerbCopy); return m })
	case key.Matches(k, m.keys.Create):
		return m.create(nil), nil
	case key.Matches(k, m.keys.Delete):
		return m.onChosen(retrieval.VerbDelete)
	case key.Matches(k, m.keys.Undelete):
		return m.onChosen(retrieval.VerbUndelete)
	case key.Matches(k, m.keys.Download):
		return m.onChosen(retrieval.VerbDownload)
	case key.Matches(k, m.keys.Remove):
		return m.removeHere()
	case key.Matches(k, m.keys.Expunge):
		return m.expunge()
	}
	return m.sessionKey(k)
}

// sessionKey handles the keys that mean a session and not a message.
func (m Model) sessionKey(k tea.KeyMsg) (Model, []wish.Wish) {
	switch {
	case key.Matches(k, m.keys.Reset):
		return m.submit(m.onSession(retrieval.VerbReset))
	case key.Matches(k, m.keys.QuitSession):
		return m.submit(m.onSession(retrieval.VerbQuit))
	case key.Matches(k, m.keys.Drop):
		return m.submit(m.onSession(retrieval.VerbDrop))
	case key.Matches(k, m.keys.Refresh):
		return m.refresh()
	case key.Matches(k, m.keys.New):
		if !m.view.Demo {
			return m.say(plainly, "new mail is made on the demo account only; send yourself some, and it will come"), nil
		}
		return m.submit(retrieval.Action{Verb: retrieval.VerbDeliver, Side: retrieval.SMTP})
	case key.Matches(k, m.keys.Leave):
		m.panel, m.predict = newLeaveChooser(m), false
		return m, nil
	case key.Matches(k, m.keys.Fetch):
		return m.submit(retrieval.Action{Verb: retrieval.VerbFetch, Side: retrieval.POP3, Session: m.view.POP3.Session})
	}
	m.predict = false
	return m, nil
}

func (m Model) onSession(v retrieval.Verb) retrieval.Action {
	a := retrieval.Action{Verb: v, Side: m.side}
	if m.side == retrieval.POP3 {
		a.Session = m.view.POP3.Session
	}
	return a
}

// refresh asks for what is new, or for a session where there is none. A POP3
// session with marks is not left for it: that would decide over them unasked.
func (m Model) refresh() (Model, []wish.Wish) {
	verb := retrieval.VerbRefresh
	switch {
	case m.side == retrieval.IMAP && closedIMAP(m.view.IMAP.State), m.side == retrieval.POP3 && closedPOP3(m.view.POP3.State):
		verb = retrieval.VerbConnect
	case m.side == retrieval.POP3 && m.view.POP3.Pending > 0:
		m.panel, m.predict = pendingPanel{}, false
		return m.say(warning, "%s marked: a new session would decide over them. QUIT, RSET or drop the cable first", plural(m.view.POP3.Pending, "message")), nil
	}
	return m.submit(m.onSession(verb))
}

func closedIMAP(s retrieval.IMAPState) bool {
	return s == "" || s == retrieval.IMAPClosed || s == retrieval.IMAPLogout
}

func closedPOP3(s retrieval.POP3State) bool { return s == "" || s == retrieval.POP3Closed }

// toggle sets a flag on the chosen messages, or clears it when all have it. POP3
// has no flags: there, the letter that a Maildir has for it is this device's.
func (m Model) toggle(flag string, letter byte, set, clear retrieval.Verb) (Model, []wish.Wish) {
	if m.side == retrieval.POP3 {
		return m.toggleHere(letter, set, clear)
	}
	verb := clear
	for _, i := range m.chosen() {
		if msg := m.view.Rows[i].Message; msg != nil && !msg.Has(flag) {
			verb = set
		}
	}
	return m.onChosen(verb)
}

// onChosen asks for a verb on the chosen messages of the side with the focus.
func (m Model) onChosen(v retrieval.Verb) (Model, []wish.Wish) {
	return m.asked(v, func(m Model) Model { return m }, func(m Model) (Model, []wish.Wish) { return m.submit(m.chosenAction(v)) })
}

func (m Model) chosenAction(v retrieval.Verb) retrieval.Action {
	if m.side == retrieval.IMAP {
		return retrieval.Action{Verb: v, Side: retrieval.IMAP, UIDs: m.uids()}
	}
	return retrieval.Action{Verb: v, Side: retrieval.POP3, Numbers: m.numbers(), Session: m.view.POP3.Session}
}

// asked checks that the side with the focus has the verb and the chosen
// messages; then it changes the model and goes on.
func (m Model) asked(v retrieval.Verb, change func(Model) Model, then ...func(Model) (Model, []wish.Wish)) (Model, []wish.Wish) {
	if err := m.rules.Support(m.side, v); err != nil {
		m.predict = false
		return m.failed(err), nil
	}
	if why := m.lacks(); why != "" {
		m.predict = false
		return m.say(warning, "%s", why), nil
	}
	m = change(m)
	for _, f := range then {
		return f(m)
	}
	return m, nil
}

// lacks says why none of the chosen messages is on the side with the focus; ""
// when one is.
func (m Model) lacks() string {
	rows := m.chosen()
	if len(rows) == 0 {
		return "there is no message here"
	}
	if m.side == retrieval.IMAP && len(m.uids()) > 0 || m.side == retrieval.POP3 && len(m.numbers()) > 0 {
		return ""
	}
	if row := &m.view.Rows[rows[0]]; row.Hole != retrieval.HoleNone {
		return string(m.side) + " does not have this message: " + string(row.Hole)
	}
	return string(m.side) + " does not have this message"
}

// read opens the chosen message from the side with the focus.
func (m Model) read() (Model, []wish.Wish) {
	m.selected = nil
	if why := m.lacks(); why != "" {
		return m.say(warning, "%s", why), nil
	}
	a := m.chosenAction(retrieval.VerbReadAloud)
	if m.predict {
		return m.foretell(a), nil
	}
	return m.from(), []wish.Wish{wish.Read{Action: a}}
}

// write opens the compose screen on the message under the cursor, where the side
// with the focus has one.
func (m Model) write() wish.Wish {
	m.selected = nil
	if m.cursor >= len(m.view.Rows) || m.lacks() != "" {
		return wish.Write{}
	}
	return wish.Write{Action: m.chosenAction(retrieval.VerbReadAloud), About: subjectOf(&m.view.Rows[m.cursor])}
}

// expunge removes what is marked \Deleted: of the selected messages when some
// are, else all that are known to be.
func (m Model) expunge() (Model, []wish.Wish) {
	if err := m.rules.Support(m.side, retrieval.VerbExpunge); err != nil {
		m.predict = false
		return m.failed(err), nil
	}
	a := retrieval.Action{Verb: retrieval.VerbExpunge, Side: retrieval.IMAP, UIDs: m.deleted()}
	if len(a.UIDs) == 0 {
		m.predict = false
		return m.say(plainly, `nothing here is marked \Deleted; d marks a message, x then removes it`), nil
	}
	return m.submit(a)
}

// deleted are the UIDs that carry \Deleted, as far as they are known.
func (m Model) deleted() []uint32 {
	var out []uint32
	for i := range m.full.Rows {
		row := &m.full.Rows[i]
		if row.UID == 0 || row.Message == nil || !row.Message.Has(`\Deleted`) {
			continue
		}
		if len(m.selected) == 0 || m.isSelected(row) {
			out = append(out, row.UID)
		}
	}
	return out
}
