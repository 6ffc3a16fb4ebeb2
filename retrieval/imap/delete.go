package imap

import (
	"context"
	"fmt"
	"slices"

	goimap "github.com/emersion/go-imap/v2"

	"imapop/retrieval"
)

// OthersDeletedError says that EXPUNGE would take messages along that were not
// asked for, and that the server cannot expunge by UID.
type OthersDeletedError struct {
	Others []uint32 // UIDs that carry \Deleted besides those asked for
}

// Error gives one line.
func (e *OthersDeletedError) Error() string {
	return fmt.Sprintf(`%d other messages are marked \Deleted, and this server can only expunge all of them (no UIDPLUS, RFC 4315)`, len(e.Others))
}

// Is makes errors.Is(err, ErrRefused) true.
func (e *OthersDeletedError) Is(target error) bool { return target == retrieval.ErrRefused }

// Expunge removes those of the named messages that carry \Deleted, and returns
// the UIDs that are gone now. Without UIDPLUS it expunges only when nothing else
// carries \Deleted, else it fails with OthersDeletedError.
func (s *Session) Expunge(ctx context.Context, uids []uint32) ([]uint32, error) {
	const name = "expunge"
	set := uidSet(uids)
	if len(set) == 0 {
		return nil, refused(name, "no message was named")
	}
	var out []uint32
	err := s.do(ctx, name, causesExpunge, func(context.Context) error {
		if err := s.need(name); err != nil {
			return err
		}
		if err := s.expunge(set, uids); err != nil {
			return err
		}
		var err error
		out, err = s.goneOf(set, uids)
		return err
	})
	return out, err
}

func (s *Session) expunge(set goimap.UIDSet, uids []uint32) error {
	if s.has(goimap.CapUIDPlus) {
		for _, part := range chunks(set) {
			if err := s.client.UIDExpunge(part).Close(); err != nil {
				return err
			}
		}
		return nil
	}
	marked, err := s.search(&goimap.SearchCriteria{Flag: []goimap.Flag{goimap.FlagDeleted}}, int(s.Mailbox().Messages)+slack)
	if err != nil {
		return err
	}
	others := slices.DeleteFunc(marked, func(u uint32) bool { return set.Contains(goimap.UID(u)) })
	if len(others) > 0 {
		return &retrieval.OpError{Protocol: retrieval.IMAP, Op: "expunge", Err: &OthersDeletedError{Others: others}}
	}
	return s.client.Expunge().Close()
}

// goneOf tells which of uids the running command saw leave. When an EXPUNGE
// could not be named by UID the server is asked what is left.
func (s *Session) goneOf(set goimap.UIDSet, uids []uint32) ([]uint32, error) {
	seen := s.seenGone()
	slices.Sort(seen)
	has := func(list []uint32, u uint32) bool { _, found := slices.BinarySearch(list, u); return found }
	keep := func(u uint32) bool { return !has(seen, u) }
	if has(seen, 0) {
		var left []uint32
		for _, part := range chunks(set) {
			some, err := s.search(&goimap.SearchCriteria{UID: []goimap.UIDSet{part}}, len(uids))
			if err != nil {
				return nil, err
			}
			left = append(left, some...)
		}
		keep = func(u uint32) bool { return has(left, u) }
	}
	out := slices.DeleteFunc(slices.Clone(uids), keep)
	slices.Sort(out)
	return slices.Compact(out), nil
}

// seenGone are the UIDs that the running operation saw expunged, 0 for those
// that were not known.
func (s *Session) seenGone() []uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.gone)
}
