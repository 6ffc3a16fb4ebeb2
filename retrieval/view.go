package retrieval

import "time"

// View is everything that was known at one moment. It is never changed after
// it was handed out; slices and pointers in it may be shared with later views.
type View struct {
	Version  uint64    // rises with every change
	At       time.Time // when it was made: screens take "now" from ticks, not from here
	Account  string    // "alice@demo": user and account name
	Demo     bool
	IMAP     IMAPSide
	POP3     POP3Side
	Rows     []Row       // the paired list, in IMAP order with POP3-only rows in their place
	Pairing  Pairing     // how the rows were paired, and how sure that is
	Happened []Happening // the latest, oldest first; bounded
	Policy   string      // leave-on-server: "keep", "delete", "7d", "until-removed"
	Limit    int64       // octets of a message that is downloaded by itself; 0: any; HeadersOnly: none
	Maildir  string      // where downloads go
	Running  *Progress   // the action that runs now; nil: none
}

// IMAPSide is the IMAP session as the pane shows it.
type IMAPSide struct {
	State    IMAPState
	Revision string // "IMAP4rev2", "IMAP4rev1"
	Security Security
	Caps     []string
	Folders  []Folder
	Mailbox  Mailbox // zero before the first SELECT
	Session  int
	Meter    Meter // all connections of this side together
	Problem  *Problem
}

// POP3Side is the POP3 session as the pane shows it.
type POP3Side struct {
	State     POP3State
	Security  Security
	Caps      []string // CAPA lines after login, as sent
	Drop      Maildrop // the current session's, or the last one's when State is closed
	Session   int
	Pending   int           // how many messages are marked
	IdleAfter time.Duration // the server drops a silent session after this; 0: not known
	IdleKnown bool          // measured or announced; false: IdleAfter is RFC 1939's 10 minutes
	LastSaid  time.Time     // the last command's time: the idle countdown starts here
	Missed    int           // messages known from IMAP's INBOX that arrived after the snapshot
	Elsewhere int           // messages that IMAP counts in other folders
	Meter     Meter
	Problem   *Problem
}

// Problem is why a side is not working, in the user's words.
type Problem struct {
	What  string    // what was tried: "connect to imap.example.org:993"
	Why   string    // what went wrong
	Do    string    // what to do, a key or a command
	Retry time.Time // when it tries again by itself; zero: not by itself
	Err   error
}

// Row is one message on both sides, or on one.
type Row struct {
	UID     uint32   // 0: IMAP's mailbox does not have it (or is not INBOX)
	Number  int      // 0: the POP3 session does not have it
	Message *Message // nil: not loaded, or not on IMAP's side
	Entry   *Entry   // nil: not on POP3's side
	Sure    Certainty
	Hole    Hole   // why one side is empty
	Changed uint64 // the Version at which it last changed
}

// Certainty says how a pair was found.
type Certainty string

// Certainties, best first.
const (
	SureFormula  Certainty = "unique-id" // the unique-id carries UIDVALIDITY and UID, and that was checked
	SureOctets   Certainty = "bytes"     // the same octets and header, and no other such message
	LikelyHeader Certainty = "header"    // the same Message-ID; sizes differ or several alike
	NotPaired    Certainty = ""
)

// Hole is why a row is empty on one side.
type Hole string

// The holes.
const (
	HoleNone      Hole = ""
	HoleArrived   Hole = "arrived after this POP3 session's snapshot"
	HoleGone      Hole = "no longer in INBOX; the open POP3 session still lists it"
	HoleFolder    Hole = "in another folder: POP3 has only INBOX"
	HoleHidden    Hole = "the server does not list it over POP3"
	HoleUnpaired  Hole = "no counterpart was found"
	HoleNoSession Hole = "there is no session on that side"
	HolePending   Hole = "not looked at yet"
)

// Pairing says how the two lists were put side by side.
type Pairing struct {
	Method             string // "unique-id = UID and UIDVALIDITY", "octets and Message-ID", "not paired"
	Format             string // the unique-id format that was proven: "Dovecot %08Xu%08Xv", "Cyrus", ...; "" for none
	Proof              int    // how many messages at hand proved it
	Paired             int
	OnlyIMAP, OnlyPOP3 int
	Order              bool   // whether both sides list the paired messages in the same order
	Why                string // one sentence for the person
}

// Happening is one thing that was seen on the wire, or done here, and that a
// person should hear of.
type Happening struct {
	Seq       uint64
	At        time.Time
	Side      Protocol
	Kind      Kind
	Text      string // one cleaned line, in the user's words
	UIDs      []uint32
	Numbers   []int
	UniqueIDs []string
	Octets    int64 // moved, when that matters
	Cause     Cause
	Source    string        // "RFC 1939 section 6"
	CausedBy  uint64        // Seq of the happening on the other side that explains this one; 0: none seen
	Delay     time.Duration // since then
	Action    uint64        // number of the action during which it happened; 0: by itself
	Line      uint64        // Seq of the transcript line that shows it; 0: none
}

// Kind is a class of happenings.
type Kind string

// Kinds.
const (
	Connected     Kind = "connected"
	Closed        Kind = "closed" // the session ended, for whatever reason
	Selected      Kind = "selected"
	Exists        Kind = "exists"    // IMAP: the mailbox grew
	Expunged      Kind = "expunged"  // IMAP: messages left the mailbox
	FlagsChanged  Kind = "flags"     // IMAP: flags are now different
	Retrieved     Kind = "retrieved" // octets arrived; POP3: and are durable
	Listed        Kind = "listed"    // POP3: a new snapshot
	Marked        Kind = "marked"    // POP3: DELE +OK
	Unmarked      Kind = "unmarked"  // POP3: RSET +OK
	Updated       Kind = "updated"   // POP3: QUIT +OK: what was marked is deleted
	Dropped       Kind = "dropped"   // the cable was pulled: nothing was said
	Moved         Kind = "moved"
	FolderChanged Kind = "folder" // IMAP: a folder was renamed, deleted, subscribed to or not
	Copied        Kind = "copied"
	Delivered     Kind = "delivered"   // SMTP: 250 after DATA
	PolicySet     Kind = "policy"      // a client setting was changed
	Removed       Kind = "removed"     // Local: a copy was removed from this device
	Refused       Kind = "refused"     // a server said no
	Unsupported   Kind = "unsupported" // a protocol has no such thing
	Failed        Kind = "failed"
	Due           Kind = "due"         // Local: deletions that a policy put off are due
	Revalidated   Kind = "uidvalidity" // IMAP: UIDVALIDITY changed: every cached UID is void
	Alert         Kind = "alert"       // a text that the server wants seen: [ALERT], BYE
)

// Progress is how far a long action is.
type Progress struct {
	Action      uint64
	Verb        Verb
	Side        Protocol
	What        string // "message 3 of 12"
	Done, Total int64  // octets, or messages when Unit is "messages"; Total 0: not known
	Unit        string
	Started, At time.Time // of the first octet asked for, and of this count: rate is Done over their difference
	Whole, Of   int       // POP3 downloads: messages that came whole, of how many; 0: does not apply
	Stored      int       // of Whole: durable on this device
	CanStop     bool
}
