package ui

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	"imapop/ui/wish"
)

// read opens the reader on a message of the list.
func (a app) read(action retrieval.Action) (app, tea.Cmd) {
	a.reading++
	action, where := a.placed(action)
	a.reader = a.reader.Opening(action, where)
	a.screen = wish.Reader
	return a, fetchCmd(a.ctx, a.mail, action, a.reader.HTML(), a.reading)
}

// placed names the message on the other side too, when the list pairs it, and
// its place in the list.
func (a app) placed(action retrieval.Action) (retrieval.Action, string) {
	v := a.compare.Current()
	i := a.row(action)
	if i < 0 {
		return action, ""
	}
	r := &v.Rows[i]
	if r.UID != 0 {
		action.UIDs = []uint32{r.UID}
	}
	if r.Number != 0 {
		action.Numbers = []int{r.Number}
	}
	return action, fmt.Sprintf("message %d of %d", i+1, len(v.Rows))
}

// row finds the row that an action means; -1 when it is not in the list.
func (a app) row(action retrieval.Action) int {
	for i, r := range a.compare.Current().Rows {
		if action.Side == retrieval.IMAP && len(action.UIDs) > 0 && r.UID == action.UIDs[0] ||
			action.Side == retrieval.POP3 && len(action.Numbers) > 0 && r.Number == action.Numbers[0] {
			return i
		}
	}
	return -1
}

// step reads the next message that the side has, or the one before.
func (a app) step(by int) (app, tea.Cmd) {
	action := a.reader.Action()
	rows := a.compare.Current().Rows
	at := a.row(action)
	if at < 0 {
		a.reader = a.reader.Say("this message is not in the list any more; esc leads back to it")
		return a, nil
	}
	for i := at + by; i >= 0 && i < len(rows); i += by {
		if next, ok := on(rows[i], action); ok {
			a.compare = a.compare.Point(i)
			return a.read(next)
		}
	}
	where := "last"
	if by < 0 {
		where = "first"
	}
	a.reader = a.reader.Say("this is the " + where + " message of the list")
	return a, nil
}

// other reads the same message over the other side.
func (a app) other() (app, tea.Cmd) {
	action := a.reader.Action()
	at := a.row(action)
	side := retrieval.IMAP
	if action.Side == retrieval.IMAP {
		side = retrieval.POP3
	}
	action.Side = side
	if at >= 0 {
		if next, ok := on(a.compare.Current().Rows[at], action); ok {
			return a.read(next)
		}
	}
	text := string(side) + " does not have this message"
	if at >= 0 && a.compare.Current().Rows[at].Hole != retrieval.HoleNone {
		text += ": " + string(a.compare.Current().Rows[at].Hole)
	}
	a.reader = a.reader.Say(text)
	return a, nil
}

// on is the action for the message of a row over the action's side.
func on(r retrieval.Row, a retrieval.Action) (retrieval.Action, bool) {
	a.UIDs, a.Numbers = nil, nil
	if r.UID != 0 {
		a.UIDs = []uint32{r.UID}
	}
	if r.Number != 0 {
		a.Numbers = []int{r.Number}
	}
	return a, a.Side == retrieval.IMAP && r.UID != 0 || a.Side == retrieval.POP3 && r.Number != 0
}

// fetch turns what the reader wishes of its message into commands.
func (a app) fetch(w wish.Wish) (app, tea.Cmd) {
	action, gen := a.reader.Action(), a.reading
	switch w := w.(type) {
	case wish.Step:
		return a.step(w.By)
	case wish.Other:
		return a.other()
	case wish.Text:
		return a, textCmd(a.ctx, a.mail, action, w.Parts, gen)
	case wish.Part:
		return a, partCmd(a.ctx, a.mail, action, w.Part, gen)
	case wish.Source:
		return a, sourceCmd(a.ctx, a.mail, action, w.Octets, gen)
	case wish.Trust:
		return a, trustCmd(a.ctx, a.judge, a.originals(), action, gen)
	case wish.Propose:
		return a, proposeCmd(a.files, w.Name, gen)
	case wish.Store:
		return a, storeCmd(a.files, w, gen)
	case wish.Show:
		return a, showCmd(a.files, w, gen)
	case wish.Browse:
		return a, browseCmd(a.files, w.URL, gen)
	}
	return a, nil
}

// brought gives the reader what came for it. What came for a message that is no
// longer open is dropped.
func (a app) brought(msg tea.Msg) (app, tea.Cmd) {
	var wishes []wish.Wish
	switch msg := msg.(type) {
	case fetchedMsg:
		if msg.gen == a.reading {
			a.reader = a.reader.Fetched(msg.message, msg.costs, msg.err)
			return a, a.dwelling(msg)
		}
	case loadedMsg:
		if msg.gen == a.reading {
			a.reader = a.reader.Loaded(msg.bodies, msg.costs, msg.err)
		}
	case partedMsg:
		if msg.gen == a.reading {
			a.reader, wishes = a.reader.PartCame(msg.number, msg.octets, msg.costs, msg.err)
		}
	case sourcedMsg:
		if msg.gen == a.reading {
			a.reader = a.reader.SourceCame(msg.octets, msg.costs, msg.err)
		}
	case trustedMsg:
		if msg.gen == a.reading {
			a.reader = a.reader.TrustCame(msg.trust, msg.err)
		}
	case proposedMsg:
		if msg.gen == a.reading {
			a.reader = a.reader.Proposed(msg.path, msg.err)
		}
	case filedMsg:
		if msg.gen == a.reading {
			a.reader, wishes = a.reader.Filed(msg.text, msg.err)
		}
	case dwelledMsg:
		return a.dwelled(msg)
	}
	return a.granted(wishes)
}

// dwelling waits until a message that came over IMAP counts as read. Over POP3
// there is nothing to mark on the server; the local copy is the desk's.
func (a app) dwelling(msg fetchedMsg) tea.Cmd {
	if msg.err != nil || a.dwell < 0 || a.reader.Action().Side != retrieval.IMAP {
		return nil
	}
	return dwellCmd(a.ctx, a.dwell, msg.gen)
}

// dwelled sets \Seen on the message that is still open, unless it is set.
func (a app) dwelled(msg dwelledMsg) (app, tea.Cmd) {
	action := a.reader.Action()
	i := a.row(action)
	if msg.gen != a.reading || a.screen != wish.Reader || i < 0 {
		return a, nil
	}
	r := a.compare.Current().Rows[i]
	if r.Message == nil || r.Message.Has(`\Seen`) || a.compare.Current().IMAP.Mailbox.ReadOnly {
		return a, nil
	}
	return a, doCmd(a.ctx, a.desk, retrieval.Action{Verb: retrieval.VerbRead, Side: retrieval.IMAP, UIDs: action.UIDs}, false)
}
