package setup

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/huh"
	"golang.org/x/term"

	"imapop/account"
	"imapop/retrieval/safe"
)

// maxWidth keeps lines readable on wide terminals.
const maxWidth = 100

// Forms asks with forms that it draws below what was said before.
type Forms struct {
	In  *os.File
	Out *os.File
}

// Say shows lines that stay.
func (f Forms) Say(lines ...string) { say(f.Out, f.width(), lines) }

func (f Forms) width() int {
	w, _, err := term.GetSize(int(f.Out.Fd()))
	if err != nil || w <= 0 {
		return 80
	}
	return min(w, maxWidth)
}

// say prints lines no wider than the terminal.
func say(out io.Writer, width int, lines []string) {
	for _, l := range lines {
		for _, part := range fold(l, width) {
			fmt.Fprintln(out, part)
		}
	}
}

// Ask asks for a text.
func (f Forms) Ask(ctx context.Context, q Question) (string, error) {
	answer := q.Default
	in := huh.NewInput().Title(q.Title).Description(q.Why).Value(&answer).Validate(checked(q))
	if err := f.run(ctx, in); err != nil {
		return "", err
	}
	if answer == "" {
		answer = q.Default
	}
	if !q.Hidden {
		f.Say(fmt.Sprintf("  %-11s %s", q.Short, safe.Line(answer)))
	}
	return answer, nil
}

// checked is the question's check, which an empty answer passes where there is a default.
func checked(q Question) func(string) error {
	return func(s string) error {
		if s == "" && q.Default != "" {
			s = q.Default
		}
		if q.Check == nil {
			return nil
		}
		return q.Check(s)
	}
}

// Choose asks for one of several.
func (f Forms) Choose(ctx context.Context, c Choice) (int, error) {
	var list []huh.Option[int]
	for i, o := range c.Options {
		list = append(list, huh.NewOption(safe.Cut(o, f.width()-6), i))
	}
	answer := c.First
	err := f.run(ctx, huh.NewSelect[int]().Title(c.Title).Options(list...).Value(&answer))
	if err == nil && c.Short != "" {
		f.Say(fmt.Sprintf("  %-11s %s", c.Short, c.Options[answer]))
	}
	return answer, err
}

// Secret asks for a text that is shown as dots.
func (f Forms) Secret(ctx context.Context, title string) (account.Password, error) {
	var answer string
	in := huh.NewInput().Title(title).Description("it is not shown, and not kept unless you chose so").EchoMode(huh.EchoModePassword).Value(&answer).
		Validate(func(s string) error { return account.CheckCredential("the password", s) })
	if err := f.run(ctx, in); err != nil {
		return account.Password{}, err
	}
	return account.NewPassword(answer), nil
}

// run draws one field until it is answered. Esc and ctrl+c leave.
func (f Forms) run(ctx context.Context, field huh.Field) error {
	keys := huh.NewDefaultKeyMap()
	keys.Quit = key.NewBinding(key.WithKeys("ctrl+c", "esc"))
	for _, b := range []*key.Binding{&keys.Input.Prev, &keys.Select.Prev, &keys.Select.Filter} { // one field a form: there is no way back
		b.SetEnabled(false)
	}
	keys.Input.Submit.SetHelp("enter", "goes on • esc gives up")
	keys.Select.Submit.SetHelp("enter", "goes on • esc gives up")
	form := huh.NewForm(huh.NewGroup(field)).WithKeyMap(keys).WithTheme(theme()).WithWidth(f.width())
	// Not by its own Run: that interrupts the program when the person leaves, and an
	// interrupted program does not wait for its reader, which then eats the next key.
	form.SubmitCmd, form.CancelCmd = tea.Quit, tea.Quit
	_, err := tea.NewProgram(form, f.options(ctx)...).Run()
	switch {
	case ctx.Err() != nil || form.State == huh.StateAborted:
		return ErrGivenUp
	case err != nil:
		return fmt.Errorf("the form: %w", err)
	}
	return nil
}

// options: signals are the caller's, who ends ctx with them.
func (f Forms) options(ctx context.Context) []tea.ProgramOption {
	return []tea.ProgramOption{tea.WithContext(ctx), tea.WithInput(f.In), tea.WithOutput(f.Out), tea.WithoutSignalHandler(), tea.WithoutBracketedPaste()}
}

// theme has no colour: what is chosen is marked by a sign and bold type.
func theme() *huh.Theme {
	t := huh.ThemeBase()
	t.Focused.Title = t.Focused.Title.Bold(true)
	t.Focused.SelectedOption = t.Focused.SelectedOption.Bold(true)
	return t
}
