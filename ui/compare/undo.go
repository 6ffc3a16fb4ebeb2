package compare

import (
	"fmt"

	"imapop/retrieval"
	"imapop/ui/wish"
)

// undo is how the last action is taken back, or why it is not.
type undo struct {
	of     retrieval.Action
	done   bool // the action ended well
	number int  // of the POP3 session then: message numbers are good in it only
	by     retrieval.Action
	why    string // it cannot be; "" when it can
	beside string // what stays different all the same
}

// flagOf are the verbs that set or clear a flag, with their opposites.
var flagOf = map[retrieval.Verb]struct {
	flag string
	add  bool
	back retrieval.Verb
}{
	retrieval.VerbRead: {`\Seen`, true, retrieval.VerbUnread}, retrieval.VerbUnread: {`\Seen`, false, retrieval.VerbRead},
	retrieval.VerbFlag: {`\Flagged`, true, retrieval.VerbUnflag}, retrieval.VerbUnflag: {`\Flagged`, false, retrieval.VerbFlag},
	retrieval.VerbAnswered: {`\Answered`, true, retrieval.VerbUnanswer}, retrieval.VerbUnanswer: {`\Answered`, false, retrieval.VerbAnswered},
	retrieval.VerbDelete: {`\Deleted`, true, retrieval.VerbUndelete}, retrieval.VerbUndelete: {`\Deleted`, false, retrieval.VerbDelete},
	retrieval.VerbKeyword: {"", true, retrieval.VerbUnkeyword}, retrieval.VerbUnkeyword: {"", false, retrieval.VerbKeyword},
}

// undoOf says, before an action is begun, how it will be taken back; false for
// an action that changes no mail.
func (m Model) undoOf(a retrieval.Action) (undo, bool) {
	u := undo{of: a, number: m.full.POP3.Session}
	switch a.Side {
	case retrieval.IMAP:
		if f, ok := flagOf[a.Verb]; ok {
			if f.flag == "" {
				f.flag = a.Keyword
			}
			u.by = retrieval.Action{Verb: f.back, Side: retrieval.IMAP, Keyword: a.Keyword}
			u.by.UIDs, u.beside = m.changing(a.UIDs, f.flag, f.add)
			if len(u.by.UIDs) == 0 {
				u.why = "the last action changed no flag that was known before"
			}
			return u, true
		}
		return m.undoOfMailbox(u)
	case retrieval.POP3:
		return m.undoOfMarks(u)
	case retrieval.Local:
		if a.Verb == retrieval.VerbRemove {
			u.why = "the copy is gone from this device; D downloads it again while the server has it"
			return u, true
		}
		return m.undoOfCopies(u)
	}
	return u, false
}

// letters are the flags that a copy's file name can carry.
var letters = map[string]byte{`\Seen`: 'S', `\Flagged`: 'F', `\Answered`: 'R'}

// undoOfCopies takes back the marks of copies on this device, where they changed.
func (m Model) undoOfCopies(u undo) (undo, bool) {
	f, ok := flagOf[u.of.Verb]
	if !ok {
		return u, false
	}
	u.by = retrieval.Action{Verb: f.back, Side: retrieval.Local}
	for _, n := range u.of.Numbers {
		if e := m.full.POP3.Drop.Entries; n >= 1 && n <= len(e) && e[n-1].Here && e[n-1].Copy.Has(letters[f.flag]) != f.add {
			u.by.Numbers = append(u.by.Numbers, n)
		}
	}
	if len(u.by.Numbers) == 0 {
		u.why = "no copy on this device was changed by it"
	}
	return u, true
}

// changing are the messages whose flag an action will change, as far as it is known.
func (m Model) changing(uids []uint32, flag string, add bool) (out []uint32, beside string) {
	asked := make(map[uint32]bool, len(uids))
	for _, u := range uids {
		asked[u] = true
	}
	unknown := 0
	for i := range m.full.Rows {
		switch r := &m.full.Rows[i]; {
		case r.UID == 0 || !asked[r.UID]:
		case r.Message == nil:
			unknown++
		case r.Message.Has(flag) != add:
			out = append(out, r.UID)
		}
	}
	if unknown > 0 {
		beside = fmt.Sprintf("; of %s the flag before was not known: left as it is", plural(unknown, "message"))
	}
	return out, beside
}

func (m Model) undoOfMailbox(u undo) (undo, bool) {
	switch u.of.Verb {
	case retrieval.VerbMove:
		u.by = retrieval.Action{Verb: retrieval.VerbBack, Side: retrieval.IMAP, Folder: m.full.IMAP.Mailbox.Name}
	case retrieval.VerbBack:
		u.why = "the move was taken back; m moves again"
	case retrieval.VerbCopy:
		u.why = "a copy is a message of its own (RFC 9051 section 6.4.7): delete it in " + u.of.Folder
	case retrieval.VerbExpunge:
		u.why = "EXPUNGE is final (RFC 9051 section 6.4.3); until then u takes \\Deleted away"
	case retrieval.VerbDiscard:
		u.why = "a deleted folder and its messages are gone (RFC 9051 section 6.3.5)"
	case retrieval.VerbRename:
		u.by = retrieval.Action{Verb: retrieval.VerbRename, Side: retrieval.IMAP, Folder: u.of.Name, Name: u.of.Folder}
	case retrieval.VerbSubscribe:
		u.by = retrieval.Action{Verb: retrieval.VerbUnsub, Side: retrieval.IMAP, Folder: u.of.Folder}
	case retrieval.VerbUnsub:
		u.by = retrieval.Action{Verb: retrieval.VerbSubscribe, Side: retrieval.IMAP, Folder: u.of.Folder}
	case retrieval.VerbCreate:
		u.why = "f and d delete the folder again"
	default:
		return u, false
	}
	return u, true
}

// undoOfMarks: RSET unmarks all or none (RFC 1939 section 5), so it takes a DELE
// back only when nothing was marked before it.
func (m Model) undoOfMarks(u undo) (undo, bool) {
	switch pending := m.full.POP3.Pending; {
	case u.of.Verb == retrieval.VerbDelete && pending == 0:
		u.by = retrieval.Action{Verb: retrieval.VerbReset, Side: retrieval.POP3, Session: u.of.Session}
	case u.of.Verb == retrieval.VerbDelete:
		u.why = fmt.Sprintf("RSET unmarks all or none (RFC 1939 section 5), and %s marked before: R unmarks those, too", areMarked(pending))
	case u.of.Verb == retrieval.VerbUndelete, u.of.Verb == retrieval.VerbReset:
		u.why = "POP3 marks by DELE only: d marks them again"
	case u.of.Verb == retrieval.VerbQuit && pending > 0:
		u.why = "QUIT has deleted what was marked (RFC 1939 section 6): nothing brings it back"
	case u.of.Verb == retrieval.VerbDownload, u.of.Verb == retrieval.VerbFetch:
		u.why = "what was downloaded is here; X removes a copy, R unmarks what DELE marked"
	default:
		return u, false
	}
	return u, true
}

func areMarked(n int) string {
	if n == 1 {
		return "1 message was"
	}
	return fmt.Sprintf("%d messages were", n)
}

// takeBack undoes the last action, or says why it cannot be undone.
func (m Model) takeBack() (Model, []wish.Wish) {
	m.predict = false
	u := m.undo
	switch {
	case !u.done:
		return m.say(plainly, "nothing to undo: flags, \\Deleted and moves over IMAP can be taken back, and POP3's marks all at once"), nil
	case u.why != "":
		return m.say(markedly, "%s cannot be undone: %s", u.of.Verb, u.why), nil
	case u.by.Side == retrieval.POP3 && u.number != m.full.POP3.Session:
		return m.say(markedly, "that POP3 session is over: what it marked and did not QUIT is not deleted"), nil
	case u.by.Side == retrieval.Local && u.number != m.full.POP3.Session:
		return m.say(markedly, "the message numbers are another session's now (RFC 1939 section 5): choose the messages again"), nil
	}
	next, wishes := m.submit(u.by)
	if len(wishes) > 0 && next.notice.text == "" {
		next = next.say(plainly, "undoing %s: %s%s", u.of.Verb, u.by.Verb, u.count())
	}
	return next, wishes
}

// count says of how many messages an undo is.
func (u undo) count() string {
	if n := len(u.by.UIDs); n > 0 {
		return " of " + plural(n, "message") + u.beside
	}
	return ""
}
