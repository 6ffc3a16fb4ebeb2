package outgoing

import (
	"encoding/json"
	"time"
)

// State says what is known of a message's way.
type State string

// The states.
const (
	Waiting State = "waiting" // it was surely not accepted: it can be sent
	Unknown State = "unknown" // its end was on the wire and no answer is known: it may have been delivered
	Sent    State = "sent"    // the server accepted it; what is left is the copy in Sent
	// sendingState is on disk while the end of the message can be on the wire. Seen
	// when nobody sends, it means Unknown.
	sendingState State = "sending"
)

// Entry is a message in the outbox. Its JSON is the file, and what
// `imapop outbox list --json` prints.
type Entry struct {
	ID        string    `json:"id"`
	State     State     `json:"state"`
	MessageID string    `json:"message_id"` // with angle brackets
	Subject   string    `json:"subject"`
	From      string    `json:"from"` // the reverse-path
	To        []string  `json:"to"`   // who is still to get it
	Bcc       string    `json:"bcc,omitempty"`
	Created   time.Time `json:"created"`
	Octets    int64     `json:"octets"`
	Notify    []string  `json:"notify,omitempty"` // delivery status notifications to ask for

	Tries     int       `json:"tries"`
	Tried     time.Time `json:"tried,omitzero"`
	LastError string    `json:"last_error,omitempty"` // why it is still here
	Answers   []Answer  `json:"answers,omitempty"`    // of the last try

	SentAt time.Time `json:"sent_at,omitzero"` // when a server accepted it for the first of its recipients
	SentTo []string  `json:"sent_to,omitempty"`
	Filed  bool      `json:"filed,omitempty"` // a copy is in Sent, or nowhere to put it
}

// Answer is what the server said to one recipient.
type Answer struct {
	Address string `json:"address"`
	Code    int    `json:"code"`
	Text    string `json:"text,omitempty"`
}

func (e Entry) encoded() []byte {
	data, err := json.MarshalIndent(e, "", "  ")
	if err != nil { // it has only strings, numbers and times
		panic(err)
	}
	return append(data, '\n')
}
