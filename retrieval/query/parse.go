package query

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is typed: servers limit a command line, and a person does not
// come near either.
const (
	maxOctets = 500
	maxTerms  = 20
)

// Error says what of a query cannot be understood.
type Error struct {
	Term string // as typed
	Why  string
}

// Error gives one line.
func (e *Error) Error() string { return fmt.Sprintf("search: %s: %s", e.Term, e.Why) }

// Help is the language in a line.
const Help = `words  "a phrase"  from:  to:  cc:  subject:  body:  since:2026-11-01  since:7d  before:  on:  larger:1M  smaller:  unseen  flagged  answered  deleted  keyword:  -not`

// texts are the keys that take a text, by what is typed before the colon.
var texts = map[string]Key{"text": Text, "body": Body, "from": From, "to": To, "cc": Cc, "subject": Subject, "keyword": Keyword}

// days are the keys that take a date.
var days = map[string]Key{"since": Since, "after": Since, "before": Before, "on": On}

var sizes = map[string]Key{"larger": Larger, "smaller": Smaller}

// words are the ones that ask for a flag and not for a text; also behind "is:".
var words = map[string]Term{
	"seen": {Key: Seen}, "read": {Key: Seen}, "unseen": {Key: Seen, Not: true}, "unread": {Key: Seen, Not: true}, "new": {Key: Seen, Not: true},
	"flagged": {Key: Flagged}, "starred": {Key: Flagged}, "unflagged": {Key: Flagged, Not: true},
	"answered": {Key: Answered}, "unanswered": {Key: Answered, Not: true},
	"deleted": {Key: Deleted}, "undeleted": {Key: Deleted, Not: true}, "draft": {Key: Draft},
}

// plain are the words that mean a flag without "is:" before them; the others are
// looked for as text.
var plain = map[string]bool{"seen": true, "unseen": true, "unread": true, "flagged": true, "unflagged": true,
	"answered": true, "unanswered": true, "deleted": true, "undeleted": true}

// Parse reads what was typed. today decides what "7d" means; of it only the
// date counts. The error is an *Error.
func Parse(typed string, today time.Time) (Query, error) {
	q := Query{Typed: strings.TrimSpace(typed)}
	if len(typed) > maxOctets {
		return Query{}, &Error{Term: "it", Why: fmt.Sprintf("is longer than %d octets", maxOctets)}
	}
	if !utf8.ValidString(typed) || strings.ContainsFunc(typed, unicode.IsControl) {
		return Query{}, &Error{Term: "it", Why: "holds what is no text"}
	}
	for rest := q.Typed; rest != ""; {
		word, next, err := cut(rest)
		if err != nil {
			return Query{}, err
		}
		rest = strings.TrimSpace(next)
		t, err := word.term(today)
		if err != nil {
			return Query{}, err
		}
		if q.Terms = append(q.Terms, t); len(q.Terms) > maxTerms {
			return Query{}, &Error{Term: word.typed, Why: fmt.Sprintf("a search has at most %d terms", maxTerms)}
		}
	}
	return q, nil
}

// word is one term as typed: [-][key:]value.
type word struct {
	typed, key, value string
	not, quoted       bool
}

// cut takes the first term off a text that is not empty.
func cut(s string) (w word, rest string, err error) {
	start := s
	if s, w.not = strings.CutPrefix(s, "-"); w.not && (s == "" || s[0] == ' ') {
		return w, "", &Error{Term: "-", Why: "stands before what must not be found, without a blank between: -from:ada"}
	}
	if i := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) }); i > 0 && s[i] == ':' && !strings.HasPrefix(s[i:], "://") {
		w.key, s = strings.ToLower(s[:i]), s[i+1:]
	}
	if strings.HasPrefix(s, `"`) {
		end := strings.IndexByte(s[1:], '"')
		if end < 0 {
			return w, "", &Error{Term: start, Why: `the closing " is missing`}
		}
		w.quoted, w.value, rest = true, s[1:1+end], s[end+2:]
	} else {
		w.value, rest, _ = strings.Cut(s, " ")
	}
	w.typed = strings.TrimSpace(start[:len(start)-len(rest)])
	return w, rest, nil
}

// term makes a condition of a word.
func (w word) term(today time.Time) (Term, error) {
	t, err := w.positive(today)
	t.Not = t.Not != w.not
	return t, err
}

func (w word) positive(today time.Time) (Term, error) {
	no := func(why string) (Term, error) { return Term{}, &Error{Term: w.typed, Why: why} }
	flag := strings.ToLower(w.value)
	if w.key == "" {
		if w.value == "" {
			return no("there is nothing to look for")
		}
		if !w.quoted && plain[flag] {
			return words[flag], nil
		}
		return Term{Key: Text, Text: w.value}, nil
	}
	if w.key == "is" {
		if t, known := words[flag]; known {
			return t, nil
		}
		return no("is: takes seen, unseen, flagged, unflagged, answered, unanswered, deleted, undeleted or draft")
	}
	if w.value == "" {
		return no("something must follow the colon, without a blank between")
	}
	if k, known := days[w.key]; known {
		day, ok := date(w.value, today)
		if !ok {
			return no("a date is written 2026-11-26, or 7d for seven days ago")
		}
		return Term{Key: k, Day: day}, nil
	}
	if k, known := sizes[w.key]; known {
		n, ok := octets(w.value)
		if !ok {
			return no("a size is a number of octets, or 100k, or 2M")
		}
		return Term{Key: k, Octets: n}, nil
	}
	k, known := texts[w.key]
	if !known {
		return no(fmt.Sprintf("%s: is no key of a search; quote it to look for the text", w.key))
	}
	if k == Keyword && strings.ContainsFunc(w.value, notInAtom) {
		return no("a keyword has no blanks and none of ( ) { % * \" \\ ]")
	}
	return Term{Key: k, Text: w.value}, nil
}

// notInAtom reports what a keyword must not have (RFC 9051 section 9, atom).
func notInAtom(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`(){%*"\]`, r)
}

// date reads 2026-11-26, today, yesterday, or 7d, 2w, 3m, 1y for so long ago.
func date(s string, today time.Time) (time.Time, bool) {
	midnight := time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, time.UTC)
	switch strings.ToLower(s) {
	case "today":
		return midnight, true
	case "yesterday":
		return midnight.AddDate(0, 0, -1), true
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, t.Year() >= 1000
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	if err != nil || n < 0 || n > 9999 {
		return time.Time{}, false
	}
	switch s[len(s)-1] {
	case 'd':
		return midnight.AddDate(0, 0, -n), true
	case 'w':
		return midnight.AddDate(0, 0, -7*n), true
	case 'm':
		return midnight.AddDate(0, -n, 0), true
	case 'y':
		return midnight.AddDate(-min(n, 900), 0, 0), true
	}
	return time.Time{}, false
}

// octets reads a size; k and M are powers of 1000, as everywhere on the screen.
func octets(s string) (int64, bool) {
	times := int64(1)
	switch s[len(s)-1] {
	case 'k', 'K':
		times = 1000
	case 'm', 'M':
		times = 1_000_000
	}
	if times > 1 {
		s = s[:len(s)-1]
	}
	n, err := strconv.ParseInt(s, 10, 64)
	// SEARCH takes a number of 32 bits (RFC 9051 section 9, number).
	return n * times, err == nil && n > 0 && n < 1<<31/times
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
