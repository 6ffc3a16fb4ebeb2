package pop3

import (
	"context"
	"fmt"

	"imapop/retrieval"
)

// maxListing bounds one LIST or UIDL answer: two million messages.
const maxListing = 64 << 20

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
	r := s.newRoll()
	if err := s.call(ctx, op, r, "STAT", "LIST", "UIDL"); err != nil {
		return retrieval.Maildrop{}, err
	}
	return s.hold(r), nil
}

// Names is Snapshot without LIST, which is a third of what a long list costs.
// known tells what LIST said of a unique-id in an earlier session. sure reports
// that it knew them all, and that their octets sum up to what STAT says: then
// nothing came and nothing changed, short of changes that cancel out. Otherwise
// the entries' Octets may be wrong, and -1 where nothing is known; before one is
// retrieved or marked, Sizes must be asked. A server without UIDL is asked for
// LIST at once.
func (s *Session) Names(ctx context.Context, known func(uniqueID string) (octets int64, ok bool)) (drop retrieval.Maildrop, sure bool, err error) {
	const op = "list"
	end, err := s.begin(ctx, op)
	if err != nil {
		return retrieval.Maildrop{}, false, err
	}
	defer end()
	r := s.newRoll()
	r.known = known
	if err := s.call(ctx, op, r, "STAT", "UIDL"); err != nil {
		return retrieval.Maildrop{}, false, err
	}
	if r.hasUIDL {
		return s.hold(r), r.sure(), nil
	}
	if err := s.call(ctx, op, r, "LIST"); err != nil {
		return retrieval.Maildrop{}, false, err
	}
	return s.hold(r), true, nil
}

// Sizes asks for the LIST that Names left out. The two must agree as in Snapshot.
func (s *Session) Sizes(ctx context.Context, drop retrieval.Maildrop) (retrieval.Maildrop, error) {
	const op = "list"
	end, err := s.begin(ctx, op)
	if err != nil {
		return retrieval.Maildrop{}, err
	}
	defer end()
	r := s.newRoll()
	r.adopt(drop)
	if err := s.call(ctx, op, r, "LIST"); err != nil {
		return retrieval.Maildrop{}, err
	}
	return s.hold(r), nil
}

// hold remembers what was listed, and tells of it.
func (s *Session) hold(r *roll) retrieval.Maildrop {
	sizes := make([]int64, len(r.entries))
	for i := range r.entries {
		sizes[i] = r.entries[i].Octets
	}
	s.mu.Lock()
	s.sizes = sizes
	at := s.login
	s.mu.Unlock()
	s.emit(Event{Kind: retrieval.Listed, Octets: r.octets, Text: fmt.Sprintf("%d messages, %s", r.count, retrieval.Octets(r.octets))})
	return retrieval.Maildrop{Entries: r.entries, Octets: r.octets, HasUIDL: r.hasUIDL, At: at}
}

// newRoll starts a list of this session.
func (s *Session) newRoll() *roll {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &roll{marked: make(map[int]bool, len(s.marked)), before: s.sizes}
	for n := range s.marked {
		r.marked[n] = true
	}
	return r
}

// listedSizes gives what LIST announced, index number-1; nil before a snapshot,
// and -1 for what is not known.
func (s *Session) listedSizes() []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sizes
}

// call asks for some of STAT, LIST and UIDL. A refusal leaves the session in
// step: the other answers are read to their ends.
func (s *Session) call(ctx context.Context, op string, r *roll, commands ...string) error {
	ahead := s.Caps().Pipelining
	if ahead {
		if err := s.say(joined(commands)); err != nil {
			return s.broken(ctx, op, err)
		}
	}
	var refusal *retrieval.OpError
	for _, command := range commands {
		got, err := s.nextOf(command, ahead)
		switch {
		case err != nil:
		case got.ok && refusal != nil:
			err = s.pass(command)
		case got.ok:
			err = s.enter(r, command, got)
		case r.needs(command):
			refusal = refused(op, got, retrieval.ErrRefused)
		}
		if err != nil {
			return s.broken(ctx, op, err)
		}
	}
	if refusal != nil {
		s.tellRefused(refusal)
		return refusal
	}
	return nil
}

func joined(commands []string) string {
	text := commands[0]
	for _, c := range commands[1:] {
		text += "\r\n" + c
	}
	return text
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

// enter takes the answer to a command into the roll, line by line as it comes.
func (s *Session) enter(r *roll, command string, got reply) error {
	switch command {
	case "STAT":
		return r.stat(string(got.text))
	case "LIST":
		return r.pass(command, s.lines(maxListing), r.size)
	}
	r.hasUIDL = true
	return r.pass(command, s.lines(maxListing), r.name)
}

// pass reads an answer that nobody wants any more.
func (s *Session) pass(command string) error {
	if command == "STAT" {
		return nil
	}
	for _, err := range s.lines(maxListing) {
		if err != nil {
			return err
		}
	}
	return nil
}
