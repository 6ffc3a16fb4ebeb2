package imap

import (
	"context"
	"fmt"
	"time"

	goimap "github.com/emersion/go-imap/v2"

	"imapop/retrieval"
	"imapop/retrieval/query"
)

// oneLine is the largest mailbox whose messages one response line may name: a
// number has up to ten digits, a thread's parentheses two, and the wire takes
// lines of 1 MiB.
const oneLine = 80_000

// Search gives the UIDs of the selected mailbox that a query holds for, rising
// (RFC 9051 section 6.4.4, UID SEARCH); never more than the mailbox has. A
// server may match loosely: what it finds in a body is its own affair.
func (s *Session) Search(ctx context.Context, q query.Query) ([]uint32, error) {
	const name = "search"
	var uids []uint32
	err := s.do(ctx, name, 0, func(context.Context) error {
		if err := s.need(name); err != nil {
			return err
		}
		exists := s.Mailbox().Messages
		if exists > oneLine && !s.has(goimap.CapESearch) {
			return refused(name, fmt.Sprintf("%d messages and no ESEARCH (RFC 4731): the answer could be longer than a line may be", exists))
		}
		if exists == 0 {
			return nil
		}
		var err error
		uids, err = s.search(criteria(q), int(exists)+slack)
		return err
	})
	return uids, err
}

// criteria is a query in the library's words. A second term of a key that the
// library has once goes in as NOT NOT, which means the same (RFC 9051 section
// 6.4.4: search keys are joined by AND).
func criteria(q query.Query) *goimap.SearchCriteria {
	out := &goimap.SearchCriteria{}
	used := map[query.Key]bool{}
	for _, t := range q.Terms {
		_, flag := flagOf(t)
		once := t.Key == query.Since || t.Key == query.Before || t.Key == query.On || t.Key == query.Larger || t.Key == query.Smaller
		switch {
		case flag || !t.Not && !once:
			add(out, t)
		case t.Not:
			var inner goimap.SearchCriteria
			add(&inner, t)
			out.Not = append(out.Not, inner)
		case used[t.Key] || t.Key == query.On || used[query.On] && (t.Key == query.Since || t.Key == query.Before):
			var inner goimap.SearchCriteria
			add(&inner, t)
			out.Not = append(out.Not, goimap.SearchCriteria{Not: []goimap.SearchCriteria{inner}})
		default:
			used[t.Key] = true
			add(out, t)
		}
	}
	return out
}

// flagOf is the flag that a term asks for; false when it asks for something else.
func flagOf(t query.Term) (goimap.Flag, bool) {
	switch t.Key {
	case query.Seen:
		return goimap.FlagSeen, true
	case query.Flagged:
		return goimap.FlagFlagged, true
	case query.Answered:
		return goimap.FlagAnswered, true
	case query.Deleted:
		return goimap.FlagDeleted, true
	case query.Draft:
		return goimap.FlagDraft, true
	case query.Keyword:
		return goimap.Flag(t.Text), true
	}
	return "", false
}

// add puts one term in; of those that are no flags, without its negation.
func add(c *goimap.SearchCriteria, t query.Term) {
	if f, ok := flagOf(t); ok {
		if t.Not {
			c.NotFlag = append(c.NotFlag, f)
		} else {
			c.Flag = append(c.Flag, f)
		}
		return
	}
	switch t.Key {
	case query.Text:
		c.Text = append(c.Text, t.Text)
	case query.Body:
		c.Body = append(c.Body, t.Text)
	case query.Since:
		c.Since = t.Day
	case query.Before:
		c.Before = t.Day
	case query.On:
		c.Since, c.Before = t.Day, t.Day.Add(24*time.Hour)
	case query.Larger:
		c.Larger = t.Octets
	case query.Smaller:
		c.Smaller = t.Octets
	default: // FROM, TO, CC, SUBJECT
		c.Header = append(c.Header, goimap.SearchCriteriaHeaderField{Key: string(t.Key), Value: t.Text})
	}
}

// unsupported says that this server lacks an extension.
func unsupported(what, source string) error {
	return &retrieval.UnsupportedError{Protocol: retrieval.IMAP, What: what + " on this server", Source: source}
}
