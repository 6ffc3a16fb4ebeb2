// Package lesson reads lessons: Markdown pages whose fenced blocks say what to do
// over IMAP, POP3 and SMTP, and what must be seen then. It is plain data and
// rules; retrieval/lesson/stage performs them on an account. The language is
// described in docs/lessons/README.md.
package lesson

import (
	"time"

	"imapop/account"
	"imapop/retrieval"
)

// Header is the field that every message of a lesson carries, and nothing else
// does: by it they are found again, also after a crash.
const Header = "X-Imapop-Lesson"

// FolderPrefix begins the name of every folder that a lesson makes.
const FolderPrefix = "imapop-lesson-"

// Lesson is one page.
type Lesson struct {
	File    string // as it was given to Parse
	Number  int    // from the file's name: "04-download.md" is 4; 0: it has none
	Title   string
	Minutes int      // how long it takes in front of a class; 0: not said
	Summary []string // the paragraphs before the first step
	Mails   []Mail   // what lies in INBOX at the start
	Folders []string // that the lesson makes besides, without FolderPrefix
	Devices []Device // besides "here"
	Steps   []Step
}

// Mail is a message that the lesson makes.
type Mail struct {
	Letter  string // "A": what the page calls it
	Subject string
	Octets  int64 // the least size of its body; 0: a few lines
}

// Device is a further place that works with the same account.
type Device struct {
	Name  string // "phone"
	About string // "a phone that keeps IMAP open"
}

// Here is the device that a statement means when it names none.
const Here = "here"

// Step is one section of the page.
type Step struct {
	Title   string
	Text    []string // paragraphs before the first block
	Then    []string // paragraphs after it: what was seen, explained
	Speaker []string // notes for the one who teaches: paragraphs
	Do      []Statement
}

// Kind is what a statement is.
type Kind string

// The kinds.
const (
	Act      Kind = "act"      // imap, pop3, smtp, tls
	Expect   Kind = "expect"   // must be seen, or the lesson fails
	Observe  Kind = "observe"  // is seen, or another observe of that name is
	Conclude Kind = "conclude" // says what the observation means
	Ask      Kind = "ask"
	Measure  Kind = "measure"
	Later    Kind = "later" // turns a device's clock on
	Reset    Kind = "reset" // everything as at the start
)

// Statement is one line of a block, with the indented lines below it.
type Statement struct {
	Kind Kind
	Line int    // in the file, 1-based
	Text string // the line as written

	Action    *Action    // Act
	Condition *Condition // Expect; Observe, nil: otherwise
	Within    time.Duration
	Cause     retrieval.Cause // Expect
	Source    string          // Expect, Conclude: "RFC 1939 section 6"

	Name     string    // Observe, Conclude, Measure
	Value    string    // Observe
	Meanings []Meaning // Conclude

	Question string // Ask
	Choices  []Choice
	Right    string // Ask: a choice's key; "": RightBy decides
	RightBy  string // Ask: the observation whose value is the right key

	Body   []Statement // Measure
	Device string      // Later
	Days   int         // Later
}

// Choice is one answer to a question.
type Choice struct {
	Key  string // "a", or the value of an observation
	Text string
}

// Meaning says what one value of an observation tells of this server.
type Meaning struct {
	Value string
	Text  string
	Cause retrieval.Cause
}

// Action is something to do.
type Action struct {
	Device  string
	Side    retrieval.Protocol
	Verb    string   // "flag", "retr": see the tables in verbs.go
	Letters []string // messages
	Flags   []string
	Folder  string                // without FolderPrefix
	Subject string                // of a message that is made
	Policy  account.LeaveOnServer // download
}

// Condition is something to be seen.
type Condition struct {
	Device  string
	Side    retrieval.Protocol // "" where both sides are named, or neither
	What    string             // "lists", "flags", "refused": see the tables in verbs.go
	Letters []string           // none: "nothing"
	Flags   []string
	Folder  string
	Action  *Action // refused, works, unsupported, unsafe
	Unit    string  // less: "octets" or "turnarounds"
	Less    string  // less: the measure that must be smaller
	More    string  // less: than this one
	Side2   retrieval.Protocol
}
