package draft

import "time"

// Kind is how a draft begins.
type Kind string

// The kinds.
const (
	New        Kind = "new message"
	Answer     Kind = "reply"
	AnswerAll  Kind = "reply to all"
	PassOn     Kind = "forward"
	FromDrafts Kind = "draft"
)

// Waiting is a message in the outbox as a list shows it. Its texts are cleaned.
type Waiting struct {
	ID, State, Subject, To, MessageID string
	LastError                         string
	Tried                             time.Time // zero: not yet
	Octets                            int64
}
