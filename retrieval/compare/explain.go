package compare

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/safe"
)

// Explain compares one row aspect by aspect: identity, read state, flags,
// folder, size, where it lives, what delete would do. Pure. nil when there is no
// such row.
func Explain(v *retrieval.View, row int, now time.Time) []Aspect {
	if v == nil || row < 0 || row >= len(v.Rows) {
		return nil
	}
	x := explainer{v: v, r: &v.Rows[row], now: now}
	return []Aspect{
		{"identity", x.imapIdentity(), x.popIdentity()},
		{"read state", x.imapRead(), x.popNone("no such thing: no client can tell another")},
		{"flags", x.imapFlags(), x.popNone("no such thing: none to set, none to see")},
		{"folder", x.imapFolder(), x.popFolder()},
		{"size", x.imapSize(), x.popSize()},
		{"lives", x.imapLives(), x.popLives()},
		{"delete", x.imapDelete(), x.popDelete()},
	}
}

// explainer explains one row.
type explainer struct {
	v   *retrieval.View
	r   *retrieval.Row
	now time.Time
}

func protocol(text, source string) Fact {
	return Fact{Text: text, Cause: retrieval.CauseProtocol, Source: source}
}

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

// Ago gives a duration in the one unit that a person needs: "41 s", "3 min", "2 h", "5 d".
func Ago(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d d", int(d.Hours()/24))
}

func (x explainer) imapIdentity() Fact {
	if f, ok := x.onIMAP(); !ok {
		return f
	}
	return protocol(fmt.Sprintf("UID %d, UIDVALIDITY %d", x.r.UID, x.v.IMAP.Mailbox.UIDValidity), ruleUID.in(x.v))
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

// ShortID shortens a unique-id to what tells it from its neighbours, cleaned.
func ShortID(id string) string {
	id = safe.Line(id)
	if r := []rune(id); len(r) > 20 {
		return string(r[:8]) + "…" + string(r[len(r)-8:])
	}
	return id
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

// popNone answers for what POP3 does not have, session or not.
func (x explainer) popNone(text string) Fact {
	return Fact{Text: text, Cause: retrieval.CauseProtocol, Source: popNoFlags, None: true}
}

func (x explainer) imapFolder() Fact {
	if f, ok := x.onIMAP(); !ok {
		return f
	}
	return protocol(safe.Line(x.v.IMAP.Mailbox.Name), ruleFolder.in(x.v))
}

func (x explainer) popFolder() Fact {
	f := Fact{Text: "no folders: one maildrop, which is INBOX", Cause: retrieval.CauseProtocol, Source: popDrop, None: true}
	if x.r.Hole == retrieval.HoleFolder {
		f.Text = "no folders: this one cannot be seen"
	}
	return f
}

func (x explainer) imapSize() Fact {
	m, f, ok := x.message()
	if !ok {
		return f
	}
	return protocol(Thousands(m.Octets)+" octets (RFC822.SIZE)", ruleSize.in(x.v))
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

// Thousands writes a count with commas: 88,112.
func Thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func (x explainer) imapLives() Fact {
	if f, ok := x.onIMAP(); !ok {
		return f
	}
	return protocol("on the server; every client sees this one", ruleModel.in(x.v))
}

func (x explainer) popLives() Fact {
	f, ok := x.absent()
	if !ok {
		return f
	}
	e := x.r.Entry
	here := "no copy here"
	if e.Here {
		here = "copy on this device"
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
	return Fact{Text: here + " and on the server", Cause: retrieval.CauseClient, Source: popKeep}
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
