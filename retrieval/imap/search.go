package imap

import (
	"context"
	"fmt"

	goimap "github.com/emersion/go-imap/v2"

	"imapop/retrieval"
)

// maxSearch bounds the text of a search, in octets.
const maxSearch = 500

// Search asks the server which messages of the selected mailbox have a text in
// their header or body (RFC 9051 section 6.4.4, TEXT). The UIDs rise. Servers
// compare as they like: some look at words only.
func (s *Session) Search(ctx context.Context, text string) ([]uint32, error) {
	const name = "search"
	if text == "" || len(text) > maxSearch {
		return nil, refused(name, fmt.Sprintf("a text of 1 to %d octets is searched for", maxSearch))
	}
	var uids []uint32
	err := s.do(ctx, name, 0, func(context.Context) error {
		if err := s.need(name); err != nil {
			return err
		}
		n := int(s.Mailbox().Messages)
		if n > searchable && !s.has(goimap.CapESearch) { // the answer would be one line of all numbers
			return &retrieval.UnsupportedError{Protocol: retrieval.IMAP, What: fmt.Sprintf("search of %d messages on this server", n), Source: "it lacks ESEARCH, RFC 4731"}
		}
		var err error
		uids, err = s.search(&goimap.SearchCriteria{Text: []string{text}}, n+slack)
		return err
	})
	return uids, err
}
