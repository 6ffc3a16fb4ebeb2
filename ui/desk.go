// Package ui is what a person touches: the root of the screens. It owns size,
// focus and routing, and alone turns what a screen wishes into calls on the
// desk. It knows a terminal, and no protocol, socket or file.
package ui

import (
	"context"

	"imapop/retrieval"
	"imapop/retrieval/mime"
)

// Desk is one account, open over IMAP and POP3 at once. Methods are safe from
// any goroutine; only those that say so block.
type Desk interface {
	// Updates brings the latest View; it is closed when the desk is.
	Updates() <-chan *retrieval.View
	// Lines returns transcript lines with Seq > after, oldest first, at most max (0: all kept).
	Lines(after uint64, max int) []retrieval.Line
	// LinesChanged is signalled when lines were added; signals may coalesce.
	LinesChanged() <-chan struct{}
	// Do runs an action and blocks until it is over. Errors are typed as in retrieval.
	Do(ctx context.Context, a retrieval.Action) error
	// Cancel stops the running long action, if there is one.
	Cancel()
	// Want says which rows are looked at, so that what is missing of them is loaded.
	Want(rows []retrieval.Row)
	// SaveTranscript writes the transcript and returns where; it blocks.
	SaveTranscript(path string) (string, error)
	// Switches are the demo server's policies; empty on a real account.
	Switches() []retrieval.Switch
	// Flip sets one of them; it may block.
	Flip(name, value string) error
	// Close ends both sessions and decides over nothing: POP3's with QUIT when
	// nothing is marked; when something is, the connection is dropped, and the
	// marks go with it.
	Close()
}

// Mail is what a Desk that can be read from is too: it fetches what the reader
// shows of one message. Every method blocks, and
// tells what the message has cost over both sides so far. An Action may name the
// message on both sides; Side is the one that is asked.
type Mail interface {
	// Message opens one message: over IMAP its header, structure and text, over
	// POP3 all of it.
	Message(ctx context.Context, a retrieval.Action, html bool) (*mime.Message, retrieval.Costs, error)
	// Text brings bodies that a text needs (IMAP).
	Text(ctx context.Context, a retrieval.Action, parts []mime.Wanted) ([]mime.Body, retrieval.Costs, error)
	// Part brings one body whole (IMAP).
	Part(ctx context.Context, a retrieval.Action, part mime.Wanted) ([]byte, retrieval.Costs, error)
	// Source brings the beginning of the message as it came (IMAP); octets is its size.
	Source(ctx context.Context, a retrieval.Action, octets int64) ([]byte, retrieval.Costs, error)
}

// Judge says who answers for a message. It asks the DNS for what the message names;
// it blocks.
type Judge interface {
	Trust(ctx context.Context, octets []byte) retrieval.Trust
}

// Files is where attachments and links go when the person says so. Every method
// blocks.
type Files interface {
	// Propose gives a path for a new file of that name; no file is there.
	Propose(name string) (string, error)
	// Store writes a new file that only its owner can read, and returns its path.
	// Where a file is already the error is fs.ErrExist, and nothing is written.
	Store(path string, octets []byte) (string, error)
	// Show opens a copy with the system's program for it. It returns when that was
	// started, and says what it did.
	Show(name string, octets []byte) (string, error)
	// Browse opens a link: http, https or mailto.
	Browse(url string) error
}
