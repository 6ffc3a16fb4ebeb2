package pop3d

import (
	"errors"
	"strings"
)

func (s *session) retr(arg string) error {
	i, err := s.list.index(strings.TrimRight(arg, " "))
	if n, ok := parseNumber(strings.TrimRight(arg, " ")); err != nil && s.policy.ServeMarked && ok && n >= 1 && n <= len(s.list.messages) {
		i, err = n-1, nil
	}
	if err != nil {
		return err
	}
	message, err := s.read(i)
	if err != nil {
		return err
	}
	s.ok("%d octets", len(message))
	if err := writeStuffed(s.w, message); err != nil {
		return err
	}
	s.retrieved = append(s.retrieved, i)
	return s.flushEnough()
}

// top answers TOP n k: the header, the blank line and k lines of the body.
func (s *session) top(arg string) error {
	number, lines, _ := strings.Cut(strings.TrimRight(arg, " "), " ")
	k, ok := parseNumber(lines)
	if !ok {
		return bad("TOP wants a message number and a number of lines")
	}
	i, err := s.list.index(number)
	if err != nil {
		return err
	}
	message, err := s.read(i)
	if err != nil {
		return err
	}
	s.ok("top of message follows")
	return writeStuffed(s.w, topOf(message, k))
}

func (s *session) read(i int) ([]byte, error) {
	message, err := s.drop.Read(i)
	switch {
	case errors.Is(err, ErrGone):
		return nil, refuse("message %d was expunged by another session", i+1)
	case err != nil:
		return nil, s.fault("the message cannot be read", err)
	}
	return message, nil
}

// flushEnough sends what has gathered when the buffer is half full, so that
// Retrieved is not kept waiting until a long batch has ended.
func (s *session) flushEnough() error {
	if s.w.Buffered() < writeBuffer/2 {
		return nil
	}
	return s.flush()
}
