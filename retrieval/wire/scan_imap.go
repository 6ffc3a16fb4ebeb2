package wire

import (
	"bytes"
	"fmt"
	"strconv"
	"sync/atomic"

	"imapop/retrieval"
)

// imapScanner reads one direction of an IMAP stream, in pieces of any size,
// and says for each octet whether it may pass. It must see literals, quoted
// strings and free text exactly as the library behind it does: a place where
// the two disagree would hide parentheses from the guard. So whatever could be
// read in two ways is refused (RFC 9051 section 9 forbids all of it).
type imapScanner struct {
	limits *Limits
	client bool          // our own lines: no guard, and synchronizing literals end a part
	opaque func() bool   // client: the line that begins is a SASL response
	spent  *atomic.Int64 // octets of the operation that count against Limits.Response
	out    scanned

	state      scanState
	depth      int
	lineOctets int64  // counted against Limits.Line
	extent     extent // of this transcript line
	digits     int    // of the literal's size read so far
	literal    int64  // announced size while its header is read, then octets still to come
	streamed   bool   // the library hands the literal out as a stream, not as a string
	plus       bool   // non-synchronizing, RFC 7888
	fetch      bool   // the line is an untagged FETCH
	caps       bool   // the line, or its response code, is CAPABILITY
	word       [12]byte
	wordLen    int
	number     bool    // the word before was a number
	ended      bool    // the line break was read
	before     [3]byte // the octets before the current one
	kept       []byte  // the line's text, at most collected octets
}

// scanned receives what the scanner finds.
type scanned interface {
	// line is called at the end of a line; last is false when a synchronizing
	// literal only interrupts it. text is lent.
	line(text []byte, n extent, last bool)
	// literalStarts is called with the text before it; lent.
	literalStarts(text []byte, size int64)
	// literalOctets brings them, in pieces.
	literalOctets(b []byte)
}

// extent is how long a line is, in octets.
type extent struct {
	wire    int64 // with its line break and what was folded
	dropped int64 // of its text, beyond what is kept
}

type scanState uint8

const (
	atStart    scanState = iota // of a line
	inTag                       // tagged response, tag
	inTagType                   // tagged response: OK, NO, BAD
	afterStar                   // "*", SP expected
	inWord                      // untagged response: its type, or its number
	textStart                   // status response: a code may follow
	inCode                      // between [ and ]
	inText                      // free text to the end of the line
	inData                      // grammar: quoted strings, literals, parentheses
	inQuoted                    // between quotes
	inEscape                    // behind a backslash
	inSize                      // behind {
	behindSize                  // behind }, line break expected
	inLiteral                   // octets of a literal
)

// scan looks at the next octets. It returns how many may pass and, when not
// all may, why. After an error the scanner is not used again.
func (s *imapScanner) scan(b []byte) (int, error) {
	for i := 0; i < len(b); {
		if s.state == inLiteral {
			i += s.skipLiteral(b[i:])
			continue
		}
		end, err := s.room(i, len(b))
		if err != nil {
			return i, err
		}
		n, err := s.run(b[i:end])
		s.count(n)
		i += n
		switch {
		case err != nil:
			return i, err
		case s.ended:
			s.endLine(true)
		case s.state == inLiteral:
			if err := s.beginLiteral(); err != nil {
				return i, err
			}
		}
	}
	return len(b), nil
}

// room tells how far the budgets reach.
func (s *imapScanner) room(i, end int) (int, error) {
	if s.client {
		return end, nil
	}
	line := s.limits.Line - s.lineOctets
	if line <= 0 {
		return 0, fmt.Errorf("%w: a line over %d octets", retrieval.ErrTooMuch, s.limits.Line)
	}
	answer := s.limits.Response - s.spent.Load()
	if answer <= 0 {
		return 0, fmt.Errorf("%w: answers over %d octets", retrieval.ErrTooMuch, s.limits.Response)
	}
	return i + int(min(int64(end-i), line, answer)), nil
}

func (s *imapScanner) count(n int) {
	s.extent.wire += int64(n)
	if !s.client {
		s.lineOctets += int64(n)
		s.spent.Add(int64(n))
	}
}

func (s *imapScanner) skipLiteral(b []byte) int {
	n := int(min(s.literal, int64(len(b))))
	s.out.literalOctets(b[:n])
	s.extent.wire += int64(n)
	s.literal -= int64(n)
	if s.literal == 0 {
		s.state = inData
		s.before = [3]byte{}
	}
	return n
}

// beginLiteral checks a literal's size and folds it.
func (s *imapScanner) beginLiteral() error {
	limit := s.limits.Literal
	if !s.client && !s.streamed {
		limit = s.limits.Line - s.lineOctets
	}
	if !s.client && s.literal > limit {
		return fmt.Errorf("%w: a literal of %d octets", retrieval.ErrTooMuch, s.literal)
	}
	if !s.client && !s.streamed {
		s.lineOctets += s.literal
		s.spent.Add(s.literal)
	}
	if s.client && !s.plus {
		s.keep([]byte("{" + strconv.FormatInt(s.literal, 10) + "}"))
		s.endLine(false)
	}
	s.out.literalStarts(s.kept, s.literal)
	s.keep([]byte(folded(s.literal)))
	s.before = [3]byte{}
	if s.literal == 0 {
		s.state = inData
	}
	return nil
}

func (s *imapScanner) keep(b []byte) {
	n := min(collected-len(s.kept), len(b))
	s.kept = append(s.kept, b[:n]...)
	s.extent.dropped += int64(len(b) - n)
}

// endLine hands the line on; last is false when it goes on behind a literal.
func (s *imapScanner) endLine(last bool) {
	s.out.line(bytes.TrimRight(s.kept, "\r\n"), s.extent, last)
	s.kept = s.kept[:0]
	s.extent = extent{}
	s.ended = false
	if last {
		s.state = atStart
		s.depth, s.lineOctets, s.wordLen = 0, 0, 0
		s.number, s.fetch, s.caps = false, false, false
		s.before = [3]byte{}
	}
}

// flush hands on a line that will not end any more.
func (s *imapScanner) flush() {
	if s.extent.wire > 0 {
		s.endLine(true)
	}
}
