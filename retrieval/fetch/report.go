package fetch

import (
	"fmt"

	"imapop/retrieval"
	"imapop/retrieval/local"
)

// End says how a run's session ended.
type End string

// The ends. Only EndQuit deletes; EndUnknown may have.
const (
	EndQuit    End = "quit"    // QUIT was answered +OK
	EndReset   End = "reset"   // RSET unmarked everything, then QUIT
	EndUnknown End = "unknown" // QUIT was sent, and not answered or refused
	EndDropped End = "dropped" // the connection ended without QUIT: nothing is deleted
)

// Report is what a run did.
type Report struct {
	Plan        Plan
	Settled     local.Reconciliation // what the list of unique-ids told of earlier runs
	Stored      []Stored             // durable downloads
	Twins       []Item               // downloads whose unique-id became durable in this very run already
	Short       []Left               // stored, with fewer octets than announced: they stay on the server
	Refused     []Left               // RETR or TOP of them was refused
	Kept        []Left               // DELE was planned, and the ledger or the server refused it
	Headers     []Looked
	Deleted     []Item // QUIT said so
	Unknown     []Item // QUIT did not say: the next run finds out
	End         End
	Interrupted bool

	marked []Item
}

// Marked are the messages whose DELE was answered +OK.
func (r *Report) Marked() []Item { return r.marked }

// Stored is a message that is on disk and in the ledger.
type Stored struct {
	Item
	Got     int64  // octets that came
	File    string // name in the Maildir, without flags
	Existed bool   // the same octets were here already
}

// Left is a message with which less was done than planned.
type Left struct {
	Item
	Err error
}

// Looked is a message that stays on the server, with its header.
type Looked struct {
	Item
	Header *retrieval.Header // fields are cleaned
}

// Err says that messages were refused: the first one's reason. What stays on the
// server for its own good (a short or a duplicate message) is no error.
func (r *Report) Err() error {
	left := append(append([]Left{}, r.Refused...), r.Kept...)
	if len(left) == 0 {
		return nil
	}
	if len(left) == 1 {
		return left[0].Err
	}
	return fmt.Errorf("%d messages were refused, the first: %w", len(left), left[0].Err)
}
