package imap

import (
	"context"
	"io"
	"strings"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

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
		if uid != 0 && size.Flags != nil && size.Octets >= 0 && len(got) < int(s.Mailbox().Messages)+slack {
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
