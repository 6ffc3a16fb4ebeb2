package sandbox

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/emersion/go-imap/v2"

	"imapop/account/sandbox/pop3d"
)

// pop3Backend opens INBOX as POP3's maildrop. The marks of DELE live in the
// POP3 session and never touch IMAP's \Deleted.
type pop3Backend struct{ backend }

// Lock freezes the maildrop: what it lists does not change while it is held
// (RFC 1939 section 5), whatever IMAP does.
func (b pop3Backend) Lock(user string) (pop3d.Maildrop, error) {
	if user != b.s.user {
		return nil, pop3d.ErrAuth
	}
	p, st := b.s.policies, b.s.store
	st.mu.Lock()
	defer st.mu.Unlock()
	inbox, err := st.box("INBOX") // there is none once the server is closed
	if err != nil {
		return nil, err
	}
	locks := p.is(policyLock, "yes")
	if locks && st.locked {
		return nil, pop3d.ErrInUse
	}
	now := st.now()
	if d := p.duration(policyLoginDelay); d > 0 && !st.lastPOP3.IsZero() && now.Sub(st.lastPOP3) < d {
		return nil, pop3d.ErrDelay
	}
	st.lastPOP3 = now
	drop := &maildrop{s: b.s, box: inbox, locks: locks, seen: make(map[*message]bool)}
	st.locked = st.locked || locks
	hide := p.is(policyHidden, "yes")
	msgs := drop.box.msgs
	if b.s.faulty(faultAllFolders) {
		msgs = st.every()
	}
	for _, m := range inOrder(p.get(policyOrder), msgs) {
		if !hide || !m.has(imap.FlagDeleted) {
			drop.take(m)
		}
	}
	return drop, nil
}

// take puts a message into the session's list; store.mu is held.
func (d *maildrop) take(m *message) {
	octets, id := m.Size(), uniqueID(d.s.policies.get(policyUIDLFormat), d.box, m)
	if d.s.faulty(faultListOctets) {
		octets++
	}
	if d.s.faulty(faultNewIDs) {
		id = fmt.Sprintf("%x-%s", d.s.store.now().UnixNano(), id)
	}
	d.msgs = append(d.msgs, m)
	d.flags = append(d.flags, m.flags)
	d.list = append(d.list, pop3d.Message{Octets: octets, UniqueID: id})
}

// inOrder gives the messages as POP3 numbers them; any order will do, as long as
// it holds for the session.
func inOrder(order string, msgs []*message) []*message {
	if order == "uid" {
		return msgs
	}
	msgs = slices.Clone(msgs)
	slices.SortFunc(msgs, func(a, b *message) int {
		return cmp.Or(cmp.Compare(spread(a.guid), spread(b.guid)), cmp.Compare(a.uid, b.uid))
	})
	return msgs
}

// uniqueID names a message for UIDL. None of the formats ever names two
// messages alike: UIDs, UIDVALIDITYs and guids are not used again.
func uniqueID(format string, b *mailbox, m *message) string {
	switch format {
	case "cyrus":
		return fmt.Sprintf("%d.%d", b.validity, m.uid)
	case "courier":
		return fmt.Sprintf("UID%d-%d", m.guid, firstValidity)
	case "opaque":
		sum := sha256.Sum256(fmt.Appendf(nil, "imapop sandbox %d", m.guid))
		return hex.EncodeToString(sum[:16])
	}
	return fmt.Sprintf("%08x%08x", uint32(m.uid), b.validity)
}

var _ pop3d.Resetter = (*maildrop)(nil)

// maildrop is one POP3 session's frozen view.
type maildrop struct {
	s     *Server
	box   *mailbox
	locks bool
	list  []pop3d.Message
	msgs  []*message
	flags [][]imap.Flag     // of msgs, when the session began
	seen  map[*message]bool // retrieved, to be marked \Seen later; guarded by store.mu

	marked  []*message // by DELE; only a faulty server looks at them
	updated bool       // QUIT came
	reads   int
}

func (d *maildrop) Messages() []pop3d.Message { return d.list }

func (d *maildrop) Read(i int) ([]byte, error) {
	m := d.msgs[i]
	d.s.store.mu.Lock()
	gone, moved := m.gone, !slices.Equal(system(m.flags), system(d.flags[i]))
	d.s.store.mu.Unlock()
	if gone && d.s.policies.is(policyExpungedRetr, "error") || moved && d.s.policies.is(policyFlagsHide, "yes") {
		return nil, pop3d.ErrGone
	}
	switch d.s.policies.get(policyFault) {
	case faultRetrFooter:
		d.reads++
		return fmt.Appendf(slices.Clone(m.Bytes()), "(fetched over POP3, time %d of %d)\r\n", d.reads, len(d.msgs)), nil
	case faultTopMarks:
		d.s.store.mu.Lock()
		defer d.s.store.mu.Unlock()
		d.markSeen(m)
	}
	return m.Bytes(), nil
}

func (d *maildrop) Retrieved(i int) {
	st := d.s.store
	st.mu.Lock()
	defer st.mu.Unlock()
	if d.s.faulty(faultRetrHidden) {
		st.expunge(d.box, []*message{d.msgs[i]})
	}
	switch d.s.policies.get(policyRetrSeen) {
	case "at-once":
		d.markSeen(d.msgs[i])
		d.flags[i] = d.msgs[i].flags // its own change hides nothing from the session
	case "at-quit", "at-end":
		d.seen[d.msgs[i]] = true
	}
}

func (d *maildrop) markSeen(m *message) {
	d.s.store.setFlags(d.box, m, changeFlags(m.flags, imap.StoreFlagsAdd, []imap.Flag{imap.FlagSeen}), nil)
}

// Update is the UPDATE state: only here does a deletion happen (RFC 1939 section 6).
func (d *maildrop) Update(deleted []int) error {
	st := d.s.store
	st.mu.Lock()
	defer st.mu.Unlock()
	d.updated = true
	d.markAll()
	if d.s.faulty(faultQuitKeeps) {
		return nil
	}
	var gone []*message
	for _, i := range deleted {
		if m := d.msgs[i]; !m.gone {
			gone = append(gone, m)
		}
	}
	if d.s.policies.is(policyDelete, "trash") {
		trash, err := st.box("Trash")
		if err != nil {
			if trash, err = st.create("Trash", []imap.MailboxAttr{imap.MailboxAttrTrash}); err != nil {
				return err
			}
		}
		st.move(d.box, gone, trash)
		return nil
	}
	st.expunge(d.box, gone)
	return nil
}

// Reset forgets what was to be marked at the end, as Dovecot and Cyrus do at RSET.
func (d *maildrop) Reset() {
	d.s.store.mu.Lock()
	defer d.s.store.mu.Unlock()
	clear(d.seen)
	d.marked = nil
}

// markAll marks what was retrieved, in the order of the list.
func (d *maildrop) markAll() {
	for _, m := range d.msgs {
		if d.seen[m] {
			d.markSeen(m)
		}
	}
	clear(d.seen)
}

func (d *maildrop) Unlock() {
	d.s.store.mu.Lock()
	defer d.s.store.mu.Unlock()
	if len(d.seen) > 0 && d.s.policies.is(policyRetrSeen, "at-end") {
		d.markAll()
	}
	if !d.updated && d.s.faulty(faultDropDeletes) {
		d.s.store.expunge(d.box, d.marked)
	}
	if d.locks && !(d.updated && d.s.faulty(faultLockStays)) {
		d.s.store.locked = false
	}
}

// system gives the flags that are not keywords.
func system(flags []imap.Flag) []imap.Flag {
	return slices.DeleteFunc(slices.Clone(flags), func(f imap.Flag) bool { return f[0] != '\\' })
}

// pop3Policy is read by the POP3 server for each session.
func (s *Server) pop3Policy() pop3d.Policy {
	p := s.policies
	return pop3d.Policy{
		IdleTimeout: p.duration(policyIdleTimeout),
		NoUIDL:      p.is(policyUIDL, "no"),
		APOP:        p.is(policyAPOP, "yes"),
		RefusePlain: p.is(policyPlaintext, "refuse"),
		LoginDelay:  p.duration(policyLoginDelay),
		ExpireDays:  -1,
		KeepMarks:   s.faulty(faultRsetKeeps),
		ServeMarked: s.faulty(faultDeleServes),
	}
}
