package ui

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"imapop/ui/compare"
	"imapop/ui/style"
	"imapop/ui/wish"
)

// Screen names the screen that the app opens on. The zero value is the main one.
type Screen = wish.Screen

// Options are how the app meets its terminal. The zero value is the process's own.
type Options struct {
	In      io.Reader        // nil: os.Stdin
	Out     io.Writer        // nil: os.Stdout
	NoColor bool             // no colour at all, as NO_COLOR asks
	Version string           // shown in the help
	Now     func() time.Time // nil: time.Now
	Start   Screen
	Warning string // shown until the first key: what the account's owner has permitted and should not forget; "": nothing
	Post    Post   // sends mail; nil: the account cannot
	NoPost  error  // why not; nil: it has no submission server
	Judge   Judge  // says who sent a message; nil: nobody does
	// Classroom performs lessons; nil: there are none.
	Classroom Classroom
	CanSend   bool    // the account has a submission endpoint
	Checker   Checker // looks at the account's servers; nil: the Account screen says that it cannot
	// Setup adds an account on the terminal, which is lent to it meanwhile, and
	// returns its name; "" when none was added, with an error or without. nil: the
	// app offers no such thing.
	Setup func(ctx context.Context) (name string, err error)
	// Second opens the account on another device, with a local copy and sessions of
	// its own; nil: there is one device only. The caller closes it.
	Second func(ctx context.Context) (Desk, error)

	Files     Files         // nil: attachments and links stay where they are
	SeenAfter time.Duration // how long a message is open over IMAP before \Seen is set; negative: never
}

// framesPerSecond bounds how long a key waits for its frame: half of the usual
// sixtieth of a second. A frame costs a quarter of a millisecond, and none is
// written when nothing changed.
const framesPerSecond = 120

// Run shows the desk until the person quits, the desk closes or ctx ends, and
// leaves the terminal as it was, after a panic too. It does not close the desk
// and takes no signals: the caller ends ctx with them. The error is nil when the
// person quit, ctx's when that ended.
func Run(ctx context.Context, d Desk, o Options) error {
	o = o.filled()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // v1 leaves commands running when the program quits
	a := newApp(ctx, d, style.New(o.renderer()), compare.RFC{}, o)
	// Signals are the caller's, who ends ctx with them: the handler of v1 waits for
	// ever when the program ends at the same moment.
	p := tea.NewProgram(a, tea.WithContext(ctx), tea.WithInput(o.In), tea.WithOutput(o.Out), tea.WithoutSignalHandler(),
		tea.WithFPS(framesPerSecond), tea.WithAltScreen(), tea.WithMouseCellMotion(), tea.WithoutBracketedPaste())
	end, err := p.Run()
	if a, ok := end.(app); ok {
		a.writing.last()
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return fmt.Errorf("the screen: %w", err)
}

func (o Options) filled() Options {
	if o.In == nil {
		o.In = os.Stdin
	}
	if o.Out == nil {
		o.Out = os.Stdout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// renderer asks the terminal for its colours and ground once, before the app
// reads from it.
func (o Options) renderer() *lipgloss.Renderer {
	r := lipgloss.NewRenderer(o.Out)
	if o.NoColor {
		r.SetColorProfile(termenv.Ascii)
		return r
	}
	r.ColorProfile()
	r.HasDarkBackground()
	return r
}
