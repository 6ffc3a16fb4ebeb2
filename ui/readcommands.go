package ui

import (
	"context"
	"errors"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	"imapop/retrieval/mime"
	"imapop/ui/wish"
)

// What comes back for the reader; gen is its generation, an older one is dropped.
type (
	fetchedMsg struct {
		gen     int
		message *mime.Message
		costs   retrieval.Costs
		err     error
	}
	loadedMsg struct {
		gen    int
		bodies []mime.Body
		costs  retrieval.Costs
		err    error
	}
	partedMsg struct {
		gen    int
		number string
		octets []byte
		costs  retrieval.Costs
		err    error
	}
	sourcedMsg struct {
		gen    int
		octets []byte
		costs  retrieval.Costs
		err    error
	}
	trustedMsg struct {
		gen   int
		trust retrieval.Trust
		err   error
	}
	proposedMsg struct {
		gen  int
		path string
		err  error
	}
	filedMsg struct {
		gen  int
		text string
		err  error
	}
	dwelledMsg struct{ gen int } // the message was open long enough to count as read
)

// caught makes a panic below a message, so that the terminal is kept.
func caught(msg *tea.Msg, failed func(err error) tea.Msg) {
	if r := recover(); r != nil {
		*msg = failed(broken(r))
	}
}

// fetchCmd opens one message.
func fetchCmd(ctx context.Context, mail Mail, a retrieval.Action, html bool, gen int) tea.Cmd {
	return func() (msg tea.Msg) {
		defer caught(&msg, func(err error) tea.Msg { return fetchedMsg{gen: gen, err: err} })
		m, costs, err := mail.Message(ctx, a, html)
		return fetchedMsg{gen, m, costs, err}
	}
}

func textCmd(ctx context.Context, mail Mail, a retrieval.Action, parts []mime.Wanted, gen int) tea.Cmd {
	return func() (msg tea.Msg) {
		defer caught(&msg, func(err error) tea.Msg { return loadedMsg{gen: gen, err: err} })
		bodies, costs, err := mail.Text(ctx, a, parts)
		return loadedMsg{gen, bodies, costs, err}
	}
}

func partCmd(ctx context.Context, mail Mail, a retrieval.Action, part mime.Wanted, gen int) tea.Cmd {
	return func() (msg tea.Msg) {
		defer caught(&msg, func(err error) tea.Msg { return partedMsg{gen: gen, err: err} })
		octets, costs, err := mail.Part(ctx, a, part)
		return partedMsg{gen, part.Number, octets, costs, err}
	}
}

func sourceCmd(ctx context.Context, mail Mail, a retrieval.Action, octets int64, gen int) tea.Cmd {
	return func() (msg tea.Msg) {
		defer caught(&msg, func(err error) tea.Msg { return sourcedMsg{gen: gen, err: err} })
		b, costs, err := mail.Source(ctx, a, octets)
		return sourcedMsg{gen, b, costs, err}
	}
}

var errNoJudge = errors.New("who sent a message cannot be looked at here")

func trustCmd(ctx context.Context, j Judge, from Originals, a retrieval.Action, gen int) tea.Cmd {
	return func() (msg tea.Msg) {
		defer caught(&msg, func(err error) tea.Msg { return trustedMsg{gen: gen, err: err} })
		if j == nil || from == nil {
			return trustedMsg{gen: gen, err: errNoJudge}
		}
		octets, err := from.Octets(ctx, a)
		if err != nil {
			return trustedMsg{gen: gen, err: err}
		}
		return trustedMsg{gen: gen, trust: j.Trust(ctx, octets)}
	}
}

// dwellCmd says when a message has been open for so long.
func dwellCmd(ctx context.Context, after time.Duration, gen int) tea.Cmd {
	return func() tea.Msg {
		t := time.NewTimer(after)
		defer t.Stop()
		select {
		case <-t.C:
			return dwelledMsg{gen}
		case <-ctx.Done():
			return nil
		}
	}
}

var errNoFiles = errors.New("attachments cannot be saved here")

func proposeCmd(f Files, name string, gen int) tea.Cmd {
	return func() tea.Msg {
		if f == nil {
			return proposedMsg{gen: gen, err: errNoFiles}
		}
		path, err := f.Propose(name)
		return proposedMsg{gen, path, err}
	}
}

func storeCmd(f Files, w wish.Store, gen int) tea.Cmd {
	return func() tea.Msg {
		octets, odd := mime.Decode(w.File.Body, w.File.Encoding)
		path, err := f.Store(w.Path, octets)
		return filedMsg{gen, said("saved "+retrieval.Octets(int64(len(octets)))+" as "+path, odd), err}
	}
}

func showCmd(f Files, w wish.Show, gen int) tea.Cmd {
	return func() tea.Msg {
		if f == nil {
			return filedMsg{gen: gen, err: errNoFiles}
		}
		octets, odd := mime.Decode(w.File.Body, w.File.Encoding)
		text, err := f.Show(w.File.Name, octets)
		return filedMsg{gen, said(text, odd), err}
	}
}

func browseCmd(f Files, url string, gen int) tea.Cmd {
	return func() tea.Msg {
		if f == nil {
			return filedMsg{gen: gen, err: errNoFiles}
		}
		return filedMsg{gen, "the system's opener was started with the link", f.Browse(url)}
	}
}

// said adds what was odd about an attachment.
func said(text string, odd []string) string {
	return strings.Join(append([]string{text}, odd...), "; ")
}
