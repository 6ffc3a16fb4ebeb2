package draft

import "time"

// Outcome is what came of sending a message, for screens and commands. Its texts
// are cleaned.
type Outcome struct {
	ID        string // in the outbox
	MessageID string
	State     string // of outgoing.State: "sent", "waiting", "unknown"; "" when it never came to the outbox
	Error     string // why it is not sent, or not to all; "" when it is
	Began     time.Time
	At        time.Time // when the 250 after the message came; zero: it did not
	Answer    string    // the text of that 250
	Offers    []string  // what the server offers: SIZE, 8BITMIME, SMTPUTF8, PIPELINING, DSN
	// Recipients are the server's answers to RCPT, in order.
	Recipients []Answered
	// CanSendToSome says that nothing was sent because some recipients were refused,
	// and that the others would get it.
	CanSendToSome bool
	Filed         string // where its copy is; "" when nowhere
	FileError     string
}

// Answered is the server's answer to one recipient.
type Answered struct {
	Address string
	Code    int // 0: none
	Text    string
}

// Step is one line of what will happen: which protocol does what.
type Step struct {
	Protocol string // "SMTP", "IMAP", "POP3", "here"
	Text     string
}

// Plan is what sending a draft will do, and what the person may have overlooked.
type Plan struct {
	Steps    []Step
	Warnings []string
	Octets   int64
}
