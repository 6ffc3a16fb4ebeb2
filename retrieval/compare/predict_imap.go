package compare

import (
	"fmt"

	"imapop/retrieval"
	"imapop/retrieval/safe"
)

const (
	imapHear = "other IMAP clients: at once, where the server tells IDLE at once"
	popHear  = "POP3 clients: at their next login"
)

// imap forecasts an action on IMAP's side.
func (p *predictor) imap() {
	switch p.a.Verb {
	case retrieval.VerbRead:
		p.store("+", `\Seen`, retrieval.VerbUnread)
	case retrieval.VerbUnread:
		p.store("-", `\Seen`, retrieval.VerbRead)
	case retrieval.VerbFlag:
		p.store("+", `\Flagged`, retrieval.VerbUnflag)
	case retrieval.VerbUnflag:
		p.store("-", `\Flagged`, retrieval.VerbFlag)
	case retrieval.VerbAnswered:
		p.store("+", `\Answered`, retrieval.VerbUnanswer)
	case retrieval.VerbUnanswer:
		p.store("-", `\Answered`, retrieval.VerbAnswered)
	case retrieval.VerbKeyword:
		p.store("+", safe.Line(p.a.Keyword), retrieval.VerbUnkeyword)
	case retrieval.VerbUnkeyword:
		p.store("-", safe.Line(p.a.Keyword), retrieval.VerbKeyword)
	case retrieval.VerbDelete:
		p.markDeleted()
	case retrieval.VerbUndelete:
		p.store("-", `\Deleted`, retrieval.VerbDelete)
	case retrieval.VerbMove:
		p.move()
	case retrieval.VerbCopy:
		p.copy()
	case retrieval.VerbExpunge:
		p.expunge()
	case retrieval.VerbDownload:
		p.peek()
	case retrieval.VerbReadAloud:
		p.open()
	default:
		p.imapSession()
	}
}

// store forecasts a flag: IMAP keeps it, POP3 has no word for it.
func (p *predictor) store(sign, flag string, back retrieval.Verb) {
	p.sends(fmt.Sprintf("UID STORE %s %sFLAGS (%s)", set(p.a.UIDs), sign, flag))
	verb := "is set"
	if sign == "-" {
		verb = "is cleared"
	}
	if p.already(flag, sign == "+") {
		p.onIMAP(effect("", ruleStore.in(p.v), "nothing changes: %s %s already", flag, verb))
	} else {
		p.onIMAP(effect(retrieval.FlagsChanged, ruleStore.in(p.v), "%s %s, on the server", flag, verb))
	}
	p.onPOP3(effect("", popNoFlags, "nothing: LIST, UIDL and the octets stay the same"))
	p.f.Final = "at once, when STORE is answered OK; way back: " + string(back)
	p.f.Who = imapHear + "; POP3 clients: never"
}

// already reports whether every message of the action is known to carry the flag, or to lack it.
func (p *predictor) already(flag string, on bool) bool {
	asked := make(map[uint32]bool, len(p.a.UIDs))
	for _, uid := range p.a.UIDs {
		asked[uid] = true
	}
	n := 0
	for i := range p.v.Rows {
		r := &p.v.Rows[i]
		if r.UID == 0 || !asked[r.UID] {
			continue
		}
		if r.Message == nil || r.Message.Has(flag) != on {
			return false
		}
		n++
	}
	return n > 0 && n == len(asked)
}

func (p *predictor) markDeleted() {
	p.store("+", `\Deleted`, retrieval.VerbUndelete)
	if p.f.IMAP[0].Kind != "" {
		p.f.IMAP[0].Text = `\Deleted is set; the message stays, and stays in the list`
	}
	p.f.POP3[0] = maybe("", popNoFlags, "nothing: it is still listed, also at a new login (some servers hide it then)")
	p.f.Final = "at EXPUNGE, not before; way back until then: undelete"
}

// leaving forecasts what the open POP3 session sees when messages leave INBOX.
func (p *predictor) leaving() {
	if !inbox(p.v) {
		p.onPOP3(effect("", popDrop, "nothing: this folder is not in the maildrop"))
		return
	}
	p.onPOP3(effect("", popDrop, "the open session still lists it: the list is frozen; the next login lacks it"))
	p.onPOP3(maybe("", popCommands, "RETR of it here is -ERR, or still works: servers differ"))
}

func (p *predictor) move() {
	dest := quoted(p.a.Folder)
	uids := set(p.a.UIDs)
	switch {
	case revised(p.v, "MOVE"):
		p.sends(fmt.Sprintf("UID MOVE %s %s", uids, dest))
	case revised(p.v, "UIDPLUS"):
		p.sends(fmt.Sprintf("UID COPY %s %s", uids, dest), fmt.Sprintf(`UID STORE %s +FLAGS (\Deleted)`, uids), "UID EXPUNGE "+uids)
	default:
		p.onIMAP(effect(retrieval.Unsupported, ruleMove.rev1, "refused here: this server has neither MOVE nor UIDPLUS"))
		p.onPOP3(effect("", "", "nothing: nothing is sent"))
		p.f.Final, p.f.Who = `nothing is sent; copy it, mark it \Deleted and expunge`, "nobody"
		return
	}
	p.onIMAP(effect(retrieval.Moved, ruleMove.in(p.v), "leaves this folder and has a new UID in %s", dest))
	p.leaving()
	p.f.Final = "at once, when it is answered OK; way back: move it back, as a new message with a new UID and mostly a new unique-id"
	p.f.Who = imapHear + "; " + popHear + ", when it is missing"
}

func (p *predictor) copy() {
	p.sends(fmt.Sprintf("UID COPY %s %s", set(p.a.UIDs), quoted(p.a.Folder)))
	p.onIMAP(effect(retrieval.Copied, ruleCopy.in(p.v), "a second message in %s, with its own UID; this one stays", quoted(p.a.Folder)))
	if folderIsInbox(p.a.Folder) {
		p.onPOP3(effect("", popDrop, "nothing in this session; the next login has it twice, with its own unique-id"))
	} else {
		p.onPOP3(effect("", popDrop, "nothing: POP3 cannot see other folders"))
	}
	p.f.Final = "at once, when it is answered OK; way back: delete the copy"
	p.f.Who = imapHear + ", in that folder"
}

func (p *predictor) expunge() {
	uids := set(p.a.UIDs)
	switch {
	case revised(p.v, "UIDPLUS"):
		p.sends("UID EXPUNGE " + uids)
		p.onIMAP(effect(retrieval.Expunged, ruleUIDExp.in(p.v), `leaves the folder for good, if it is marked \Deleted`))
	default:
		p.sends("UID SEARCH DELETED", "EXPUNGE")
		p.onIMAP(effect(retrieval.Expunged, ruleExpunge.in(p.v), `leaves for good, unless others are marked \Deleted: EXPUNGE would take them along`))
	}
	p.leaving()
	p.f.Final = "at once: there is no way back"
	p.f.Who = imapHear + "; " + popHear + ", when it is missing"
}

// peek forecasts fetching a message whole without marking it.
func (p *predictor) peek() {
	p.sends(fmt.Sprintf("UID FETCH %s (BODY.PEEK[])", set(p.a.UIDs)))
	p.onIMAP(effect(retrieval.Retrieved, ruleFetch.in(p.v), `the octets come over; \Seen is not set by BODY.PEEK`))
	p.onPOP3(effect("", popNoFlags, "nothing"))
	p.f.Final = "nothing changes on the server"
	p.f.Who = "nobody"
}

// open forecasts reading a message: what is read is fetched, and the reader marks
// it after a moment. The parts of the text are known by the structure only.
func (p *predictor) open() {
	p.sends(fmt.Sprintf("UID FETCH %s (RFC822.SIZE BODYSTRUCTURE BODY.PEEK[HEADER])", set(p.a.UIDs)), "UID FETCH of the text's part, by BODY.PEEK")
	p.onIMAP(effect("", ruleFetch.in(p.v), `header, structure and text come over, attachments stay; BODY.PEEK leaves \Seen alone`))
	p.onPOP3(effect("", popNoFlags, "nothing"))
	p.f.Final, p.f.Who = "nothing changes on the server", "nobody"
	if !p.already(`\Seen`, true) {
		p.onIMAP(ours("", `\Seen is set by STORE when the message stays open for a moment: a setting, mark_seen_after`))
		p.f.Final, p.f.Who = `at once; way back: r clears \Seen`, imapHear
	}
}

// imapSession forecasts what concerns the session itself.
func (p *predictor) imapSession() {
	quiet := effect("", "", "nothing: the sessions know nothing of each other")
	switch p.a.Verb {
	case retrieval.VerbOpen:
		p.sends("SELECT " + quoted(p.a.Folder))
		p.onIMAP(effect(retrieval.Selected, ruleSelect.in(p.v), "the folder's messages, and its own UIDs, take the list's place"))
		if !folderIsInbox(p.a.Folder) {
			quiet = effect("", popDrop, "nothing: POP3 cannot go along, it has only INBOX")
		}
		p.f.Final, p.f.Who = "at once; way back: open the other folder again", "nobody"
	case retrieval.VerbCreate:
		p.sends("CREATE " + quoted(p.a.Folder))
		p.onIMAP(effect("", ruleCreate.in(p.v), "an empty folder"))
		quiet = effect("", popDrop, "nothing: POP3 has no folders")
		p.f.Final, p.f.Who = "at once, when CREATE is answered OK", "other IMAP clients, when they list folders"
	case retrieval.VerbRefresh:
		p.sends("NOOP")
		p.onIMAP(effect("", ruleNoop.in(p.v), "whatever is new is told"))
		p.f.Final, p.f.Who = "nothing changes", "nobody"
	case retrieval.VerbQuit:
		p.sends("LOGOUT")
		p.onIMAP(effect(retrieval.Closed, ruleLogout.in(p.v), `the session ends; what is \Deleted stays marked, nothing is expunged`))
		p.f.Final, p.f.Who = "at once; flags stay on the server; way back: connect", "nobody"
	case retrieval.VerbDrop:
		p.onIMAP(effect(retrieval.Dropped, "", "nothing is lost: each command was final when it was answered"))
		p.f.Final, p.f.Who = "at once; way back: connect", "nobody"
	case retrieval.VerbConnect:
		p.onIMAP(effect(retrieval.Connected, ruleSelect.in(p.v), "a session, and INBOX as it is now"))
		p.f.Final, p.f.Who = "nothing changes on the server", "nobody"
	case retrieval.VerbDeliver:
		p.deliver()
		return
	case retrieval.VerbPolicy:
		p.policy()
		return
	default:
		p.f.Final, p.f.Who = "nothing is sent", "nobody"
	}
	p.onPOP3(quiet)
}
