// Package check judges a mail account by what its servers showed: which doors
// are open and what protects them, what they offer before and after TLS and
// after login, and what IMAP and POP3 promise there. It is pure: retrieval/audit
// looks, this package only says what was seen, how bad it is and what to do.
package check

import (
	"time"

	"imapop/account"
	"imapop/retrieval"
)

// Facts are everything that was seen of one account. Every text has been cleaned.
type Facts struct {
	At            time.Time             `json:"at"`
	Account       string                `json:"account"` // "alice@work": user and account name
	IMAP          *Side                 `json:"imap"`
	POP3          *Side                 `json:"pop3"`
	Submission    *Side                 `json:"submission"` // nil: the account has none
	LeaveOnServer string                `json:"leave_on_server"`
	Message       *MessageTest          `json:"message_test"`  // nil: it was not asked for
	Failed        []account.FailedLogin `json:"failed_logins"` // that this device remembers, newest first
}

// Side is one protocol of the account.
type Side struct {
	Protocol retrieval.Protocol `json:"protocol"`
	Address  string             `json:"address"` // of the account's own endpoint
	Security account.Security   `json:"security"`
	Loopback bool               `json:"loopback"` // that endpoint is on this machine
	Doors    []retrieval.Door   `json:"doors"`    // the account's own first, then the standard ones of its host
	Login    *Login             `json:"login"`    // nil: not tried
}

// own is what the account's own endpoint showed.
func (s *Side) own() *retrieval.Door { return &s.Doors[0] }

// Login is what came of the account's own login.
type Login struct {
	Tried        bool          `json:"tried"` // false: WhyNot says why no credential was sent
	OK           bool          `json:"ok"`
	Error        string        `json:"error,omitempty"`      // why not, when it was tried or could not be
	Busy         bool          `json:"busy,omitempty"`       // another session holds the mailbox
	Refused      bool          `json:"refused,omitempty"`    // the credentials
	Mechanism    string        `json:"mechanism"`            // how it logged in: "PLAIN", "LOGIN", "USER/PASS"
	Capabilities []string      `json:"capabilities"`         // after login, as sent
	Server       string        `json:"server,omitempty"`     // what it calls itself: IMAP ID, POP3 IMPLEMENTATION
	Namespaces   []string      `json:"namespaces,omitempty"` // IMAP NAMESPACE: "personal \"\" /"
	Messages     int           `json:"messages"`             // in INBOX, or in the maildrop
	POP3         *POP3Promises `json:"pop3,omitempty"`       // only POP3
}

// POP3Promises are what decides over leaving mail on the server.
type POP3Promises struct {
	Listed     bool   `json:"capa"`          // the server has CAPA; false: only UIDL is known, for it was tried
	UIDL       bool   `json:"uidl"`          // tried, not only announced
	TOP        bool   `json:"top"`           // announced
	Pipelining bool   `json:"pipelining"`    // announced
	Expire     string `json:"expire"`        // "NEVER", days, "0"; "" not told
	LoginDelay int64  `json:"login_delay_s"` // seconds; 0: not told
}

// MessageTest is what one message of our own showed: stored over IMAP, looked
// for and retrieved over POP3, and removed.
type MessageTest struct {
	Stored   bool   `json:"stored"`    // APPEND put it into INBOX
	Found    bool   `json:"found"`     // POP3 lists it, at a login after that
	SeenRETR *bool  `json:"seen_retr"` // \Seen over IMAP after RETR, the session still open; nil: not seen either way
	SeenQUIT *bool  `json:"seen_quit"` // and after QUIT
	Removed  bool   `json:"removed"`   // nothing of it is left
	Problem  string `json:"problem,omitempty"`
}

// Level says how much a finding matters.
type Level string

// The levels, mildest first.
const (
	Info    Level = "info"    // good to know, nothing to do
	Notice  Level = "notice"  // could be better
	Warning Level = "warning" // should be changed
	Serious Level = "serious" // passwords or mail are at risk, or the account does not work
)

var weights = map[Level]int{Info: 0, Notice: 1, Warning: 2, Serious: 3}

// Worse reports whether l weighs more than m.
func (l Level) Worse(m Level) bool { return weights[l] > weights[m] }

// Finding is one thing to be told about the account.
type Finding struct {
	ID        string               `json:"id"` // never renamed: scripts lean on it
	Level     Level                `json:"level"`
	About     []retrieval.Protocol `json:"protocols"` // whom it concerns; empty: the account
	Title     string               `json:"title"`
	Reason    string               `json:"reason"` // what was seen, where
	Remedy    string               `json:"remedy"`
	Source    string               `json:"source"` // "RFC 8314 section 3"
	Link      string               `json:"link"`
	OnTheWire bool                 `json:"on_the_wire"` // false: advice that no connection can confirm
}
