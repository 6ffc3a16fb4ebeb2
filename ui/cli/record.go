package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

const recordLong = `Opens the app as 'imapop' does, and writes everything that it draws, with its times,
into a file of the form asciicast v2: 'asciinema play FILE' shows it again, and so do
players on web pages. What is typed is not recorded. Passwords are never drawn; mail
that is on the screen is.`

func newRecord(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "record FILE.cast", Short: "Open the app and record what it shows (asciicast v2)", Long: recordLong,
		Example: "  imapop record lesson4.cast      then: asciinema play lesson4.cast", Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if !o.onTerminal() {
				return usageError{errors.New("there is nothing to record: the app needs a terminal")}
			}
			screen := o.streams.Out.(*os.File) // onTerminal has asked
			w, h, err := term.GetSize(int(screen.Fd()))
			if err != nil {
				return err
			}
			f, err := os.OpenFile(args[0], os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // mail may be on the screen
			if err != nil {
				return err
			}
			c, err := newCast(f, w, h, time.Now)
			if err != nil {
				return errors.Join(err, f.Close())
			}
			o.screen = &recorded{File: screen, cast: c}
			err = runApp(cmd.Context(), o)
			if err = errors.Join(err, c.end(), f.Close()); err == nil {
				_, err = fmt.Fprintln(o.streams.Out, "recorded in "+args[0])
			}
			return err
		},
	}
}

// recorded is the terminal, with everything that is written to it kept.
type recorded struct {
	*os.File
	cast *cast
}

// Write draws first: a full disk must not stop the app.
func (r *recorded) Write(b []byte) (int, error) {
	n, err := r.File.Write(b)
	r.cast.output(b[:n])
	return n, err
}

// WriteString is Write's: the embedded file's would go past the recording.
func (r *recorded) WriteString(s string) (int, error) { return r.Write([]byte(s)) }

// ReadFrom is Write's likewise.
func (r *recorded) ReadFrom(from io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{r}, from)
}

// cast writes asciicast v2: a header, then a line for each output, its time in
// seconds since the start. Safe for use by many goroutines.
type cast struct {
	mu    sync.Mutex
	w     io.Writer
	now   func() time.Time
	start time.Time
	rest  []byte // a character that has not come whole
	err   error  // the first that went wrong
}

func newCast(w io.Writer, width, height int, now func() time.Time) (*cast, error) {
	c := &cast{w: w, now: now, start: now()}
	header, err := json.Marshal(map[string]any{"version": 2, "width": width, "height": height, "timestamp": c.start.Unix(),
		"title": "imapop", "env": map[string]string{"TERM": os.Getenv("TERM")}})
	if err == nil {
		_, err = w.Write(append(header, '\n'))
	}
	return c, err
}

// output adds what was drawn. An event is whole characters: JSON has no others.
func (c *cast) output(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b = append(c.rest, b...)
	n := len(b)
	for back := 1; back <= min(utf8.UTFMax-1, len(b)); back++ {
		if tail := b[len(b)-back:]; utf8.RuneStart(tail[0]) && !utf8.FullRune(tail) {
			n = len(b) - back
			break
		}
	}
	c.rest = append([]byte(nil), b[n:]...)
	c.event(b[:n])
}

// event writes one; c.mu is held.
func (c *cast) event(b []byte) {
	if len(b) == 0 || c.err != nil {
		return
	}
	line, err := json.Marshal([]any{float64(c.now().Sub(c.start).Microseconds()) / 1e6, "o", string(b)})
	if err == nil {
		_, err = c.w.Write(append(line, '\n'))
	}
	c.err = err
}

// end writes what is left and tells what went wrong.
func (c *cast) end() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.event(c.rest)
	c.rest = nil
	return c.err
}
