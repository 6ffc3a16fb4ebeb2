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
}

// Pair puts the two lists side by side. It runs in time proportional to their
// length, is deterministic, and pairs by unique-id only with a format that
// messages at hand have proven (RFC 1939 section 7 leaves the format to the server).
// drop nil: there is no POP3 session, every row is IMAP's alone.
// It fills Row.UID, Number, Message, Entry, Sure and Hole.
func Pair(l Listing, drop *retrieval.Maildrop) ([]retrieval.Row, retrieval.Pairing) {
	panic("being written")
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

// Explain compares one row aspect by aspect: identity, read state, flags,
// folder, size, where it lives, what delete would do. Pure.
func Explain(v *retrieval.View, row int, now time.Time) []Aspect { panic("being written") }

// Forecast is what an action will do, said before it runs.
type Forecast struct {
	Action retrieval.Action
	Title  string   // "delete message 2 over POP3"
	Sends  []string // the commands that will go out, in order: "DELE 2"
	IMAP   []Effect // what IMAP's side will see
	POP3   []Effect
	Final  string // when it becomes final, and the ways back until then
	Who    string // who else will notice
}

// Effect is one expected effect on one side.
type Effect struct {
	Text   string
	Kind   retrieval.Kind  // the happening that would show it; "" : nothing happens on that side, and that is the point
	Cause  retrieval.Cause // CausePolicy: servers differ, so it is only a maybe
	Source string
	Maybe  bool
}

// Predict says what the action will do on each side, and when it is final.
func Predict(v *retrieval.View, a retrieval.Action) Forecast { panic("being written") }

// Outcome stands beside an Effect after the action ran.
type Outcome struct {
	Effect Effect
	Seen   *retrieval.Happening // nil: not seen
	As     string               // "as predicted", "not seen (yet)", "otherwise: ...", "this server does", "this server does not"
	OK     bool
}

// Settle compares the forecast with what happened from Seq after on. late says
// that the waiting time is over, so that "not yet" becomes "not seen".
func Settle(f Forecast, happened []retrieval.Happening, after uint64, late bool) (imap, pop3 []Outcome) {
	panic("being written")
}

// Plan is what a download will do, shown before it runs.
type Plan struct {
	Retr    []int    // message numbers, in order
	Dele    []int    // the ones that DELE follows for
	Leaves  []int    // the ones that leave the server at QUIT: Dele, and what is marked already
	Octets  int64    // of Retr
	Have    int      // asked for, but already here: no RETR
	Policy  string   // "keep", "delete", "7d"
	Who     string   // who will notice, in a sentence
	Why     []string // for each message that is not deleted although the policy says so: the reason
	Removes bool     // something leaves the server
}

// PlanDownload plans the download of the given message numbers of the open session.
func PlanDownload(v *retrieval.View, numbers []int) Plan { panic("being written") }

// Support answers whether a side has a verb at all; nil, or an
// *retrieval.UnsupportedError with the RFC section and what to do instead.
func Support(side retrieval.Protocol, v retrieval.Verb) error { panic("being written") }

// Difference is one way in which the two sides differ for the account.
type Difference struct {
	Aspect string          `json:"aspect"`
	IMAP   string          `json:"imap"`
	POP3   string          `json:"pop3"`
	Cause  retrieval.Cause `json:"cause"`
	Source string          `json:"source,omitempty"`
}

// Differences says how the two sides differ here: capabilities, folders, flags,
// identity, snapshot against live view, deletion, sizes.
func Differences(v *retrieval.View) []Difference { panic("being written") }
