package live

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"imapop/retrieval"
	"imapop/retrieval/imap"
	"imapop/retrieval/safe"
)

// changeFolder renames, deletes or subscribes. A folder that is open is left
// before it is renamed or deleted: what becomes of a selected mailbox then is
// each server's own affair.
func (d *Desk) changeFolder(ctx context.Context, s *imap.Session, a retrieval.Action) error {
	act := func() error { return s.Subscribe(ctx, a.Folder, a.Verb == retrieval.VerbSubscribe) }
	source := "RFC 9051 section 6.3.7"
	text := fmt.Sprintf("IMAP %sd %s", a.Verb, safe.Line(a.Folder))
	switch a.Verb {
	case retrieval.VerbRename:
		act, source = func() error { return s.Rename(ctx, a.Folder, a.Name) }, "RFC 9051 section 6.3.6"
		text = fmt.Sprintf("IMAP renamed %s to %s", safe.Line(a.Folder), safe.Line(a.Name))
	case retrieval.VerbDiscard:
		if err := d.stillHolds(ctx, s, a); err != nil {
			return err
		}
		act, source = func() error { return s.Remove(ctx, a.Folder) }, "RFC 9051 section 6.3.5"
		text = fmt.Sprintf("IMAP deleted the folder %s with %d messages in it", safe.Line(a.Folder), a.Holds)
	}
	open := s.Mailbox().Name
	within := a.Verb != retrieval.VerbSubscribe && a.Verb != retrieval.VerbUnsub && d.within(open, a.Folder)
	if within {
		if err := d.imap.selectFolder(ctx, s, "INBOX"); err != nil {
			return err
		}
	}
	err := act()
	if within && (err != nil || a.Verb == retrieval.VerbRename) {
		back := open
		if err == nil {
			back = a.Name + strings.TrimPrefix(open, a.Folder)
		}
		if e := d.imap.selectFolder(ctx, s, back); err == nil {
			err = e
		}
	}
	if err != nil {
		return err
	}
	h := retrieval.Happening{Side: retrieval.IMAP, Kind: retrieval.FolderChanged, Line: s.LastLine(), Cause: retrieval.CauseClient, Source: source, Text: text}
	d.ask(func(b *book) { b.happen(h) })
	return d.imap.listFolders(ctx, s)
}

// within reports whether a folder is another one or lies below it.
func (d *Desk) within(name, folder string) (yes bool) {
	d.ask(func(b *book) {
		for i := range b.imap.Folders {
			if f := &b.imap.Folders[i]; f.Name == folder && f.Delim != "" {
				yes = strings.HasPrefix(name, folder+f.Delim)
			}
		}
	})
	return yes || name == folder
}

// stillHolds asks how many messages a folder has, and refuses when it is not what
// the person was shown: more would go than was agreed to.
func (d *Desk) stillHolds(ctx context.Context, s *imap.Session, a retrieval.Action) error {
	const op = "delete folder"
	if isInbox(a.Folder) {
		return &retrieval.OpError{Protocol: retrieval.IMAP, Op: op, Err: retrieval.ErrRefused, Text: "INBOX cannot be deleted (RFC 9051 section 6.3.5)"}
	}
	hollow, known := false, false
	d.ask(func(b *book) {
		i := slices.IndexFunc(b.imap.Folders, func(f retrieval.Folder) bool { return f.Name == a.Folder })
		known = i >= 0
		hollow = known && b.imap.Folders[i].NoSelect
	})
	if !known {
		return &retrieval.OpError{Protocol: retrieval.IMAP, Op: op, Err: retrieval.ErrStale}
	}
	if hollow { // it cannot hold messages, nor be asked
		return nil
	}
	holds := s.Mailbox().Messages
	if s.Mailbox().Name != a.Folder {
		f, err := s.Status(ctx, a.Folder)
		if err != nil {
			return err
		}
		if !f.Counted {
			return &retrieval.OpError{Protocol: retrieval.IMAP, Op: op, Err: retrieval.ErrRefused, Text: "the server does not say how many messages are in it"}
		}
		holds = f.Messages
	}
	if holds == a.Holds {
		return nil
	}
	_ = d.imap.listFolders(ctx, s)
	return &retrieval.OpError{Protocol: retrieval.IMAP, Op: op, Err: retrieval.ErrStale,
		Text: fmt.Sprintf("%s holds %d messages now, not %d as was shown: nothing was sent, look again", safe.Line(a.Folder), holds, a.Holds)}
}

// moved is what the last move took where, as COPYUID told (RFC 4315 section 3).
type moved struct {
	from, to string
	validity uint32
	uids     []uint32 // in to
}

// moveBack takes the last move back: the messages get new UIDs, and unique-ids,
// once more.
func (d *Desk) moveBack(ctx context.Context, s *imap.Session) error {
	const op = "move back"
	m := d.imap.moved
	if m == nil || len(m.uids) == 0 || m.validity == 0 {
		return &retrieval.UnsupportedError{Protocol: retrieval.IMAP, What: "way back from this move: the server did not say where the messages went",
			Source: "RFC 4315, COPYUID", Instead: "open the folder and move them"}
	}
	if err := d.imap.selectFolder(ctx, s, m.to); err != nil {
		return err
	}
	var err error
	if s.Mailbox().UIDValidity != m.validity {
		err = &retrieval.OpError{Protocol: retrieval.IMAP, Op: op, Err: retrieval.ErrStale, Text: "UIDVALIDITY of " + safe.Line(m.to) + " is another one"}
	}
	if err == nil {
		_, err = s.Move(ctx, m.uids, m.from)
	}
	if e := d.imap.selectFolder(ctx, s, m.from); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	d.imap.moved = nil
	h := retrieval.Happening{Side: retrieval.IMAP, Kind: retrieval.Moved, Line: s.LastLine(), Cause: retrieval.CauseClient, Source: "RFC 4315",
		Text: fmt.Sprintf("IMAP moved %s back to %s: new UIDs, and for POP3 new messages", messages(m.uids), safe.Line(m.from))}
	d.ask(func(b *book) { b.happen(h) })
	d.imap.chore(d.imap.recount(m.to))
	return nil
}
