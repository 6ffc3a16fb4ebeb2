package pop3d

import (
	"strconv"
	"strings"
)

// list is the maildrop as this session sees it: frozen at login but for the
// session's own marks.
type list struct {
	messages []Message
	marked   []bool
	count    int   // of messages that are not marked
	octets   int64 // of messages that are not marked
}

func newList(messages []Message) list {
	l := list{messages: messages, marked: make([]bool, len(messages))}
	l.unmark()
	return l
}

func (l *list) mark(i int) {
	l.marked[i] = true
	l.count--
	l.octets -= l.messages[i].Octets
}

// unmark takes all marks away.
func (l *list) unmark() {
	clear(l.marked)
	l.count, l.octets = len(l.messages), 0
	for _, m := range l.messages {
		l.octets += m.Octets
	}
}

// deleted gives the indexes that are marked, rising.
func (l *list) deleted() []int {
	var is []int
	for i, m := range l.marked {
		if m {
			is = append(is, i)
		}
	}
	return is
}

// index finds the message that an argument names. A marked one is as good as
// absent for every command (RFC 1939 section 5, DELE).
func (l *list) index(arg string) (int, error) {
	n, ok := parseNumber(arg)
	switch {
	case !ok:
		return 0, bad("a message number is wanted")
	case n < 1 || n > len(l.messages):
		return 0, refuse("no such message, there are %d", len(l.messages))
	case l.marked[n-1]:
		return 0, refuse("message %d is marked for deletion", n)
	}
	return n - 1, nil
}

// grow appends what a faulty Maildrop adds.
func (s *session) grow() {
	g, ok := s.drop.(Grower)
	if !ok {
		return
	}
	for _, m := range g.Grown() {
		s.list.messages = append(s.list.messages, m)
		s.list.marked = append(s.list.marked, false)
		s.list.count++
		s.list.octets += m.Octets
	}
}

func (s *session) stat() error {
	s.grow()
	s.ok("%d %d", s.list.count, s.list.octets)
	return nil
}

// listing answers LIST.
func (s *session) listing(arg string) error {
	return s.each(arg, func(b []byte, m Message) []byte {
		return strconv.AppendInt(b, m.Octets, 10)
	})
}

func (s *session) uidl(arg string) error {
	if s.policy.NoUIDL {
		return refuse("UIDL is switched off on this server (RFC 1939 section 7 makes it optional)")
	}
	return s.each(arg, func(b []byte, m Message) []byte {
		return append(b, m.UniqueID...)
	})
}

// each answers LIST and UIDL: one message when the argument names one, or all
// that are not marked.
func (s *session) each(arg string, field func([]byte, Message) []byte) error {
	s.grow()
	arg = strings.TrimRight(arg, " ")
	if arg != "" {
		i, err := s.list.index(arg)
		if err != nil {
			return err
		}
		s.ok("%s", s.scanLine(nil, i, field))
		return nil
	}
	s.ok("%d messages (%d octets)", s.list.count, s.list.octets)
	var line []byte
	for i, marked := range s.list.marked {
		if marked {
			continue
		}
		line = append(s.scanLine(line[:0], i, field), '\r', '\n')
		s.w.Write(line)
	}
	s.w.WriteString(".\r\n")
	return nil
}

// scanLine appends a scan listing or unique-id listing (RFC 1939 section 5).
func (s *session) scanLine(b []byte, i int, field func([]byte, Message) []byte) []byte {
	b = strconv.AppendInt(b, int64(i+1), 10)
	return field(append(b, ' '), s.list.messages[i])
}
