package plan

import (
	"errors"

	"imapop/retrieval"
)

// Errors of a plan: the run may not be made at all.
var (
	// ErrNoUniqueIDs: without UIDL nothing could tell tomorrow what was downloaded today.
	ErrNoUniqueIDs error = &retrieval.UnsupportedError{Protocol: retrieval.POP3, What: "unique-ids on this server",
		Source:  "UIDL is optional, RFC 1939 section 7",
		Instead: "so mail cannot be kept there: every run would download all of it again; only the policy \"delete\" works here"}
	// ErrNotListed: Rules.Only names a message that the server does not list.
	ErrNotListed = errors.New("the server lists no message with this unique-id")
)

// Reasons why less is done with a message than a policy asks for.
var (
	ErrLarge     = errors.New("it is larger than the limit, so only its header is looked at")
	ErrHeaders   = errors.New("only headers were asked for")
	ErrDuplicate = errors.New("the server gave its unique-id to more than one message")
	ErrMalformed = errors.New("its unique-id is not one that RFC 1939 section 7 permits")
	ErrNameless  = errors.New("it has no unique-id to know its copy by (UIDL is optional, RFC 1939 section 7)")
	ErrMarked    = errors.New("it is marked already, no command can reach it (RFC 1939 section 5)")
	ErrGone      = errors.New("RETR was refused in this session; a new session may have it")
	ErrNoMessage = errors.New("this session has no such message")
)

// ErrFileGone is why a message stays whose copy is no longer in the Maildir.
var ErrFileGone = errors.New("its file is no longer in the Maildir")

// Trusted reports whether a unique-id is one that RFC 1939 section 7 permits: 1
// to 70 octets from 0x21 to 0x7E. A message with another one is downloaded, and
// never deleted by imapop.
func Trusted(id string) bool {
	if len(id) == 0 || len(id) > 70 {
		return false
	}
	for i := range len(id) {
		if id[i] < 0x21 || id[i] > 0x7e {
			return false
		}
	}
	return true
}
