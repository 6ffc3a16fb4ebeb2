package sandbox

import (
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"

	"imapop/account/sandbox/pop3d"
)

// policyFault is no policy of any server: it makes this one break a rule, so that
// whoever claims the rule can be seen to notice. It is not among PolicyNames.
const policyFault = "fault"

// The faults.
const (
	faultNone         = "none"
	faultDeleAtOnce   = "dele-at-once"
	faultQuitKeeps    = "quit-keeps"
	faultDropDeletes  = "drop-deletes"
	faultRsetKeeps    = "rset-keeps-marks"
	faultListGrows    = "list-grows"
	faultAllFolders   = "pop3-all-folders"
	faultNewIDs       = "unique-ids-change"
	faultListOctets   = "list-octets"
	faultRetrFooter   = "retr-footer"
	faultRetrHidden   = "retr-hides"
	faultLockStays    = "lock-stays"
	faultFlagsLost    = "flags-lost"
	faultExpungeKeeps = "expunge-keeps"
	faultMoveLoses    = "move-loses"
	faultUIDsChange   = "uids-change"
	faultUIDsReused   = "uids-reused"
	faultPeekMarks    = "peek-marks"
	faultTopMarks     = "top-marks"
	faultMailLost     = "mail-lost"
	faultMailRefused  = "mail-refused"
	faultSubject      = "subject-changed"
	faultOneIMAP      = "one-imap-session"
	faultDeleFlags    = "dele-flags"
	faultDeleServes   = "dele-serves"
	faultAppendLost   = "append-lost"
	faultMoveKeeps    = "move-keeps"
	faultDeletedGoes  = "deleted-goes"
	faultUnflagLost   = "unflag-lost"
	faultReadLeaves   = "read-leaves"
)

// FaultDoc describes one fault.
type FaultDoc struct{ Name, Effect string }

var faultDocs = []FaultDoc{
	{faultDeleAtOnce, "DELE deletes at once (RFC 1939 section 5 says that QUIT does)"},
	{faultQuitKeeps, "QUIT says +OK and deletes nothing (RFC 1939 section 6)"},
	{faultDropDeletes, "a POP3 session that is dropped deletes what was marked (RFC 1939 section 6)"},
	{faultRsetKeeps, "RSET says +OK and unmarks nothing (RFC 1939 section 5)"},
	{faultListGrows, "an open POP3 session lists what arrives (RFC 1939 section 5)"},
	{faultAllFolders, "POP3 lists the messages of every folder (RFC 1939 section 3)"},
	{faultNewIDs, "unique-ids are others in each session (RFC 1939 section 7)"},
	{faultListOctets, "LIST counts one octet too many (RFC 1939 section 5)"},
	{faultRetrFooter, "RETR adds a line, another one each time (RFC 1939 section 5)"},
	{faultRetrHidden, "IMAP loses what POP3 retrieved (RFC 1939 section 6)"},
	{faultLockStays, "the maildrop stays locked after QUIT (RFC 1939 section 6)"},
	{faultFlagsLost, "STORE is answered and not kept (RFC 9051 section 6.4.6)"},
	{faultExpungeKeeps, "EXPUNGE removes nothing (RFC 9051 section 6.4.3)"},
	{faultMoveLoses, "MOVE removes the message and puts it nowhere (RFC 6851)"},
	{faultUIDsChange, "an expunge gives new UIDs to the messages that stay (RFC 9051 section 2.3.1.1)"},
	{faultUIDsReused, "a message that is moved away and back has its old UID again (RFC 9051 section 2.3.1.1)"},
	{faultPeekMarks, `BODY.PEEK sets \Seen (RFC 9051 section 6.4.5)`},
	{faultTopMarks, `TOP sets \Seen`},
	{faultMailLost, "submission says 250 and loses the message (RFC 5321 section 4.2.5)"},
	{faultMailRefused, "submission refuses every message"},
	{faultSubject, "the Subject of what arrives is changed (RFC 9051 section 2.3)"},
	{faultOneIMAP, "a second IMAP login is refused (RFC 9051 section 5.5)"},
	{faultDeleServes, "RETR gives what DELE has marked (RFC 1939 section 5)"},
	{faultAppendLost, "APPEND says OK and keeps nothing (RFC 9051 section 6.3.12)"},
	{faultMoveKeeps, "MOVE leaves the message where it was (RFC 6851)"},
	{faultDeletedGoes, `\Deleted expunges at once (RFC 9051 section 6.4.3)`},
	{faultUnflagLost, "STORE -FLAGS is answered and takes nothing away (RFC 9051 section 6.4.6)"},
	{faultReadLeaves, `BODY[] leaves \Seen unset (RFC 9051 section 6.4.5)`},
	{faultDeleFlags, `DELE sets IMAP's \Deleted (RFC 1939 knows no flags)`},
}

// Faults lists what SetPolicy("fault", …) can break, one at a time; "none" breaks nothing.
func Faults() []FaultDoc { return slices.Clone(faultDocs) }

func checkFault(value string) error {
	if value == faultNone || slices.ContainsFunc(faultDocs, func(d FaultDoc) bool { return d.Name == value }) {
		return nil
	}
	return fmt.Errorf("%w: there is no fault %q", ErrPolicy, value)
}

func (s *Server) faulty(fault string) bool { return s.policies.is(policyFault, fault) }

// every lists the messages of all mailboxes, INBOX first; store.mu is held.
func (s *store) every() []*message {
	var names []string
	for name := range s.boxes {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return strings.Compare(strings.TrimPrefix(a, "INBOX"), strings.TrimPrefix(b, "INBOX"))
	})
	var all []*message
	for _, name := range names {
		all = append(all, s.boxes[name].msgs...)
	}
	return all
}

// renumber gives every message of a mailbox a new UID; store.mu is held.
func (b *mailbox) renumber() {
	for _, m := range b.msgs {
		m.uid = b.next
		b.next++
	}
	for v := range b.views {
		v.told = b.next - 1
	}
}

var (
	_ pop3d.Marker = (*maildrop)(nil)
	_ pop3d.Grower = (*maildrop)(nil)
)

// Marked hears of each DELE; only a faulty server does anything then.
func (d *maildrop) Marked(i int) {
	d.s.store.mu.Lock()
	defer d.s.store.mu.Unlock()
	d.marked = append(d.marked, d.msgs[i])
	switch d.s.policies.get(policyFault) {
	case faultDeleAtOnce:
		d.s.store.expunge(d.box, d.marked)
	case faultDeleFlags:
		d.s.store.setFlags(d.box, d.msgs[i], append(slices.Clone(d.msgs[i].flags), `\Deleted`), nil)
	}
}

// Grown gives what a list that should be frozen has grown by.
func (d *maildrop) Grown() []pop3d.Message {
	if !d.s.faulty(faultListGrows) {
		return nil
	}
	d.s.store.mu.Lock()
	defer d.s.store.mu.Unlock()
	from := len(d.msgs)
	for _, m := range d.box.msgs {
		if !slices.Contains(d.msgs, m) {
			d.take(m)
		}
	}
	return d.list[from:]
}

// move is the store's, unless a fault makes it another.
func (s *Server) move(from *mailbox, msgs []*message, to *mailbox) *imap.CopyData {
	switch s.policies.get(policyFault) {
	case faultMoveLoses:
		s.store.expunge(from, msgs)
		return nil
	case faultMoveKeeps:
		return s.store.copyTo(msgs, to, false)
	case faultUIDsReused:
		if to.name == "INBOX" {
			return s.moveBack(from, msgs, to)
		}
		for _, m := range msgs {
			s.store.before(m)
		}
	}
	return s.store.move(from, msgs, to)
}

// before remembers the UID that a message had in the mailbox that it leaves.
func (s *store) before(m *message) {
	if s.old == nil {
		s.old = map[uint32]imap.UID{}
	}
	s.old[m.guid] = m.uid
}

// moveBack gives messages the UIDs that they had in INBOX.
func (s *Server) moveBack(from *mailbox, msgs []*message, to *mailbox) *imap.CopyData {
	data := s.store.move(from, msgs, to)
	for _, m := range to.msgs {
		if uid := s.store.old[m.guid]; uid != 0 {
			m.uid = uid
		}
	}
	slices.SortFunc(to.msgs, func(a, b *message) int { return int(int64(a.uid) - int64(b.uid)) })
	return data
}

// losesFlags reports whether a fault makes a STORE keep nothing.
func (c *imapSession) losesFlags(op imap.StoreFlagsOp) bool {
	return c.s.faulty(faultFlagsLost) || op == imap.StoreFlagsDel && c.s.faulty(faultUnflagLost)
}

// marks reports whether a FETCH sets \Seen here.
func (c *imapSession) marks(o *imap.FetchOptions) bool {
	switch c.s.policies.get(policyFault) {
	case faultPeekMarks:
		return len(o.BodySection) > 0
	case faultReadLeaves:
		return false
	}
	return marksSeen(o)
}
