package wire

import (
	"fmt"

	"imapop/retrieval"
)

// stepData reads the grammar proper.
func (s *imapScanner) stepData(c byte, b []byte, i int) error {
	switch s.state {
	case inQuoted:
		switch c {
		case '"':
			s.state = inData
		case '\\':
			s.state = inEscape
		case '\n':
			return broken("a line break between quotes")
		}
		return nil
	case inEscape:
		if c == '\n' {
			return broken("a line break between quotes")
		}
		s.state = inQuoted
		return nil
	case inSize, behindSize:
		return s.stepSize(c)
	}
	s.state = inData
	switch c {
	case '"':
		s.state = inQuoted
	case '(':
		if s.caps { // the library would go round for ever before it
			return broken("a parenthesis among capabilities")
		}
		if s.depth++; !s.client && s.depth > s.limits.Nesting {
			return fmt.Errorf("%w: parentheses nested deeper than %d", retrieval.ErrTooMuch, s.limits.Nesting)
		}
	case ')':
		s.depth = max(0, s.depth-1)
	case '{':
		s.startSize(b, i)
	case '\n':
		s.ended = true
	}
	return nil
}

// startSize begins a literal's header. Only the octets of BODY[...] and
// BINARY[...], which stand in the outermost list of a FETCH, are streamed by
// the library; it takes any other literal as one string.
func (s *imapScanner) startSize(b []byte, i int) {
	s.state, s.literal, s.plus, s.digits = inSize, 0, false, 0
	k := 1
	if s.back(b, i, 1) == '~' { // literal8, RFC 3516
		k = 2
	}
	end := s.back(b, i, k+1)
	s.streamed = s.fetch && s.depth == 1 && s.back(b, i, k) == ' ' && (end == ']' || end == '>')
}

func (s *imapScanner) stepSize(c byte) error {
	const most = 1 << 50 // far over any limit, far under an overflow
	switch {
	case s.state == behindSize:
		switch c {
		case ' ', '\r': // the library takes a space here, too
		case '\n':
			s.state = inLiteral
		default:
			return broken("a literal without its line break")
		}
	case c >= '0' && c <= '9' && !s.plus && s.literal < most:
		s.literal = s.literal*10 + int64(c-'0')
		s.digits++
	case (c == '+' || c == '-') && s.digits > 0:
		s.plus = true
	case c == '}' && s.digits > 0:
		s.state = behindSize
	default:
		return broken("a brace that begins no literal")
	}
	return nil
}

// atomOctet is what the library takes for an ATOM-CHAR: wider than RFC 9051's.
func atomOctet(c byte) bool {
	switch c {
	case '(', ')', '{', ' ', '%', '*', '"', '\\', ']':
		return false
	}
	return c > 0x1f && c != 0x7f && (c < 0x80 || c > 0x9f)
}

func broken(what string) error {
	return fmt.Errorf("%w: %s", retrieval.ErrProtocol, what)
}
