package imap

import (
	"context"

	goimap "github.com/emersion/go-imap/v2"
)

// maxFound bounds what Find believes of a server's answer.
const maxFound = 10_000

// Find searches the selected mailbox for messages whose header has a field with
// a value in it (RFC 9051 section 6.4.4, HEADER), from UID from on. An empty
// value finds every message that has the field. The UIDs rise. A server may
// match loosely: look before acting on what was found.
func (s *Session) Find(ctx context.Context, from uint32, field, value string) ([]uint32, error) {
	var uids []uint32
	err := s.do(ctx, "search for "+field, 0, func(context.Context) error {
		var set goimap.UIDSet
		set.AddRange(goimap.UID(max(from, 1)), 0) // to "*", which is the last one even when that is lower
		found, err := s.search(&goimap.SearchCriteria{
			UID: []goimap.UIDSet{set}, Header: []goimap.SearchCriteriaHeaderField{{Key: field, Value: value}},
		}, maxFound)
		for _, uid := range found {
			if uid >= from {
				uids = append(uids, uid)
			}
		}
		return err
	})
	return uids, err
}

// Remove deletes a folder with all that is in it (RFC 9051 section 6.3.5).
func (s *Session) Remove(ctx context.Context, name string) error {
	return s.do(ctx, "remove "+name, 0, func(context.Context) error { return s.client.Delete(name).Wait() })
}
