package wire

import (
	"bytes"
	"strings"
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
	if s.state == inCode && s.stepCode(c) {
		return broken("a parenthesis among capabilities")
	}
	switch {
	case s.state == inTag && c == ' ':
		s.state = inTagType
	case s.state == inTagType && c == ' ':
		s.state = textStart
	case s.state == textStart && c == '[':
		s.state, s.wordLen, s.caps = inCode, 0, false
	case s.state == textStart, s.state == inCode && c == ']':
		s.state = inText
	}
	return nil
}

// stepCode reads a response code's name and reports a parenthesis behind
// CAPABILITY: the library would go round for ever before it.
func (s *imapScanner) stepCode(c byte) bool {
	if atomOctet(c) {
		if s.wordLen < len(s.word) {
			s.word[s.wordLen] = c
		}
		s.wordLen++
		return false
	}
	s.caps = s.caps || s.wordLen == len("CAPABILITY") && strings.EqualFold(string(s.word[:s.wordLen]), "CAPABILITY")
	s.wordLen = len(s.word) + 1 // only the first word is the name
	return s.caps && c == '('
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
	s.caps = word == "CAPABILITY"
	s.state = inData
	return s.stepData(c, b, i)
}
