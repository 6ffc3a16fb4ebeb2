package ui

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval"
	"imapop/retrieval/safe"
)

// The messages that come from outside. Screens hear of them by method call.
type (
	viewedMsg struct{ view *retrieval.View } // nil: the desk is closed
	linedMsg  struct{ lines []retrieval.Line }
	tickedMsg struct{ now time.Time }
	endedMsg  struct {
		action retrieval.Action
		err    error
		leave  bool
	}
	switchedMsg struct {
		all []retrieval.Switch
		err error
	}
	savedMsg struct {
		path string
		err  error
	}
)

// viewCmd waits for the next view; it is armed anew after each.
func viewCmd(ctx context.Context, views <-chan *retrieval.View) tea.Cmd {
	return func() tea.Msg {
		select {
		case v := <-views:
			return viewedMsg{v}
		case <-ctx.Done():
			return nil
		}
	}
}

// linesAtOnce bounds what one message brings of the transcript.
const linesAtOnce = 2000

// linesCmd waits until the transcript grew and brings what is new, cleaned.
func linesCmd(ctx context.Context, d Desk, after uint64, wait bool) tea.Cmd {
	return func() tea.Msg {
		if wait {
			select {
			case _, open := <-d.LinesChanged():
				if !open {
					return nil
				}
			case <-ctx.Done():
				return nil
			}
		}
		lines := d.Lines(after, 0)
		lines = append([]retrieval.Line(nil), lines[max(len(lines)-linesAtOnce, 0):]...)
		for i := range lines {
			lines[i].Text = safe.Line(lines[i].Text)
		}
		return linedMsg{lines}
	}
}

// tickCmd brings the time within a second, at its full seconds.
func tickCmd(ctx context.Context, now func() time.Time) tea.Cmd {
	return func() tea.Msg {
		t := time.NewTimer(time.Second - time.Duration(now().Nanosecond()))
		defer t.Stop()
		select {
		case <-t.C:
			return tickedMsg{now()}
		case <-ctx.Done():
			return nil
		}
	}
}

// doCmd runs an action. A panic below becomes its error, so that the terminal
// is kept and the other side lives.
func doCmd(ctx context.Context, d Desk, a retrieval.Action, leave bool) tea.Cmd {
	return func() (msg tea.Msg) {
		defer func() {
			if r := recover(); r != nil {
				msg = endedMsg{a, &retrieval.OpError{Protocol: a.Side, Op: string(a.Verb), Err: broken(r)}, false}
			}
		}()
		return endedMsg{a, d.Do(ctx, a), leave}
	}
}

// broken makes an error of a panic; the stack's first lines name the place.
func broken(r any) error {
	return fmt.Errorf("a fault in imapop itself: %v (%.300s)", r, debug.Stack())
}

func cancelCmd(d Desk) tea.Cmd {
	return func() tea.Msg { d.Cancel(); return nil }
}

func wantCmd(d Desk, rows []retrieval.Row) tea.Cmd {
	return func() tea.Msg { d.Want(rows); return nil }
}

func switchesCmd(d Desk) tea.Cmd {
	return func() tea.Msg { return switchedMsg{all: d.Switches()} }
}

func flipCmd(d Desk, name, value string) tea.Cmd {
	return func() tea.Msg {
		err := d.Flip(name, value)
		return switchedMsg{d.Switches(), err}
	}
}

func saveCmd(d Desk, path string) tea.Cmd {
	return func() tea.Msg {
		where, err := d.SaveTranscript(path)
		return savedMsg{where, err}
	}
}
