package live

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"imapop/account/sandbox"
	"imapop/account/servertest/dovecot"
	"imapop/retrieval"
)

func (b *bench) folder(name string) *retrieval.Folder {
	for _, f := range b.now().IMAP.Folders {
		if f.Name == name {
			return &f
		}
	}
	return nil
}

// TestFoldersAreChangedForEveryIMAPClient creates, subscribes, renames and
// deletes on the sandbox and on Dovecot, the open folder included; INBOX and a
// count that is not what was shown are refused before anything is sent.
func TestFoldersAreChangedForEveryIMAPClient(t *testing.T) {
	t.Parallel()
	run := func(t *testing.T, b *bench) {
		do := func(v retrieval.Verb, folder, name string, holds uint32) error {
			return b.Do(t.Context(), retrieval.Action{Verb: v, Side: retrieval.IMAP, Folder: folder, Name: name, Holds: holds})
		}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(do(retrieval.VerbCreate, "Lab", "", 0))
		must(do(retrieval.VerbSubscribe, "Lab", "", 0))
		if f := b.folder("Lab"); f == nil || !f.Subscribed {
			t.Errorf("%+v", f)
		}
		must(do(retrieval.VerbUnsub, "Lab", "", 0))
		if f := b.folder("Lab"); f == nil || f.Subscribed {
			t.Errorf("%+v", f)
		}
		uid := b.now().Rows[0].UID
		b.do(retrieval.Action{Verb: retrieval.VerbCopy, Side: retrieval.IMAP, UIDs: []uint32{uid}, Folder: "Lab"})
		must(do(retrieval.VerbOpen, "Lab", "", 0))
		must(do(retrieval.VerbRename, "Lab", "Räume & mehr", 0))
		b.wait("the renamed folder is open", func(bk *book) bool {
			return bk.imap.Mailbox.Name == "Räume & mehr" && len(bk.uids) == 1
		})
		if b.folder("Lab") != nil || b.folder("Räume & mehr") == nil {
			t.Error("renamed:", b.now().IMAP.Folders)
		}
		before := b.lastLine()
		for name, err := range map[string]error{
			"INBOX":       do(retrieval.VerbDiscard, "INBOX", "", 0),
			"inbox":       do(retrieval.VerbDiscard, "inbox", "", 0),
			"rename":      do(retrieval.VerbRename, "INBOX", "Else", 0),
			"wrong count": do(retrieval.VerbDiscard, "Räume & mehr", "", 7),
			"no folder":   do(retrieval.VerbDiscard, "Nowhere", "", 0),
		} {
			if !errors.Is(err, retrieval.ErrRefused) && !errors.Is(err, retrieval.ErrStale) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, said := range b.said(before, retrieval.IMAP, retrieval.ClientSays) {
			if strings.Contains(said, " DELETE ") || strings.Contains(said, " RENAME ") {
				t.Errorf("sent: %s", said)
			}
		}
		must(do(retrieval.VerbDiscard, "Räume & mehr", "", 1))
		b.wait("INBOX is open", func(bk *book) bool { return bk.imap.Mailbox.Name == "INBOX" && bk.whole })
		if b.folder("Räume & mehr") != nil {
			t.Error("deleted:", b.now().IMAP.Folders)
		}
		for _, v := range []retrieval.Verb{retrieval.VerbRename, retrieval.VerbDiscard, retrieval.VerbSubscribe} {
			if err := b.Do(t.Context(), retrieval.Action{Verb: v, Side: retrieval.POP3}); !errors.Is(err, retrieval.ErrUnsupported) {
				t.Errorf("%s over POP3: %v", v, err)
			}
		}
	}
	t.Run("sandbox", func(t *testing.T) { run(t, open(t, sandbox.Options{}, nil)) })
	t.Run("dovecot", func(t *testing.T) { run(t, openDovecot(t, dovecot.Options{})) })
}

// TestAMoveIsTakenBackByCOPYUID: the messages come back under new UIDs, and with
// new unique-ids where those are made of them.
func TestAMoveIsTakenBackByCOPYUID(t *testing.T) {
	t.Parallel()
	run := func(t *testing.T, b *bench) {
		v := b.now()
		n := len(v.Rows)
		uids := []uint32{v.Rows[1].UID, v.Rows[3].UID}
		if err := b.Do(t.Context(), retrieval.Action{Verb: retrieval.VerbBack, Side: retrieval.IMAP}); !errors.Is(err, retrieval.ErrUnsupported) {
			t.Errorf("nothing was moved: %v", err)
		}
		b.do(retrieval.Action{Verb: retrieval.VerbMove, Side: retrieval.IMAP, UIDs: uids, Folder: "Archive"})
		b.wait("they are gone", func(bk *book) bool { return len(bk.uids) == n-2 })
		b.do(retrieval.Action{Verb: retrieval.VerbBack, Side: retrieval.IMAP})
		b.wait("they are back", func(bk *book) bool {
			return bk.imap.Mailbox.Name == "INBOX" && bk.whole && len(bk.uids) == n && bk.known[bk.uids[n-1]] != nil
		})
		for _, u := range uids {
			if slices.ContainsFunc(b.now().Rows, func(r retrieval.Row) bool { return r.UID == u }) {
				t.Errorf("UID %d is there again", u)
			}
		}
		if err := b.Do(t.Context(), retrieval.Action{Verb: retrieval.VerbBack, Side: retrieval.IMAP}); !errors.Is(err, retrieval.ErrUnsupported) {
			t.Errorf("taken back twice: %v", err)
		}
	}
	t.Run("sandbox", func(t *testing.T) { run(t, open(t, sandbox.Options{}, nil)) })
	t.Run("dovecot", func(t *testing.T) { run(t, openDovecot(t, dovecot.Options{})) })
}
