package pop3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"imapop/retrieval"
)

// maxTop is how much of one TOP answer is kept: a header with room to spare.
const maxTop = 8 << 20

// Top asks for the header and the first lines of the body of messages, and calls
// each in the order of numbers; octets are as sent, unstuffed, and the callee's to
// keep. TOP marked nothing as read on any server that was measured.
//
// The error given to each is that message's alone: ErrNotGiven, ErrMarked, a
// code's, or ErrTooMuch. An error from each stops the run and is returned. A
// server that does not announce TOP is tried with the first message: when it
// refuses, the error is a *retrieval.UnsupportedError.
func (s *Session) Top(ctx context.Context, numbers []int, lines int, each func(number int, octets []byte, err error) error) error {
	const op = "look at the top of"
	end, err := s.beginWith(ctx, op, numbers)
	if err != nil || end == nil {
		return err
	}
	defer end()
	l := look{s: s, op: op, each: each}
	x := exchange{op: op, numbers: numbers, command: "TOP", suffix: " " + decimal(max(lines, 0)),
		answer: l.take, skip: l.skip, stopped: func() bool { return l.stop != nil }}
	if !s.Caps().Top {
		l.unsure, x.numbers = true, numbers[:1]
		if err := s.run(ctx, x); err != nil {
			return err
		}
		l.unsure, x.numbers = false, numbers[1:]
	}
	if l.stop == nil {
		err = s.run(ctx, x)
	}
	if err == nil && l.stop != nil {
		err = wrap(op, l.stop)
	}
	return err
}

// look is one Top.
type look struct {
	s      *Session
	op     string
	each   func(int, []byte, error) error
	unsure bool // -ERR would mean that the server has no TOP
	buf    []byte
	stop   error
}

func (l *look) take(_ context.Context, n int, r reply) error {
	if !r.ok {
		no := l.s.notGiven(l.op, n, r)
		if l.unsure && errors.Is(no, ErrNotGiven) {
			l.stop = &retrieval.UnsupportedError{Protocol: retrieval.POP3, What: "TOP on this server",
				Source: "RFC 1939 section 7: it is optional", Instead: "download the message"}
			return nil
		}
		l.stop = l.each(n, nil, no)
		return nil
	}
	kept, more, err := l.read()
	if err != nil {
		return err
	}
	if more {
		l.stop = l.each(n, nil, opError(numbered(l.op, n), fmt.Errorf("%w: more than %s", retrieval.ErrTooMuch, retrieval.Octets(maxTop))))
		return nil
	}
	l.stop = l.each(n, bytes.Clone(kept), nil)
	return nil
}

// read reads a body to its end and keeps its first maxTop octets, until the next read.
func (l *look) read() (kept []byte, more bool, err error) {
	if l.buf == nil {
		l.buf = make([]byte, bodyBuffer)
	}
	kept = l.buf[:0]
	for r := l.s.conn.Body(true); ; {
		if len(kept) == cap(kept) {
			if len(kept) >= maxTop {
				more, kept = true, kept[:0]
			} else {
				kept = slices.Grow(kept, len(kept))
				l.buf = kept
			}
		}
		n, err := r.Read(kept[len(kept):cap(kept)])
		kept = kept[:len(kept)+n]
		if err != nil {
			return kept, more, eofIsFine(err)
		}
	}
}

func (l *look) skip(_ context.Context, _ int, r reply) error {
	if !r.ok {
		return nil
	}
	_, _, err := l.read()
	return err
}
