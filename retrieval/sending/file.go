package sending

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"imapop/account/compose"
	"imapop/account/draft"
	"imapop/account/outgoing"
	"imapop/retrieval"
	"imapop/retrieval/imap"
	"imapop/retrieval/safe"
)

// ErrNoIMAP says that the copy cannot be filed: POP3 has no command that puts a
// message into a mailbox (RFC 1939 section 3 lists all there are).
var ErrNoIMAP = errors.New("there is no IMAP at hand, and POP3 cannot store a message on the server (RFC 1939)")

// file puts the sender's copy into Sent, unless the server did so itself, and takes
// the message out of the outbox. It says where the copy is.
func (s *Sender) file(ctx context.Context, e outgoing.Entry) (string, error) {
	if s.o.OpenIMAP == nil {
		return "", ErrNoIMAP
	}
	octets, err := s.o.Outbox.Octets(e.ID)
	if err != nil {
		return "", err
	}
	sess, err := s.o.OpenIMAP(ctx)
	if err != nil {
		return "", err
	}
	defer func() { _ = sess.Logout(ctx) }()
	folder, made, err := folderFor(ctx, sess, "Sent")
	if err != nil {
		return "", err
	}
	if _, err := sess.Select(ctx, folder, true); err != nil {
		return "", err
	}
	name := safe.Line(folder)
	uids, err := find(ctx, sess, e.MessageID)
	if err != nil {
		return "", err
	}
	where := fmt.Sprintf("%s: the server had put it there itself (found by its Message-ID)", name)
	if len(uids) == 0 {
		uid, err := sess.Append(ctx, folder, []string{`\Seen`}, e.SentAt, ownCopy(e, octets))
		if err != nil {
			return "", err
		}
		where = fmt.Sprintf("%s%s by IMAP APPEND (RFC 9051 section 6.3.12)%s", name, uidText(uid), made)
	}
	return where, s.o.Outbox.Filed(e.ID)
}

// find returns the UIDs of the selected mailbox that have a Message-ID. A server may
// match loosely, so that what it found is looked at.
func find(ctx context.Context, sess *imap.Session, messageID string) ([]uint32, error) {
	uids, err := sess.Find(ctx, 1, "Message-ID", messageID)
	if err != nil || len(uids) == 0 {
		return nil, err
	}
	ms, err := sess.Messages(ctx, uids)
	if err != nil {
		return nil, err
	}
	uids = uids[:0]
	for _, m := range ms {
		if m.Header.MessageID == messageID {
			uids = append(uids, m.UID)
		}
	}
	return uids, nil
}

func uidText(uid uint32) string {
	if uid == 0 {
		return ""
	}
	return fmt.Sprintf(", UID %d,", uid)
}

// ownCopy is what the sender keeps: Bcc stands in it, and in no copy that was sent.
func ownCopy(e outgoing.Entry, octets []byte) []byte {
	return compose.Message{Octets: octets, Bcc: e.Bcc}.SentCopy()
}

// folderFor finds the folder of a special use (RFC 6154), or by a usual name where
// the server marks none; where there is none at all it is made.
func folderFor(ctx context.Context, sess *imap.Session, role string) (name, made string, err error) {
	folders, err := sess.Folders(ctx)
	if err != nil {
		return "", "", err
	}
	if name = pick(folders, role); name != "" {
		return name, "", nil
	}
	name = personal(folders) + role
	if err := sess.Create(ctx, name); err != nil {
		return "", "", err
	}
	return name, "; the folder was made, there was none", nil
}

// usual are names that servers and clients gave to such folders before RFC 6154.
var usual = map[string][]string{
	"Sent":   {"Sent", "Sent Items", "Sent Messages", "Sent Mail"},
	"Drafts": {"Drafts", "Draft"},
}

func pick(folders []retrieval.Folder, role string) string {
	for _, f := range folders {
		if f.Role == role && !f.NoSelect {
			return f.Name
		}
	}
	for _, want := range usual[role] {
		for _, f := range folders {
			if !f.NoSelect && strings.EqualFold(strings.TrimPrefix(f.Name, "INBOX"+f.Delim), want) {
				return f.Name
			}
		}
	}
	return ""
}

// personal is what stands before the names of a person's folders: "INBOX." where
// all are below INBOX, as on Courier.
func personal(folders []retrieval.Folder) string {
	prefix := ""
	for _, f := range folders {
		if strings.EqualFold(f.Name, "INBOX") {
			continue
		}
		below := "INBOX" + f.Delim
		if f.Delim == "" || !strings.HasPrefix(f.Name, below) {
			return ""
		}
		prefix = below
	}
	return prefix
}

// Look searches for a message whose end is unknown, where it would be if it was
// accepted: in Sent, where many servers put a copy, and in INBOX. It changes nothing.
func (s *Sender) Look(ctx context.Context, messageID string) (found []string, err error) {
	if s.o.OpenIMAP == nil {
		return nil, ErrNoIMAP
	}
	sess, err := s.o.OpenIMAP(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = sess.Logout(ctx) }()
	folders, err := sess.Folders(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{pick(folders, "Sent"), "INBOX"} {
		if name == "" {
			continue
		}
		if _, err := sess.Select(ctx, name, true); err != nil {
			return found, err
		}
		uids, err := find(ctx, sess, messageID)
		if err != nil {
			return found, err
		}
		for _, uid := range uids {
			found = append(found, fmt.Sprintf("%s, UID %d", safe.Line(name), uid))
		}
	}
	return found, nil
}

// Resolve looks for a message whose end is unknown. When it is found it was accepted,
// and the outbox is told so; when not, nothing is known still: it may be under way,
// or may not have been for this mailbox.
func (s *Sender) Resolve(ctx context.Context, e outgoing.Entry) (found []string, err error) {
	found, err = s.Look(ctx, e.MessageID)
	if err != nil || len(found) == 0 {
		return found, err
	}
	_, err = s.o.Outbox.Delivered(e.ID, s.o.Now())
	return found, err
}

// StoreDraft puts a draft into the server's Drafts folder, in place of an earlier
// version of it, and says where. What is on this device stays as it is.
func (s *Sender) StoreDraft(ctx context.Context, d draft.Draft) (string, error) {
	octets, err := s.draftOctets(d)
	if err != nil {
		return "", err
	}
	where := ""
	err = s.inDrafts(ctx, func(sess *imap.Session, folder string) error {
		old, err := find(ctx, sess, draftID(d))
		if err != nil {
			return err
		}
		uid, err := sess.Append(ctx, folder, []string{`\Draft`, `\Seen`}, time.Time{}, octets)
		if err != nil {
			return err
		}
		where = fmt.Sprintf("%s%s by IMAP APPEND", safe.Line(folder), uidText(uid))
		return removeOwn(ctx, sess, old)
	})
	return where, err
}

// RemoveDraft takes the server's copy of a draft away; it is none of its business
// when there is none.
func (s *Sender) RemoveDraft(ctx context.Context, d draft.Draft) error {
	if d.ID == "" || !d.Stored {
		return nil
	}
	return s.inDrafts(ctx, func(sess *imap.Session, _ string) error {
		old, err := find(ctx, sess, draftID(d))
		if err != nil {
			return err
		}
		return removeOwn(ctx, sess, old)
	})
}

func (s *Sender) inDrafts(ctx context.Context, f func(*imap.Session, string) error) error {
	if s.o.OpenIMAP == nil {
		return ErrNoIMAP
	}
	sess, err := s.o.OpenIMAP(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = sess.Logout(ctx) }()
	folder, _, err := folderFor(ctx, sess, "Drafts")
	if err != nil {
		return err
	}
	if _, err := sess.Select(ctx, folder, false); err != nil {
		return err
	}
	return f(sess, folder)
}

// removeOwn expunges messages that this program put there, by UID and no others.
func removeOwn(ctx context.Context, sess *imap.Session, uids []uint32) error {
	if len(uids) == 0 {
		return nil
	}
	if _, err := sess.Store(ctx, uids, true, []string{`\Deleted`}); err != nil {
		return err
	}
	_, err := sess.Expunge(ctx, uids)
	return err
}

// draftOctets is the copy of a draft for the server.
func (s *Sender) draftOctets(d draft.Draft) ([]byte, error) {
	m, err := compose.Build(d, compose.Options{Now: s.o.Now(), Random: random(), ID: draftID(d), Unfinished: true, Read: reader()})
	return m.Octets, err
}

// draftID is the Message-ID of a draft on the server: it finds the earlier version.
func draftID(d draft.Draft) string { return "<draft-" + d.ID + "@imapop.invalid>" }
