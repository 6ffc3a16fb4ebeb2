// Package ui is what a person touches: the root of the screens. It owns size,
// focus and routing, and alone turns what a screen wishes into calls on the
// desk. It knows a terminal, and no protocol, socket or file.
package ui

import (
	"context"

	"imapop/retrieval"
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
	// Octets fetches one message for VerbReadAloud and blocks until it is there.
	Octets(ctx context.Context, a retrieval.Action) ([]byte, error)
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
