package sandbox

import (
	"sort"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// Create makes a mailbox, with a special use where asked (RFC 6154 section 3).
func (c *imapSession) Create(name string, o *imap.CreateOptions) error {
	defer c.lock()()
	_, err := c.s.store.create(name, o.SpecialUse)
	return imapError(err)
}

// Delete removes a mailbox and what is in it.
func (c *imapSession) Delete(name string) error {
	defer c.lock()()
	return imapError(c.s.store.remove(name))
}

// Rename keeps UIDVALIDITY and UIDs.
func (c *imapSession) Rename(from, to string, _ *imap.RenameOptions) error {
	defer c.lock()()
	return imapError(c.s.store.rename(from, to))
}

// Subscribe remembers a name, whether or not there is such a mailbox.
func (c *imapSession) Subscribe(name string) error {
	defer c.lock()()
	if err := checkName(canonicalName(name)); err != nil {
		return imapError(err)
	}
	c.s.store.subscribed[canonicalName(name)] = true
	return nil
}

// Unsubscribe forgets it.
func (c *imapSession) Unsubscribe(name string) error {
	defer c.lock()()
	delete(c.s.store.subscribed, canonicalName(name))
	return nil
}

// Namespace says that everything is personal (RFC 2342).
func (c *imapSession) Namespace() (*imap.NamespaceData, error) {
	return &imap.NamespaceData{Personal: []imap.NamespaceDescriptor{{Delim: delimiter}}}, nil
}

// Status answers without selecting.
func (c *imapSession) Status(name string, o *imap.StatusOptions) (*imap.StatusData, error) {
	defer c.lock()()
	b, err := c.s.store.box(name)
	if err != nil {
		return nil, imapError(err)
	}
	return b.status(o), nil
}

func (b *mailbox) status(o *imap.StatusOptions) *imap.StatusData {
	total, zero, none := uint32(len(b.msgs)), uint32(0), int64(0)
	data := &imap.StatusData{
		Mailbox: b.name, UIDNext: b.next, UIDValidity: b.validity,
		NumMessages: &total, NumRecent: &zero, DeletedStorage: &none,
	}
	if o.NumUnseen {
		n := total - b.count(imap.FlagSeen)
		data.NumUnseen = &n
	}
	if o.NumDeleted {
		n := b.count(imap.FlagDeleted)
		data.NumDeleted = &n
	}
	if o.Size {
		n := b.octets()
		data.Size = &n
	}
	if o.DeletedStorage {
		for _, m := range b.withFlag(imap.FlagDeleted, nil) {
			none += m.Size()
		}
	}
	return data
}

// List answers LIST and LSUB. Names that exist only because something is below
// them are \NonExistent (RFC 5258 section 3).
func (c *imapSession) List(w *imapserver.ListWriter, ref string, patterns []string, o *imap.ListOptions) error {
	if len(patterns) == 0 {
		return w.WriteList(&imap.ListData{Attrs: []imap.MailboxAttr{imap.MailboxAttrNoSelect}, Delim: delimiter})
	}
	unlock := c.lock()
	var out []*imap.ListData
	for _, name := range c.s.store.names() {
		if matches(name, ref, patterns) {
			if data := c.s.store.listed(name, o); data != nil {
				out = append(out, data)
			}
		}
	}
	unlock()
	for _, data := range out {
		if err := w.WriteList(data); err != nil {
			return err
		}
	}
	return nil
}

// matches reports whether any pattern fits. Long runs of wildcards are refused:
// the library tries them in exponential time.
func matches(name, ref string, patterns []string) bool {
	for _, p := range patterns {
		if strings.Count(p, "*")+strings.Count(p, "%") > 8 {
			continue
		}
		if strings.EqualFold(p, "INBOX") && ref == "" {
			p = "INBOX"
		}
		if imapserver.MatchList(name, delimiter, ref, p) {
			return true
		}
	}
	return false
}

// names gives mailboxes, subscribed names and the parents of both, INBOX first.
func (s *store) names() []string {
	set := make(map[string]bool)
	addAll := func(name string) {
		for name != "" && !set[name] {
			set[name] = true
			name = name[:max(strings.LastIndexByte(name, delimiter), 0)]
		}
	}
	for name := range s.boxes {
		addAll(name)
	}
	for name := range s.subscribed {
		addAll(name)
	}
	var names []string
	for name := range set {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool {
		if (names[i] == "INBOX") != (names[j] == "INBOX") {
			return names[i] == "INBOX"
		}
		return names[i] < names[j]
	})
	return names
}

// listed describes one name, or gives nil when the selection leaves it out.
func (s *store) listed(name string, o *imap.ListOptions) *imap.ListData {
	b, sub := s.boxes[name], s.subscribed[name]
	children, subChildren := s.below(name)
	data := &imap.ListData{Mailbox: name, Delim: delimiter}
	switch {
	case o.SelectSubscribed && !sub:
		if !o.SelectRecursiveMatch || !subChildren {
			return nil
		}
		data.ChildInfo = &imap.ListDataChildInfo{Subscribed: true}
	case !o.SelectSubscribed && b == nil && !children:
		return nil // a subscription to nothing
	}
	if o.SelectSpecialUse && (b == nil || len(b.use) == 0) {
		return nil
	}
	if b == nil {
		data.Attrs = append(data.Attrs, imap.MailboxAttrNonExistent, imap.MailboxAttrNoSelect)
	}
	if children {
		data.Attrs = append(data.Attrs, imap.MailboxAttrHasChildren)
	} else {
		data.Attrs = append(data.Attrs, imap.MailboxAttrHasNoChildren)
	}
	if sub && (o.ReturnSubscribed || o.SelectSubscribed) {
		data.Attrs = append(data.Attrs, imap.MailboxAttrSubscribed)
	}
	if b != nil {
		data.Attrs = append(data.Attrs, b.use...)
		if o.ReturnStatus != nil {
			data.Status = b.status(o.ReturnStatus)
		}
	}
	return data
}

// below reports whether a name has mailboxes, and subscribed names, under it.
func (s *store) below(name string) (boxes, subscribed bool) {
	prefix := name + string(delimiter)
	for other := range s.boxes {
		boxes = boxes || strings.HasPrefix(other, prefix)
	}
	for other := range s.subscribed {
		subscribed = subscribed || strings.HasPrefix(other, prefix)
	}
	return boxes, subscribed
}
