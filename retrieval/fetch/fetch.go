// Package fetch is one retrieval run: one POP3 session, downloads into one local
// copy, and a policy that says what leaves the server. The app's download and
// `imapop fetch` are this code.
//
// The order is what keeps mail safe. A message is written, synced, renamed, its
// directory synced and its ledger entry committed; only then may DELE name it.
// Every answer to a RETR is read before the first DELE goes out, and what QUIT
// answered decides what the ledger says: without an answer it says "unknown",
// and the next list of unique-ids settles it.
package fetch

import (
	"context"

	"imapop/retrieval"
	"imapop/retrieval/pop3"
)

// Session is what a run needs of a POP3 session; *pop3.Session is one.
type Session interface {
	Retriever
	Deleter
	Snapshot(ctx context.Context) (retrieval.Maildrop, error)
	Names(ctx context.Context, known func(uniqueID string) (octets int64, ok bool)) (drop retrieval.Maildrop, sure bool, err error)
	Sizes(ctx context.Context, drop retrieval.Maildrop) (retrieval.Maildrop, error)
	Top(ctx context.Context, numbers []int, lines int, each func(number int, octets []byte, err error) error) error
	Reset(ctx context.Context) error
	Quit(ctx context.Context) (pop3.Quit, error)
	Caps() pop3.Capabilities
	Drop()
	Done() <-chan struct{}
	Err() error
}

// Retriever downloads messages; see pop3.Session.Retrieve.
type Retriever interface {
	Retrieve(ctx context.Context, numbers []int, open func(number int, octets int64) (pop3.Sink, error),
		each func(number int, r pop3.Retrieved, err error) error, progress func(done, total int64)) error
}

// Deleter marks messages; see pop3.Session.Delete.
type Deleter interface {
	Delete(ctx context.Context, numbers []int, each func(number int, err error)) error
}

func numbersOf(items []Item) []int {
	numbers := make([]int, len(items))
	for i := range items {
		numbers[i] = items[i].Number
	}
	return numbers
}
