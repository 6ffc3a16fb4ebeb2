package compare

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"imapop/retrieval"
	"imapop/retrieval/safe"
)

// Predict says what the action will do on each side, and when it is final. It
// looks at the view alone and asks nobody; what servers decide is a Maybe.
func Predict(v *retrieval.View, a retrieval.Action) Forecast {
	p := predictor{v: v, a: a}
	p.f.Action = a
	p.f.Title = p.title()
	p.messages()
	var no *retrieval.UnsupportedError
	if err := Support(a.Side, a.Verb); err != nil {
		no, _ = err.(*retrieval.UnsupportedError)
		p.refuse(no)
		return p.f
	}
	switch a.Side {
	case retrieval.IMAP:
		p.imap()
	case retrieval.POP3:
		p.pop3()
	case retrieval.Local:
		p.local()
	default:
		p.other()
	}
	return p.f
}

// local forecasts what concerns this device alone.
func (p *predictor) local() {
	p.onIMAP(effect("", "", "nothing: nothing is sent"))
	p.f.Who = "nobody: no server knows what is on this device"
	if p.a.Verb == retrieval.VerbRemove {
		p.onPOP3(ours(retrieval.Removed, "nothing over POP3; the copy leaves this device"))
		p.f.Final = "at once; what the server has of it stays, unless the policy of the download says otherwise"
		return
	}
	p.onPOP3(effect("", popNoFlags, "nothing: it has no flags; the copy's file is renamed on this device"))
	p.f.Final = "at once; the same key takes it back"
}

// messages notes the messages that the action is about, on both sides; for QUIT
// they are those that it deletes.
func (p *predictor) messages() {
	f := &p.f
	f.uids, f.numbers = slices.Clone(p.a.UIDs), slices.Clone(p.a.Numbers)
	quit := p.a.Side == retrieval.POP3 && p.a.Verb == retrieval.VerbQuit
	if !quit && len(f.uids) == 0 && len(f.numbers) == 0 {
		return
	}
	for i := range p.v.Rows {
		r := &p.v.Rows[i]
		switch {
		case quit:
			if r.Entry != nil && r.Entry.Marked {
				f.numbers = append(f.numbers, r.Number)
				if r.UID != 0 {
					f.uids = append(f.uids, r.UID)
				}
			}
		case r.UID == 0 || r.Number == 0:
		case p.a.Side != retrieval.IMAP && slices.Contains(p.a.Numbers, r.Number):
			f.uids = append(f.uids, r.UID)
		case p.a.Side == retrieval.IMAP && inbox(p.v) && slices.Contains(p.a.UIDs, r.UID):
			f.numbers = append(f.numbers, r.Number)
		}
	}
}

// predictor fills one forecast.
type predictor struct {
	v *retrieval.View
	a retrieval.Action
	f Forecast
}

func (p *predictor) sends(lines ...string) { p.f.Sends = append(p.f.Sends, lines...) }
func (p *predictor) onIMAP(e Effect)       { p.f.IMAP = append(p.f.IMAP, e) }
func (p *predictor) onPOP3(e Effect)       { p.f.POP3 = append(p.f.POP3, e) }

// effect is one that an RFC promises; kind "" says that nothing happens.
func effect(kind retrieval.Kind, source, format string, args ...any) Effect {
	return Effect{Kind: kind, Source: source, Cause: retrieval.CauseProtocol, Text: fmt.Sprintf(format, args...)}
}

// maybe is one that servers decide on.
func maybe(kind retrieval.Kind, source, format string, args ...any) Effect {
	return Effect{Kind: kind, Source: source, Cause: retrieval.CausePolicy, Maybe: true, Text: fmt.Sprintf(format, args...)}
}

// ours is one that this program makes.
func ours(kind retrieval.Kind, format string, args ...any) Effect {
	return Effect{Kind: kind, Cause: retrieval.CauseClient, Text: fmt.Sprintf(format, args...)}
}

// refuse forecasts that the protocol has no such thing.
func (p *predictor) refuse(no *retrieval.UnsupportedError) {
	e := effect(retrieval.Unsupported, no.Source, "refused here: %s has no %s", no.Protocol, no.What)
	other := effect("", "", "nothing: nothing is sent")
	p.f.Final = "nothing is sent; " + no.Instead
	p.f.Who = "nobody"
	if p.a.Side == retrieval.POP3 {
		p.onPOP3(e)
		p.onIMAP(other)
		return
	}
	p.onIMAP(e)
	p.onPOP3(other)
}

// verbs names actions on messages for a title.
var verbs = map[retrieval.Verb]string{
	retrieval.VerbRead: "mark %s read", retrieval.VerbUnread: "mark %s unread",
	retrieval.VerbFlag: "flag %s", retrieval.VerbUnflag: "unflag %s",
	retrieval.VerbAnswered: "mark %s answered", retrieval.VerbUnanswer: "take the answered mark from %s",
	retrieval.VerbKeyword: "set a keyword on %s", retrieval.VerbUnkeyword: "take a keyword from %s",
	retrieval.VerbMove: "move %s", retrieval.VerbCopy: "copy %s", retrieval.VerbDelete: "delete %s",
	retrieval.VerbUndelete: "undelete %s", retrieval.VerbExpunge: "expunge %s",
	retrieval.VerbRemove:   "remove the copy of %s",
	retrieval.VerbDownload: "download %s", retrieval.VerbReadAloud: "look at %s",
}

// deeds names actions on a side.
var deeds = map[retrieval.Verb]string{
	retrieval.VerbRefresh: "refresh", retrieval.VerbOpen: "open a folder", retrieval.VerbReset: "reset the session",
	retrieval.VerbQuit: "quit the session", retrieval.VerbDrop: "drop the cable", retrieval.VerbConnect: "connect",
	retrieval.VerbDeliver: "deliver one message", retrieval.VerbCreate: "create a folder",
	retrieval.VerbRename: "rename a folder", retrieval.VerbDiscard: "delete a folder", retrieval.VerbBack: "take the move back",
	retrieval.VerbSubscribe: "subscribe to a folder", retrieval.VerbUnsub: "unsubscribe from a folder",
	retrieval.VerbPolicy: "change what is left on the server", retrieval.VerbLimit: "change what is downloaded by itself",
	retrieval.VerbFetch: "fetch all that is new",
}

func (p *predictor) title() string {
	over := ""
	if p.a.Side == retrieval.IMAP || p.a.Side == retrieval.POP3 {
		over = " over " + string(p.a.Side)
	}
	if p.a.Side == retrieval.Local {
		over = " on this device"
	}
	switch p.a.Verb {
	case retrieval.VerbPolicy:
		return deeds[p.a.Verb]
	case retrieval.VerbDeliver:
		return deeds[p.a.Verb] + " through SMTP"
	}
	if s, ok := verbs[p.a.Verb]; ok {
		return fmt.Sprintf(s, p.what()) + over
	}
	if s, ok := deeds[p.a.Verb]; ok {
		return s + over
	}
	return safe.Line(string(p.a.Verb)) + over
}

// what names the messages: "UID 43", "message 2", "3 messages".
func (p *predictor) what() string {
	switch {
	case p.a.Side == retrieval.IMAP && len(p.a.UIDs) == 1:
		return fmt.Sprintf("UID %d", p.a.UIDs[0])
	case p.a.Side != retrieval.IMAP && len(p.a.Numbers) == 1:
		return fmt.Sprintf("message %d", p.a.Numbers[0])
	case p.a.Side != retrieval.IMAP:
		return count(len(p.a.Numbers), "message")
	}
	return count(len(p.a.UIDs), "message")
}

// set writes UIDs as an IMAP sequence set: 3,5:9 (RFC 9051 section 9).
func set(uids []uint32) string {
	var b strings.Builder
	for i := 0; i < len(uids); {
		j := i
		for j+1 < len(uids) && uids[j+1] == uids[j]+1 {
			j++
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatUint(uint64(uids[i]), 10))
		if j > i {
			b.WriteByte(':')
			b.WriteString(strconv.FormatUint(uint64(uids[j]), 10))
		}
		i = j + 1
	}
	return b.String()
}

// quoted writes a folder's name as an astring, cleaned for a screen.
func quoted(name string) string {
	name = safe.Line(name)
	if name == "" || strings.ContainsAny(name, ` (){%*"\]`) {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	}
	return name
}

// has reports an IMAP capability; before anything was said, false.
func has(v *retrieval.View, capability string) bool {
	for _, c := range v.IMAP.Caps {
		if strings.EqualFold(c, capability) {
			return true
		}
	}
	return false
}

// revised reports whether a capability that IMAP4rev2 contains is there.
func revised(v *retrieval.View, capability string) bool {
	return has(v, capability) || v.IMAP.Revision == "IMAP4rev2"
}

// inbox reports whether INBOX is selected, which is what POP3's maildrop shows.
func inbox(v *retrieval.View) bool { return folderIsInbox(v.IMAP.Mailbox.Name) }

// folderIsInbox: INBOX is the one name whose case does not count (RFC 9051 section 5.1).
func folderIsInbox(name string) bool { return strings.EqualFold(name, "INBOX") }

// other forecasts what belongs to neither side.
func (p *predictor) other() {
	switch p.a.Verb {
	case retrieval.VerbDeliver:
		p.deliver()
	case retrieval.VerbPolicy:
		p.policy()
	default:
		p.f.Final, p.f.Who = "nothing is sent", "nobody"
	}
}

// deliver forecasts new mail: the live view against the snapshot.
func (p *predictor) deliver() {
	p.sends("MAIL FROM:<...>", "RCPT TO:<...>", "DATA")
	switch {
	case p.v.IMAP.State == retrieval.IMAPClosed:
		p.onIMAP(effect("", "", "nothing to see: there is no session"))
	case !inbox(p.v):
		p.onIMAP(effect("", ruleExists.in(p.v), "nothing in this folder: new mail goes to INBOX"))
	default:
		p.onIMAP(effect(retrieval.Exists, ruleExists.in(p.v), "EXISTS grows by itself, through IDLE"))
	}
	p.onPOP3(effect("", popDrop, "nothing: the session's list is frozen; the next login has it"))
	p.f.Final = "when SMTP answers 250 to DATA; there is no way back"
	p.f.Who = "IMAP clients at once, where the server tells IDLE at once; POP3 clients at their next login"
}

// policy forecasts a change of the client's setting.
func (p *predictor) policy() {
	p.onIMAP(effect("", "", "nothing: nothing is sent"))
	switch p.a.Policy {
	case "delete":
		p.onPOP3(ours(retrieval.PolicySet, "from now on DELE follows each finished download, QUIT deletes"))
	case "until-removed":
		p.onPOP3(ours(retrieval.PolicySet, "from now on DELE follows once the copy on this device is removed"))
	case "keep", "":
		p.onPOP3(ours(retrieval.PolicySet, "from now on what is downloaded stays on the server"))
	default:
		p.onPOP3(ours(retrieval.PolicySet, "from now on DELE follows %s after the download", safe.Line(p.a.Policy)))
	}
	p.f.Final = "at once, for later downloads; what is downloaded already is left alone"
	if p.a.Earlier {
		p.f.Final = "at once, for later downloads and for those before; no DELE goes out before the plan was shown"
	}
	p.f.Who = "nobody: it is a setting of this program, no server knows it"
}
