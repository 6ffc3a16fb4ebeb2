package wire

import (
	"bytes"
	"fmt"
	"strings"

	"imapop/retrieval"
)

var (
	dataStops  = stops("\"(){\n")
	quoteStops = stops("\"\\\n")
)

func stops(s string) (t [256]bool) {
	for i := range len(s) {
		t[s[i]] = true
	}
	return t
}

// run goes on to the end of the line, to a literal's first octet, or to the
// end of b, and tells how many octets may pass.
func (s *imapScanner) run(b []byte) (int, error) {
	from := 0 // of what is not kept yet
	for i := 0; i < len(b); i++ {
		switch s.state {
		case inData:
			for i < len(b) && !dataStops[b[i]] {
				i++
			}
		case inQuoted:
			for i < len(b) && !quoteStops[b[i]] {
				i++
			}
		case inText:
			if n := bytes.IndexByte(b[i:], '\n'); n >= 0 {
				i += n
			} else {
				i = len(b)
			}
		}
		if i == len(b) {
			break
		}
		header := s.inHeader()
		if err := s.step(b[i], b, i); err != nil {
			if !header {
				s.keep(b[from:i])
			}
			return i, err
		}
		switch {
		case !header && s.inHeader():
			s.keep(b[from:i])
			from = i
		case s.state == inLiteral:
			return i + 1, nil
		case s.ended:
			s.keep(b[from : i+1])
			return i + 1, nil
		}
	}
	if !s.inHeader() {
		s.keep(b[from:])
	}
	s.remember(b)
	return len(b), nil
}

// inHeader reports whether a literal's header is being read; its text is folded.
func (s *imapScanner) inHeader() bool { return s.state == inSize || s.state == behindSize }

// remember keeps the last octets for a look back over the edge of b.
func (s *imapScanner) remember(b []byte) {
	if len(b) >= len(s.before) {
		copy(s.before[:], b[len(b)-len(s.before):])
		return
	}
	n := copy(s.before[:], s.before[len(b):])
	copy(s.before[n:], b)
}

// back is the octet k places before b[i].
func (s *imapScanner) back(b []byte, i, k int) byte {
	if i >= k {
		return b[i-k]
	}
	return s.before[len(s.before)+i-k]
}

// step takes the octet c = b[i].
func (s *imapScanner) step(c byte, b []byte, i int) error {
	if s.client {
		s.stepClient(c, b, i)
		return nil
	}
	switch s.state {
	case atStart:
		return s.stepStart(c)
	case inTag, inTagType, textStart, inCode, inText:
		return s.stepText(c)
	case afterStar:
		if c != ' ' {
			return broken("no space behind *")
		}
		s.state = inWord
		return nil
	case inWord:
		return s.stepWord(c, b, i)
	}
	return s.stepData(c, b, i)
}

// stepClient follows our own lines, which are never refused.
func (s *imapScanner) stepClient(c byte, b []byte, i int) {
	if s.state == atStart && s.opaque() {
		s.state = inText
	}
	if s.state == inText {
		s.ended = c == '\n'
		return
	}
	if s.stepData(c, b, i) != nil {
		s.state = inData
		s.ended = c == '\n'
	}
}

func (s *imapScanner) stepStart(c byte) error {
	switch c {
	case '*':
		s.state = afterStar
	case '+':
		s.state = inText
	case '\r', '\n':
		return broken("an empty line")
	default:
		s.state = inTag
	}
	return nil
}

// stepText follows status responses and continuation requests, in which quotes,
// braces and parentheses mean nothing.
func (s *imapScanner) stepText(c byte) error {
	if c == '\n' {
		if s.state == inCode {
			return broken("a response code without ]")
		}
		s.ended = true
		return nil
	}
	switch {
	case s.state == inTag && c == ' ':
		s.state = inTagType
	case s.state == inTagType && c == ' ':
		s.state = textStart
	case s.state == textStart && c == '[':
		s.state = inCode
	case s.state == textStart, s.state == inCode && c == ']':
		s.state = inText
	}
	return nil
}

// stepWord reads the type of an untagged response, behind a number or not.
func (s *imapScanner) stepWord(c byte, b []byte, i int) error {
	if atomOctet(c) {
		if s.wordLen < len(s.word) {
			s.word[s.wordLen] = c
		}
		s.wordLen++
		return nil
	}
	word := strings.ToUpper(string(s.word[:min(s.wordLen, len(s.word))]))
	if s.wordLen > len(s.word) {
		word = "" // longer than any that matters
	}
	s.wordLen = 0
	switch word {
	case "OK", "NO", "BAD", "BYE", "PREAUTH":
		s.state = textStart
		if c != ' ' && c != '\r' && c != '\n' {
			return broken("no space behind " + word)
		}
		if c == ' ' {
			return nil
		}
		return s.stepText(c)
	}
	if !s.number && word != "" && word[0] >= '0' && word[0] <= '9' {
		if c != ' ' {
			return broken("no space behind a number")
		}
		s.number = true
		return nil
	}
	s.fetch = s.number && word == "FETCH"
	s.state = inData
	return s.stepData(c, b, i)
}

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
