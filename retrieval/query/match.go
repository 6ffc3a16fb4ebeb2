package query

import (
	"strings"
	"time"

	"imapop/retrieval"
)

// Verdict is what Match can say.
type Verdict int

// The verdicts. Unknown: too little of the message is here to tell.
const (
	No Verdict = iota
	Yes
	Unknown
)

// Message is what is at hand of a message that no server is asked about.
type Message struct {
	Octets int64             // as LIST says
	Header *retrieval.Header // nil: not seen
	Signs  *string           // Maildir flags of the copy on this device; nil: there is none
	Whole  *Whole            // what the copy says; nil: there is none, or it was not read
}

// Whole is a message that was read.
type Whole struct {
	From, To, Cc, Subject string // decoded
	Header                string // the other fields, decoded
	Text                  string
}

// Match judges a message by what is at hand. A term that cannot be judged makes
// the verdict Unknown unless another one settles it.
func (q Query) Match(m Message) Verdict {
	verdict := Yes
	for _, t := range q.Terms {
		v := t.match(m)
		if t.Not && v != Unknown {
			v = Yes - v
		}
		if v == No {
			return No
		}
		if v == Unknown {
			verdict = Unknown
		}
	}
	return verdict
}

// NeedsWhole reports whether a term speaks of more than a list shows.
func (q Query) NeedsWhole() bool {
	for _, t := range q.Terms {
		switch t.Key {
		case Text, Body, To, Cc:
			return true
		}
	}
	return false
}

// match judges a term without its negation. Read and flagged are the marks of
// the copy on this device: POP3 has none (RFC 1939), and keywords not even that.
func (t Term) match(m Message) Verdict {
	switch t.Key {
	case Larger:
		return verdict(m.Octets > t.Octets)
	case Smaller:
		return verdict(m.Octets < t.Octets)
	case Seen:
		return m.signed('S')
	case Flagged:
		return m.signed('F')
	case Answered:
		return m.signed('R')
	case Draft:
		return m.signed('D')
	case Deleted:
		return m.signed('T')
	case Since, Before, On:
		return t.dated(m)
	case Keyword:
		return Unknown
	}
	return t.contained(m)
}

func (m Message) signed(letter byte) Verdict {
	if m.Signs == nil {
		return Unknown
	}
	return verdict(strings.IndexByte(*m.Signs, letter) >= 0)
}

// dated compares days. POP3 has no internal date: it is the Date header's day.
func (t Term) dated(m Message) Verdict {
	if m.Header == nil || m.Header.Date.IsZero() {
		return Unknown
	}
	y, month, d := m.Header.Date.Date()
	day := time.Date(y, month, d, 0, 0, 0, 0, time.UTC)
	switch t.Key {
	case Since:
		return verdict(!day.Before(t.Day))
	case Before:
		return verdict(day.Before(t.Day))
	}
	return verdict(day.Equal(t.Day))
}

// contained looks for a text. A header as a list has it can show that a word is
// there, but only the whole message that it is not.
func (t Term) contained(m Message) Verdict {
	if m.Whole != nil {
		w := m.Whole
		where := map[Key]string{From: w.From, To: w.To, Cc: w.Cc, Subject: w.Subject, Body: w.Text, Text: strings.Join([]string{w.From, w.To, w.Cc, w.Subject, w.Header, w.Text}, "\n")}[t.Key]
		return verdict(contains(where, t.Text))
	}
	if m.Header == nil {
		return Unknown
	}
	from := m.Header.From + " " + m.Header.Address
	switch t.Key {
	case From:
		return verdict(contains(from, t.Text))
	case Subject:
		return verdict(contains(m.Header.Subject, t.Text))
	case Text:
		if contains(from, t.Text) || contains(m.Header.Subject, t.Text) {
			return Yes
		}
	}
	return Unknown
}

func contains(s, part string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(part))
}

func verdict(yes bool) Verdict {
	if yes {
		return Yes
	}
	return No
}
