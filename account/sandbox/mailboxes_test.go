package sandbox

import (
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
)

// UIDVALIDITY is never given to the same name twice.
func TestValidity(t *testing.T) {
	s := start(t, Options{})
	c := dialIMAP(t, s, nil)
	seen := map[uint32]bool{}
	validity := func(name string) uint32 {
		d, err := c.Status(name, &imap.StatusOptions{UIDValidity: true}).Wait()
		if err != nil {
			t.Fatal(name, err)
		}
		return d.UIDValidity
	}
	for range 3 {
		if err := c.Create("Lists/Go", nil).Wait(); err != nil {
			t.Fatal(err)
		}
		v := validity("Lists/Go")
		if seen[v] {
			t.Errorf("%d again", v)
		}
		seen[v] = true
		if err := c.Rename("Lists/Go", "Lists/Old", nil).Wait(); err != nil {
			t.Fatal(err)
		}
		if got := validity("Lists/Old"); got != v {
			t.Errorf("%d became %d with the name", v, got)
		}
		if err := c.Delete("Lists/Old").Wait(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMailboxErrors(t *testing.T) {
	s := start(t, Options{})
	r := dialRaw(t, s.Info().IMAP)
	r.want("* OK")
	r.imap("LOGIN alice wonderland")
	for cmd, want := range map[string]string{
		"SELECT Nope": "x NO [NONEXISTENT]", "CREATE inbox": "x NO [ALREADYEXISTS]", "DELETE INBOX": "x NO [CANNOT]",
		"DELETE Nope": "x NO [NONEXISTENT]", "RENAME Sent Trash": "x NO [ALREADYEXISTS]", "RENAME Work Work/a": "x NO [CANNOT]",
		`CREATE "a//b"`: "x NO [CANNOT]", `CREATE "a%b"`: "x NO [CANNOT]", `CREATE ""`: "x NO [CANNOT]",
		"APPEND Nope {1+}\r\nx": "x NO [TRYCREATE]", "APPEND INBOX {0+}\r\n": "x NO", "APPEND INBOX {1+}\r\n\x00": "x NO",
		"CREATE Later/": "x OK", "CREATE Junk (USE (\\Junk))": "x OK", "RENAME Work Job": "x OK",
	} {
		if got := last(r.imap(cmd)); !strings.HasPrefix(got, want) {
			t.Errorf("%q: %s", cmd, got)
		}
	}
	names := strings.Join(r.imap(`LIST "" *`), "\n")
	for _, want := range []string{"Later", "Job/Projects", `(\HasNoChildren \Junk) "/" "Junk"`} {
		if !strings.Contains(names, want) {
			t.Errorf("no %s in %s", want, names)
		}
	}
	if got := r.imap(`LIST "" %/%`); len(got) != 2 {
		t.Errorf("%q", got)
	}
}

func TestRenameInboxKeepsInbox(t *testing.T) {
	s := start(t, Options{})
	c := dialIMAP(t, s, nil)
	if err := c.Rename("INBOX", "Old", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	if got := selectBox(t, c, "Old").NumMessages; got != 14 {
		t.Errorf("Old has %d", got)
	}
	if got := selectBox(t, c, "INBOX"); got.NumMessages != 0 || got.UIDNext != 15 {
		t.Errorf("INBOX has %d, UIDNEXT %d", got.NumMessages, got.UIDNext)
	}
}

// A folder that another session deletes loses its messages for those who have it open.
func TestDeleteSelected(t *testing.T) {
	s := start(t, Options{})
	r := dialRaw(t, s.Info().IMAP)
	r.want("* OK")
	r.imap("LOGIN alice wonderland")
	r.imap("SELECT Archive")
	c := dialIMAP(t, s, nil)
	if err := c.Delete("Archive").Wait(); err != nil {
		t.Fatal(err)
	}
	if got := r.imap("NOOP"); !slices.Equal(got[:2], []string{"* 2 EXPUNGE", "* 1 EXPUNGE"}) {
		t.Errorf("%q", got)
	}
	if got := last(r.imap("FETCH 1:* (UID)")); !strings.HasPrefix(got, "x OK") {
		t.Error(got)
	}
}

func TestSubscriptions(t *testing.T) {
	s := start(t, Options{})
	r := dialRaw(t, s.Info().IMAP)
	r.want("* OK")
	r.imap("LOGIN alice wonderland")
	r.imap("UNSUBSCRIBE Trash")
	r.imap("SUBSCRIBE Gone")
	lsub := strings.Join(r.imap(`LSUB "" *`), "\n")
	if strings.Contains(lsub, "Trash") || !strings.Contains(lsub, "Gone") || !strings.Contains(lsub, "INBOX") {
		t.Error(lsub)
	}
	if got := strings.Join(r.imap(`LIST "" *`), "\n"); strings.Contains(got, "Gone") {
		t.Error(got)
	}
	if got := r.imap(`LIST (SUBSCRIBED) "" Gone`)[0]; got != `* LIST (\NonExistent \Noselect \HasNoChildren \Subscribed) "/" "Gone"` {
		t.Error(got)
	}
}

// A client that enables IMAP4rev2 gets what that says of SELECT and SEARCH; one
// that does not is spared it.
func TestEnableRev2(t *testing.T) {
	s := start(t, Options{})
	r := dialRaw(t, s.Info().IMAP)
	r.want("* OK")
	r.imap("LOGIN alice wonderland")
	if got := strings.Join(r.imap("SELECT Archive"), "\n"); strings.Contains(got, "* LIST") || !strings.Contains(got, "* 0 RECENT") {
		t.Error(got)
	}
	if got := r.imap("ENABLE IMAP4rev2")[0]; got != "* ENABLED IMAP4rev2" {
		t.Error(got)
	}
	if got := strings.Join(r.imap("SELECT Archive"), "\n"); !strings.Contains(got, `* LIST (\Archive) "/" "Archive"`) || strings.Contains(got, "RECENT") {
		t.Error(got)
	}
	if got := r.imap("SEARCH FLAGGED")[0]; got != `* ESEARCH (TAG "x") ALL 2` {
		t.Error(got)
	}
	if got := r.imap("NAMESPACE")[0]; got != `* NAMESPACE (("" "/")) NIL NIL` {
		t.Error(got)
	}
	if got := r.imap("STATUS INBOX (MESSAGES UIDNEXT UNSEEN DELETED)")[0]; got != `* STATUS INBOX (MESSAGES 14 UIDNEXT 15 UNSEEN 8 DELETED 0)` {
		t.Error(got)
	}
}
