package ui

import (
	"context"
	"errors"

	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	"imapop/retrieval/check"
	"imapop/ui/checkup"
	"imapop/ui/style"
)

// Checker looks at the servers of the account that is open.
type Checker interface {
	// Check blocks until all is seen or ctx ends. v and lines are what the app
	// knows already: no session is opened beside the desk's. progress may be
	// called from any goroutine, never after Check returned, and does not wait.
	Check(ctx context.Context, v *retrieval.View, lines []retrieval.Line, progress func(done, total int, what string)) (check.Report, error)
}

var errNoChecker = errors.New("this account cannot be checked here; 'imapop check' can")

type (
	checkedMsg struct {
		report check.Report
		err    error
		gen    int
	}
	lookedMsg struct {
		done, total int
		what        string
		gen         int
		more        <-chan lookedMsg
	}
)

// checking is the Account screen with the check that runs for it.
type checking struct {
	screen checkup.Model
	by     Checker // nil: there is none
	gen    int     // of the check: what an older one says is dropped
	stop   context.CancelFunc
}

func newChecking(st *style.Styles, by Checker) checking {
	return checking{screen: checkup.New(st), by: by, stop: func() {}}
}

// begin starts a check in place of one that runs.
func (c checking) begin(ctx context.Context, v *retrieval.View, lines []retrieval.Line) (checking, tea.Cmd) {
	c.stop()
	c.gen++
	c.screen = c.screen.Begun()
	if c.by == nil {
		c.screen = c.screen.Checked(nil, errNoChecker)
		return c, nil
	}
	ctx, c.stop = context.WithCancel(ctx)
	news := make(chan lookedMsg, 1)
	return c, tea.Batch(checkCmd(ctx, c.by, v, lines, c.gen, news), lookedCmd(news))
}

// looked takes in how far it is.
func (c checking) looked(msg lookedMsg) (checking, tea.Cmd) {
	if msg.gen != c.gen {
		return c, lookedCmd(msg.more)
	}
	c.screen = c.screen.Went(msg.done, msg.total, msg.what)
	return c, lookedCmd(msg.more)
}

// checked takes in what came of it.
func (c checking) checked(msg checkedMsg) checking {
	if msg.gen == c.gen {
		c.screen = c.screen.Checked(&msg.report, msg.err)
	}
	return c
}

// checkCmd runs a check. A panic below becomes its error.
func checkCmd(ctx context.Context, by Checker, v *retrieval.View, lines []retrieval.Line, gen int, news chan lookedMsg) tea.Cmd {
	return func() (msg tea.Msg) {
		defer close(news)
		defer func() {
			if r := recover(); r != nil {
				msg = checkedMsg{err: broken(r), gen: gen}
			}
		}()
		report, err := by.Check(ctx, v, lines, func(done, total int, what string) {
			select {
			case <-news: // only the newest matters
			default:
			}
			select {
			case news <- lookedMsg{done, total, what, gen, news}:
			default:
			}
		})
		return checkedMsg{report, err, gen}
	}
}

// lookedCmd waits for the next step; it is armed anew after each.
func lookedCmd(news <-chan lookedMsg) tea.Cmd {
	return func() tea.Msg {
		msg, open := <-news
		if !open {
			return nil
		}
		return msg
	}
}
