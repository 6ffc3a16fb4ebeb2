package retrieval

import (
	"strings"
	"time"

	"imapop/account"
)

// Header is what a list shows of a message. Fields are decoded (RFC 2047) and
// cleaned; empty when the message lacks them.
type Header struct {
	From      string // display name, or the address when there is none
	Address   string // the bare address of From; "" when it cannot be read as one
	Subject   string
	Date      time.Time // zero: missing or unreadable
	MessageID string    // with its angle brackets
	Answers   string    // Message-ID of what it answers, by In-Reply-To or else References; "" for none
}

// Folder is an IMAP mailbox in the tree. POP3 has none (RFC 1939 section 3: one maildrop).
type Folder struct {
	Name       string // decoded from modified UTF-7, raw otherwise: clean before a terminal sees it
	Delim      string // hierarchy delimiter, "" when flat
	Role       string // special use without its backslash: "Sent", "Trash"... (RFC 6154); "" for none
	NoSelect   bool
	Subscribed bool
	Messages   uint32
	Unseen     uint32
	Counted    bool // whether the server told the two counts
}

// Mailbox is the selected IMAP mailbox (RFC 9051 section 2.3.1).
type Mailbox struct {
	Name           string
	UIDValidity    uint32
	UIDNext        uint32 // 0: the server did not say
	Messages       uint32
	ReadOnly       bool
	PermanentFlags []string
}

// Message is one message as IMAP knows it.
type Message struct {
	UID    uint32   // in its mailbox, for one UIDVALIDITY
	Flags  []string // as the server spells them, sorted: `\Seen`, `$Forwarded`
	Octets int64    // RFC822.SIZE
	Header Header
}

// Has reports whether the message carries a flag or keyword; case is ignored (RFC 9051 section 2.3.2).
func (m *Message) Has(flag string) bool {
	for _, f := range m.Flags {
		if equalFold(f, flag) {
			return true
		}
	}
	return false
}

// Entry is one message as POP3 knows it.
type Entry struct {
	Number   int        // 1-based, valid in this session only (RFC 1939 section 5)
	Octets   int64      // as LIST says
	UniqueID string     // raw as UIDL says (RFC 1939 section 7); "" when the server has no UIDL
	Marked   bool       // DELE was answered +OK in this session; nothing is deleted before QUIT
	Gone     bool       // a RETR or TOP of it was refused as expunged by another session
	Header   *Header    // from TOP or the local copy; nil: not asked
	Here     bool       // a durable local copy is on this device
	Copy     *LocalCopy // nil: it was never downloaded to this device
}

// Has says what this device has of the message; nil: nothing.
func (e *Entry) Has(c *LocalCopy) {
	e.Copy, e.Here = c, c != nil && !c.Removed
}

// LocalCopy is what this device knows of a message that it downloaded over POP3.
// No server knows any of it.
type LocalCopy struct {
	Downloaded time.Time
	Listed     int64                 // octets, as LIST said at the download
	Leave      account.LeaveOnServer // the policy of its download: what later becomes of it on the server
	Removed    bool                  // its owner removed the copy from this device
	Flags      string                // Maildir flags: S seen, R replied, F flagged, ...
	Stays      error                 // why imapop never deletes it on the server; nil: it may
}

// Has reports whether the copy carries a Maildir flag.
func (c *LocalCopy) Has(flag byte) bool { return c != nil && strings.IndexByte(c.Flags, flag) >= 0 }

// Signs is the copy's Maildir flags; "" for no copy.
func (c *LocalCopy) Signs() string {
	if c == nil {
		return ""
	}
	return c.Flags
}

// DueAt tells when a policy deletes the message on the server; false: time alone
// never does. Days count from the download, not from the Date header.
func (c *LocalCopy) DueAt(p account.LeaveOnServer) (time.Time, bool) {
	switch p.Mode {
	case account.LeaveDelete:
		return c.Downloaded, true
	case account.LeaveDays:
		return c.Downloaded.Add(p.After), true
	}
	return time.Time{}, false
}

// Maildrop is one POP3 session's snapshot: frozen at login (RFC 1939 section 5).
type Maildrop struct {
	Entries []Entry // in message-number order; index i is number i+1
	Octets  int64   // STAT's total
	HasUIDL bool
	At      time.Time // when the login froze it
}

// IMAPState is RFC 9051 section 3's state, plus what the connection is doing.
type IMAPState string

// IMAP states.
const (
	IMAPClosed           IMAPState = "closed"
	IMAPConnecting       IMAPState = "connecting"
	IMAPNotAuthenticated IMAPState = "not authenticated"
	IMAPAuthenticated    IMAPState = "authenticated"
	IMAPSelected         IMAPState = "selected"
	IMAPIdle             IMAPState = "selected, idle" // RFC 2177
	IMAPLogout           IMAPState = "logout"
)

// POP3State is RFC 1939 section 3's state.
type POP3State string

// POP3 states.
const (
	POP3Closed        POP3State = "closed"
	POP3Connecting    POP3State = "connecting"
	POP3Authorization POP3State = "AUTHORIZATION"
	POP3Transaction   POP3State = "TRANSACTION"
	POP3Update        POP3State = "UPDATE"
)
