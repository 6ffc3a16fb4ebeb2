package pop3

import (
	"context"
	"fmt"
	"strings"

	"imapop/retrieval"
)

// maxListing bounds one LIST or UIDL answer: two million messages.
const maxListing = 64 << 20

// maxUniqueID is where a unique-id stops being one by any reading. RFC 1939
// section 7 says 70 octets; longer ones are kept raw, for the ledger to hash.
const maxUniqueID = 1024

// listings is what STAT, LIST and UIDL said.
type listings struct {
	count      int
	octets     int64
	list, uidl string // bodies
	hasUIDL    bool
}

// Snapshot asks for STAT, LIST and UIDL, in one go where PIPELINING is offered,
// and believes them only together: the counts agree, and the numbers rise from 1
// without a hole (messages marked in this session apart, which the server leaves
// out and the result has with Marked set). Anything else is ErrProtocol and ends
// the session: a list that is short by one line must never look like a deletion.
//
// Two entries with the same UniqueID are handed on as they are; such a unique-id
// names neither. One that is not 1 to 70 printable octets is handed on raw.
func (s *Session) Snapshot(ctx context.Context) (retrieval.Maildrop, error) {
	const op = "list"
	end, err := s.begin(ctx, op)
	if err != nil {
		return retrieval.Maildrop{}, err
	}
	defer end()
	l, err := s.askListings(ctx, op)
	if err != nil {
		return retrieval.Maildrop{}, err
	}
	entries, err := l.entries(s.isMarked, s.listedSizes())
	if err != nil {
		return retrieval.Maildrop{}, s.broken(ctx, op, err)
	}
	sizes := make([]int64, len(entries))
	for i := range entries {
		sizes[i] = entries[i].Octets
	}
	s.mu.Lock()
	s.sizes = sizes
	at := s.login
	s.mu.Unlock()
	s.emit(Event{Kind: retrieval.Listed, Octets: l.octets, Text: fmt.Sprintf("%d messages, %s", l.count, retrieval.Octets(l.octets))})
	return retrieval.Maildrop{Entries: entries, Octets: l.octets, HasUIDL: l.hasUIDL, At: at}, nil
}

// listedSizes gives what LIST announced, index number-1; nil before a snapshot.
func (s *Session) listedSizes() []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sizes
}

// askListings reads the three answers to their ends, whatever they are, before
// it judges them: so a refusal leaves the session in step.
func (s *Session) askListings(ctx context.Context, op string) (listings, error) {
	ahead := s.Caps().Pipelining
	if ahead {
		if err := s.say("STAT\r\nLIST\r\nUIDL"); err != nil {
			return listings{}, s.broken(ctx, op, err)
		}
	}
	var l listings
	var refusal *retrieval.OpError
	for _, a := range []struct {
		command string
		take    func(reply) error
		needed  func() bool // a refusal is a failure
	}{
		{"STAT", l.takeStat, func() bool { return true }},
		{"LIST", s.body(&l.list), func() bool { return refusal == nil && l.count > 0 }}, // some refuse to list nothing
		{"UIDL", s.body(&l.uidl), func() bool { return false }},                         // optional
	} {
		r, err := s.nextOf(a.command, ahead)
		switch {
		case err != nil:
		case r.ok:
			err = a.take(r)
			l.hasUIDL = l.hasUIDL || a.command == "UIDL"
		case a.needed():
			refusal = refused(op, r, retrieval.ErrRefused)
		}
		if err != nil {
			return l, s.broken(ctx, op, err)
		}
	}
	if refusal != nil {
		s.tellRefused(refusal)
		return l, refusal
	}
	return l, nil
}

// nextOf reads the answer to a command, which it sends unless that was done ahead.
func (s *Session) nextOf(command string, ahead bool) (reply, error) {
	if !ahead {
		if err := s.say(command); err != nil {
			return reply{}, err
		}
	}
	return s.next()
}

func (l *listings) takeStat(r reply) (err error) {
	l.count, l.octets, err = parseStat(string(r.text))
	return err
}

// body reads a listing into to.
func (s *Session) body(to *string) func(reply) error {
	return func(reply) error {
		body, err := s.readListing(maxListing)
		*to = string(body)
		return err
	}
}

// parseStat reads the drop listing "nn mm" (RFC 1939 section 5, STAT).
func parseStat(text string) (count int, octets int64, err error) {
	n, rest, ok := number(text)
	if ok && n < 1<<31 {
		if octets, rest, ok = number(strings.TrimPrefix(rest, " ")); ok && (rest == "" || rest[0] == ' ') {
			return int(n), octets, nil
		}
	}
	return 0, 0, fmt.Errorf("%w: STAT gives no two numbers: %s", retrieval.ErrProtocol, quote(text))
}

// entries puts the three answers together. before has the octets of messages
// that are marked now and were listed before.
func (l listings) entries(marked func(int) bool, before []int64) ([]retrieval.Entry, error) {
	out := make([]retrieval.Entry, 0, strings.Count(l.list, "\n"))
	fill := func() {
		for n := len(out) + 1; marked(n); n++ {
			e := retrieval.Entry{Number: n, Marked: true}
			if n <= len(before) {
				e.Octets = before[n-1]
			}
			out = append(out, e)
		}
	}
	listed, err := scan(l.list, "LIST", func(n int, rest string) error {
		fill()
		octets, more, ok := number(rest)
		if !ok || more != "" && more[0] != ' ' {
			return fmt.Errorf("%w: LIST gives no octets for message %d: %s", retrieval.ErrProtocol, n, quote(rest))
		}
		out = append(out, retrieval.Entry{Number: len(out) + 1, Octets: octets})
		return inOrder("LIST", n, len(out))
	})
	if err != nil {
		return nil, err
	}
	fill()
	if listed != l.count {
		return nil, fmt.Errorf("%w: STAT counts %d messages, LIST lists %d", retrieval.ErrProtocol, l.count, listed)
	}
	if !l.hasUIDL {
		return out, nil
	}
	return out, l.name(out, listed)
}

// name gives the entries their unique-ids, all of which share one string.
func (l listings) name(out []retrieval.Entry, listed int) error {
	next := 0
	named, err := scan(l.uidl, "UIDL", func(n int, rest string) error {
		for next < len(out) && out[next].Marked {
			next++
		}
		if next == len(out) {
			return fmt.Errorf("%w: UIDL lists more than LIST", retrieval.ErrProtocol)
		}
		if rest == "" || len(rest) > maxUniqueID {
			return fmt.Errorf("%w: UIDL gives a unique-id of %d octets for message %d", retrieval.ErrProtocol, len(rest), n)
		}
		out[next].UniqueID = rest
		next++
		return inOrder("UIDL", n, out[next-1].Number)
	})
	if err == nil && named != listed {
		err = fmt.Errorf("%w: LIST lists %d messages, UIDL %d", retrieval.ErrProtocol, listed, named)
	}
	return err
}

func inOrder(command string, got, want int) error {
	if got != want {
		return fmt.Errorf("%w: %s gives message %d where %d is due", retrieval.ErrProtocol, command, got, want)
	}
	return nil
}

// scan calls each for every line "number SP rest" and counts them.
func scan(body, command string, each func(n int, rest string) error) (count int, err error) {
	for body != "" {
		line, tail, ok := strings.Cut(body, "\r\n")
		body = tail
		n, rest, isNumber := number(line)
		if !ok || !isNumber || n < 1 || n >= 1<<31 || rest == "" || rest[0] != ' ' {
			return count, fmt.Errorf("%w: line %d of %s: %s", retrieval.ErrProtocol, count+1, command, quote(line))
		}
		if err := each(int(n), strings.Trim(rest, " ")); err != nil {
			return count, err
		}
		count++
	}
	return count, nil
}

// number reads the digits at the start of s: no sign, and small enough for sums of them.
func number(s string) (n int64, rest string, ok bool) {
	i := 0
	for ; i < len(s) && '0' <= s[i] && s[i] <= '9'; i++ {
		if i == 15 {
			return 0, s, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n, s[i:], i > 0
}
