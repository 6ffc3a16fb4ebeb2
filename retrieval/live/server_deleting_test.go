package live

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"imapop/account/servertest/courier"
	"imapop/account/servertest/cyrus"
	"imapop/account/servertest/dovecot"
	"imapop/retrieval"
)

func TestServersDeletedIsNotDeleted(t *testing.T) {
	t.Parallel()
	onOthers(t, func(t *testing.T, b *bench) {
		r := b.unread()
		b.imapDo(retrieval.VerbDelete, r.UID)
		b.newSession()
		if byID(b.now().POP3.Drop.Entries, r.Entry.UniqueID) == nil {
			t.Error(`POP3 does not list what is only marked \Deleted`)
		}
		b.imapDo(retrieval.VerbExpunge, r.UID)
		b.newSession()
		if byID(b.now().POP3.Drop.Entries, r.Entry.UniqueID) != nil {
			t.Error("still there after EXPUNGE")
		}
	})
	t.Run("cyrus popuseimapflags", func(t *testing.T) {
		t.Parallel()
		b := openCyrus(t, cyrus.Options{ExtraConf: "popuseimapflags: yes"})
		r := b.unread()
		b.imapDo(retrieval.VerbDelete, r.UID)
		b.newSession()
		if row := b.row(r.UID); row == nil || row.Number != 0 || row.Hole != retrieval.HoleHidden {
			t.Errorf("row %+v", row)
		}
		b.imapDo(retrieval.VerbUndelete, r.UID)
		b.newSession()
		if row := b.row(r.UID); row == nil || row.Number == 0 {
			t.Errorf("row %+v", row)
		}
	})
	t.Run("dovecot pop3_delete_type=flag", func(t *testing.T) {
		t.Parallel()
		b := openServer(t, startDovecot(t, dovecot.Options{ExtraConf: "pop3_delete_type = flag\npop3_deleted_flag = \"$POP3Deleted\""}), nil)
		r := b.unread()
		b.mark(r.Number)
		start := b.seq()
		b.newSession()
		b.happened(start, retrieval.IMAP, retrieval.FlagsChanged)
		row := b.row(r.UID)
		if row == nil || !row.Message.Has("$POP3Deleted") || row.Number != 0 || row.Hole != retrieval.HoleHidden {
			t.Fatalf("after QUIT IMAP has %+v", row)
		}
		b.do(retrieval.Action{Verb: retrieval.VerbUnkeyword, Side: retrieval.IMAP, UIDs: []uint32{r.UID}, Keyword: "$POP3Deleted"})
		b.newSession()
		if byID(b.now().POP3.Drop.Entries, r.Entry.UniqueID) == nil {
			t.Error("without the keyword POP3 does not list it again")
		}
	})
}

func TestServersDeleIsAPromise(t *testing.T) {
	t.Parallel()
	onReal(t, func(t *testing.T, b *bench) {
		r := b.unread()
		total := len(b.now().POP3.Drop.Entries)
		left := func() bool { return byID(b.now().POP3.Drop.Entries, r.Entry.UniqueID) != nil }

		b.mark(r.Number)
		n := b.session()
		b.pop(retrieval.VerbDrop)
		b.wait("the side is closed", func(bk *book) bool { return bk.pop.State == retrieval.POP3Closed })
		b.do(retrieval.Action{Verb: retrieval.VerbConnect, Side: retrieval.POP3})
		b.renewed(n)
		if !left() || len(b.now().POP3.Drop.Entries) != total {
			t.Fatal("gone after DELE and a dropped connection")
		}
		b.pop(retrieval.VerbDelete, r.Number)
		b.pop(retrieval.VerbReset)
		b.newSession()
		if !left() {
			t.Fatal("gone after DELE, RSET and QUIT")
		}
		b.pop(retrieval.VerbDelete, r.Number)
		b.imapDo(retrieval.VerbFlag, r.UID) // does not save it, but on Courier
		start := b.seq()
		b.newSession()
		if b.name == "courier" { // the flag gave the file another name: QUIT says +OK and removes nothing
			if !left() {
				t.Fatal("gone, although the flag renamed the file")
			}
			if h := b.happened(start, retrieval.POP3, retrieval.Listed); !strings.Contains(h.Text, "of the 1 that QUIT deleted, 1 are still listed") {
				t.Errorf("the new session says: %s", h.Text)
			}
			b.pop(retrieval.VerbDelete, byID(b.now().POP3.Drop.Entries, r.Entry.UniqueID).Number)
			start = b.seq()
			b.newSession()
			b.settled(total - 1)
		}
		if left() {
			t.Fatal("still there after DELE and QUIT")
		}
		b.sync()
		h := b.happened(start, retrieval.IMAP, retrieval.Expunged)
		if h.CausedBy == 0 || !slices.Equal(h.UIDs, []uint32{r.UID}) || h.Delay <= 0 {
			t.Errorf("EXPUNGE of %v caused by %d after %v: %s", h.UIDs, h.CausedBy, h.Delay, h.Text)
		}
	})
}

func TestServersTellAtTheirOwnPace(t *testing.T) {
	run := func(name string, b func(t *testing.T) *bench, least, most time.Duration) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := b(t)
			b.mark(1)
			b.sync()
			b.idling()
			start := b.seq()
			b.newSession()
			h := b.happened(start, retrieval.IMAP, retrieval.Expunged)
			if h.CausedBy == 0 || h.Delay < least || h.Delay > most || !strings.Contains(h.Text, "after POP3's QUIT") {
				t.Errorf("heard after %v, caused by %d: %s", h.Delay, h.CausedBy, h.Text)
			}
		})
	}
	const slow = 5 * time.Second // what a machine with other work may add
	run("cyrus at once", func(t *testing.T) *bench { return openCyrus(t, cyrus.Options{}) }, 0, slow)
	run("dovecot half a second", func(t *testing.T) *bench { return openDovecot(t, dovecot.Options{}) }, 100*time.Millisecond, slow)
	run("courier polling every 3 s", func(t *testing.T) *bench {
		return openCourier(t, courier.Options{ExtraConf: "IMAP_IDLE_TIMEOUT=3"})
	}, 500*time.Millisecond, 3*time.Second+slow)
	// Courier with IMAP_ENHANCEDIDLE tells within a second most of the time, and on a
	// busy machine now and then not at all: what does not repeat is no test.
	t.Run("courier once a minute", func(t *testing.T) {
		t.Parallel()
		b := openCourier(t, courier.Options{ExtraConf: "IMAP_IDLE_TIMEOUT=60"})
		b.mark(1)
		b.sync()
		b.idling()
		start, total := b.seq(), len(b.uidsNow())
		b.newSession()
		if n := len(b.uidsNow()); n != total {
			t.Fatalf("IDLE told within a moment: %d of %d", n, total)
		}
		b.sync() // but whoever asks is told
		if h := b.happened(start, retrieval.IMAP, retrieval.Expunged); h.CausedBy == 0 {
			t.Errorf("%s", h.Text)
		}
	})
}

var expunge = regexp.MustCompile(`^\* (\d+) EXPUNGE$`)

func TestServersExpungesInTheirOrder(t *testing.T) {
	t.Parallel()
	down, up := []string{"5", "3", "1"}, []string{"1", "2", "3"}
	want := map[string][]string{"dovecot": down, "cyrus": up, "courier": up}
	run := func(t *testing.T, b *bench, want []string) {
		var numbers []int
		uids := b.uidsNow()
		left := slices.Clone(uids)
		for _, i := range []int{4, 2, 0} { // of IMAP's list, wherever POP3 has them
			numbers = append(numbers, b.row(uids[i]).Number)
			left = slices.Delete(left, i, i+1)
		}
		b.mark(numbers...)
		line := b.lastLine()
		b.newSession()
		b.settled(len(left))
		b.wait("IMAP's list is right", func(bk *book) bool { return slices.Equal(bk.uids, left) })
		if n := len(b.now().POP3.Drop.Entries); n != len(left) {
			t.Errorf("POP3 lists %d", n)
		}
		var got []string
		for _, l := range b.said(line, retrieval.IMAP, retrieval.ServerSays) {
			if m := expunge.FindStringSubmatch(l); m != nil {
				got = append(got, m[1])
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("EXPUNGE came as %v, want %v", got, want)
		}
	}
	onReal(t, func(t *testing.T, b *bench) { run(t, b, want[b.name]) })
	for name, want := range map[string][]string{"down": down, "up": up} {
		t.Run("sandbox "+name, func(t *testing.T) {
			t.Parallel()
			run(t, openServer(t, startSandbox(t, "expunge-order", name), nil), want)
		})
	}
}

func TestServersTheLastToKnow(t *testing.T) {
	t.Parallel()
	onReal(t, func(t *testing.T, b *bench) {
		other := b.otherIMAP()
		uid := b.uidsNow()[0]
		b.imapDo(retrieval.VerbDelete, uid)
		b.imapDo(retrieval.VerbExpunge, uid)
		answer := other.imap("FETCH 1 (BODY.PEEK[])")
		gone := map[string]string{
			"dovecot": "EXPUNGEISSUED", "cyrus": "This is message 1.", "courier": "no longer available on the server",
		}[b.name]
		if !strings.Contains(answer, gone) {
			t.Errorf("the session that was not told fetched:\n%s", answer)
		}
	})
	for name, conf := range map[string]string{
		"IDLE": "IMAP_IDLE_TIMEOUT=60",
		// Without IDLE nothing is told before the FETCH, as in the moment before IDLE begins.
		"no IDLE": `IMAP_CAPABILITY_TLS="IMAP4rev1 UIDPLUS CHILDREN NAMESPACE AUTH=PLAIN"`,
	} {
		t.Run("courier's made-up message is not taken for the message, "+name, func(t *testing.T) {
			t.Parallel()
			b := openCourier(t, courier.Options{ExtraConf: conf})
			uids := b.uidsNow()
			b.mark(b.row(uids[0]).Number, b.row(uids[1]).Number)
			b.newSession() // POP3 deleted them, and IMAP does not know
			octets, err := b.readOverIMAP(uids[0])
			if len(octets) > 0 || !errors.Is(err, retrieval.ErrGone) && !errors.Is(err, retrieval.ErrStale) {
				t.Errorf("%v: %q", err, octets)
			}
			m, _, err := b.Message(t.Context(), retrieval.Action{Verb: retrieval.VerbRead, Side: retrieval.IMAP, UIDs: uids[1:2]}, false)
			if m != nil || !errors.Is(err, retrieval.ErrGone) && !errors.Is(err, retrieval.ErrStale) {
				t.Errorf("to be read: %v: %v", err, m)
			}
		})
	}
}

func TestServersTakeTheirTimeToDelete(t *testing.T) {
	t.Parallel()
	onReal(t, func(t *testing.T, b *bench) { // Courier answers QUIT before the files are gone
		total := len(b.now().POP3.Drop.Entries)
		numbers := make([]int, 0, total)
		for n := 1; n <= total; n++ {
			numbers = append(numbers, n)
		}
		b.mark(numbers...)
		b.newSession()
		b.settled(0)
		ctx, stop := context.WithTimeout(t.Context(), patience)
		defer stop()
		if _, err := b.Survey(ctx); err != nil {
			t.Error(err)
		}
	})
}
