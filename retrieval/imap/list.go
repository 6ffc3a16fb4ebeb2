package imap

import (
	"context"
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
		m.Header.From, m.Header.Address = field(e.From[0].Name), field(e.From[0].Addr())
		if m.Header.From == "" {
			m.Header.From = m.Header.Address
		}
	}
	if e.MessageID != "" {
		m.Header.MessageID = field("<" + e.MessageID + ">")
	}
	if len(e.InReplyTo) > 0 {
		m.Header.Answers = field("<" + e.InReplyTo[0] + ">")
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
