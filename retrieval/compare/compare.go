// Package compare puts side by side what IMAP's INBOX and POP3's maildrop hold,
// says how the two differ and why, what an action will do on each side and
// whether it did. It looks at both sides and never guesses one from the other.
package compare

import (
	"time"

	"imapop/retrieval"
)

// Listing is IMAP's side for pairing: the UIDs of the selected mailbox, in
// order, and what is known of some of them.
type Listing struct {
	UIDValidity uint32
	UIDs        []uint32                      // rising
	Known       map[uint32]*retrieval.Message // by UID; those whose octets and header were fetched
	Inbox       bool                          // false: another folder is selected and nothing can pair
	UIDNext     uint32                        // kept current; 0: not known. A unique-id's UID from it on is news to IMAP
	AtLogin     uint32                        // highest UID that INBOX had when the maildrop was frozen; 0: not known
}

// Fact is what one protocol says about one aspect of a message.
type Fact struct {
	Text   string          // one line, cleaned
	Cause  retrieval.Cause // protocol, server or client
	Source string          // "RFC 1939 section 6"; "" when there is nothing to cite
	None   bool            // the protocol has no such thing
}

// Aspect is one line of the comparison of a message.
type Aspect struct {
	Name string // "identity", "read state", "flags", "folder", "size", "lives", "delete", "cost"
	IMAP Fact
	POP3 Fact
}

// Forecast is what an action will do, said before it runs.
type Forecast struct {
	Action retrieval.Action
	Title  string   // "delete message 2 over POP3"
	Sends  []string // the commands that will go out, in order: "DELE 2"
	IMAP   []Effect // what IMAP's side will see
	POP3   []Effect
	Final  string // when it becomes final, and the ways back until then
	Who    string // who else will notice

	uids    []uint32 // the messages that it is about, as each side names them; empty: any
	numbers []int
}

// Effect is one expected effect on one side.
type Effect struct {
	Text   string
	Kind   retrieval.Kind  // the happening that would show it; "" : nothing happens on that side, and that is the point
	Cause  retrieval.Cause // CausePolicy: servers differ, so it is only a maybe
	Source string
	Maybe  bool
}

// Outcome stands beside an Effect after the action ran.
type Outcome struct {
	Effect Effect
	Seen   *retrieval.Happening // nil: not seen
	As     string               // "as predicted", "not seen (yet)", "otherwise: ...", "this server does", "this server does not"
	OK     bool
}

// Plan is what a download will do, shown before it runs.
type Plan struct {
	Retr     []int // message numbers, in order
	Top      []int // the ones whose header alone is looked at
	Dele     []int // the ones that DELE follows for
	Leaves   []int // the ones that leave the server at QUIT: Dele, and what is marked already
	Octets   int64 // of Retr
	Have     int   // asked for, but already here: no RETR
	Due      int   // of Dele: downloaded earlier, and due on the server now
	Later    int   // messages whose DELE the policy puts off
	Next     time.Time
	Held     int      // downloaded earlier under another policy: they stay
	Policy   string   // "keep", "delete", "7d", "until-removed"
	Commands []string // what goes out, line by line; QUIT, which makes deletions final, is not among it
	Err      error    // why it may not be made at all; nil: it may
	Who      string   // who will notice, in a sentence
	Why      []string // for each message that is not deleted although the policy says so: the reason
	Removes  bool     // something leaves the server
}

// Difference is one way in which the two sides differ for the account.
type Difference struct {
	Aspect string          `json:"aspect"`
	IMAP   string          `json:"imap"`
	POP3   string          `json:"pop3"`
	Cause  retrieval.Cause `json:"cause"`
	Source string          `json:"source,omitempty"`
}
