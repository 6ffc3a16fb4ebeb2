package setup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"

	"imapop/account"
	"imapop/retrieval/safe"
)

// Lines asks one line at a time, for terminals that cannot draw forms and for
// people who do not want them drawn. huh has such a mode too; it takes an end of
// input for the default answer and cannot be left by a context, so that ctrl+c
// would agree to things.
type Lines struct {
	In  *os.File
	Out io.Writer
}

// Say shows lines that stay, unbroken: a screen reader reads them whole.
func (l Lines) Say(lines ...string) {
	for _, s := range lines {
		fmt.Fprintln(l.Out, s)
	}
}

// Ask asks until the answer is good.
func (l Lines) Ask(ctx context.Context, q Question) (string, error) {
	if q.Why != "" {
		l.Say(q.Why)
	}
	for {
		l.prompt(q.Title, q.Default)
		s, err := l.line(ctx)
		if err != nil {
			return "", err
		}
		if s == "" {
			s = q.Default
		}
		if err := checked(q)(s); err != nil {
			l.Say(err.Error())
			continue
		}
		return s, nil
	}
}

func (l Lines) prompt(title, def string) {
	if def != "" {
		title += " [" + safe.Line(def) + "]"
	}
	fmt.Fprint(l.Out, title+": ")
}

// Choose asks for a number.
func (l Lines) Choose(ctx context.Context, c Choice) (int, error) {
	l.Say("", c.Title)
	for i, o := range c.Options {
		l.Say(fmt.Sprintf("  %d. %s", i+1, o))
	}
	for {
		l.prompt("Number", strconv.Itoa(c.First+1))
		s, err := l.line(ctx)
		if err != nil {
			return 0, err
		}
		if s == "" {
			return c.First, nil
		}
		if n, err := strconv.Atoi(s); err == nil && n >= 1 && n <= len(c.Options) {
			return n - 1, nil
		}
		l.Say(fmt.Sprintf("a number from 1 to %d, please", len(c.Options)))
	}
}

// Secret asks for a text that is not shown; it needs a terminal. The terminal is
// silent before the question appears, so that not even a quick typist is echoed.
func (l Lines) Secret(ctx context.Context, title string) (account.Password, error) {
	fd := int(l.In.Fd())
	for {
		before, err := term.MakeRaw(fd)
		if err != nil {
			return account.Password{}, missing("the password can only be typed on a terminal")
		}
		fmt.Fprint(l.Out, title+" (not shown): ")
		b, err := await(ctx, l.unseen)
		_ = term.Restore(fd, before)
		fmt.Fprintln(l.Out)
		if err != nil {
			return account.Password{}, err
		}
		if err := account.CheckCredential("the password", string(b)); err != nil {
			l.Say(err.Error())
			continue
		}
		return account.NewPassword(string(b)), nil
	}
}

// unseen reads a line from a terminal in raw mode.
func (l Lines) unseen() ([]byte, error) {
	var line []byte
	one := make([]byte, 1)
	for len(line) < maxLine {
		if _, err := io.ReadFull(l.In, one); err != nil {
			return nil, err
		}
		switch one[0] {
		case '\r', '\n':
			return line, nil
		case 3, 4, 27: // ctrl+c, ctrl+d, esc
			return nil, errLeft
		case 8, 127: // backspace
			_, n := utf8.DecodeLastRune(line)
			line = line[:len(line)-n]
		case 21: // ctrl+u
			line = nil
		default:
			line = append(line, one[0])
		}
	}
	return nil, errLong
}

// maxLine bounds what is typed, in octets.
const maxLine = 4096

var (
	errLeft = errors.New("left")
	errLong = errors.New("the line is too long")
)

// Work tells what is done as it comes.
func (l Lines) Work(ctx context.Context, title string, work func(context.Context, func(string)) error) error {
	l.Say("", title)
	err := work(ctx, func(s string) { l.Say("  " + s) })
	if ctx.Err() != nil {
		return ErrGivenUp
	}
	return err
}

// line reads one line, octet by octet, so that what is typed ahead stays for
// the next question.
func (l Lines) line(ctx context.Context) (string, error) {
	b, err := await(ctx, func() ([]byte, error) {
		var line []byte
		one := make([]byte, 1)
		for len(line) < maxLine {
			n, err := l.In.Read(one)
			if n == 1 && one[0] == '\n' {
				return line, nil
			}
			if err != nil {
				return nil, err
			}
			line = append(line, one[:n]...)
		}
		return nil, errLong
	})
	if err != nil {
		l.Say("") // the question has no answer to end its line
	}
	return strings.TrimSpace(string(b)), err
}

// await waits for a read, which knows no context. An end of input is leaving.
func await(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	type answer struct {
		b   []byte
		err error
	}
	got := make(chan answer, 1)
	go func() {
		b, err := read()
		got <- answer{b, err}
	}()
	select {
	case a := <-got:
		if errors.Is(a.err, errLeft) || errors.Is(a.err, io.EOF) {
			return nil, ErrGivenUp
		}
		if a.err != nil {
			return nil, fmt.Errorf("%w (%w)", ErrGivenUp, a.err)
		}
		return a.b, nil
	case <-ctx.Done():
		return nil, ErrGivenUp
	}
}
