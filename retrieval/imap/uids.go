package imap

import (
	"context"
	"slices"

	goimap "github.com/emersion/go-imap/v2"
)

const (
	// searchable is the largest mailbox that is asked by SEARCH without ESEARCH:
	// the answer is one line of all numbers, and the library takes quadratic time
	// when they fall. Larger ones are asked by FETCH, uidChunk at a time.
	searchable = 20_000
	uidChunk   = 10_000
	// slack is how many messages may arrive while the server answers.
	slack = 1000
)

// UIDs lists every UID of the selected mailbox, rising; never more than EXISTS
// says. With ESEARCH (RFC 4731) it costs a few octets when the UIDs are dense.
// After it, events name messages by UID.
func (s *Session) UIDs(ctx context.Context) ([]uint32, error) {
	var uids []uint32
	err := s.do(ctx, "list UIDs", 0, func(context.Context) error {
		for range 3 {
			s.mu.Lock()
			exists, epoch := s.view.exists, s.view.epoch
			s.mu.Unlock()
			var err error
			if uids, err = s.askUIDs(exists); err != nil {
				return err
			}
			s.mu.Lock()
			steady := s.view.epoch == epoch
			if steady {
				uids = uids[:min(len(uids), int(s.view.exists))]
				s.view.fill(uids)
			}
			s.mu.Unlock()
			if steady {
				return nil
			}
		}
		return nil // never still: the caller hears of each change anyway
	})
	return uids, err
}

func (s *Session) askUIDs(exists uint32) ([]uint32, error) {
	switch {
	case exists == 0:
		return nil, nil
	case s.has(goimap.CapESearch), exists <= searchable:
		return s.search(&goimap.SearchCriteria{}, int(exists)+slack)
	}
	var all []uint32
	for from := uint32(1); from <= exists; from += uidChunk {
		var set goimap.SeqSet
		set.AddRange(from, min(from+uidChunk-1, exists))
		cmd := s.client.Fetch(set, &goimap.FetchOptions{UID: true})
		for data := cmd.Next(); data != nil; data = cmd.Next() {
			if buf, err := data.Collect(); err == nil && buf.UID != 0 {
				all = append(all, uint32(buf.UID))
			}
		}
		if err := cmd.Close(); err != nil {
			return nil, err
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// search gives the UIDs that match, rising, at most limit.
func (s *Session) search(criteria *goimap.SearchCriteria, limit int) ([]uint32, error) {
	var o *goimap.SearchOptions
	if s.has(goimap.CapESearch) {
		o = &goimap.SearchOptions{ReturnAll: true}
	}
	data, err := s.client.UIDSearch(criteria, o).Wait()
	if err != nil {
		return nil, err
	}
	set, _ := data.All.(goimap.UIDSet)
	return walk(set, limit), nil
}

// walk lists a set that a server sent, at most limit numbers of it. The
// library's own Nums never ends on a range up to 4294967295.
func walk(set goimap.UIDSet, limit int) []uint32 {
	var list []uint32
	for _, r := range set {
		for n := uint64(r.Start); n != 0 && n <= uint64(r.Stop) && len(list) < limit; n++ {
			list = append(list, uint32(n))
		}
	}
	return list
}

// maxRanges is how many ranges of UIDs one command names: servers limit a
// command line, and 8,192 octets is what they must at least take (RFC 7162 section 4).
const maxRanges = 350

// chunks splits a set so that each part fits into one command.
func chunks(set goimap.UIDSet) []goimap.UIDSet {
	return slices.Collect(slices.Chunk(set, maxRanges))
}

// size is how many numbers a set of ours has.
func size(set goimap.UIDSet) (n int) {
	for _, r := range set {
		n += int(r.Stop-r.Start) + 1
	}
	return n
}

// uidSet is a set of UIDs of ours; neighbours become ranges.
func uidSet(uids []uint32) goimap.UIDSet {
	sorted := slices.Clone(uids)
	slices.Sort(sorted)
	var set goimap.UIDSet
	for _, u := range slices.Compact(sorted) {
		if u != 0 { // 0 would be "*"
			set.AddNum(goimap.UID(u))
		}
	}
	return set
}
