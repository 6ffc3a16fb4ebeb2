package compare

import (
	"fmt"

	"imapop/retrieval"
)

// pop3 forecasts an action on POP3's side.
func (p *predictor) pop3() {
	switch p.a.Verb {
	case retrieval.VerbDelete:
		p.dele()
	case retrieval.VerbUndelete, retrieval.VerbReset:
		p.reset()
	case retrieval.VerbDownload, retrieval.VerbFetch:
		p.retr()
	case retrieval.VerbReadAloud:
		p.look()
	case retrieval.VerbQuit:
		p.sends("QUIT")
		p.update()
	case retrieval.VerbRefresh:
		p.refresh()
	case retrieval.VerbDrop:
		p.drop()
	case retrieval.VerbConnect:
		p.onPOP3(effect(retrieval.Listed, popDrop, "a session with a list frozen at its login"))
		p.onIMAP(effect("", "", "nothing: the sessions know nothing of each other"))
		p.f.Final = "nothing changes on the server"
		p.f.Who = "other POP3 clients, where the server locks the maildrop: [IN-USE]"
	case retrieval.VerbDeliver:
		p.deliver()
	case retrieval.VerbPolicy:
		p.policy()
	default:
		p.f.Final, p.f.Who = "nothing is sent", "nobody"
	}
}

const waysOut = "at QUIT, not before; ways back until then: RSET, or drop the cable"

func (p *predictor) dele() {
	for _, n := range p.a.Numbers {
		p.sends(fmt.Sprintf("DELE %d", n))
	}
	p.onPOP3(effect(retrieval.Marked, popCommands, "marked in this session; no command can reach it now"))
	p.onIMAP(effect("", popUpdate, "nothing: DELE is a promise, QUIT keeps it"))
	p.f.Final = waysOut
	p.f.Who = "nobody yet; at QUIT: IMAP clients (EXPUNGE), POP3 clients at their next login"
}

func (p *predictor) reset() {
	p.sends("RSET")
	n := p.v.POP3.Pending
	if n == 0 {
		p.onPOP3(effect(retrieval.Unmarked, popCommands, "nothing is marked; the list stays as it is, frozen"))
	} else {
		p.onPOP3(effect(retrieval.Unmarked, popCommands, "all %s come back: RSET cannot choose", count(n, "marked message")))
	}
	p.onIMAP(effect("", popCommands, "nothing: it never saw the marks"))
	p.f.Final, p.f.Who = "at once", "nobody"
}

func (p *predictor) retr() {
	plan := PlanDownload(p.v, p.a.Numbers, p.v.At)
	if p.a.Verb == retrieval.VerbFetch {
		plan = PlanFetch(p.v, p.v.At)
	}
	p.sends(plan.Commands...)
	if len(plan.Retr) > 0 {
		p.onPOP3(effect(retrieval.Retrieved, popCommands, "to this device: %s, %s", count(len(plan.Retr), "message"), retrieval.Octets(plan.Octets)))
		p.onIMAP(maybe(retrieval.FlagsChanged, "", `\Seen may appear: at once (Courier), at QUIT (Dovecot), never (Cyrus)`))
	}
	if len(plan.Retr) == 0 && len(plan.Dele) == 0 {
		p.onPOP3(effect("", "", "nothing is sent: there is nothing to download"))
	}
	p.f.Final = "the copy is final when it is synced to disk; the server keeps its own"
	if len(plan.Dele) > 0 {
		p.onPOP3(effect(retrieval.Marked, popKeep, "%s marked, once the copy is on disk", count(len(plan.Dele), "message")))
		p.f.POP3[len(p.f.POP3)-1].Cause = retrieval.CauseClient
		p.f.Final = "what is marked goes " + waysOut
	}
	p.onIMAP(effect("", popUpdate, "no message leaves: RETR deletes nothing"))
	p.f.Who = plan.Who
}

func (p *predictor) look() {
	for _, n := range p.a.Numbers {
		if e := entry(p.v, n); e != nil && e.Here {
			p.onPOP3(ours("", "the local copy is read; nothing is sent"))
		} else {
			p.sends(fmt.Sprintf("RETR %d", n))
			p.onPOP3(effect("", popCommands, "the octets come over; the server's list stays"))
		}
	}
	if len(p.f.Sends) > 0 {
		p.onIMAP(maybe(retrieval.FlagsChanged, "", `\Seen may appear: at once (Courier), at QUIT (Dovecot), never (Cyrus)`))
	} else {
		p.onIMAP(effect("", "", "nothing: nothing is sent"))
	}
	p.f.Final, p.f.Who = "nothing is deleted", `IMAP clients, where the server sets \Seen`
}

// update forecasts QUIT.
func (p *predictor) update() {
	n := p.v.POP3.Pending
	if n == 0 {
		p.onPOP3(effect(retrieval.Updated, popUpdate, "the session ends; nothing was marked, nothing is deleted"))
		p.onIMAP(effect("", popUpdate, "no message leaves"))
		p.onIMAP(maybe(retrieval.FlagsChanged, "", `\Seen of retrieved messages may appear now (Dovecot)`))
		p.f.Final, p.f.Who = "at once", "nobody, but for clients that wait for the maildrop"
		return
	}
	p.onPOP3(effect(retrieval.Updated, popUpdate, "the server deletes %s", count(n, "message")))
	if inbox(p.v) {
		p.onIMAP(effect(retrieval.Expunged, ruleExpunged.in(p.v), "hears EXPUNGE of %s, in 0 to 60 s by server", count(n, "message")))
	} else {
		p.onIMAP(effect("", ruleExpunged.in(p.v), "nothing here: they leave INBOX, another folder is selected"))
	}
	p.f.Final = "when QUIT is answered +OK: there is no way back"
	p.f.Who = "IMAP clients: EXPUNGE; POP3 clients: at their next login"
}

func (p *predictor) refresh() {
	if n := p.v.POP3.Pending; n > 0 {
		p.onPOP3(ours("", "no new session: %s would be deleted by QUIT; QUIT or RSET first", count(n, "message")))
		p.onIMAP(effect("", "", "nothing"))
		p.f.Final, p.f.Who = "nothing is sent", "nobody"
		return
	}
	if p.v.POP3.State != retrieval.POP3Closed {
		p.sends("QUIT")
	}
	p.sends("STAT", "LIST", "UIDL")
	p.onPOP3(effect(retrieval.Listed, popDrop, "a new session: a list as of now, with new numbers"))
	p.onIMAP(effect("", popUpdate, "no message leaves: nothing is marked"))
	p.onIMAP(maybe(retrieval.FlagsChanged, "", `\Seen of retrieved messages may appear at QUIT (Dovecot)`))
	p.f.Final, p.f.Who = "nothing is deleted", "nobody"
}

func (p *predictor) drop() {
	p.onPOP3(effect(retrieval.Dropped, popUpdate, "the session ends without QUIT: no mark counts, nothing is deleted"))
	p.onIMAP(effect("", popUpdate, "no message leaves"))
	p.onIMAP(maybe(retrieval.FlagsChanged, "", `\Seen of retrieved messages may appear now (Dovecot)`))
	p.f.Final, p.f.Who = "at once; way back: connect", "nobody"
}

// entry finds a message number in the session's list; nil: none.
func entry(v *retrieval.View, number int) *retrieval.Entry {
	e := v.POP3.Drop.Entries
	if number < 1 || number > len(e) {
		return nil
	}
	return &e[number-1]
}
