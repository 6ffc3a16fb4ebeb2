package fake

import (
	"fmt"
	"time"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/compare"
)

// Rules are the comparison's rules with fixed words, so that frames do not
// change with the wording of retrieval/compare.
type Rules struct{}

// Explain compares a row in eight aspects.
func (Rules) Explain(v *retrieval.View, row int, _ time.Time) []compare.Aspect {
	r := v.Rows[row]
	rfc := func(s, source string) compare.Fact {
		return compare.Fact{Text: s, Cause: retrieval.CauseProtocol, Source: source}
	}
	none := func(s string) compare.Fact {
		return compare.Fact{Text: s, Cause: retrieval.CauseProtocol, Source: "RFC 1939 section 1", None: true}
	}
	imap := fmt.Sprintf("UID %d, UIDVALIDITY %d", r.UID, v.IMAP.Mailbox.UIDValidity)
	if r.UID == 0 {
		imap = "not in the selected mailbox"
	}
	pop := "not in this session"
	if r.Entry != nil {
		pop = fmt.Sprintf("message %d of this session; unique-id %s", r.Number, r.Entry.UniqueID)
	}
	return []compare.Aspect{
		{Name: "identity", IMAP: rfc(imap, "RFC 9051 section 2.3.1.1"), POP3: rfc(pop, "RFC 1939 section 7")},
		{Name: "read state", IMAP: rfc(`\Seen on the server, for every device`, "RFC 9051 section 2.3.2"), POP3: none("no such thing; known on this device only")},
		{Name: "flags", IMAP: rfc("on the server, for every device", "RFC 9051 section 2.3.2"), POP3: none("no such thing")},
		{Name: "folder", IMAP: rfc(v.IMAP.Mailbox.Name, "RFC 9051 section 5.1"), POP3: none("one maildrop, no folders")},
		{Name: "size", IMAP: rfc("4,101 octets (RFC822.SIZE)", "RFC 9051 section 7.5.2"), POP3: compare.Fact{Text: "4,101 octets (LIST)", Cause: retrieval.CausePolicy}},
		{Name: "lives", IMAP: rfc("on the server", "RFC 9051 section 2.3"), POP3: compare.Fact{Text: "on the server, and on this device", Cause: retrieval.CauseClient}},
		{Name: "delete", IMAP: rfc(`\Deleted, then EXPUNGE: undo until then`, "RFC 9051 section 6.4.3"), POP3: rfc("DELE marks; gone at QUIT; kept by RSET or a dropped cable", "RFC 1939 section 6")},
		{Name: "cost", IMAP: compare.Fact{Text: "2 round trips, 4.1 kB"}, POP3: compare.Fact{Text: "3 round trips, 91.6 kB"}},
	}
}

// Predict foretells a deletion, whatever is asked.
func (Rules) Predict(_ *retrieval.View, a retrieval.Action) compare.Forecast {
	return compare.Forecast{
		Action: a, Title: fmt.Sprintf("%s over %s", a.Verb, a.Side), Sends: []string{"DELE 2"},
		IMAP:  []compare.Effect{{Text: "nothing: DELE is a promise", Cause: retrieval.CauseProtocol, Source: "RFC 1939 section 5"}},
		POP3:  []compare.Effect{{Text: "message 2 is marked; RETR 2 is refused from now on", Kind: retrieval.Marked, Cause: retrieval.CauseProtocol, Source: "RFC 1939 section 5"}},
		Final: "at QUIT; until then RSET or a dropped cable undoes it", Who: "nobody before QUIT",
	}
}

// Settle finds the first happening of an effect's kind.
func (Rules) Settle(f compare.Forecast, happened []retrieval.Happening, after uint64, late bool) (imap, pop3 []compare.Outcome) {
	side := func(effects []compare.Effect, p retrieval.Protocol) []compare.Outcome {
		var out []compare.Outcome
		for _, e := range effects {
			o := compare.Outcome{Effect: e, As: "not seen (yet)", OK: e.Kind == ""}
			if e.Kind == "" {
				o.As = "as predicted"
			}
			for i := range happened {
				if h := &happened[i]; h.Seq > after && h.Side == p && h.Kind == e.Kind {
					o.Seen, o.OK, o.As = h, true, "as predicted"
				}
			}
			out = append(out, o)
		}
		return out
	}
	return side(f.IMAP, retrieval.IMAP), side(f.POP3, retrieval.POP3)
}

// PlanDownload plans what is not here, and DELE for it when the policy says so.
func (Rules) PlanDownload(v *retrieval.View, numbers []int, _ time.Time) compare.Plan {
	p := compare.Plan{Policy: v.Policy, Who: "every device that uses this mailbox, over IMAP and POP3"}
	for _, n := range numbers {
		if n < 1 || n > len(v.POP3.Drop.Entries) {
			continue
		}
		e := v.POP3.Drop.Entries[n-1]
		if e.Copy != nil {
			if p.Have++; v.Policy == "7d" {
				p.Due, p.Dele = p.Due+1, append(p.Dele, n)
			}
			continue
		}
		p.Retr = append(p.Retr, n)
		p.Octets += e.Octets
		if v.Policy == "delete" {
			p.Dele = append(p.Dele, n)
		}
	}
	p.Leaves, p.Removes = p.Dele, len(p.Dele) > 0
	for _, n := range p.Retr {
		p.Commands = append(p.Commands, fmt.Sprintf("RETR %d", n))
	}
	for _, n := range p.Dele {
		p.Commands = append(p.Commands, fmt.Sprintf("DELE %d", n))
	}
	return p
}

// PlanFetch plans the whole list.
func (r Rules) PlanFetch(v *retrieval.View, now time.Time) compare.Plan {
	var numbers []int
	for i := range v.POP3.Drop.Entries {
		numbers = append(numbers, v.POP3.Drop.Entries[i].Number)
	}
	return r.PlanDownload(v, numbers, now)
}

// Due is what the views say is due by Entry.Copy: compare.Due.
func (Rules) Due(v *retrieval.View, now time.Time) int { return compare.Due(v, now) }

// Earlier is compare.Earlier.
func (Rules) Earlier(v *retrieval.View, leave account.LeaveOnServer, now time.Time) (at, later int) {
	return compare.Earlier(v, leave, now)
}

// Support knows what POP3 lacks.
func (Rules) Support(side retrieval.Protocol, v retrieval.Verb) error {
	what := map[retrieval.Verb]string{
		retrieval.VerbRead: "read state", retrieval.VerbUnread: "read state", retrieval.VerbFlag: "flags", retrieval.VerbUnflag: "flags",
		retrieval.VerbAnswered: "answered mark", retrieval.VerbUnanswer: "answered mark", retrieval.VerbKeyword: "keywords", retrieval.VerbUnkeyword: "keywords",
		retrieval.VerbMove: "folders", retrieval.VerbCopy: "folders", retrieval.VerbOpen: "folders", retrieval.VerbCreate: "folders", retrieval.VerbExpunge: "expunge command",
	}[v]
	switch {
	case side == retrieval.POP3 && what != "":
		return &retrieval.UnsupportedError{Protocol: side, What: what, Source: "RFC 1939 section 1", Instead: "do it over IMAP (tab)"}
	case side == retrieval.IMAP && v == retrieval.VerbReset:
		return &retrieval.UnsupportedError{Protocol: side, What: "reset", Source: "RFC 9051 section 6.4.6"}
	}
	return nil
}
