package imap

import (
	"context"
	"fmt"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"imapop/retrieval"
)

// sortKeys are what RFC 5256 section 3 calls the orders.
var sortKeys = map[retrieval.Order]imapclient.SortCriterion{
	retrieval.ByDate:    {Key: imapclient.SortKeyDate},
	retrieval.ByFrom:    {Key: imapclient.SortKeyFrom},
	retrieval.BySubject: {Key: imapclient.SortKeySubject},
	retrieval.BySize:    {Key: imapclient.SortKeySize, Reverse: true},
}

// Sort lists the selected mailbox in an order, by the server (RFC 5256, UID
// SORT); unread first by UID SEARCH UNSEEN, since SORT has no such key. The
// UnsupportedError says that the server has no SORT. command is what was asked.
func (s *Session) Sort(ctx context.Context, by retrieval.Order) (uids []uint32, command string, err error) {
	name := "sort " + string(by)
	err = s.do(ctx, name, 0, func(context.Context) error {
		if err := s.need(name); err != nil {
			return err
		}
		most := int(s.Mailbox().Messages)
		if by == retrieval.ByUnread {
			command = "UID SEARCH UNSEEN"
			if most > oneLine && !s.has(goimap.CapESearch) {
				return unsupported("an answer for so many messages", "RFC 4731")
			}
			var err error
			uids, err = s.search(&goimap.SearchCriteria{NotFlag: []goimap.Flag{goimap.FlagSeen}}, most+slack)
			return err
		}
		key, known := sortKeys[by]
		switch {
		case !known:
			return refused(name, "there is no such order")
		case !s.has(goimap.CapSort):
			return unsupported("SORT", "RFC 5256")
		case most > oneLine:
			return unsupported(fmt.Sprintf("SORT of more than %d messages", oneLine), "the answer is one line")
		}
		command = "UID SORT (" + string(key.Key) + ")"
		if key.Reverse {
			command = "UID SORT (REVERSE " + string(key.Key) + ")"
		}
		got := s.gathering(most + slack)
		defer s.gathering(0)
		_, err := s.client.UIDSort(&imapclient.SortOptions{SearchCriteria: &goimap.SearchCriteria{}, SortCriteria: []imapclient.SortCriterion{key}}).Wait()
		uids = got.uids
		return err
	})
	return uids, command, err
}

// Thread lists the selected mailbox thread by thread, by the server (RFC 5256,
// UID THREAD REFERENCES). Of each message depth says how many stand above it.
// The UnsupportedError says that the server has no such thing.
func (s *Session) Thread(ctx context.Context) (uids []uint32, depth []int, command string, err error) {
	const name = "thread"
	err = s.do(ctx, name, 0, func(context.Context) error {
		if err := s.need(name); err != nil {
			return err
		}
		most := int(s.Mailbox().Messages)
		switch {
		case !s.has("THREAD=REFERENCES"):
			return unsupported("THREAD=REFERENCES", "RFC 5256")
		case most > oneLine:
			return unsupported(fmt.Sprintf("THREAD of more than %d messages", oneLine), "the answer is one line")
		}
		command = "UID THREAD REFERENCES"
		got := s.gathering(most + slack)
		defer s.gathering(0)
		_, err := s.client.UIDThread(&imapclient.ThreadOptions{Algorithm: goimap.ThreadReferences, SearchCriteria: &goimap.SearchCriteria{}}).Wait()
		uids, depth = got.uids, got.depth
		return err
	})
	return uids, depth, command, err
}

// gathering makes the session take in SORT and THREAD answers, at most so many
// numbers of them; 0 ends it. The library never sees them: it would follow a
// thread's parentheses by recursion.
func (s *Session) gathering(most int) *gathered {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gather = nil
	if most > 0 {
		s.gather = &gathered{most: most, seen: map[uint32]bool{}}
	}
	return s.gather
}
