package live

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/imap"
	"imapop/retrieval/safe"
)

// flagVerbs are the verbs that are a STORE of one flag.
var flagVerbs = map[retrieval.Verb]struct {
	add  bool
	flag string
}{
	retrieval.VerbRead: {true, `\Seen`}, retrieval.VerbUnread: {false, `\Seen`},
	retrieval.VerbFlag: {true, `\Flagged`}, retrieval.VerbUnflag: {false, `\Flagged`},
	retrieval.VerbAnswered: {true, `\Answered`}, retrieval.VerbUnanswer: {false, `\Answered`},
	retrieval.VerbDelete: {true, `\Deleted`}, retrieval.VerbUndelete: {false, `\Deleted`},
}

func (d *Desk) doIMAP(ctx context.Context, a retrieval.Action) error {
	box, err := d.staleUIDs(a)
	if err != nil {
		return err
	}
	return enqueue(ctx, d, d.imap.jobs, func(ctx context.Context, s *imap.Session) error {
		if err := sameMailbox(a, box, s.Mailbox()); err != nil {
			return err
		}
		d.imapBeside(a, s.Mailbox())
		if f, ok := flagVerbs[a.Verb]; ok {
			return d.store(ctx, s, a, f.add, f.flag)
		}
		switch a.Verb {
		case retrieval.VerbKeyword, retrieval.VerbUnkeyword:
			return d.store(ctx, s, a, a.Verb == retrieval.VerbKeyword, a.Keyword)
		case retrieval.VerbMove, retrieval.VerbCopy:
			return d.moveOrCopy(ctx, s, a)
		case retrieval.VerbExpunge:
			_, err := s.Expunge(ctx, a.UIDs)
			return err
		case retrieval.VerbOpen:
			return d.imap.selectFolder(ctx, s, a.Folder)
		case retrieval.VerbCreate:
			if err := s.Create(ctx, a.Folder); err != nil {
				return err
			}
			return d.imap.listFolders(ctx, s)
		case retrieval.VerbRename, retrieval.VerbDiscard, retrieval.VerbSubscribe, retrieval.VerbUnsub:
			return d.changeFolder(ctx, s, a)
		case retrieval.VerbBack:
			return d.moveBack(ctx, s)
		case retrieval.VerbRefresh:
			if err := s.Noop(ctx); err != nil {
				return err
			}
			return d.imap.listFolders(ctx, s)
		case retrieval.VerbDownload:
			return d.fetchOnly(ctx, s, a)
		case retrieval.VerbQuit:
			return s.Logout(ctx)
		case retrieval.VerbDrop:
			d.post(func(b *book) {
				b.happen(retrieval.Happening{Side: retrieval.IMAP, Kind: retrieval.Dropped, Cause: retrieval.CauseClient,
					Text: "the IMAP cable was pulled: nothing was said to the server"})
			})
			s.Drop()
			return nil
		}
		return fmt.Errorf("imapop cannot %q over IMAP", a.Verb)
	})
}

// staleUIDs refuses UIDs that the selected mailbox does not have: the screen
// they came from showed another folder, or they are gone. It returns the mailbox
// that they belong to.
func (d *Desk) staleUIDs(a retrieval.Action) (box retrieval.Mailbox, err error) {
	d.ask(func(b *book) {
		box = b.imap.Mailbox
		for _, u := range a.UIDs {
			if _, ok := slices.BinarySearch(b.uids, u); !ok {
				err = &retrieval.OpError{Protocol: retrieval.IMAP, Op: fmt.Sprintf("%s UID %d", a.Verb, u), Err: retrieval.ErrStale}
				return
			}
		}
	})
	return box, err
}

// sameMailbox refuses UIDs of a mailbox that is not the selected one any more.
// An action waits for its turn, and meanwhile another folder can be opened, or a
// new session can find another UIDVALIDITY: the same number then names another
// message (RFC 9051 section 2.3.1.1).
func sameMailbox(a retrieval.Action, asked, now retrieval.Mailbox) error {
	if len(a.UIDs) == 0 || asked.Name == now.Name && asked.UIDValidity == now.UIDValidity {
		return nil
	}
	return &retrieval.OpError{Protocol: retrieval.IMAP, Op: fmt.Sprintf("%s %s", a.Verb, messages(a.UIDs)), Err: retrieval.ErrStale}
}

func (d *Desk) store(ctx context.Context, s *imap.Session, a retrieval.Action, add bool, flag string) error {
	got, err := s.Store(ctx, a.UIDs, add, []string{flag})
	if err != nil {
		return err
	}
	at, line := time.Now(), s.LastLine()
	d.ask(func(b *book) {
		b.onFlags(imap.Event{At: at, Kind: retrieval.FlagsChanged, Flags: got, Line: line, ByUs: true})
	})
	d.imap.chore(d.imap.recount(s.Mailbox().Name))
	return nil
}

func (d *Desk) moveOrCopy(ctx context.Context, s *imap.Session, a retrieval.Action) error {
	act, kind, source := s.Move, retrieval.Moved, "RFC 6851"
	if a.Verb == retrieval.VerbCopy {
		act, kind, source = s.Copy, retrieval.Copied, "RFC 9051 section 6.4.7"
	}
	from := s.Mailbox()
	got, err := act(ctx, a.UIDs, a.Folder)
	if a.Verb == retrieval.VerbMove {
		d.imap.moved = &moved{from: from.Name, to: a.Folder, validity: got.UIDValidity, uids: slices.Collect(maps.Values(got.UIDs))}
	}
	if err != nil {
		return err
	}
	text := fmt.Sprintf("IMAP %s %s to %s", kind, messages(a.UIDs), safe.Line(a.Folder))
	for _, uid := range got.UIDs {
		if len(a.UIDs) == 1 {
			text += fmt.Sprintf(", UID %d there", uid)
		}
	}
	h := retrieval.Happening{Side: retrieval.IMAP, Kind: kind, UIDs: a.UIDs, Line: s.LastLine(),
		Cause: retrieval.CauseClient, Source: source, Text: text}
	d.ask(func(b *book) { b.happen(h) })
	d.imap.chore(d.imap.recount(a.Folder))
	d.imap.chore(d.imap.recount(s.Mailbox().Name))
	return nil
}

func messages(uids []uint32) string {
	if len(uids) == 1 {
		return fmt.Sprintf("UID %d", uids[0])
	}
	return fmt.Sprintf("%d messages", len(uids))
}

// fetchOnly brings messages over IMAP without keeping them: it shows the cost,
// and that the server stays as it was (BODY.PEEK[], RFC 9051 section 6.4.5).
func (d *Desk) fetchOnly(ctx context.Context, s *imap.Session, a retrieval.Action) error {
	ctx, report, end := d.long(ctx, a, "octets")
	defer end()
	for i, uid := range a.UIDs {
		what := fmt.Sprintf("message %d of %d", i+1, len(a.UIDs))
		n, err := s.Fetch(ctx, uid, true, discard{}, func(done, total int64) { report(what, done, total) })
		if err != nil {
			return err
		}
		h := retrieval.Happening{Side: retrieval.IMAP, Kind: retrieval.Retrieved, UIDs: []uint32{uid}, Octets: n, Line: s.LastLine(),
			Cause: retrieval.CauseProtocol, Source: "RFC 9051 section 6.4.5",
			Text: fmt.Sprintf("IMAP fetched UID %d: %s; PEEK asks to leave \\Seen as it is", uid, retrieval.Octets(n))}
		d.ask(func(b *book) { b.happen(h) })
	}
	return nil
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// readable bounds what is read into memory to be looked at.
const readable = 64 << 20 // octets

// Octets brings one message to look at: over IMAP by BODY.PEEK[], over POP3 from
// the local copy or else by RETR. Nothing is stored.
func (d *Desk) Octets(ctx context.Context, a retrieval.Action) ([]byte, error) {
	ctx, over := d.cancelable(ctx)
	defer over()
	d.ask(func(b *book) { d.actions++; b.action = d.actions })
	if a.Side == retrieval.POP3 {
		octets, _, err := d.popOctets(ctx, a)
		return octets, err
	}
	box, err := d.staleUIDs(a)
	if err != nil || len(a.UIDs) != 1 {
		return nil, err
	}
	buf := &bounded{}
	err = enqueue(ctx, d, d.imap.jobs, func(ctx context.Context, s *imap.Session) error {
		if err := sameMailbox(a, box, s.Mailbox()); err != nil {
			return err
		}
		ctx, report, end := d.long(ctx, a, "octets")
		defer end()
		size := int64(0)
		_, err := s.Fetch(ctx, a.UIDs[0], true, buf, func(done, total int64) { size = total; report("reading", done, total) })
		if err == nil && size < d.listedOctets(a.UIDs[0]) {
			err = d.madeUp(a.UIDs[0], size)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// listedOctets is the RFC822.SIZE that a message was listed with; 0: not known.
func (d *Desk) listedOctets(uid uint32) (n int64) {
	d.ask(func(b *book) {
		if m := b.known[uid]; m != nil {
			n = m.Octets
		}
	})
	return n
}

// madeUp is the error of a message that has another size than it was listed with.
// What a UID names never changes (RFC 9051 section 2.3.1.1): Courier answers with
// a text of its own when the message is gone and the session was not told yet.
func (d *Desk) madeUp(uid uint32, octets int64) error {
	return &retrieval.OpError{Protocol: retrieval.IMAP, Op: fmt.Sprintf("fetch UID %d", uid), Err: retrieval.ErrGone,
		Text: fmt.Sprintf("it was listed with %s, and %s came in its place", retrieval.Octets(d.listedOctets(uid)), retrieval.Octets(octets))}
}

// bounded is a buffer that refuses to grow past readable.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > readable {
		return 0, fmt.Errorf("the message is larger than %s: %w", retrieval.Octets(readable), retrieval.ErrTooMuch)
	}
	return b.Buffer.Write(p)
}
