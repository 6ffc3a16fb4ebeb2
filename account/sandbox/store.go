package sandbox

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
)

const delimiter = '/'

// firstValidity is where UIDVALIDITY starts; each mailbox that is made gets the
// next one, so that no name ever has the same value twice (RFC 9051 section 2.3.1.1).
const firstValidity = 1432000000

// Errors of the store. The doors turn them into what their protocol says.
var (
	errNoMailbox     = errors.New("no such mailbox")
	errMailboxExists = errors.New("the mailbox exists already")
	errMailboxName   = errors.New("not a name for a mailbox")
	errInbox         = errors.New("INBOX cannot be deleted")
	errBadFlag       = errors.New("no such system flag")
)

// store is the one mailbox tree that all doors open on. mu guards everything in
// it, the mailboxes, their messages' flags, and the views; it is never held
// while a socket is written.
type store struct {
	mu         sync.Mutex
	now        func() time.Time
	boxes      map[string]*mailbox
	subscribed map[string]bool     // names; may outlive the mailbox (RFC 9051 section 6.3.8)
	validity   uint32              // the last UIDVALIDITY given out
	guid       uint32              // the last message.guid given out
	locked     bool                // by a POP3 session
	old        map[uint32]imap.UID // UIDs that messages had in INBOX, by guid; only for a fault
	lastPOP3   time.Time           // when POP3's lock was last taken
}

// mailbox is one folder. Everything in it is guarded by store.mu.
type mailbox struct {
	name     string
	validity uint32
	next     imap.UID   // UIDNEXT
	msgs     []*message // ascending by UID
	keywords []imap.Flag
	use      []imap.MailboxAttr
	views    map[*view]struct{}
}

func newStore(now func() time.Time) *store {
	s := &store{now: now, boxes: make(map[string]*mailbox), subscribed: make(map[string]bool), validity: firstValidity}
	s.create("INBOX", nil)
	s.subscribed["INBOX"] = true
	return s
}

// canonicalName spells INBOX as the RFC does and drops a delimiter at the end.
func canonicalName(name string) string {
	name = strings.TrimSuffix(name, string(delimiter))
	if strings.EqualFold(name, "INBOX") {
		return "INBOX"
	}
	return name
}

func checkName(name string) error {
	d := string(delimiter)
	bad := name == "" || strings.HasPrefix(name, d) || strings.Contains(name, d+d) || len(name) > 255 ||
		strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '%' || r == '*' })
	if bad {
		return errMailboxName
	}
	return nil
}

func (s *store) box(name string) (*mailbox, error) {
	if b := s.boxes[canonicalName(name)]; b != nil {
		return b, nil
	}
	return nil, errNoMailbox
}

func (s *store) create(name string, use []imap.MailboxAttr) (*mailbox, error) {
	name = canonicalName(name)
	if err := checkName(name); err != nil {
		return nil, err
	}
	if s.boxes[name] != nil {
		return nil, errMailboxExists
	}
	s.validity++
	b := &mailbox{name: name, validity: s.validity, next: 1, use: use, views: make(map[*view]struct{})}
	s.boxes[name] = b
	return b, nil
}

// remove deletes a mailbox and its messages; sessions that have it open see
// them expunged. Folders below it stay.
func (s *store) remove(name string) error {
	b, err := s.box(name)
	if err != nil {
		return err
	}
	if b.name == "INBOX" {
		return errInbox
	}
	s.expunge(b, slices.Clone(b.msgs))
	delete(s.boxes, b.name)
	return nil
}

// rename gives a mailbox, and those below it, another name; UIDVALIDITY and
// UIDs go with it. Renaming INBOX moves its messages and leaves it empty
// (RFC 9051 section 6.3.6).
func (s *store) rename(from, to string) error {
	from, to = canonicalName(from), canonicalName(to)
	if err := checkName(to); err != nil {
		return err
	}
	below := from + string(delimiter)
	if strings.HasPrefix(to, below) {
		return errMailboxName
	}
	var names []string
	for name := range s.boxes {
		if name == from || from != "INBOX" && strings.HasPrefix(name, below) {
			names = append(names, name)
			if s.boxes[to+strings.TrimPrefix(name, from)] != nil {
				return errMailboxExists
			}
		}
	}
	if len(names) == 0 {
		return errNoMailbox
	}
	if from == "INBOX" {
		inbox := s.boxes[from]
		dest, err := s.create(to, nil)
		if err == nil {
			s.move(inbox, slices.Clone(inbox.msgs), dest)
		}
		return err
	}
	for _, name := range names {
		b := s.boxes[name]
		delete(s.boxes, name)
		b.name = to + strings.TrimPrefix(name, from)
		s.boxes[b.name] = b
	}
	return nil
}

// add puts a message into a mailbox under the next UID and wakes its sessions.
// guid 0 asks for a new one.
func (s *store) add(b *mailbox, c content, flags []imap.Flag, date time.Time, guid uint32) *message {
	if guid == 0 {
		s.guid++
		guid = s.guid
	}
	m := &message{uid: b.next, guid: guid, date: date, flags: flags, content: c}
	b.next++
	b.msgs = append(b.msgs, m)
	s.learnKeywords(b, flags)
	for v := range b.views {
		v.notify()
	}
	return m
}

// learnKeywords keeps the list of keywords that FLAGS announces.
func (s *store) learnKeywords(b *mailbox, flags []imap.Flag) {
	for _, f := range flags {
		if strings.HasPrefix(string(f), `\`) || slices.ContainsFunc(b.keywords, func(k imap.Flag) bool {
			return strings.EqualFold(string(k), string(f))
		}) {
			continue
		}
		b.keywords = append(b.keywords, f)
		for v := range b.views {
			v.newKeyword = true
		}
	}
}

// setFlags gives a message another flag list and tells every view but skip.
func (s *store) setFlags(b *mailbox, m *message, flags []imap.Flag, skip *view) {
	if m.gone || slices.Equal(m.flags, flags) {
		return
	}
	m.flags = flags
	s.learnKeywords(b, flags)
	for v := range b.views {
		if v != skip {
			v.flagged = append(v.flagged, m)
			v.notify()
		}
	}
}

// expunge removes messages of one mailbox for good; their UIDs are not used again.
func (s *store) expunge(b *mailbox, msgs []*message) {
	n := 0
	for _, m := range msgs {
		if !m.gone {
			m.gone = true
			n++
		}
	}
	if n == 0 {
		return
	}
	b.msgs = slices.DeleteFunc(b.msgs, func(m *message) bool { return m.gone })
	for v := range b.views {
		v.gone = true
		v.notify()
	}
}

// copyTo copies messages under new UIDs, with flags and internal date
// (RFC 9051 section 6.4.7), and gives the pairs for COPYUID.
func (s *store) copyTo(msgs []*message, dest *mailbox, keepGUID bool) *imap.CopyData {
	data := &imap.CopyData{UIDValidity: dest.validity}
	for _, m := range msgs {
		if m.gone {
			continue
		}
		var guid uint32
		if keepGUID {
			guid = m.guid
		}
		c := s.add(dest, m.content, m.flags, m.date, guid)
		data.SourceUIDs.AddNum(m.uid)
		data.DestUIDs.AddNum(c.uid)
	}
	if len(data.SourceUIDs) == 0 {
		return nil
	}
	return data
}

// move is copyTo and expunge in one step (RFC 6851).
func (s *store) move(from *mailbox, msgs []*message, dest *mailbox) *imap.CopyData {
	data := s.copyTo(msgs, dest, true)
	s.expunge(from, msgs)
	return data
}
