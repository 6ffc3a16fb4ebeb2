package stage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/lesson"
	"imapop/retrieval/pop3"
)

// onPOP3 does one act over POP3.
func (s *Stage) onPOP3(ctx context.Context, d *device, a *lesson.Action) error {
	switch a.Verb {
	case "open":
		return d.openPOP(ctx)
	case "stripped":
		return s.stripped(ctx, retrieval.POP3)
	case "flag":
		return pop3.Unsupported("flags")
	case "move":
		return pop3.Unsupported("move")
	case "search":
		return pop3.Unsupported("search")
	case "send":
		return &retrieval.UnsupportedError{Protocol: retrieval.POP3, What: "command that sends mail", Source: "RFC 1939 section 1",
			Instead: "SMTP submission (RFC 6409) sends"}
	}
	c, err := d.popSession()
	if err != nil {
		return err
	}
	return s.popAct(ctx, d, c, a)
}

func (s *Stage) popAct(ctx context.Context, d *device, c *pop3.Session, a *lesson.Action) error {
	switch a.Verb {
	case "rset":
		err := c.Reset(ctx)
		if err == nil {
			err = d.settle(nil, d.pending())
		}
		return err
	case "noop":
		return c.Noop(ctx)
	case "quit":
		return d.quit(ctx, c)
	case "drop":
		c.Drop()
		<-c.Done()
		d.s.dropped = time.Now()
		clear(d.marks) // the next list of unique-ids tells what became of them
		return nil
	case "tidy":
		return d.tidy(ctx, c)
	}
	numbers, err := d.numbersOf(a.Letters)
	if err != nil {
		return err
	}
	switch a.Verb {
	case "top":
		return first(func(each func(int, error)) error {
			return c.Top(ctx, numbers, 0, func(n int, _ []byte, err error) error { each(n, err); return nil })
		})
	case "dele":
		return first(func(each func(int, error)) error { return c.Delete(ctx, numbers, each) })
	case "retr":
		return d.retrieve(ctx, c, numbers)
	case "download":
		return d.download(ctx, c, numbers, a.Policy)
	}
	return nil
}

// first gives the first error that a message met, or else the run's.
func first(run func(each func(int, error)) error) error {
	var met error
	err := run(func(_ int, err error) {
		if met == nil {
			met = err
		}
	})
	if met != nil {
		return met
	}
	return err
}

// sink keeps what RETR brings.
type sink struct{ bytes.Buffer }

func (*sink) Close() error { return nil }

// retrieve brings messages and keeps nothing but a digest of each.
func (d *device) retrieve(ctx context.Context, c *pop3.Session, numbers []int) error {
	var met error
	open := map[int]*sink{}
	err := c.Retrieve(ctx, numbers, func(n int, _ int64) (pop3.Sink, error) {
		open[n] = &sink{}
		return open[n], nil
	}, func(n int, _ pop3.Retrieved, err error) error {
		if met == nil {
			met = err
		}
		if err == nil {
			d.brought(n, open[n].Bytes())
		}
		delete(open, n)
		return nil
	}, nil)
	if met != nil {
		return met
	}
	return err
}

// brought notes how a message looked when it was first retrieved.
func (d *device) brought(n int, octets []byte) {
	if l := d.letterAt(n); l != "" {
		if k := d.s.known(l); k.digest == "" {
			k.digest = digest(octets)
		}
	}
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func cutAround(s, prefix, suffix string) (string, bool) {
	rest, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(rest, suffix)
}
