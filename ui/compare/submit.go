package compare

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

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
	m.panel = forecastPanel{forecast: m.rules.Predict(m.full, a)}
	return m
}

// careful begins an action, or first shows what it removes. On the demo account
// nothing can be lost, so only the plan of a download is shown there.
func (m Model) careful(a retrieval.Action) (Model, []wish.Wish) {
	if a.Side == retrieval.POP3 && (a.Verb == retrieval.VerbDownload || a.Verb == retrieval.VerbFetch) {
		return m.download(a)
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
	case a.Verb == retrieval.VerbRemove:
		return "remove the copy on this device. The server is not asked whether it still has the message"
	}
	return ""
}

// affected are the rows that an action means, shown or not.
func (m Model) affected(a retrieval.Action) []*retrieval.Row {
	uids := make(map[uint32]bool, len(a.UIDs))
	for _, u := range a.UIDs {
		uids[u] = true
	}
	var out []*retrieval.Row
	for i := range m.full.Rows {
		row := &m.full.Rows[i]
		if a.Verb == retrieval.VerbQuit && row.Entry != nil && row.Entry.Marked || row.UID != 0 && uids[row.UID] ||
			a.Side == retrieval.Local && row.Number != 0 && slices.Contains(a.Numbers, row.Number) {
			out = append(out, row)
		}
	}
	return out
}

// begin starts an action; each side does one at a time.
func (m Model) begin(a retrieval.Action) (Model, []wish.Wish) {
	busy := m.busy(a.Side)
	if *busy {
		return m.say(warning, "%s is still busy with the last action; esc stops it", a.Side), nil
	}
	*busy = true
	if u, ok := m.undoOf(a); ok {
		m.undo = u
	}
	return m.from(), []wish.Wish{wish.Do{Action: a}}
}

// busy is where it stands whether a side has an action to do; this device's own
// acts wait for no server.
func (m *Model) busy(side retrieval.Protocol) *bool {
	switch side {
	case retrieval.IMAP:
		return &m.busyIMAP
	case retrieval.Local:
		return &m.busyHere
	}
	return &m.busyPOP3
}

// from remembers how things stand before an action.
func (m Model) from() Model {
	m.since, m.before, m.happenedAt, m.wire = m.view.Version, m.view, lastSeq(m), m.wire.cutHere()
	return m
}

// Done hears that an action has ended.
func (m Model) Done(a retrieval.Action, err error) Model {
	*m.busy(a.Side) = false
	if f, ok := m.panel.(forecastPanel); ok && f.running {
		f.running, f.endedAt, f.failed = false, m.now, err
		m.panel = f.heard(m)
	}
	switch {
	case err == nil:
		m = m.worked(a)
		if m.undo.of.Verb == a.Verb && m.undo.of.Side == a.Side {
			m.undo.done = true
		}
	case errors.As(err, new(*retrieval.StoppedError)):
		m = m.say(warning, "%v", err)
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
	if a.Side == retrieval.Local {
		return m.workedHere(a)
	}
	switch a.Verb {
	case retrieval.VerbPolicy:
		return m.workedPolicy(a)
	case retrieval.VerbFetch:
		return m.say(plainly, "fetched into %s%s", m.view.Maildir, stillMarked(a))
	case retrieval.VerbDelete:
		if a.Side == retrieval.POP3 {
			return m.say(plainly, markedHere)
		}
		return m.say(plainly, `\Deleted is set on the server for all to see%s: x expunges, u undoes`, ofMany(a.UIDs))
	case retrieval.VerbDownload:
		if a.Side == retrieval.IMAP {
			return m.say(plainly, "fetched with BODY.PEEK[] to see what it costs; IMAP's mail stays on the server, nothing was stored here")
		}
		return m.say(plainly, "downloaded into %s%s", m.view.Maildir, stillMarked(a))
	case retrieval.VerbUndelete, retrieval.VerbReset:
		if a.Side == retrieval.POP3 {
			return m.say(plainly, "RSET unmarked every message of this session: POP3 cannot unmark one (RFC 1939 section 5)")
		}
	case retrieval.VerbRename:
		return m.say(plainly, "%s is now %s, for every IMAP client; POP3 cannot see it", a.Folder, a.Name)
	case retrieval.VerbDiscard:
		return m.say(plainly, "the folder %s is deleted, for every IMAP client; POP3 never saw it", a.Folder)
	case retrieval.VerbSubscribe:
		return m.say(plainly, "subscribed to %s: a list that clients share; the folder itself is as it was (RFC 9051 section 6.3.7)", a.Folder)
	case retrieval.VerbUnsub:
		return m.say(plainly, "no longer subscribed to %s: clients that show only subscribed folders hide it; nothing is deleted", a.Folder)
	case retrieval.VerbBack:
		return m.say(plainly, "moved back: the messages have new UIDs, and for POP3 they are new messages that its next session lists")
	case retrieval.VerbCreate:
		return m.say(plainly, "%s is created, for every IMAP client to see; POP3 cannot see it", a.Folder)
	case retrieval.VerbMove:
		return m.say(plainly, "%s moved to %s; U moves back", plural(len(a.UIDs), "message"), a.Folder)
	case retrieval.VerbCopy:
		return m.say(plainly, "%s copied to %s", plural(len(a.UIDs), "message"), a.Folder)
	}
	if _, ok := flagOf[a.Verb]; ok && a.Side == retrieval.IMAP && len(a.UIDs) > 1 {
		return m.say(plainly, "%s: %s; U takes it back", a.Verb, plural(len(a.UIDs), "message"))
	}
	return m
}

// ofMany counts the messages of a bulk action; "" for one, which the panes show.
func ofMany(uids []uint32) string {
	if len(uids) < 2 {
		return ""
	}
	return fmt.Sprintf(", on %d messages", len(uids))
}

func (m Model) workedPolicy(a retrieval.Action) Model {
	pen, earlier := plainly, "; earlier downloads keep the policy of their own"
	if a.Earlier {
		pen, earlier = warning, "; earlier downloads, too: F shows what is due"
	}
	switch a.Policy {
	case "keep":
		return m.say(plainly, "leave on server is ON: downloads stay on the server")
	case "delete":
		return m.say(warning, "leave on server is OFF from now on: what D or F downloads is marked with DELE and leaves at QUIT%s", earlier)
	}
	return m.say(pen, "leave on server: %s, from now on%s", policyWords(a.Policy), earlier)
}

// stillMarked reminds that a mark is not a deletion; "" when nothing was marked.
func stillMarked(a retrieval.Action) string {
	n := 0
	for _, c := range a.Planned {
		if strings.HasPrefix(c, "DELE ") {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("; %s marked: Q (QUIT) deletes, R (RSET) or ! (drop the cable) keeps", plural(n, "message"))
}

// subjectOf is a row's subject as either side knows it, with what names it there.
func subjectOf(row *retrieval.Row) string {
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
