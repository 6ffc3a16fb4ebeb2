package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"golang.org/x/term"

	"imapop/retrieval/live"
	"imapop/ui"
)

// memoryTarget asks the garbage collector to stay below this, so that 100,000
// messages on both sides fit in the 150 MiB that the program promises.
const memoryTarget = 96 << 20 // octets

// runApp opens the app on a terminal. When an account is added on the demo
// account, that one opens next.
func runApp(ctx context.Context, o *options) error {
	if !o.onTerminal() {
		return usageError{errors.New("the app needs a terminal for input and output; 'imapop compare' works without one")}
	}
	debug.SetMemoryLimit(memoryTarget)
	for {
		added, err := o.runDesk(ctx)
		if err != nil || added == "" {
			return err
		}
		o.account = added
	}
}

// runDesk shows one account until the person quits. It returns the name of the
// account to open next, if one was added on the demo account.
func (o *options) runDesk(ctx context.Context) (next string, err error) {
	op, err := o.open(ctx)
	if err != nil {
		return "", err
	}
	defer op.close()
	d := live.Open(ctx, op.live)
	defer d.Close()
	var post ui.Post
	var noPost error
	if op.account.Submission.Address != "" {
		if p, err := newPost(op, d); err != nil {
			noPost = err // the mail is read all the same
		} else {
			post = p
		}
	}
	second := &secondDevice{ctx: ctx, first: op.live, one: d}
	defer second.close()
	room, err := newClassroom(op)
	if err != nil {
		return "", err
	}
	defer room.close()
	add := func(ctx context.Context) (string, error) {
		name, err := o.setupInApp(ctx)
		if op.account.Demo {
			next = name
		}
		return name, err
	}
	files := newOutside(op.account)
	defer files.close()
	err = ui.Run(ctx, d, ui.Options{Warning: strings.Join(op.account.Warnings(), "; "), Classroom: room, CanSend: op.account.Submission.Address != "", Files: files, SeenAfter: op.account.Reading.SeenAfter(), Second: second.open, Post: post, NoPost: noPost, Judge: judge{op.account}, Checker: checker{op}, Setup: add, In: o.streams.In, Out: o.drawTo(), Version: o.version,
		NoColor: os.Getenv("NO_COLOR") != ""})
	return next, err
}

// drawTo is where the app draws: the terminal, or a recording of it.
func (o *options) drawTo() io.Writer {
	if o.screen != nil {
		return o.screen
	}
	return o.streams.Out
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// width is the terminal's, or 100 columns where there is none.
func (o *options) width() int {
	if f, ok := o.streams.Out.(*os.File); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return 100
}
