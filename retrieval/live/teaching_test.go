package live

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"imapop/account/sandbox"
	"imapop/account/servertest/dovecot"
	"imapop/retrieval"
)

// These tests hold what the behaviour table of the guide says. Each looks at
// both sides: on the demo server with the policy that imitates a server, and on
// a real Dovecot where that server shows it.

func policy(kv ...string) sandbox.Options {
	p := map[string]string{}
	for i := 0; i < len(kv); i += 2 {
		p[kv[i]] = kv[i+1]
	}
	return sandbox.Options{Policies: p}
}

// on runs a point on both servers.
func on(t *testing.T, f func(t *testing.T, b *bench)) {
	t.Run("sandbox", func(t *testing.T) { t.Parallel(); f(t, open(t, sandbox.Options{}, nil)) })
	t.Run("dovecot", func(t *testing.T) { t.Parallel(); f(t, openDovecot(t, dovecot.Options{})) })
}

// unread picks a paired message without \Seen, from the end.
func (b *bench) unread() retrieval.Row {
	b.t.Helper()
	rows := paired(b.now())
	for i := len(rows) - 1; i >= 0; i-- {
		if rows[i].Message != nil && !rows[i].Message.Has(`\Seen`) {
			return rows[i]
		}
	}
	b.t.Fatal("every message is read")
	return retrieval.Row{}
}

func (b *bench) row(uid uint32) *retrieval.Row {
	v := b.now()
	for i := range v.Rows {
		if v.Rows[i].UID == uid {
			return &v.Rows[i]
		}
	}
	return nil
}

func (b *bench) seen(uid uint32) bool {
	r := b.row(uid)
	return r != nil && r.Message != nil && r.Message.Has(`\Seen`)
}

// sync makes sure that everything that IMAP would say by now was said.
func (b *bench) sync() { b.do(retrieval.Action{Verb: retrieval.VerbRefresh, Side: retrieval.IMAP}) }

func (b *bench) pop(v retrieval.Verb, numbers ...int) {
	b.t.Helper()
	b.do(retrieval.Action{Verb: v, Side: retrieval.POP3, Numbers: numbers})
}

// mark downloads messages and marks them with DELE: on a real account nothing
// is marked that is not on this device.
func (b *bench) mark(numbers ...int) {
	b.t.Helper()
	b.pop(retrieval.VerbDownload, numbers...)
	b.pop(retrieval.VerbDelete, numbers...)
}

func (b *bench) readOverPOP(n int) {
	b.t.Helper()
	if _, err := b.Octets(b.t.Context(), retrieval.Action{Verb: retrieval.VerbReadAloud, Side: retrieval.POP3, Numbers: []int{n}}); err != nil {
		b.t.Fatalf("retrieve message %d: %v", n, err)
	}
}

// renewed waits for the POP3 session after the one numbered before.
func (b *bench) renewed(before int) {
	b.t.Helper()
	b.wait("a new POP3 session", func(bk *book) bool {
		return bk.listedIn > before
	})
}

func (b *bench) session() int { return b.now().POP3.Session }

// newSession ends the open POP3 session by QUIT and waits for the next.
func (b *bench) newSession() {
	b.t.Helper()
	n := b.session()
	b.pop(retrieval.VerbQuit)
	b.renewed(n)
}

func (b *bench) listsUID(uid uint32) bool {
	r := b.row(uid)
	return r != nil && r.Number != 0
}

func TestReadingIsNotMarking(t *testing.T) {
	t.Parallel()
	cases := []struct {
		policy        string
		during, after bool
	}{{"no", false, false}, {"at-once", true, true}, {"at-quit", false, true}}
	for _, c := range cases {
		t.Run("sandbox "+c.policy, func(t *testing.T) {
			b := open(t, policy("retr-sets-seen", c.policy), nil)
			r := b.unread()
			b.readOverPOP(r.Number)
			b.sync()
			if c.during {
				b.wait(`\Seen is there during the session`, func(bk *book) bool { return bk.known[r.UID].Has(`\Seen`) })
			} else if b.seen(r.UID) {
				t.Error(`\Seen during the session`)
			}
			b.newSession()
			b.sync()
			if got := b.seen(r.UID); got != c.after {
				t.Errorf(`\Seen after QUIT: %v`, got)
			}
		})
	}
	t.Run("dovecot", func(t *testing.T) {
		b := openDovecot(t, dovecot.Options{})
		r := b.unread()
		b.readOverPOP(r.Number)
		b.sync()
		if b.seen(r.UID) {
			t.Error(`Dovecot set \Seen before QUIT`)
		}
		start := b.seq()
		b.newSession()
		h := b.happened(start, retrieval.IMAP, retrieval.FlagsChanged)
		if !b.seen(r.UID) || h.CausedBy == 0 {
			t.Errorf(`\Seen %v, put down to %d: %s`, b.seen(r.UID), h.CausedBy, h.Text)
		}
	})
	t.Run("dovecot no_flag_updates", func(t *testing.T) {
		b := openDovecot(t, dovecot.Options{ExtraConf: "pop3_no_flag_updates = yes"})
		r := b.unread()
		b.readOverPOP(r.Number)
		b.newSession()
		b.sync()
		if b.seen(r.UID) {
			t.Error(`\Seen although the policy says no`)
		}
	})
}

// TestOwnChangesAreNotPutDownToPOP3 changes flags over IMAP right after POP3 read
// the message and quit: near in time, and not its doing.
func TestOwnChangesAreNotPutDownToPOP3(t *testing.T) {
	b := open(t, policy("retr-sets-seen", "no"), nil)
	r := b.unread()
	b.readOverPOP(r.Number)
	b.newSession()
	start := b.seq()
	for _, v := range []retrieval.Verb{retrieval.VerbDelete, retrieval.VerbRead, retrieval.VerbFlag} {
		b.do(retrieval.Action{Verb: v, Side: retrieval.IMAP, UIDs: []uint32{r.UID}})
	}
	b.sync()
	seen := 0
	for _, h := range b.now().Happened {
		if h.Seq > start && h.Kind == retrieval.FlagsChanged {
			if seen++; h.CausedBy != 0 || strings.Contains(h.Text, "POP3") {
				t.Errorf("put down to POP3: %s", h.Text)
			}
		}
	}
	if seen != 3 {
		t.Errorf("%d of 3 changes were told", seen)
	}
}

func TestTopIsThePeek(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, b *bench) {
		r := b.unread()
		b.Want([]retrieval.Row{r})
		b.wait("TOP was answered", func(bk *book) bool { return bk.pop.Drop.Entries[r.Number-1].Header != nil })
		b.newSession()
		b.sync()
		if b.seen(r.UID) {
			t.Error(`TOP set \Seen`)
		}
	})
}

func TestFlagsDoNotExistInPOP3(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, b *bench) {
		r := b.unread()
		before := b.now().POP3.Drop.Entries
		for _, v := range []retrieval.Verb{retrieval.VerbFlag, retrieval.VerbAnswered, retrieval.VerbRead} {
			b.do(retrieval.Action{Verb: v, Side: retrieval.IMAP, UIDs: []uint32{r.UID}})
		}
		b.do(retrieval.Action{Verb: retrieval.VerbKeyword, Side: retrieval.IMAP, UIDs: []uint32{r.UID}, Keyword: "$Forwarded"})
		if m := b.row(r.UID).Message; !m.Has(`\Flagged`) || !m.Has(`\Answered`) || !m.Has("$forwarded") {
			t.Fatalf("flags on IMAP: %v", m.Flags)
		}
		b.newSession()
		after := b.now().POP3.Drop.Entries
		for i := range before {
			if before[i].UniqueID != after[i].UniqueID || before[i].Octets != after[i].Octets {
				t.Errorf("POP3's list changed with IMAP's flags: %v → %v", before[i], after[i])
			}
		}
		var un *retrieval.UnsupportedError
		err := b.Do(t.Context(), retrieval.Action{Verb: retrieval.VerbFlag, Side: retrieval.POP3, Numbers: []int{r.Number}})
		if !errors.As(err, &un) || !strings.Contains(un.Source, "RFC 1939") {
			t.Errorf("flag over POP3: %v", err)
		}
	})
}

func TestDeletedIsNotDeleted(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, b *bench) {
		r := b.unread()
		b.do(retrieval.Action{Verb: retrieval.VerbDelete, Side: retrieval.IMAP, UIDs: []uint32{r.UID}})
		b.newSession()
		if !b.listsUID(r.UID) {
			t.Error(`POP3 does not list what is only marked \Deleted`)
		}
		b.do(retrieval.Action{Verb: retrieval.VerbExpunge, Side: retrieval.IMAP, UIDs: []uint32{r.UID}})
		b.newSession()
		if b.row(r.UID) != nil {
			t.Error("still there after EXPUNGE")
		}
	})
	t.Run("sandbox deleted-hidden", func(t *testing.T) { // as Cyrus with popuseimapflags
		b := open(t, policy("deleted-hidden", "yes"), nil)
		r := b.unread()
		b.do(retrieval.Action{Verb: retrieval.VerbDelete, Side: retrieval.IMAP, UIDs: []uint32{r.UID}})
		b.newSession()
		if row := b.row(r.UID); row.Number != 0 || row.Hole != retrieval.HoleHidden {
			t.Errorf("number %d, hole %q", row.Number, row.Hole)
		}
	})
}

func TestOneFolderOnly(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, b *bench) {
		r := b.unread()
		start, n := b.seq(), b.session()
		b.do(retrieval.Action{Verb: retrieval.VerbMove, Side: retrieval.IMAP, UIDs: []uint32{r.UID}, Folder: "Archive"})
		b.happened(start, retrieval.IMAP, retrieval.Moved)
		b.wait("the UID has left INBOX", func(bk *book) bool { return !slices.Contains(bk.uids, r.UID) })
		v := b.now()
		if v.POP3.Session != n || len(v.POP3.Drop.Entries) < r.Number || v.POP3.Drop.Entries[r.Number-1].UniqueID != r.Entry.UniqueID {
			t.Fatal("the open POP3 session's list changed")
		}
		i := slices.IndexFunc(v.Rows, func(x retrieval.Row) bool { return x.Number == r.Number })
		if v.Rows[i].UID != 0 || v.Rows[i].Hole != retrieval.HoleGone {
			t.Errorf("the row says UID %d, hole %q", v.Rows[i].UID, v.Rows[i].Hole)
		}
		b.newSession()
		if slices.ContainsFunc(b.now().POP3.Drop.Entries, func(e retrieval.Entry) bool { return e.UniqueID == r.Entry.UniqueID }) {
			t.Error("the next POP3 session still lists it")
		}
	})
}

func TestOutAndBackIsANewMessage(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, b *bench) {
		r := b.unread()
		b.do(retrieval.Action{Verb: retrieval.VerbMove, Side: retrieval.IMAP, UIDs: []uint32{r.UID}, Folder: "Archive"})
		b.do(retrieval.Action{Verb: retrieval.VerbOpen, Side: retrieval.IMAP, Folder: "Archive"})
		b.wait("Archive is listed", func(bk *book) bool { return bk.imap.Mailbox.Name == "Archive" && bk.whole && len(bk.uids) > 0 })
		uids := b.uidsNow()
		b.do(retrieval.Action{Verb: retrieval.VerbMove, Side: retrieval.IMAP, UIDs: uids[len(uids)-1:], Folder: "INBOX"})
		b.do(retrieval.Action{Verb: retrieval.VerbOpen, Side: retrieval.IMAP, Folder: "INBOX"})
		b.wait("INBOX is listed", func(bk *book) bool { return bk.imap.Mailbox.Name == "INBOX" && bk.whole })
		b.newSession()
		v := b.now()
		last := v.Rows[len(v.Rows)-1]
		if last.UID <= r.UID || last.Entry == nil || last.Entry.UniqueID == r.Entry.UniqueID || last.Sure != retrieval.SureFormula {
			t.Errorf("out and back: UID %d → %d, entry %+v, sure %q", r.UID, last.UID, last.Entry, last.Sure)
		}
	})
}

func (b *bench) uidsNow() (u []uint32) {
	b.ask(func(bk *book) { u = bk.uids })
	return u
}

func TestPOP3IsASnapshot(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, b *bench) {
		start, before := b.seq(), len(b.now().POP3.Drop.Entries)
		b.deliver("snapshot")
		b.happened(start, retrieval.IMAP, retrieval.Exists)
		b.wait("IMAP lists it", func(bk *book) bool { return len(bk.uids) == before+1 })
		v := b.now()
		if len(v.POP3.Drop.Entries) != before || v.POP3.Missed != 1 || v.Rows[len(v.Rows)-1].Hole != retrieval.HoleArrived {
			t.Errorf("POP3 lists %d, missed %d, hole %q", len(v.POP3.Drop.Entries), v.POP3.Missed, v.Rows[len(v.Rows)-1].Hole)
		}
		b.newSession()
		if n := len(b.now().POP3.Drop.Entries); n != before+1 {
			t.Errorf("the next session lists %d", n)
		}
	})
}

func TestTheGroundMovesUnderPOP3(t *testing.T) {
	t.Parallel()
	move := func(t *testing.T, b *bench) (retrieval.Row, error) {
		r := b.unread()
		b.do(retrieval.Action{Verb: retrieval.VerbMove, Side: retrieval.IMAP, UIDs: []uint32{r.UID}, Folder: "Archive"})
		_, err := b.Octets(t.Context(), retrieval.Action{Verb: retrieval.VerbReadAloud, Side: retrieval.POP3, Numbers: []int{r.Number}})
		return r, err
	}
	on(t, func(t *testing.T, b *bench) {
		r, err := move(t, b)
		if !errors.Is(err, retrieval.ErrGone) && !errors.Is(err, retrieval.ErrRefused) {
			t.Fatalf("RETR of a moved message: %v", err)
		}
		if !b.now().POP3.Drop.Entries[r.Number-1].Gone {
			t.Error("the entry is not marked as refused")
		}
		b.readOverPOP(1) // the session goes on
	})
	t.Run("sandbox serves", func(t *testing.T) { // as Cyrus
		if _, err := move(t, open(t, policy("expunged-retr", "serve"), nil)); err != nil {
			t.Fatal(err)
		}
	})
}

func TestDeleIsAPromise(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, b *bench) {
		r := b.unread()
		total := len(b.now().POP3.Drop.Entries)
		b.mark(r.Number)
		b.pop(retrieval.VerbReset)
		b.newSession()
		if n := len(b.now().POP3.Drop.Entries); n != total {
			t.Fatalf("after RSET and QUIT %d of %d are left", n, total)
		}
		b.mark(r.Number)
		b.do(retrieval.Action{Verb: retrieval.VerbFlag, Side: retrieval.IMAP, UIDs: []uint32{r.UID}}) // does not save it
		start := b.seq()
		b.newSession()
		h := b.happened(start, retrieval.IMAP, retrieval.Expunged)
		if h.CausedBy == 0 || !slices.Equal(h.UIDs, []uint32{r.UID}) || h.Delay <= 0 {
			t.Errorf("EXPUNGE of %v caused by %d after %v: %s", h.UIDs, h.CausedBy, h.Delay, h.Text)
		}
	})
}

func TestPOP3DeletionMayGoToTrash(t *testing.T) {
	b := open(t, policy("pop3-delete", "trash"), nil)
	trash := func() uint32 {
		for _, f := range b.now().IMAP.Folders {
			if f.Role == "Trash" {
				return f.Messages
			}
		}
		return 0
	}
	before := trash()
	b.mark(1)
	b.newSession()
	b.sync()
	if trash() != before+1 {
		t.Errorf("Trash holds %d, before %d", trash(), before)
	}
}

func TestManyExpungesEndInOneList(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, b *bench) {
		v := b.now()
		b.mark(1, 3, 5)
		want := slices.Delete(slices.Clone(b.uidsNow()), 0, 1)
		want = slices.Delete(want, 1, 2)
		want = slices.Delete(want, 2, 3)
		b.newSession()
		b.wait("IMAP's list is right", func(bk *book) bool { return slices.Equal(bk.uids, want) })
		if n := len(b.now().POP3.Drop.Entries); n != len(v.POP3.Drop.Entries)-3 {
			t.Errorf("POP3 lists %d", n)
		}
	})
}

func TestTwoPOP3Sessions(t *testing.T) {
	t.Parallel()
	t.Run("sandbox locks", func(t *testing.T) {
		pr := open(t, policy("pop3-lock", "yes"), nil).second()
		if pr == nil || !errors.Is(pr.Err, retrieval.ErrInUse) || !strings.Contains(pr.Why, "busy") {
			t.Errorf("problem %+v", pr)
		}
	})
	t.Run("sandbox does not lock", func(t *testing.T) {
		if pr := open(t, policy("pop3-lock", "no"), nil).second(); pr != nil {
			t.Errorf("problem %+v", pr)
		}
	})
	t.Run("dovecot does not lock", func(t *testing.T) {
		if pr := openDovecot(t, dovecot.Options{}).second(); pr != nil {
			t.Errorf("problem %+v", pr)
		}
	})
}

func TestUniqueIDsAndUIDs(t *testing.T) {
	for _, f := range []string{"dovecot", "cyrus"} {
		t.Run("sandbox "+f, func(t *testing.T) {
			v, err := open(t, policy("uidl-format", f), nil).Survey(t.Context())
			if err != nil || v.Pairing.Format == "" || len(paired(v)) != len(v.Rows) {
				t.Errorf("pairing %+v, %v", v.Pairing, err)
			}
		})
	}
	for _, f := range []string{"courier", "opaque"} {
		t.Run("sandbox "+f, func(t *testing.T) {
			v, err := open(t, policy("uidl-format", f), nil).Survey(t.Context())
			if err != nil || v.Pairing.Format != "" || len(paired(v)) != len(v.Rows) {
				t.Errorf("pairing %+v, %v", v.Pairing, err)
			}
		})
	}
}

func TestIdleTimeoutDeletesNothing(t *testing.T) {
	b := open(t, policy("idle-timeout", "300ms"), nil)
	total := len(b.now().POP3.Drop.Entries)
	b.wait("the server drops the session", func(bk *book) bool { return bk.pop.State == retrieval.POP3Closed })
	b.set("idle-timeout", "10m")
	b.do(retrieval.Action{Verb: retrieval.VerbConnect, Side: retrieval.POP3})
	b.wait("a new session", func(bk *book) bool { return bk.psess != nil })
	if n := len(b.now().POP3.Drop.Entries); n != total {
		t.Errorf("%d of %d are left", n, total)
	}
}

func TestNotifyDelayIsMeasured(t *testing.T) {
	const delay = 400 * time.Millisecond // as Dovecot's 0.5 s
	b := open(t, policy("notify-delay", delay.String()), nil)
	start := b.seq()
	b.mark(1)
	b.newSession()
	h := b.happened(start, retrieval.IMAP, retrieval.Expunged)
	if h.Delay < delay/4 { // the policy's clock may have started with IDLE itself
		t.Errorf("IMAP heard after %v: %s", h.Delay, h.Text)
	}
}
