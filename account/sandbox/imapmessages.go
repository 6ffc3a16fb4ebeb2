package sandbox

import (
	"errors"
	"io"
	"slices"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// errReadOnly refuses changes after EXAMINE (RFC 9051 section 6.3.3).
var errReadOnly = imapNo("READ-ONLY", "The mailbox is open for reading only")

// Fetch answers for the messages of the set and touches no other. BODY[]
// without PEEK sets \Seen, which is in the same answer (RFC 9051 section 6.4.5).
func (c *imapSession) Fetch(w *imapserver.FetchWriter, set imap.NumSet, o *imap.FetchOptions) error {
	unlock := c.lock()
	picked := c.view.pick(set)
	marks := !c.view.readOnly && c.marks(o)
	changed := make(map[uint32]bool)
	for i, m := range picked {
		if marks && !m.gone && !m.has(imap.FlagSeen) {
			flags := changeFlags(m.flags, imap.StoreFlagsAdd, []imap.Flag{imap.FlagSeen})
			c.s.store.setFlags(c.view.box, m.message, flags, c.view)
			picked[i].flags, changed[m.seq] = flags, true
		}
	}
	unlock()
	for _, m := range picked {
		if err := m.write(w, o, changed[m.seq]); err != nil {
			return err
		}
	}
	return nil
}

func marksSeen(o *imap.FetchOptions) bool {
	return slices.ContainsFunc(o.BodySection, func(s *imap.FetchItemBodySection) bool { return !s.Peek }) ||
		slices.ContainsFunc(o.BinarySection, func(s *imap.FetchItemBinarySection) bool { return !s.Peek })
}

// write sends one FETCH response. A message that another session expunged is
// still whole here: this session has not been told.
func (m numbered) write(w *imapserver.FetchWriter, o *imap.FetchOptions, seen bool) error {
	r := w.CreateMessage(m.seq)
	if o.UID {
		r.WriteUID(m.uid)
	}
	if o.Flags || seen {
		r.WriteFlags(m.flags)
	}
	if o.InternalDate {
		r.WriteInternalDate(m.date)
	}
	if o.RFC822Size {
		r.WriteRFC822Size(m.Size())
	}
	if o.Envelope {
		r.WriteEnvelope(m.Envelope())
	}
	if o.BodyStructure != nil {
		r.WriteBodyStructure(m.Structure())
	}
	if err := m.writeSections(r, o); err != nil {
		return err
	}
	return r.Close()
}

func (m numbered) writeSections(r *imapserver.FetchResponseWriter, o *imap.FetchOptions) error {
	if len(o.BodySection)+len(o.BinarySection)+len(o.BinarySectionSize) == 0 {
		return nil
	}
	raw := m.Bytes()
	for _, s := range o.BodySection {
		b := bodySection(raw, s)
		if err := writeLiteral(r.WriteBodySection(s, int64(len(b))), b); err != nil {
			return err
		}
	}
	for _, s := range o.BinarySection {
		b := binarySection(raw, s)
		if err := writeLiteral(r.WriteBinarySection(s, int64(len(b))), b); err != nil {
			return err
		}
	}
	for _, s := range o.BinarySectionSize {
		n := len(binarySection(raw, &imap.FetchItemBinarySection{Part: s.Part}))
		r.WriteBinarySectionSize(s, uint32(n))
	}
	return nil
}

func writeLiteral(w io.WriteCloser, b []byte) error {
	_, err := w.Write(b)
	return errors.Join(err, w.Close())
}

// Store changes flags and tells the other sessions (RFC 9051 section 6.4.6).
func (c *imapSession) Store(w *imapserver.FetchWriter, set imap.NumSet, change *imap.StoreFlags, _ *imap.StoreOptions) error {
	flags, err := clientFlags(change.Flags)
	if err != nil {
		return imapError(err)
	}
	unlock := c.lock()
	if c.view.readOnly {
		unlock()
		return errReadOnly
	}
	picked := slices.DeleteFunc(c.view.pick(set), func(m numbered) bool { return m.gone })
	for i, m := range picked {
		picked[i].flags = changeFlags(m.flags, change.Op, flags)
		if !c.losesFlags(change.Op) {
			c.s.store.setFlags(c.view.box, m.message, picked[i].flags, c.view)
		}
		if c.s.faulty(faultDeletedGoes) && m.has(imap.FlagDeleted) {
			c.s.store.expunge(c.view.box, []*message{m.message})
		}
	}
	unlock()
	if change.Silent {
		return nil
	}
	_, byUID := set.(imap.UIDSet)
	for _, m := range picked {
		if err := m.write(w, &imap.FetchOptions{UID: byUID, Flags: true}, false); err != nil {
			return err
		}
	}
	return nil
}

// Expunge removes what is marked \Deleted, with uids only that among it
// (RFC 9051 sections 6.4.3 and 6.4.9). The session itself hears of it, as all
// others do, when it is polled before the tagged OK. CLOSE comes here too, with
// a writer that writes nothing, and after EXAMINE does nothing.
func (c *imapSession) Expunge(w *imapserver.ExpungeWriter, uids *imap.UIDSet) error {
	defer c.lock()()
	if c.view.readOnly {
		if *w == (imapserver.ExpungeWriter{}) {
			return nil
		}
		return errReadOnly
	}
	var set imap.NumSet = imap.SeqSet{{Start: 1}}
	if uids != nil {
		set = *uids
	}
	var gone []*message
	for _, m := range c.view.pick(set) {
		if m.has(imap.FlagDeleted) {
			gone = append(gone, m.message)
		}
	}
	if c.s.faulty(faultExpungeKeeps) {
		return nil
	}
	c.s.store.expunge(c.view.box, gone)
	if c.s.faulty(faultUIDsChange) {
		c.view.box.renumber()
	}
	return nil
}

// Copy copies the messages of the set.
func (c *imapSession) Copy(set imap.NumSet, dest string) (*imap.CopyData, error) {
	defer c.lock()()
	b, err := c.s.store.box(dest)
	if err != nil {
		return nil, imapNo(imap.ResponseCodeTryCreate, "No such mailbox")
	}
	return c.s.store.copyTo(c.view.messages(set), b, false), nil
}

// Move copies and expunges in one step (RFC 9051 section 6.4.8).
func (c *imapSession) Move(w *imapserver.MoveWriter, set imap.NumSet, dest string) error {
	unlock := c.lock()
	b, err := c.s.store.box(dest)
	var data *imap.CopyData
	switch {
	case err != nil:
		err = imapNo(imap.ResponseCodeTryCreate, "No such mailbox")
	case c.view.readOnly:
		err = errReadOnly
	default:
		data = c.s.move(c.view.box, c.view.messages(set), b)
	}
	unlock()
	if err != nil || data == nil {
		return err
	}
	return w.WriteCopyData(data)
}

func (v *view) messages(set imap.NumSet) []*message {
	var out []*message
	for _, m := range v.pick(set) {
		out = append(out, m.message)
	}
	return out
}
