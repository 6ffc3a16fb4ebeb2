package pop3

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"imapop/retrieval"
)

// maxUniqueID is where a unique-id stops being one by any reading. RFC 1939
// section 7 says 70 octets; longer ones are kept raw, for the ledger to hash.
const maxUniqueID = 1024

// maxRoom bounds what a count alone, which a server may invent, makes room for.
const maxRoom = 1 << 18

// roll puts together what STAT, LIST and UIDL say of one maildrop. STAT comes
// first; the other two in any order, and the second must list what the first did.
type roll struct {
	marked map[int]bool // DELE was answered +OK in this session: the server leaves them out
	before []int64      // octets of what was listed earlier in the session
	known  func(uniqueID string) (octets int64, ok bool)

	count   int // by STAT
	octets  int64
	hasUIDL bool
	entries []retrieval.Entry

	whole   bool // one of LIST and UIDL has come to its end
	next    int  // the index that the next line is for
	sum     int64
	unknown int // entries of which known did not know
}

// adopt makes a roll of a maildrop that UIDL has told of.
func (r *roll) adopt(drop retrieval.Maildrop) {
	r.octets, r.hasUIDL, r.whole = drop.Octets, drop.HasUIDL, true
	r.entries = append([]retrieval.Entry(nil), drop.Entries...)
	for i := range r.entries {
		if !r.entries[i].Marked {
			r.count++
		}
	}
}

// sure reports whether known's octets are those of the maildrop.
func (r *roll) sure() bool { return r.unknown == 0 && len(r.marked) == 0 && r.sum == r.octets }

// needs reports whether a refusal of the command is a failure. Some servers
// refuse to list nothing, and UIDL is optional.
func (r *roll) needs(command string) bool {
	return command == "STAT" || command == "LIST" && r.count > 0
}

// stat takes the drop listing "nn mm" (RFC 1939 section 5, STAT).
func (r *roll) stat(text string) (err error) {
	r.count, r.octets, err = parseStat(text)
	if err == nil {
		r.entries = make([]retrieval.Entry, 0, min(r.count+len(r.marked), maxRoom))
	}
	return err
}

// parseStat reads two numbers; what follows them is nobody's business.
func parseStat(text string) (count int, octets int64, err error) {
	n, rest, ok := number(text)
	if ok && n < 1<<31 {
		if octets, rest, ok = number(strings.TrimPrefix(rest, " ")); ok && (rest == "" || rest[0] == ' ') {
			return int(n), octets, nil
		}
	}
	return 0, 0, fmt.Errorf("%w: STAT gives no two numbers: %s", retrieval.ErrProtocol, quote(text))
}

// pass takes one whole answer: each line "number SP rest" goes to take.
func (r *roll) pass(command string, lines iter.Seq2[string, error], take func(n int, rest string, e *retrieval.Entry) error) error {
	count := 0
	r.next = 0
	for line, err := range lines {
		if err != nil {
			return err
		}
		count++
		n, rest, isNumber := number(line)
		if !isNumber || n < 1 || n >= 1<<31 || rest == "" || rest[0] != ' ' {
			return fmt.Errorf("%w: line %d of %s: %s", retrieval.ErrProtocol, count, command, quote(line))
		}
		e, err := r.place(command, int(n))
		if err == nil {
			err = take(int(n), strings.Trim(rest, " "), e)
		}
		if err != nil {
			return err
		}
	}
	r.skipMarked()
	if count != r.count {
		return fmt.Errorf("%w: there are %d messages, %s lists %d", retrieval.ErrProtocol, r.count, command, count)
	}
	r.whole = true
	return nil
}

// place finds or makes the entry that message n's line is for.
func (r *roll) place(command string, n int) (*retrieval.Entry, error) {
	r.skipMarked()
	if r.next == len(r.entries) {
		if r.whole {
			return nil, fmt.Errorf("%w: %s lists more than %d messages", retrieval.ErrProtocol, command, r.count)
		}
		r.entries = append(r.entries, retrieval.Entry{Number: r.next + 1})
	}
	e := &r.entries[r.next]
	r.next++
	if n != e.Number {
		return nil, fmt.Errorf("%w: %s gives message %d where %d is due", retrieval.ErrProtocol, command, n, e.Number)
	}
	return e, nil
}

// skipMarked passes over the messages that the server leaves out.
func (r *roll) skipMarked() {
	for len(r.marked) > 0 && r.marked[r.next+1] {
		if r.next == len(r.entries) {
			e := retrieval.Entry{Number: r.next + 1, Marked: true}
			if r.next < len(r.before) {
				e.Octets = r.before[r.next]
			}
			r.entries = append(r.entries, e)
		}
		r.next++
	}
}

// size takes the rest of a line of LIST.
func (r *roll) size(n int, rest string, e *retrieval.Entry) error {
	octets, more, ok := number(rest)
	if !ok || more != "" && more[0] != ' ' {
		return fmt.Errorf("%w: LIST gives no octets for message %d: %s", retrieval.ErrProtocol, n, quote(rest))
	}
	e.Octets = octets
	return nil
}

// name takes the rest of a line of UIDL.
func (r *roll) name(n int, rest string, e *retrieval.Entry) error {
	if rest == "" || len(rest) > maxUniqueID {
		return fmt.Errorf("%w: UIDL gives a unique-id of %d octets for message %d", retrieval.ErrProtocol, len(rest), n)
	}
	e.UniqueID = rest
	if r.known == nil || r.whole {
		return nil
	}
	octets, ok := r.known(rest)
	if !ok {
		octets = -1
		r.unknown++
	}
	e.Octets = octets
	r.sum += octets
	return nil
}

// number reads the digits at the start of s: no sign, and small enough for sums of them.
func number(s string) (n int64, rest string, ok bool) {
	i := 0
	for ; i < len(s) && '0' <= s[i] && s[i] <= '9'; i++ {
		if i == 15 {
			return 0, s, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	return n, s[i:], i > 0
}

// lines gives the lines of a multi-line answer of at most limit octets while it
// comes, without their CRLF. It is read to its end unless an error is given,
// which is the session's, or the loop ends: then so must the session.
func (s *Session) lines(limit int64) iter.Seq2[string, error] {
	return split(s.conn.Body(false), limit)
}

// pieces is how much is read at once.
const pieces = 32 << 10

// split cuts at CRLF. The lines of one piece share its text.
func split(r io.Reader, limit int64) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		buf, begun := make([]byte, pieces), 0 // octets of a line whose end has not come
		for {
			if begun == len(buf) {
				buf = append(buf, make([]byte, len(buf))...) // wire bounds a line
			}
			n, err := r.Read(buf[begun:])
			if limit -= int64(n); limit < 0 {
				err = fmt.Errorf("%w: more than %s in one answer", retrieval.ErrTooMuch, retrieval.Octets(maxListing))
			}
			if err != nil && !errors.Is(err, io.EOF) {
				yield("", err)
				return
			}
			behind := max(0, begun-1) // the CR may be the last octet of the piece before
			begun += n
			if i := bytes.LastIndex(buf[behind:begun], crlf); i >= 0 {
				end := behind + i + len(crlf)
				if !eachLine(string(buf[:end]), yield) {
					return
				}
				begun = copy(buf, buf[end:begun])
			}
			switch {
			case err == nil:
				continue
			case begun > 0:
				yield("", fmt.Errorf("%w: a line without its end: %s", retrieval.ErrProtocol, quote(string(buf[:begun]))))
			}
			return
		}
	}
}

var crlf = []byte("\r\n")

// eachLine gives the lines of a text that ends in CRLF; false: no more is wanted.
func eachLine(text string, yield func(string, error) bool) bool {
	for text != "" {
		line, rest, _ := strings.Cut(text, "\r\n")
		if !yield(line, nil) {
			return false
		}
		text = rest
	}
	return true
}
