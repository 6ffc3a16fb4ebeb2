// Package fake is an account for tests of the screens: a mailbox of a dozen
// messages that looks like a life, one of 100,000, and a desk that hands out
// scripted views and remembers what was asked of it.
package fake

import (
	"fmt"
	"time"

	"imapop/retrieval"
)

// Now is the moment at which every fake view is looked at.
var Now = time.Date(2026, 9, 3, 12, 4, 34, 0, time.UTC)

const validity = 1432

type seed struct {
	from, subject string
	octets        int64
	flags         []string
}

var seeds = []seed{
	{"Ada Lovelace", "Notes on the Engine", 3412, []string{`\Flagged`}},
	{"Grace Hopper", "Re: nanoseconds", 88112, []string{`\Answered`, `\Seen`}},
	{"Build", "main is green", 1020, []string{`\Seen`}},
	{"Newsletter", "September, in HTML", 12877, []string{`\Seen`, "$Forwarded"}},
	{"Alan Turing", "On computable numbers", 2012331, nil},
	{"Łukasz Żółw", "Grüße aus Łódź", 2204, []string{`\Seen`}},
	{"田中さくら", "会議の議事録について", 5120, nil},
	{"Calendar", "Invitation: retrieval seminar", 4410, []string{`\Seen`}},
	{"Dots", "Lines that begin with a dot", 880, nil},
	{"Long", "One line of 5,000 octets", 5611, []string{`\Seen`}},
	{"Grace Hopper", "Re: Re: nanoseconds", 2901, []string{"$Work", "$Later"}},
	{"Postmaster", "Your mailbox", 1200, []string{`\Seen`}},
}

// UniqueID is the unique-id that the fake server gives to a UID.
func UniqueID(uid uint32) string { return fmt.Sprintf("%08x%08x", validity, uid) }

// Fresh is the account after both sides have opened: a dozen paired messages.
func Fresh() *retrieval.View {
	v := &retrieval.View{Version: 10, At: Now, Account: "alice@demo", Demo: true, Policy: "keep", Maildir: "/home/alice/Mail/demo"}
	v.IMAP = retrieval.IMAPSide{
		State: retrieval.IMAPIdle, Revision: "IMAP4rev2", Security: retrieval.Security{Protocol: "TLS 1.3"}, Session: 1,
		Mailbox: retrieval.Mailbox{Name: "INBOX", UIDValidity: validity, UIDNext: 41 + uint32(len(seeds)), Messages: uint32(len(seeds)), PermanentFlags: []string{`\Seen`, `\Flagged`, `\*`}},
		Meter:   retrieval.Meter{In: 21000, Out: 1020, Turnarounds: 14, Connections: 1},
		Folders: folders(),
	}
	v.POP3 = retrieval.POP3Side{
		State: retrieval.POP3Transaction, Security: retrieval.Security{Protocol: "TLS 1.3"}, Session: 1,
		Drop:      retrieval.Maildrop{HasUIDL: true, At: Now.Add(-41 * time.Second)},
		IdleAfter: 10 * time.Minute, LastSaid: Now.Add(-38 * time.Second), Elsewhere: 7,
		Meter: retrieval.Meter{In: 95000, Out: 610, Turnarounds: 9, Connections: 1},
	}
	for i, s := range seeds {
		v.Rows = append(v.Rows, row(v, uint32(41+i), i+1, s, i < 2))
	}
	v.Pairing = retrieval.Pairing{Method: "unique-id = UID and UIDVALIDITY", Proof: 12, Paired: 12, Order: true}
	v.Happened = []retrieval.Happening{
		{Seq: 1, At: Now.Add(-41 * time.Second), Side: retrieval.IMAP, Kind: retrieval.Selected, Text: "INBOX is selected", Line: 5},
		{Seq: 2, At: Now.Add(-40 * time.Second), Side: retrieval.POP3, Kind: retrieval.Listed, Text: "12 messages in the maildrop, frozen at login", Source: "RFC 1939 section 5", Line: 7},
	}
	return v
}

func row(v *retrieval.View, uid uint32, number int, s seed, here bool) retrieval.Row {
	h := retrieval.Header{From: s.from, Subject: s.subject, Date: Now.Add(-time.Duration(13-number) * 7 * time.Hour), MessageID: fmt.Sprintf("<%d@demo>", uid)}
	e := retrieval.Entry{Number: number, Octets: s.octets, UniqueID: UniqueID(uid), Header: &h}
	if here {
		c := retrieval.LocalCopy{Downloaded: Now.Add(-time.Hour), Listed: s.octets}
		if number == 1 {
			c.Flags = "FS"
		}
		e.Has(&c)
	}
	v.POP3.Drop.Entries = append(v.POP3.Drop.Entries, e)
	v.POP3.Drop.Octets += s.octets
	return retrieval.Row{UID: uid, Number: number, Sure: retrieval.SureFormula, Changed: 1, Entry: &e,
		Message: &retrieval.Message{UID: uid, Flags: s.flags, Octets: s.octets, Header: h}}
}

func folders() []retrieval.Folder {
	f := func(name, role string, messages, unseen uint32) retrieval.Folder {
		return retrieval.Folder{Name: name, Delim: "/", Role: role, Messages: messages, Unseen: unseen, Counted: true, Subscribed: true}
	}
	return []retrieval.Folder{f("INBOX", "", 12, 5), f("Archive", "Archive", 2, 0), f("Drafts", "Drafts", 1, 0), f("Sent", "Sent", 4, 0),
		f("Trash", "Trash", 0, 0), {Name: "Work", Delim: "/", NoSelect: true}, f("Work/Projects", "", 3, 1)}
}

// next copies a view for a change: rows, entries and happenings are its own.
func next(v *retrieval.View) *retrieval.View {
	n := *v
	n.Version++
	n.Rows = append([]retrieval.Row(nil), v.Rows...)
	n.Happened = append([]retrieval.Happening(nil), v.Happened...)
	n.POP3.Drop.Entries = append([]retrieval.Entry(nil), v.POP3.Drop.Entries...)
	return &n
}

// Flagged is v after row i got a flag over IMAP.
func Flagged(v *retrieval.View, i int, flag string) *retrieval.View {
	n := next(v)
	m := *n.Rows[i].Message
	m.Flags = append(append([]string(nil), m.Flags...), flag)
	n.Rows[i].Message, n.Rows[i].Changed = &m, n.Version
	n.Happened = append(n.Happened, retrieval.Happening{Seq: 3, At: Now.Add(-time.Second), Side: retrieval.IMAP, Kind: retrieval.FlagsChanged,
		Text: fmt.Sprintf("UID %d now has %s", m.UID, flag), Source: "RFC 9051 section 6.4.6"})
	return n
}

// Marked is v after DELE of row i.
func Marked(v *retrieval.View, i int) *retrieval.View {
	n := next(v)
	e := *n.Rows[i].Entry
	e.Marked = true
	n.Rows[i].Entry, n.Rows[i].Changed = &e, n.Version
	n.POP3.Drop.Entries[e.Number-1] = e
	n.POP3.Pending++
	n.Happened = append(n.Happened, retrieval.Happening{Seq: 4, At: Now.Add(-time.Second), Side: retrieval.POP3, Kind: retrieval.Marked,
		Text: fmt.Sprintf("message %d is marked; nothing changed for IMAP", e.Number), Source: "RFC 1939 section 5", Line: 9})
	return n
}

// Updated is v after QUIT: what was marked is gone, and IMAP heard of it.
func Updated(v *retrieval.View) *retrieval.View {
	n := next(v)
	kept := n.Rows[:0]
	gone := 0
	for _, r := range n.Rows {
		if r.Entry != nil && r.Entry.Marked {
			gone++
			continue
		}
		kept = append(kept, r)
	}
	n.Rows = kept
	n.POP3.Drop.Entries = nil
	for i := range n.Rows { // a new session numbers anew (RFC 1939 section 5)
		if e := n.Rows[i].Entry; e != nil {
			c := *e
			c.Number = len(n.POP3.Drop.Entries) + 1
			n.Rows[i].Entry, n.Rows[i].Number = &c, c.Number
			n.POP3.Drop.Entries = append(n.POP3.Drop.Entries, c)
		}
	}
	n.POP3.Pending, n.POP3.Session = 0, n.POP3.Session+1
	n.IMAP.Mailbox.Messages -= uint32(gone)
	n.Happened = append(n.Happened,
		retrieval.Happening{Seq: 5, At: Now.Add(-500 * time.Millisecond), Side: retrieval.POP3, Kind: retrieval.Updated, Text: fmt.Sprintf("POP3 QUIT removed %d", gone), Source: "RFC 1939 section 6"},
		retrieval.Happening{Seq: 6, At: Now.Add(-462 * time.Millisecond), Side: retrieval.IMAP, Kind: retrieval.Expunged, Text: "IMAP heard EXPUNGE of UID 42, 38 ms after POP3's QUIT", Source: "RFC 9051 section 7.5.1", CausedBy: 5, Delay: 38 * time.Millisecond})
	return n
}

// Holes is v with a message that came after POP3's snapshot and one that IMAP
// moved away while POP3 still lists it.
func Holes(v *retrieval.View) *retrieval.View {
	n := next(v)
	n.Rows[2].UID, n.Rows[2].Message, n.Rows[2].Sure, n.Rows[2].Hole, n.Rows[2].Changed = 0, nil, retrieval.NotPaired, retrieval.HoleGone, n.Version
	h := retrieval.Header{From: "Alan Turing", Subject: "Just arrived", Date: Now}
	n.Rows = append(n.Rows, retrieval.Row{UID: 53, Message: &retrieval.Message{UID: 53, Octets: 900, Header: h}, Hole: retrieval.HoleArrived, Changed: n.Version})
	n.POP3.Missed = 1
	n.IMAP.Mailbox.UIDNext = 54
	return n
}

// Broken is v after the network took POP3's session away.
func Broken(v *retrieval.View) *retrieval.View {
	n := next(v)
	n.POP3.State, n.POP3.Security = retrieval.POP3Closed, retrieval.Security{}
	n.POP3.Problem = &retrieval.Problem{What: "connect to pop.example.org:995", Why: "the server did not answer within 15 s", Do: "o tries again now; look at the network", Retry: Now.Add(12 * time.Second)}
	return n
}

// Large is an account with count messages, of which only those in the middle of
// nowhere are loaded: none.
func Large(count int) *retrieval.View {
	v := Fresh()
	v.Rows = make([]retrieval.Row, count)
	v.POP3.Drop.Entries = make([]retrieval.Entry, count)
	for i := range v.Rows {
		uid := uint32(i + 1)
		v.POP3.Drop.Entries[i] = retrieval.Entry{Number: i + 1, Octets: int64(1000 + i%5000), UniqueID: UniqueID(uid)}
		v.Rows[i] = retrieval.Row{UID: uid, Number: i + 1, Entry: &v.POP3.Drop.Entries[i], Sure: retrieval.SureFormula, Changed: 1,
			Message: &retrieval.Message{UID: uid, Octets: int64(1000 + i%5000), Flags: seeds[i%12].flags, Header: retrieval.Header{From: seeds[i%12].from, Subject: seeds[i%12].subject, Date: Now}}}
	}
	v.IMAP.Mailbox.UIDNext, v.IMAP.Mailbox.Messages = uint32(count+1), uint32(count)
	return v
}

// Lines is the transcript that goes with Fresh and Marked.
func Lines() []retrieval.Line {
	at := Now.Add(-42 * time.Second)
	var out []retrieval.Line
	say := func(p retrieval.Protocol, d retrieval.Direction, s string) {
		at = at.Add(37 * time.Millisecond)
		out = append(out, retrieval.Line{Seq: uint64(len(out) + 1), At: at, Side: p, Session: 1, Dir: d, Text: s, Octets: int64(len(s) + 2)})
	}
	say(retrieval.IMAP, retrieval.ServerSays, "* OK [CAPABILITY IMAP4rev1 IMAP4rev2 IDLE MOVE UIDPLUS] ready")
	say(retrieval.IMAP, retrieval.ClientSays, "T1 LOGIN *** ***")
	say(retrieval.IMAP, retrieval.ServerSays, "T1 OK logged in")
	say(retrieval.IMAP, retrieval.ClientSays, "T2 SELECT INBOX")
	say(retrieval.IMAP, retrieval.ServerSays, "T2 OK [READ-WRITE] SELECT completed")
	say(retrieval.POP3, retrieval.ClientSays, "UIDL")
	say(retrieval.POP3, retrieval.ServerSays, "+OK 12 messages")
	at = Now.Add(-1100 * time.Millisecond)
	say(retrieval.POP3, retrieval.ClientSays, "DELE 2")
	say(retrieval.POP3, retrieval.ServerSays, "+OK marked to be deleted")
	return out
}
