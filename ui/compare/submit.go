package compare

import (
	"context"
	"errors"
	"fmt"

	"imapop/retrieval"
	"imapop/ui/wish"
)

// submit takes an action on its way: refused with its reason when the protocol
// lacks it, foretold when that was asked, shown and asked for when something
// leaves a server, else begun.
func (m Model) submit(a retrieval.Action) (Model, []wish.Wish) {
	if a.Side == retrieval.IMAP || a.Side == retrieval.POP3 {
		if err := m.rules.Support(a.Side, a.Verb); err != nil {
			m.predict = false
			return m.failed(err), nil
		}
	}
	if m.predict {
		return m.foretell(a), nil
	}
	return m.careful(a)
}

func (m Model) foretell(a retrieval.Action) Model {
	m.predict = false
	m.panel = forecastPanel{forecast: m.rules.Predict(m.view, a)}
	return m
}

// careful begins an action, or first shows what it removes. On the demo account
// nothing can be lost, so only the plan of a download is shown there.
func (m Model) careful(a retrieval.Action) (Model, []wish.Wish) {
	if a.Verb == retrieval.VerbDownload && a.Side == retrieval.POP3 {
		plan := m.rules.PlanDownload(m.view, a.Numbers, m.now)
		if plan.Removes {
			m.panel = planPanel{action: a, plan: plan, ask: !m.view.Demo}
			return m, nil
		}
		if len(plan.Retr) == 0 && len(plan.Dele) == 0 {
			return m.say(plainly, "nothing to download: a local copy is on this device already"), nil
		}
	}
	if what := m.removes(a); what != "" && !m.view.Demo {
		m.panel = confirmPanel{action: a, what: what, rows: m.affected(a)}
		return m, nil
	}
	return m.begin(a)
}

// removes says in words what an action takes from a server; "" for nothing.
func (m Model) removes(a retrieval.Action) string {
	switch {
	case a.Verb == retrieval.VerbMove:
		return "move out of " + m.view.IMAP.Mailbox.Name + " to " + a.Folder
	case a.Verb == retrieval.VerbExpunge:
		return "remove for good, for every device (UID EXPUNGE)"
	case a.Verb == retrieval.VerbQuit && a.Side == retrieval.POP3 && m.view.POP3.Pending > 0:
		return "remove from the server, for every device (QUIT enters UPDATE)"
	}
	return ""
}

// affected are the indexes of the rows that an action means.
func (m Model) affected(a retrieval.Action) []int {
	uids := make(map[uint32]bool, len(a.UIDs))
	for _, u := range a.UIDs {
		uids[u] = true
	}
	var out []int
	for i := range m.view.Rows {
		row := &m.view.Rows[i]
		if a.Verb == retrieval.VerbQuit && row.Entry != nil && row.Entry.Marked || row.UID != 0 && uids[row.UID] {
			out = append(out, i)
		}
	}
	return out
}

// begin starts an action; each side does one at a time.
func (m Model) begin(a retrieval.Action) (Model, []wish.Wish) {
	busy := &m.busyIMAP
	if a.Side != retrieval.IMAP {
		busy = &m.busyPOP3
	}
	if *busy {
		return m.say(warning, "%s is still busy with the last action; esc stops it", a.Side), nil
	}
	*busy = true
	return m.from(), []wish.Wish{wish.Do{Action: a}}
}

// from remembers how things stand before an action.
func (m Model) from() Model {
	m.since, m.before, m.happenedAt, m.wire = m.view.Version, m.view, lastSeq(m), m.wire.cutHere()
	return m
}

// Done hears that an action has ended.
func (m Model) Done(a retrieval.Action, err error) Model {
	if a.Side == retrieval.IMAP {
		m.busyIMAP = false
	} else {
		m.busyPOP3 = false
	}
	if f, ok := m.panel.(forecastPanel); ok && f.running {
		f.running, f.endedAt, f.failed = false, m.now, err
		m.panel = f.heard(m)
	}
	switch {
	case err == nil:
		m = m.worked(a)
	case errors.Is(err, context.Canceled):
		m = m.say(plainly, "stopped: %s", a.Verb)
	default:
		m = m.failed(err)
	}
	return m.arranged()
}

// worked answers an action whose effect the panes do not show by themselves.
func (m Model) worked(a retrieval.Action) Model {
	if _, ok := m.panel.(forecastPanel); ok {
		return m // the outcome stands there
	}
	switch a.Verb {
	case retrieval.VerbPolicy:
		if a.Policy == "delete" {
			return m.say(warning, "leave on server is OFF from now on: what D downloads next is marked with DELE and leaves at QUIT; earlier downloads stay")
		}
		return m.say(plainly, "leave on server is ON: downloads stay on the server")
	case retrieval.VerbDelete:
		if a.Side == retrieval.POP3 {
			return m.say(plainly, "marked in this session only: Q (QUIT) deletes, R (RSET) unmarks, ! or a timeout keeps them")
		}
		return m.say(plainly, `\Deleted is set on the server for all to see: x expunges, u undoes`)
	case retrieval.VerbDownload:
		if a.Side == retrieval.IMAP {
			return m.say(plainly, "fetched with BODY.PEEK[] to see what it costs; IMAP's mail stays on the server, nothing was stored here")
		}
		return m.say(plainly, "downloaded into %s", m.view.Maildir)
	case retrieval.VerbUndelete, retrieval.VerbReset:
		if a.Side == retrieval.POP3 {
			return m.say(plainly, "RSET unmarked every message of this session: POP3 cannot unmark one (RFC 1939 section 5)")
		}
	case retrieval.VerbCreate:
		return m.say(plainly, "%s is created, for every IMAP client to see; POP3 cannot see it", a.Folder)
	case retrieval.VerbMove, retrieval.VerbCopy:
		return m.say(plainly, "%s to %s: done", a.Verb, a.Folder)
	}
	return m
}

// subjectOf is a row's subject as either side knows it, with what names it there.
func (m Model) subjectOf(i int) string {
	row := &m.view.Rows[i]
	name, subject := "", "(no header was asked for)"
	if row.UID != 0 {
		name = fmt.Sprintf("UID %d", row.UID)
	}
	if row.Number != 0 {
		if name != "" {
			name += " = "
		}
		name += fmt.Sprintf("number %d", row.Number)
	}
	switch {
	case row.Message != nil:
		subject = row.Message.Header.From + ": " + row.Message.Header.Subject
	case row.Entry != nil && row.Entry.Header != nil:
		subject = row.Entry.Header.From + ": " + row.Entry.Header.Subject
	}
	return name + "  " + subject
}
