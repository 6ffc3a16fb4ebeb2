package imap

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"imapop/retrieval"
	"imapop/retrieval/safe"
)

const (
	// maxWindow bounds one Window or Messages: a screen needs fifty.
	maxWindow = 10_000
	// maxField bounds a header field that is kept for a list, in octets.
	maxField = 1000
	// searchable is the largest mailbox that is asked by SEARCH without ESEARCH:
	// the answer is one line of all numbers, and the library takes quadratic time
	// when they fall. Larger ones are asked by FETCH, uidChunk at a time.
	searchable = 20_000
	uidChunk   = 10_000
)

// listing is all that a list shows; nothing more is asked.
var listing = &goimap.FetchOptions{UID: true, Flags: true, RFC822Size: true, Envelope: true}

// Window fetches messages by sequence number, clipped to the mailbox and to
// 10,000 (the newest). What the server leaves out is asked again once, and is
// missing from the result when it leaves it out again.
func (s *Session) Window(ctx context.Context, fromSeq, toSeq uint32) ([]retrieval.Message, error) {
	var got map[uint32]retrieval.Message
	err := s.do(ctx, "list messages", 0, func(context.Context) error {
		to := min(toSeq, s.Mailbox().Messages)
		from := max(fromSeq, 1)
		if from > to {
			return nil
		}
		if to-from >= maxWindow {
			from = to - maxWindow + 1
		}
		var err error
		got, err = s.window(from, to)
		return err
	})
	if err != nil {
		return nil, err
	}
	return inOrder(got), nil
}

// window is Window on the owner goroutine, from and to within the mailbox.
func (s *Session) window(from, to uint32) (map[uint32]retrieval.Message, error) {
	got, err := collect(s.sendWindow(from, to), bySeq)
	if err != nil {
		return got, err
	}
	var left goimap.SeqSet
	for seq := from; seq <= to; seq++ {
		if _, ok := got[seq]; !ok {
			left.AddNum(seq)
		}
	}
	left = left[:min(len(left), maxRanges)]
	if len(left) == 0 || s.Mailbox().Messages < to { // expunged meanwhile: the numbers mean others now
		return got, nil
	}
	more, err := collect(s.client.Fetch(left, listing), bySeq)
	maps.Copy(got, more)
	return got, err
}

func (s *Session) sendWindow(from, to uint32) *imapclient.FetchCommand {
	var set goimap.SeqSet
	set.AddRange(from, to)
	return s.client.Fetch(set, listing)
}

// Messages fetches messages by UID, at most 10,000. Those that are not in the
// mailbox any more are missing from the result.
func (s *Session) Messages(ctx context.Context, uids []uint32) ([]retrieval.Message, error) {
	uids = uids[:min(len(uids), maxWindow)]
	if len(uids) == 0 {
		return nil, nil
	}
	got := map[uint32]retrieval.Message{}
	err := s.do(ctx, "list messages", 0, func(context.Context) error {
		for range 2 { // the second time for what a flag update took the place of
			for _, set := range chunks(uidSet(missing(uids, got))) {
				more, err := collect(s.client.Fetch(set, listing), byUID)
				maps.Copy(got, more)
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return inOrder(got), nil
}

// missing are those of uids that are not in got.
func missing[V any](uids []uint32, got map[uint32]V) []uint32 {
	return slices.DeleteFunc(slices.Clone(uids), func(u uint32) bool { _, ok := got[u]; return ok })
}

func bySeq(b *imapclient.FetchMessageBuffer) uint32 { return b.SeqNum }
func byUID(b *imapclient.FetchMessageBuffer) uint32 { return uint32(b.UID) }

// collect reads a FETCH to its end, which the library needs, and keeps the
// answers that are whole.
func collect(cmd *imapclient.FetchCommand, key func(*imapclient.FetchMessageBuffer) uint32) (map[uint32]retrieval.Message, error) {
	got := map[uint32]retrieval.Message{}
	for data := cmd.Next(); data != nil; data = cmd.Next() {
		buf, err := data.Collect()
		if err == nil && buf.UID != 0 && buf.Envelope != nil {
			got[key(buf)] = message(buf)
		}
	}
	return got, cmd.Close()
}

func message(b *imapclient.FetchMessageBuffer) retrieval.Message {
	e := b.Envelope
	m := retrieval.Message{UID: uint32(b.UID), Flags: names(b.Flags), Octets: b.RFC822Size,
		Header: retrieval.Header{Subject: field(e.Subject), Date: e.Date}}
	if len(e.From) > 0 {
		m.Header.From = field(e.From[0].Name)
		if m.Header.From == "" {
			m.Header.From = field(e.From[0].Addr())
		}
	}
	if e.MessageID != "" {
		m.Header.MessageID = field("<" + e.MessageID + ">")
	}
	return m
}

// field makes a header field fit for a list.
func field(s string) string {
	if len(s) > maxField {
		s = strings.Clone(s[:maxField]) // not a part that keeps the whole in memory
	}
	return safe.Line(strings.TrimSpace(s))
}

// names gives flags as text, sorted, each once.
func names(flags []goimap.Flag) []string {
	list := make([]string, 0, len(flags))
	for _, f := range flags {
		list = append(list, string(f))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

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
	case s.has(goimap.CapESearch):
		return s.search(&goimap.SearchCriteria{}, maxExists)
	case exists <= searchable:
		return s.search(&goimap.SearchCriteria{}, maxExists)
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

// Size is what Sizes tells of a message.
type Size struct {
	Octets    int64    // RFC822.SIZE
	Flags     []string // sorted
	MessageID string   // with its angle brackets; only when UIDs were named, "" when the message has none
}

// Sizes asks for size and flags of the named messages, of all when uids is nil.
// With named ones it asks for Message-ID as well. What the server left out twice
// is missing from the result.
func (s *Session) Sizes(ctx context.Context, uids []uint32) (map[uint32]Size, error) {
	got := map[uint32]Size{}
	err := s.do(ctx, "ask for sizes", 0, func(context.Context) error {
		if s.Mailbox().Messages == 0 {
			return nil
		}
		if uids == nil {
			return s.sizes(goimap.UIDSet{{Start: 1, Stop: 0}}, nil, got) // 1:*
		}
		id := []*goimap.FetchItemBodySection{{Specifier: goimap.PartSpecifierHeader, HeaderFields: []string{"Message-ID"}, Peek: true}}
		for range 2 {
			for _, set := range chunks(uidSet(missing(uids, got))) {
				if err := s.sizes(set, id, got); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return got, nil
}

func (s *Session) sizes(set goimap.UIDSet, header []*goimap.FetchItemBodySection, got map[uint32]Size) error {
	cmd := s.client.Fetch(set, &goimap.FetchOptions{UID: true, Flags: true, RFC822Size: true, BodySection: header})
	for data := cmd.Next(); data != nil; data = cmd.Next() {
		uid, size, err := sizeOf(data)
		if err != nil {
			return err
		}
		if uid != 0 && size.Flags != nil && size.Octets >= 0 && len(got) < maxExists {
			got[uid] = size
		}
	}
	return cmd.Close()
}

// sizeOf reads one answer to Sizes. After an error nothing more may be read:
// a literal was cut, and with it the connection.
func sizeOf(data *imapclient.FetchMessageData) (uid uint32, size Size, err error) {
	size.Octets = -1 // not told: a flag update took the answer's place
	for item := data.Next(); item != nil; item = data.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			uid = uint32(item.UID)
		case imapclient.FetchItemDataFlags:
			size.Flags = names(item.Flags)
		case imapclient.FetchItemDataRFC822Size:
			size.Octets = item.Size
		case imapclient.FetchItemDataBodySection:
			if item.Literal == nil {
				continue
			}
			header, err := io.ReadAll(item.Literal)
			if err == nil {
				err = whole(int64(len(header)), item.Literal)
			}
			if err != nil {
				return 0, Size{}, err
			}
			size.MessageID = messageID(header)
		}
	}
	return uid, size, nil
}

// messageID reads the value of a header that holds nothing but Message-ID.
func messageID(header []byte) string {
	_, value, found := strings.Cut(string(header[:min(len(header), maxField)]), ":")
	if !found {
		return ""
	}
	return field(strings.Join(strings.Fields(value), " "))
}

// need says that a mailbox must be selected.
func (s *Session) need(op string) error {
	if s.Mailbox().Name == "" {
		return refused(op, fmt.Sprintf("no mailbox is selected (%s)", s.State()))
	}
	return nil
}
