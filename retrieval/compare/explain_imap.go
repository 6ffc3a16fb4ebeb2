package compare

import (
	"fmt"
	"strings"

	"imapop/retrieval"
	"imapop/retrieval/safe"
)

// onIMAP says why IMAP's side is empty; ok: it is not.
func (x explainer) onIMAP() (f Fact, ok bool) {
	if x.r.UID != 0 {
		return Fact{}, true
	}
	switch x.r.Hole {
	case retrieval.HoleGone:
		return protocol("no longer in INBOX: moved or expunged", ruleExpunged.in(x.v)), false
	case retrieval.HoleNoSession:
		return Fact{Text: "no IMAP session", Cause: retrieval.CauseClient}, false
	case retrieval.HolePending:
		return Fact{Text: "not looked at yet", Cause: retrieval.CauseClient}, false
	}
	return Fact{Text: "no counterpart was found", Cause: retrieval.CauseUnknown}, false
}

func (x explainer) imapIdentity() Fact {
	if f, ok := x.onIMAP(); !ok {
		return f
	}
	return protocol(fmt.Sprintf("UID %d, UIDVALIDITY %d", x.r.UID, x.v.IMAP.Mailbox.UIDValidity), ruleUID.in(x.v))
}

func (x explainer) message() (*retrieval.Message, Fact, bool) {
	f, ok := x.onIMAP()
	if !ok {
		return nil, f, false
	}
	if x.r.Message == nil {
		return nil, Fact{Text: "not looked at yet", Cause: retrieval.CauseClient}, false
	}
	return x.r.Message, Fact{}, true
}

func (x explainer) imapRead() Fact {
	m, f, ok := x.message()
	if !ok {
		return f
	}
	if m.Has(`\Seen`) {
		return protocol(`\Seen: read, kept on the server for every client`, ruleFlags.in(x.v))
	}
	return protocol(`unread: no \Seen, the same for every client`, ruleFlags.in(x.v))
}

func (x explainer) imapFlags() Fact {
	m, f, ok := x.message()
	if !ok {
		return f
	}
	var set []string
	for _, flag := range m.Flags {
		if !strings.EqualFold(flag, `\Seen`) && !strings.EqualFold(flag, `\Recent`) {
			set = append(set, safe.Line(flag))
		}
	}
	if len(set) == 0 {
		return protocol("none set; the server would keep them", ruleFlags.in(x.v))
	}
	return protocol(strings.Join(set, " ")+", on the server", ruleFlags.in(x.v))
}

func (x explainer) imapFolder() Fact {
	if f, ok := x.onIMAP(); !ok {
		return f
	}
	return protocol(safe.Line(x.v.IMAP.Mailbox.Name), ruleFolder.in(x.v))
}

func (x explainer) imapSize() Fact {
	m, f, ok := x.message()
	if !ok {
		return f
	}
	return protocol(Thousands(m.Octets)+" octets (RFC822.SIZE)", ruleSize.in(x.v))
}

func (x explainer) imapLives() Fact {
	if f, ok := x.onIMAP(); !ok {
		return f
	}
	return protocol("on the server; every client sees this one", ruleModel.in(x.v))
}

func (x explainer) imapDelete() Fact {
	m, f, ok := x.message()
	if !ok {
		return f
	}
	if m.Has(`\Deleted`) {
		return protocol(`\Deleted is set; EXPUNGE removes it, undelete keeps it`, ruleExpunge.in(x.v))
	}
	return protocol(`\Deleted, then EXPUNGE: undo until then`, ruleExpunge.in(x.v))
}
