package live

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"imapop/account/servertest/courier"
	"imapop/account/servertest/cyrus"
	"imapop/account/servertest/dovecot"
	"imapop/retrieval"
)

func TestServersFlagsDoNotExistInPOP3(t *testing.T) {
	t.Parallel()
	onOthers(t, func(t *testing.T, b *bench) {
		r := b.unread()
		octets, err := b.popOctets(r.Number)
		if err != nil {
			t.Fatal(err)
		}
		before := b.now().POP3.Drop.Entries
		for _, v := range []retrieval.Verb{retrieval.VerbFlag, retrieval.VerbAnswered, retrieval.VerbRead} {
			b.imapDo(v, r.UID)
		}
		b.do(retrieval.Action{Verb: retrieval.VerbKeyword, Side: retrieval.IMAP, UIDs: []uint32{r.UID}, Keyword: "$Forwarded"})
		if m := b.row(r.UID).Message; !m.Has(`\Flagged`) || !m.Has(`\Answered`) || !m.Has("$forwarded") {
			t.Fatalf("flags on IMAP: %v", m.Flags)
		}
		b.newSession()
		after := b.now().POP3.Drop.Entries
		for i := range before {
			if e := byID(after, before[i].UniqueID); e == nil || e.Octets != before[i].Octets {
				t.Errorf("POP3's list changed with IMAP's flags: %v → %v", before[i], e)
			}
		}
		again, err := b.popOctets(byID(after, r.Entry.UniqueID).Number)
		if err != nil || !bytes.Equal(again, octets) {
			t.Errorf("RETR changed with IMAP's flags: %v\n%q\n%q", err, octets, again)
		}
	})
}

func TestServersOneFolderOnly(t *testing.T) {
	t.Parallel()
	onOthers(t, func(t *testing.T, b *bench) {
		r := b.unread()
		n, line := b.session(), b.lastLine()
		b.moveTo(b.archive(), r.UID)
		b.wait("the UID has left INBOX", func(bk *book) bool { return !slices.Contains(bk.uids, r.UID) })
		v := b.now()
		if e := byID(v.POP3.Drop.Entries, r.Entry.UniqueID); v.POP3.Session != n || e == nil || e.Number != r.Number {
			t.Fatal("the open POP3 session's list changed")
		}
		said := strings.Join(b.said(line, retrieval.IMAP, retrieval.ClientSays), "\n")
		if byMove := strings.Contains(said, "UID MOVE"); byMove != (b.name == "cyrus") {
			t.Errorf("moved by:\n%s", said)
		}
		if b.name == "courier" && !(strings.Contains(said, "UID COPY") && strings.Contains(said, "UID STORE") && strings.Contains(said, "UID EXPUNGE")) {
			t.Errorf("moved by:\n%s", said)
		}
		b.newSession()
		if byID(b.now().POP3.Drop.Entries, r.Entry.UniqueID) != nil {
			t.Error("the next POP3 session still lists it")
		}
	})
}

func TestServersOutAndBackIsANewMessage(t *testing.T) {
	t.Parallel()
	onOthers(t, func(t *testing.T, b *bench) {
		r := b.unread()
		last := b.outAndBack(r)
		if last.UID <= r.UID || last.Entry == nil || last.Entry.UniqueID == r.Entry.UniqueID {
			t.Errorf("out and back: UID %d → %d, entry %+v", r.UID, last.UID, last.Entry)
		}
	})
	t.Run("dovecot %g keeps the name", func(t *testing.T) {
		t.Parallel()
		b := openServer(t, startDovecot(t, dovecot.Options{ExtraConf: "pop3_uidl_format = %g"}), nil)
		b.paired()
		r := b.unread()
		last := b.outAndBack(r)
		if last.UID <= r.UID || last.Entry == nil || last.Entry.UniqueID != r.Entry.UniqueID {
			t.Errorf("out and back: UID %d → %d, %q → %+v", r.UID, last.UID, r.Entry.UniqueID, last.Entry)
		}
	})
}

func TestServersPOP3IsASnapshot(t *testing.T) {
	t.Parallel()
	onOthers(t, func(t *testing.T, b *bench) {
		start, n := b.seq(), b.session()
		b.idling()
		b.deliver("snapshot")
		h := b.happened(start, retrieval.IMAP, retrieval.Exists)
		if !strings.Contains(h.Text, "by itself") {
			t.Errorf("%s", h.Text)
		}
		b.wait("IMAP lists it", func(bk *book) bool { return len(bk.uids) == filled+1 })
		v := b.now()
		if len(v.POP3.Drop.Entries) != filled || v.POP3.Missed != 1 || v.POP3.Session != n {
			t.Errorf("POP3 lists %d, missed %d", len(v.POP3.Drop.Entries), v.POP3.Missed)
		}
		b.newSession()
		if n := len(b.now().POP3.Drop.Entries); n != filled+1 {
			t.Errorf("the next session lists %d", n)
		}
	})
}

func TestServersTheGroundMovesUnderPOP3(t *testing.T) {
	t.Parallel()
	move := func(b *bench) (retrieval.Row, []byte, error) {
		r := b.unread()
		b.imapDo(retrieval.VerbDelete, r.UID)
		b.imapDo(retrieval.VerbExpunge, r.UID)
		octets, err := b.popOctets(r.Number)
		return r, octets, err
	}
	served := func(t *testing.T, b *bench) {
		r, octets, err := move(b)
		if err != nil || !bytes.Contains(octets, []byte(r.Entry.Header.MessageID)) {
			t.Errorf("RETR of an expunged message: %v, %q", err, octets)
		}
	}
	t.Run("cyrus serves", func(t *testing.T) { t.Parallel(); served(t, openCyrus(t, cyrus.Options{})) })
	t.Run("dovecot mdbox serves", func(t *testing.T) {
		t.Parallel()
		s := startDovecot(t, dovecot.Options{MailFormat: "mdbox"})
		for range 3 {
			if err := s.deliver(testMail("mdbox")); err != nil {
				t.Fatal(err)
			}
		}
		served(t, openServer(t, s, nil))
	})
	t.Run("courier refuses", func(t *testing.T) {
		t.Parallel()
		b := openCourier(t, courier.Options{})
		r, _, err := move(b)
		if !errors.Is(err, retrieval.ErrGone) || !b.now().POP3.Drop.Entries[r.Number-1].Gone {
			t.Errorf("RETR of an expunged message: %v", err)
		}
		other := 1
		if r.Number == 1 {
			other = 2
		}
		b.readOverPOP(other) // the session goes on
	})
}

func TestServersAFlagCanHideAMessage(t *testing.T) {
	t.Parallel()
	run := func(t *testing.T, b *bench, hides bool) {
		r := b.unread()
		b.imapDo(retrieval.VerbFlag, r.UID)
		_, err := b.popOctets(r.Number)
		if !hides {
			if err != nil {
				t.Errorf("RETR after a flag: %v", err)
			}
			return
		}
		if !errors.Is(err, retrieval.ErrGone) || !errors.Is(err, retrieval.ErrRefused) || b.row(r.UID) == nil {
			t.Fatalf("RETR after a flag: %v", err)
		}
		b.newSession() // -ERR was no proof that it is gone
		e := byID(b.now().POP3.Drop.Entries, r.Entry.UniqueID)
		if e == nil || e.Gone {
			t.Fatalf("the next session has %+v", e)
		}
		b.readOverPOP(e.Number)
		b.do(retrieval.Action{Verb: retrieval.VerbKeyword, Side: retrieval.IMAP, UIDs: []uint32{r.UID}, Keyword: "$Forwarded"})
		b.readOverPOP(e.Number) // a keyword renames nothing
	}
	onReal(t, func(t *testing.T, b *bench) { run(t, b, b.name == "courier") })
	t.Run("sandbox flags-hide", func(t *testing.T) {
		t.Parallel()
		run(t, openServer(t, startSandbox(t, "flags-hide", "yes"), nil), true)
	})
}
