package compare

import (
	"fmt"
	"strings"

	"imapop/account"
	"imapop/retrieval"
)

// onPOP3 says why POP3's side is empty; ok: it is not.
func (x explainer) onPOP3() (f Fact, ok bool) {
	if x.r.Entry != nil {
		return Fact{}, true
	}
	switch x.r.Hole {
	case retrieval.HoleArrived:
		return protocol("not in this session: it arrived after "+x.snapshot(), popDrop), false
	case retrieval.HoleFolder:
		return protocol("not in the maildrop: POP3 has only INBOX", popDrop), false
	case retrieval.HoleHidden:
		return Fact{Text: "this server does not list it over POP3", Cause: retrieval.CausePolicy}, false
	case retrieval.HoleNoSession:
		return Fact{Text: "no POP3 session", Cause: retrieval.CauseClient}, false
	case retrieval.HolePending:
		return Fact{Text: "not looked at yet", Cause: retrieval.CauseClient}, false
	}
	return Fact{Text: "no counterpart was found", Cause: retrieval.CauseUnknown}, false
}

// snapshot names the session's frozen list by its age.
func (x explainer) snapshot() string {
	at := x.v.POP3.Drop.At
	if at.IsZero() || x.now.Before(at) {
		return "the snapshot"
	}
	return "the snapshot of " + Ago(x.now.Sub(at)) + " ago"
}

func (x explainer) popIdentity() Fact {
	f, ok := x.onPOP3()
	if !ok {
		return f
	}
	session := "this session"
	if x.v.POP3.State == retrieval.POP3Closed {
		session = "the last session"
	}
	e := x.r.Entry
	if e.UniqueID == "" {
		return Fact{
			Text:  fmt.Sprintf("message %d of %s; no unique-id: unknown after it", e.Number, session),
			Cause: retrieval.CausePolicy, Source: popOptional,
		}
	}
	return protocol(fmt.Sprintf("message %d of %s; unique-id %s", e.Number, session, ShortID(e.UniqueID)), popOptional)
}

// popNone answers for what POP3 does not have, session or not.
func (x explainer) popNone(text string) Fact {
	return Fact{Text: text, Cause: retrieval.CauseProtocol, Source: popNoFlags, None: true}
}

// popRead answers for the read state: POP3 has none, this device's copy has.
func (x explainer) popRead() Fact {
	if c := x.copy(); c != nil {
		s := "unread"
		if c.Has('S') {
			s = "read"
		}
		return x.popNone("no such thing; on this device only: " + s)
	}
	return x.popNone("no such thing: no client can tell another")
}

func (x explainer) popFlags() Fact {
	if c := x.copy(); c != nil {
		var s []string
		for _, f := range []struct {
			letter byte
			word   string
		}{{'F', "flagged"}, {'R', "answered"}, {'P', "passed on"}, {'D', "draft"}, {'T', "to be deleted"}} {
			if c.Has(f.letter) {
				s = append(s, f.word)
			}
		}
		if len(s) == 0 {
			s = []string{"none set"}
		}
		return x.popNone("no such thing; on this device only: " + strings.Join(s, ", "))
	}
	return x.popNone("no such thing: none to set, none to see")
}

// copy is what this device has of the message; nil: nothing that is in place.
func (x explainer) copy() *retrieval.LocalCopy {
	if x.r.Entry == nil || !x.r.Entry.Here {
		return nil
	}
	return x.r.Entry.Copy
}

// keptUntil says when the policy of its download takes a message from the server.
func (x explainer) keptUntil() string {
	c := x.copy()
	if c == nil || c.Leave.Mode == account.LeaveKeep || x.now.IsZero() {
		return ""
	}
	if c.Leave.Mode == account.LeaveRemoved {
		return " until it is removed here"
	}
	at, ok := c.DueAt(c.Leave)
	switch {
	case !ok:
		return ""
	case x.now.Before(at):
		return fmt.Sprintf("; due there in %s (%d d after the download)", Ago(at.Sub(x.now)), c.Leave.Days())
	}
	return "; due to be deleted there"
}

func (x explainer) popFolder() Fact {
	f := Fact{Text: "no folders: one maildrop, which is INBOX", Cause: retrieval.CauseProtocol, Source: popDrop, None: true}
	if x.r.Hole == retrieval.HoleFolder {
		f.Text = "no folders: this one cannot be seen"
	}
	return f
}

// absent is onPOP3 for the aspects below identity, which says it at length.
func (x explainer) absent() (f Fact, ok bool) {
	f, ok = x.onPOP3()
	if !ok && x.r.Hole == retrieval.HoleArrived {
		f.Text = "not in this session; in the next one"
	}
	return f, ok
}

func (x explainer) popSize() Fact {
	f, ok := x.absent()
	if !ok {
		return f
	}
	text := Thousands(x.r.Entry.Octets) + " octets (LIST)"
	if m := x.r.Message; m != nil && m.Octets > 0 && m.Octets != x.r.Entry.Octets {
		return Fact{Text: text + "; the two count differently", Cause: retrieval.CausePolicy, Source: popSizes}
	}
	return protocol(text, popSizes)
}

func (x explainer) popLives() Fact {
	f, ok := x.absent()
	if !ok {
		return f
	}
	e := x.r.Entry
	here := "no copy here"
	switch {
	case e.Here:
		here = "copy on this device"
	case e.Copy != nil:
		here = "copy removed from this device"
	}
	switch {
	case x.r.Hole == retrieval.HoleGone:
		return protocol(here+"; gone from INBOX since the snapshot", popDrop)
	case e.Gone && x.r.UID != 0: // -ERR is no proof: Courier says it of a file that a flag renamed
		return Fact{Text: here + "; RETR was refused, yet INBOX has it", Cause: retrieval.CausePolicy, Source: popCommands}
	case e.Gone:
		return Fact{Text: here + "; RETR was refused in this session", Cause: retrieval.CausePolicy, Source: popCommands}
	case e.Marked:
		return protocol(here+"; leaves the server at QUIT", popUpdate)
	case !e.Here:
		return protocol("on the server; "+here, popKeep)
	}
	return Fact{Text: here + " and on the server" + x.keptUntil(), Cause: retrieval.CauseClient, Source: popKeep}
}

func (x explainer) popDelete() Fact {
	f, ok := x.absent()
	if !ok {
		return f
	}
	e := x.r.Entry
	switch {
	case x.v.POP3.State == retrieval.POP3Closed:
		return protocol("no session now: DELE needs one, QUIT makes it final", popUpdate)
	case e.Marked:
		return protocol("DELE marked; gone at QUIT; kept by RSET or a dropped cable", popUpdate)
	case x.r.Hole == retrieval.HoleGone:
		return protocol("nothing to delete: it left INBOX already", popDrop)
	}
	return protocol("DELE marks it, QUIT deletes it; RSET undoes", popUpdate)
}
