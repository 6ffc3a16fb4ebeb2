package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// idler is an IMAP session in IDLE on INBOX, raw, so that what it hears is seen
// in its order.
func idler(t testing.TB, s *Server) *raw {
	t.Helper()
	r := dialRaw(t, s.Info().IMAPS)
	r.secure(s)
	r.want("* OK")
	r.imap("LOGIN " + s.user + " " + s.password)
	r.imap("SELECT INBOX")
	r.send("i IDLE")
	r.want("+")
	return r
}

func setFlags(t testing.TB, c *imapclient.Client, seq uint32, op imap.StoreFlagsOp, flags ...imap.Flag) {
	t.Helper()
	if err := c.Store(imap.SeqSetNum(seq), &imap.StoreFlags{Op: op, Flags: flags, Silent: true}, nil).Close(); err != nil {
		t.Fatal(err)
	}
}

func flagsOf(t testing.TB, c *imapclient.Client, uid imap.UID) []imap.Flag {
	t.Helper()
	msgs, err := c.Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{Flags: true}).Collect()
	if err != nil || len(msgs) != 1 {
		t.Fatalf("UID %d: %d messages, %v", uid, len(msgs), err)
	}
	return msgs[0].Flags
}

const shortMail = "From: a@example.org\r\nSubject: hello\r\n\r\nhello\r\n"

// Whatever any door does, a session in IDLE hears at once.
func TestIdleHearsEverything(t *testing.T) {
	s := start(t, Options{Policies: map[string]string{"retr-sets-seen": "at-once"}})
	i := idler(t, s)
	c := dialIMAP(t, s, nil)
	selectBox(t, c, "INBOX")

	setFlags(t, c, 1, imap.StoreFlagsAdd, imap.FlagFlagged)
	i.want(`* 1 FETCH (UID 1 FLAGS (\Answered \Flagged \Seen))`)
	setFlags(t, c, 1, imap.StoreFlagsAdd, "$Later")
	i.want(`* FLAGS (\Answered \Flagged \Deleted \Seen \Draft $Forwarded $Later)`)
	i.want(`* 1 FETCH (UID 1 FLAGS ($Later \Answered \Flagged \Seen))`)

	if _, err := c.Fetch(imap.SeqSetNum(4), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{}}}).Collect(); err != nil {
		t.Fatal(err)
	}
	i.want(`* 4 FETCH (UID 4 FLAGS (\Seen))`)

	p := loginPOP3(t, s)
	p.send("RETR 7")
	p.multi()
	i.want(`* 7 FETCH (UID 7 FLAGS (\Seen))`)

	if uid, err := s.Deliver([]byte(shortMail)); err != nil || uid != 15 {
		t.Fatal(uid, err)
	}
	i.want("* 15 EXISTS")
	up := c.Append("INBOX", int64(len(shortMail)), nil)
	up.Write([]byte(shortMail))
	up.Close()
	if data, err := up.Wait(); err != nil || data.UID != 16 {
		t.Fatal(data, err)
	}
	i.want("* 16 EXISTS")

	if _, err := c.Move(imap.SeqSetNum(2, 3), "Archive").Wait(); err != nil {
		t.Fatal(err)
	}
	i.want("* 3 EXPUNGE")
	i.want("* 2 EXPUNGE")

	setFlags(t, c, 1, imap.StoreFlagsAdd, imap.FlagDeleted)
	i.want(`* 1 FETCH (UID 1 FLAGS ($Later \Answered \Deleted \Flagged \Seen))`)
	if err := c.Expunge().Close(); err != nil {
		t.Fatal(err)
	}
	i.want("* 1 EXPUNGE")

	p.send("DELE 4")
	p.want("+OK")
	p.send("QUIT")
	p.want("+OK")
	i.want("* 1 EXPUNGE")
	i.send("DONE")
	i.want("i OK")
}

// A session that has not been told keeps its numbers; EXPUNGE does not come
// during FETCH, STORE or SEARCH by number (RFC 9051 section 7.5.1).
func TestNumbersHoldUntilTold(t *testing.T) {
	s := start(t, Options{})
	r := idler(t, s)
	r.send("DONE")
	r.want("i OK")
	c := dialIMAP(t, s, nil)
	selectBox(t, c, "INBOX")
	if _, err := c.Move(imap.SeqSetNum(1), "Archive").Wait(); err != nil {
		t.Fatal(err)
	}
	s.Deliver([]byte(shortMail))
	if got := r.imap("FETCH 2 (UID)"); !slices.Equal(got[:2], []string{"* 2 FETCH (UID 2)", "* 15 EXISTS"}) {
		t.Errorf("%q", got)
	}
	if got := r.imap("FETCH 15 (UID)"); got[0] != "* 15 FETCH (UID 15)" {
		t.Errorf("%q", got)
	}
	if got := r.imap("STORE 1 +FLAGS.SILENT (\\Flagged)"); len(got) != 1 {
		t.Errorf("%q", got)
	}
	if got := r.imap("NOOP"); got[0] != "* 1 EXPUNGE" {
		t.Errorf("%q", got)
	}
	if got := r.imap("FETCH 1,14 (UID)"); !slices.Equal(got[:2], []string{"* 1 FETCH (UID 2)", "* 14 FETCH (UID 15)"}) {
		t.Errorf("%q", got)
	}
}

// Out and back is a new message: new UID, new unique-id, last in the list.
func TestMoveOutAndBack(t *testing.T) {
	for _, format := range []string{"dovecot", "cyrus", "courier", "opaque"} {
		s := start(t, Options{Policies: map[string]string{"uidl-format": format}})
		uidl := func() []string {
			p := loginPOP3(t, s)
			p.send("UIDL")
			var ids []string
			for _, l := range p.multi() {
				ids = append(ids, strings.Fields(l)[1])
			}
			p.send("QUIT")
			p.want("+OK")
			return ids
		}
		before := uidl()
		c := dialIMAP(t, s, nil)
		data := selectBox(t, c, "INBOX")
		moved, err := c.Move(imap.UIDSetNum(3), "Archive").Wait()
		if err != nil {
			t.Fatal(err)
		}
		selectBox(t, c, "Archive")
		back, err := c.Move(moved.DestUIDs, "INBOX").Wait()
		if err != nil {
			t.Fatal(err)
		}
		if got := back.DestUIDs.String(); got != "15" || back.UIDValidity != data.UIDValidity {
			t.Errorf("%s: came back as %s of %d", format, got, back.UIDValidity)
		}
		after := uidl()
		if !slices.Equal(after[:13], slices.Delete(slices.Clone(before), 2, 3)) {
			t.Errorf("%s: the others changed:\n%v\n%v", format, before, after)
		}
		stays := format == "opaque" || format == "courier"
		if (after[13] == before[2]) != stays {
			t.Errorf("%s: unique-id %s was %s", format, after[13], before[2])
		}
		if format == "dovecot" && after[13] != fmt.Sprintf("%08x%08x", 15, data.UIDValidity) {
			t.Errorf("unique-id %s", after[13])
		}
		if format == "cyrus" && after[13] != fmt.Sprintf("%d.%d", data.UIDValidity, 15) {
			t.Errorf("unique-id %s", after[13])
		}
	}
}

func TestExamineChangesNothing(t *testing.T) {
	s := start(t, Options{})
	r := dialRaw(t, s.Info().IMAP)
	r.want("* OK")
	r.imap("LOGIN alice wonderland")
	c := dialIMAP(t, s, nil)
	selectBox(t, c, "INBOX")
	setFlags(t, c, 1, imap.StoreFlagsAdd, imap.FlagDeleted)

	if got := last(r.imap("EXAMINE INBOX")); !strings.HasPrefix(got, "x OK [READ-ONLY]") {
		t.Error(got)
	}
	r.imap("FETCH 4 BODY[]")
	for _, cmd := range []string{`STORE 4 +FLAGS (\Seen)`, "EXPUNGE", "MOVE 4 Archive"} {
		if got := last(r.imap(cmd)); !strings.HasPrefix(got, "x NO [READ-ONLY]") {
			t.Errorf("%s: %s", cmd, got)
		}
	}
	if got := last(r.imap("CLOSE")); !strings.HasPrefix(got, "x OK") {
		t.Error(got)
	}
	if got := flagsOf(t, c, 4); len(got) != 0 {
		t.Errorf("UID 4 has %v", got)
	}
	if got := flagsOf(t, c, 1); !slices.Contains(got, imap.FlagDeleted) {
		t.Errorf("UID 1 has %v", got)
	}
	r.imap("SELECT INBOX")
	r.imap("CLOSE")
	if got := r.imap("STATUS INBOX (MESSAGES)")[0]; got != "* STATUS INBOX (MESSAGES 13)" {
		t.Error(got)
	}
}

func TestUIDExpungeSparesOthers(t *testing.T) {
	s := start(t, Options{})
	c := dialIMAP(t, s, nil)
	selectBox(t, c, "INBOX")
	for _, n := range []uint32{1, 2, 14} {
		setFlags(t, c, n, imap.StoreFlagsAdd, imap.FlagDeleted)
	}
	uids, err := c.UIDExpunge(imap.UIDSet{{Start: 2, Stop: 3}, {Start: 99, Stop: 0}}).Collect()
	if err != nil || !slices.Equal(uids, []uint32{14, 2}) {
		t.Errorf("%v, %v", uids, err)
	}
	if got := flagsOf(t, c, 1); !slices.Contains(got, imap.FlagDeleted) {
		t.Error("UID 1 is not marked any more")
	}
}

func TestFlagRules(t *testing.T) {
	s := start(t, Options{})
	r := dialRaw(t, s.Info().IMAP)
	r.want("* OK")
	r.imap("LOGIN alice wonderland")
	r.imap("SELECT INBOX")
	for cmd, want := range map[string]string{
		`STORE 1 FLAGS (\seen $mdnsent)`: `* 1 FETCH (FLAGS ($MDNSent \Seen))`,
		`STORE 1 +FLAGS (\Recent)`:       "x BAD",
		`STORE 1 +FLAGS (\Bogus)`:        "x BAD",
		`UID STORE 2 -FLAGS (\SEEN)`:     `* 2 FETCH (UID 2 FLAGS ())`,
		`STORE 999 +FLAGS (\Seen)`:       "x OK",
	} {
		if got := r.imap(cmd)[0]; !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", cmd, got)
		}
	}
}
