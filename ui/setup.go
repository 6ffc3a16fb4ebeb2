package ui

import (
	"context"
	"io"

	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval/safe"
)

// setupMsg says what came of adding an account.
type setupMsg struct {
	name string // "": none was added
	err  error
}

// setupCmd lends the terminal to what adds an account.
func setupCmd(ctx context.Context, add func(context.Context) (string, error)) tea.Cmd {
	l := &lent{ctx: ctx, add: add}
	return tea.Exec(l, func(err error) tea.Msg { return setupMsg{l.name, err} })
}

// lent runs while the app has released the terminal. What it runs has streams of its own.
type lent struct {
	ctx  context.Context
	add  func(context.Context) (string, error)
	name string
}

// Run adds the account.
func (l *lent) Run() (err error) {
	l.name, err = l.add(l.ctx)
	return err
}

// SetStdin does nothing.
func (*lent) SetStdin(io.Reader) {}

// SetStdout does nothing.
func (*lent) SetStdout(io.Writer) {}

// SetStderr does nothing.
func (*lent) SetStderr(io.Writer) {}

// added leaves the demo account for the new one, whose password was typed a
// moment ago; a real account stays open. Bubble Tea v1 takes the screen back, and
// forgets the mouse.
func (a app) added(msg setupMsg) (app, tea.Cmd) {
	switch {
	case msg.name != "" && a.compare.Current().Demo:
		return a, tea.Quit
	case msg.name != "":
		a.compare = a.compare.Say("the account " + safe.Line(msg.name) + " was added; 'imapop --account' opens it")
	case msg.err != nil:
		a.compare = a.compare.Say(safe.Line(msg.err.Error()))
	}
	return a, tea.EnableMouseCellMotion
}
