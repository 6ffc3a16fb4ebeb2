package plan

import (
	"time"

	"imapop/account"
	"imapop/retrieval"
)

// Rules is what a run may do. The zero value downloads everything that is new
// and deletes nothing.
type Rules struct {
	// Leave is the policy for what is downloaded from now on. What was downloaded
	// before keeps the policy of its own download; LeaveKeep deletes none of it.
	Leave account.LeaveOnServer
	// Earlier makes Leave hold for what was downloaded before, too.
	Earlier bool
	// Removed deletes on the server whatever its owner removed from this device;
	// without it only what was downloaded under account.LeaveRemoved.
	Removed bool
	// MaxOctets: a larger message stays on the server and only its header is looked at; 0: no limit.
	MaxOctets int64
	// HeadersOnly downloads nothing and looks at the headers of what is new.
	HeadersOnly bool
	// Only names the unique-ids to download, whatever their size; nil: all.
	Only []string
	// Numbers names messages of the open session instead: they are downloaded
	// whatever their size, and no other message is touched. nil: all.
	Numbers []int
}

// Item is a message of the open session.
type Item struct {
	Number   int    // of this session
	UniqueID string // "": the server has no UIDL
	Octets   int64  // as LIST says
}

// Step is what a run does with one message.
type Step struct {
	Item
	Retrieve bool  // RETR
	Again    bool  // of Retrieve: it was downloaded before, and its owner removed that copy
	Look     bool  // TOP n 0
	Delete   bool  // DELE, when its copy is durable
	Removed  bool  // of Delete: its owner removed the copy here, and none is needed
	Why      error // why less is done than the policy asks for; nil: nothing is left undone
}

// Plan is what a run does, message by message.
type Plan struct {
	Steps  []Step // in message-number order; messages that need nothing are not among them
	Listed int    // messages on the server
	Octets int64  // of all downloads, as LIST says
	Have   int    // listed messages whose copy is here
	Due    int    // earlier downloads whose DELE is due now: they are among Steps
	Later  int    // messages whose DELE the policy puts off
	Next   time.Time
	Held   int // downloaded earlier under another policy: they stay, and Rules.Earlier would delete them
}

// Due says whether a message that was downloaded before is to leave the server
// now; else at is when time alone will make it so, zero for never. The message's
// own faults are not asked for.
func (r Rules) Due(c retrieval.LocalCopy, now time.Time) (due bool, at time.Time) {
	leave := c.Leave
	if r.Earlier {
		leave = r.Leave
	}
	keep := r.Leave.Mode == account.LeaveKeep
	if c.Removed && (r.Removed || leave.Mode == account.LeaveRemoved && !keep) {
		return true, time.Time{}
	}
	at, timed := c.DueAt(leave)
	if keep || !timed {
		return false, time.Time{}
	}
	return !now.Before(at), at
}
