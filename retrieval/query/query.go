// Package query is what a person types to search a list of messages, in the
// words of IMAP's SEARCH (RFC 9051 section 6.4.4). IMAP's server answers it; for
// POP3, which has no search, Match judges what is at hand, and says when that
// is not enough to judge. It is plain rules.
package query

import (
	"strings"
	"time"
)

// Key is a search key of RFC 9051 section 6.4.4, as it is sent.
type Key string

// The keys. SEEN, FLAGGED, ANSWERED, DELETED and DRAFT are sent with UN before
// them when their term is negated.
const (
	Text     Key = "TEXT"    // in the header or the text
	Body     Key = "BODY"    // in the text
	From     Key = "FROM"    // in the header field
	To       Key = "TO"      // likewise
	Cc       Key = "CC"      // likewise
	Subject  Key = "SUBJECT" // likewise
	Since    Key = "SINCE"   // on the day of the internal date, or later
	Before   Key = "BEFORE"  // on an earlier day
	On       Key = "ON"      // on that day
	Larger   Key = "LARGER"  // RFC822.SIZE in octets
	Smaller  Key = "SMALLER" // likewise
	Keyword  Key = "KEYWORD" // a keyword is set
	Seen     Key = "SEEN"
	Flagged  Key = "FLAGGED"
	Answered Key = "ANSWERED"
	Deleted  Key = "DELETED"
	Draft    Key = "DRAFT"
)

// Term is one condition.
type Term struct {
	Key    Key
	Not    bool
	Text   string    // of TEXT, BODY, FROM, TO, CC, SUBJECT, KEYWORD
	Day    time.Time // of SINCE, BEFORE, ON: midnight UTC of that day
	Octets int64     // of LARGER, SMALLER
}

// Query is what is looked for: every term must hold. The zero value holds for
// every message.
type Query struct {
	Typed string // as it was typed
	Terms []Term
}

// Command is the query as IMAP's SEARCH is sent it, for a person to read:
// `FROM "ada" UNSEEN`.
func (q Query) Command() string {
	if len(q.Terms) == 0 {
		return "ALL"
	}
	parts := make([]string, len(q.Terms))
	for i, t := range q.Terms {
		parts[i] = t.command()
	}
	return strings.Join(parts, " ")
}

func (t Term) command() string {
	s := string(t.Key)
	switch t.Key {
	case Seen, Flagged, Answered, Deleted, Draft:
		if t.Not {
			return "UN" + s
		}
		return s
	case Since, Before, On:
		s += " " + t.Day.Format("2-Jan-2006")
	case Larger, Smaller:
		s += " " + decimal(t.Octets)
	case Keyword:
		s += " " + t.Text
	default:
		s += ` "` + t.Text + `"`
	}
	if t.Not {
		return "NOT " + s
	}
	return s
}
