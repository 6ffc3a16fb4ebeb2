package setup

import (
	"context"
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/spinner"
	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval/safe"
)

// Work shows what is told above a line that turns while the work goes on. Esc
// and ctrl+c end the work.
func (f Forms) Work(ctx context.Context, title string, work func(context.Context, func(string)) error) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	p := tea.NewProgram(newProgress(title, f.width(), cancel), f.options(ctx)...)
	f.Say("", title)
	ended := make(chan error, 1)
	go func() {
		var err error
		defer func() { p.Send(endedMsg{}); ended <- err }()
		err = work(inner, func(line string) { p.Send(toldMsg{line}) })
	}()
	_, err := p.Run()
	cancel()
	worked := <-ended
	switch {
	case ctx.Err() != nil || inner.Err() != nil && worked != nil:
		return ErrGivenUp
	case err != nil:
		return fmt.Errorf("the terminal: %w", err)
	}
	return worked
}

// The messages of a work.
type (
	toldMsg    struct{ line string }
	printedMsg struct{}
	endedMsg   struct{}
)

// progress is the turning line.
type progress struct {
	title  string
	width  int
	turn   spinner.Model
	cancel context.CancelFunc
	left   bool
	over   bool

	told     []string // not printed yet
	printing bool     // one command at a time, so that lines keep their order
}

func newProgress(title string, width int, cancel context.CancelFunc) progress {
	return progress{title: title, width: width, turn: spinner.New(spinner.WithSpinner(spinner.Line)), cancel: cancel}
}

// Init starts the turning.
func (p progress) Init() tea.Cmd { return p.turn.Tick }

// Update prints what is told and leaves when the work is over.
func (p progress) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		if msg.Type == tea.KeyEsc || msg.Type == tea.KeyCtrlC {
			p.left = true
			return p, cancelCmd(p.cancel)
		}
	case tea.WindowSizeMsg:
		p.width = min(msg.Width, maxWidth)
	case toldMsg:
		p.told = append(p.told, fold("  "+msg.line, p.width)...)
		return p.print()
	case printedMsg:
		p.printing = false
		return p.print()
	case endedMsg:
		p.over = true
		return p.print()
	case spinner.TickMsg:
		var cmd tea.Cmd
		p.turn, cmd = p.turn.Update(msg)
		return p, cmd
	}
	return p, nil
}

func cancelCmd(cancel context.CancelFunc) tea.Cmd {
	return func() tea.Msg { cancel(); return nil }
}

// print puts what was told above the turning line, where it stays; when all is
// printed and the work is over, it leaves.
func (p progress) print() (tea.Model, tea.Cmd) {
	switch {
	case p.printing:
		return p, nil
	case len(p.told) > 0:
		text := strings.Join(p.told, "\n")
		p.told, p.printing = nil, true
		return p, tea.Sequence(tea.Println(text), func() tea.Msg { return printedMsg{} })
	case p.over:
		return p, tea.Quit
	}
	return p, nil
}

// View is one line; none when it is over.
func (p progress) View() string {
	switch {
	case p.over:
		return ""
	case p.left:
		return safe.Cut("  stopping", p.width)
	}
	return safe.Cut("  "+p.turn.View()+" esc gives up", p.width)
}
