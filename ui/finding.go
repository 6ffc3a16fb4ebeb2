package ui

import (
	"context"
	"errors"

	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	"imapop/retrieval/query"
	"imapop/ui/wish"
)

// Finder is what a Desk that can search and sort is too. Every method blocks.
type Finder interface {
	// Search looks for messages on one side: over IMAP by asking the server, over
	// POP3 in what this device knows.
	Search(ctx context.Context, side retrieval.Protocol, q query.Query) (retrieval.Found, error)
	// Arrange asks the IMAP server for its list in an order. ErrUnsupported and
	// ErrRefused mean that the screen has to do it with what it has.
	Arrange(ctx context.Context, by retrieval.Order) (retrieval.Arranged, error)
}

// The messages that come of it; gen is the screen's, an older one is dropped there.
type (
	foundMsg struct {
		gen   int
		found retrieval.Found
		err   error
	}
	arrangedMsg struct {
		gen      int
		arranged retrieval.Arranged
		err      error
	}
)

var errNoFinder = errors.New("nothing can be searched or sorted here")

func searchCmd(ctx context.Context, f Finder, side retrieval.Protocol, w wish.Search) tea.Cmd {
	return func() (msg tea.Msg) {
		defer caught(&msg, func(err error) tea.Msg { return foundMsg{w.Gen, retrieval.Found{Side: side}, err} })
		if f == nil {
			return foundMsg{w.Gen, retrieval.Found{Side: side}, errNoFinder}
		}
		found, err := f.Search(ctx, side, w.Query)
		return foundMsg{w.Gen, found, err}
	}
}

func arrangeCmd(ctx context.Context, f Finder, w wish.Arrange) tea.Cmd {
	return func() (msg tea.Msg) {
		defer caught(&msg, func(err error) tea.Msg { return arrangedMsg{w.Gen, retrieval.Arranged{By: w.By}, err} })
		if f == nil {
			return arrangedMsg{w.Gen, retrieval.Arranged{By: w.By}, errNoFinder}
		}
		arranged, err := f.Arrange(ctx, w.By)
		return arrangedMsg{w.Gen, arranged, err}
	}
}

// search asks both sides at once.
func (a app) search(w wish.Search) (app, tea.Cmd) {
	f, _ := a.desk.(Finder)
	return a, tea.Batch(searchCmd(a.ctx, f, retrieval.IMAP, w), searchCmd(a.ctx, f, retrieval.POP3, w))
}

func (a app) arrange(w wish.Arrange) (app, tea.Cmd) {
	f, _ := a.desk.(Finder)
	return a, arrangeCmd(a.ctx, f, w)
}
