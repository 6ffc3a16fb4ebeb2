package live

import (
	"slices"
	"strings"
	"testing"

	"imapop/account/servertest/courier"
	"imapop/account/servertest/cyrus"
	"imapop/account/servertest/dovecot"
	"imapop/retrieval"
)

func TestServersReadingIsNotMarking(t *testing.T) {
	t.Parallel()
	t.Run("cyrus never", func(t *testing.T) {
		t.Parallel()
		b := openCyrus(t, cyrus.Options{})
		r := b.unread()
		b.readOverPOP(r.Number)
		b.newSession()
		b.sync()
		if b.seen(r.UID) {
			t.Error(`RETR set \Seen`)
		}
	})
	t.Run("cyrus popuseimapflags at QUIT", func(t *testing.T) {
		t.Parallel()
		b := openCyrus(t, cyrus.Options{ExtraConf: "popuseimapflags: yes"})
		r := b.unread()
		b.readOverPOP(r.Number)
		b.sync()
		if b.seen(r.UID) {
			t.Error(`\Seen before QUIT`)
		}
		start := b.seq()
		b.newSession()
		b.sync()
		h := b.happened(start, retrieval.IMAP, retrieval.FlagsChanged)
		if !b.seen(r.UID) || h.CausedBy == 0 {
			t.Errorf(`\Seen %v, put down to %d: %s`, b.seen(r.UID), h.CausedBy, h.Text)
		}
	})
	t.Run("courier at once", func(t *testing.T) {
		t.Parallel()
		b := openCourier(t, courier.Options{})
		r := b.unread()
		n := b.session()
		b.readOverPOP(r.Number)
		b.sync()
		b.wait(`\Seen is there during the session`, func(bk *book) bool { return bk.known[r.UID].Has(`\Seen`) })
		if b.session() != n {
			t.Error("there was a new session")
		}
	})
}

func TestServersResetForgetsReadingOnDovecotOnly(t *testing.T) {
	t.Parallel()
	onReal(t, func(t *testing.T, b *bench) {
		r := b.unread()
		b.readOverPOP(r.Number)
		b.pop(retrieval.VerbReset)
		b.newSession()
		b.sync()
		if got, want := b.seen(r.UID), b.name == "courier"; got != want {
			t.Errorf(`after RETR, RSET, QUIT: \Seen %v`, got)
		}
	})
}

func TestServersDroppedAfterReading(t *testing.T) {
	t.Parallel()
	run := func(t *testing.T, b *bench, seen bool) {
		r, n := b.unread(), b.session()
		b.readOverPOP(r.Number)
		b.pop(retrieval.VerbDrop)
		b.wait("POP3 is closed", func(bk *book) bool { return bk.pop.State == retrieval.POP3Closed })
		b.do(retrieval.Action{Verb: retrieval.VerbConnect, Side: retrieval.POP3})
		b.renewed(n)
		if seen {
			b.wait(`\Seen is there`, func(bk *book) bool { return bk.known[r.UID].Has(`\Seen`) })
			return
		}
		b.sync()
		if b.seen(r.UID) {
			t.Error(`\Seen without QUIT`)
		}
	}
	onReal(t, func(t *testing.T, b *bench) { run(t, b, b.name != "cyrus") })
	for name, seen := range map[string]bool{"at-end": true, "at-quit": false} {
		t.Run("sandbox "+name, func(t *testing.T) {
			t.Parallel()
			run(t, openServer(t, startSandbox(t, "retr-sets-seen", name), nil), seen)
		})
	}
}

func TestServersTopIsThePeek(t *testing.T) {
	t.Parallel()
	onOthers(t, func(t *testing.T, b *bench) { // opening asked TOP of every message
		r := b.unread()
		if r.Entry.Header == nil {
			t.Fatal("TOP was not answered")
		}
		b.newSession()
		b.sync()
		if b.seen(r.UID) {
			t.Error(`TOP set \Seen`)
		}
		if _, err := b.readOverIMAP(r.UID); err != nil {
			t.Fatal(err)
		}
		b.sync()
		if b.seen(r.UID) {
			t.Error(`BODY.PEEK[] set \Seen`)
		}
	})
}

func TestServersRecentAfterPOP3(t *testing.T) {
	t.Parallel()
	onReal(t, func(t *testing.T, b *bench) { // \Recent goes to the first session that is told of a message
		b.do(retrieval.Action{Verb: retrieval.VerbQuit, Side: retrieval.IMAP})
		b.wait("IMAP is closed", func(bk *book) bool { return bk.isess == nil })
		b.deliver("recent")
		b.newSession()
		got := b.dial(b.o.Account.IMAP.Address)
		got.imap("LOGIN " + b.o.Account.User + " " + b.o.Password.Reveal())
		recent := !strings.Contains(got.imap("SELECT INBOX"), "* 0 RECENT")
		if want := b.name != "dovecot"; recent != want {
			t.Errorf(`\Recent after a POP3 session: %v`, recent)
		}
	})
}

// big is a message that does not fit into any buffer on the way.
func big(octets int) []byte {
	msg := []byte("From: ada@example.org\r\nSubject: big\r\nMessage-ID: <big@test.example>\r\n\r\n")
	for len(msg) < octets {
		msg = append(msg, "0123456789012345678901234567890123456789012345678901234567890123456789\r\n"...)
	}
	return msg
}

func TestServersBrokenDownload(t *testing.T) {
	t.Parallel()
	t.Run("sandbox at-quit", func(t *testing.T) {
		t.Parallel()
		brokenDownload(t, startSandbox(t, "retr-sets-seen", "at-quit"), false)
	})
	t.Run("dovecot says read", func(t *testing.T) { t.Parallel(); brokenDownload(t, startDovecot(t, dovecot.Options{}), true) })
	t.Run("cyrus", func(t *testing.T) { t.Parallel(); brokenDownload(t, startCyrus(t, cyrus.Options{}), false) })
	t.Run("courier", func(t *testing.T) { t.Parallel(); brokenDownload(t, startCourier(t, courier.Options{}), false) })
}

// brokenDownload cuts the connection in the middle of a RETR.
func brokenDownload(t *testing.T, s server, seen bool) {
	cut := &scissors{address: s.account.POP3.Address}
	b := openServer(t, s, func(o *Options) { o.Wire.Dialer = cut.dial })
	b.otherIMAP().append(big(8 << 20))
	b.sync()
	b.newSession()
	b.paired()
	v := b.now()
	i := slices.IndexFunc(v.Rows, func(r retrieval.Row) bool { return r.Message != nil && r.Message.Header.Subject == "big" })
	r := v.Rows[i]
	cut.after(100_000)
	if _, err := b.popOctets(r.Number); err == nil {
		t.Fatal("the download was not broken")
	}
	b.wait("POP3 is closed", func(bk *book) bool { return bk.pop.State == retrieval.POP3Closed })
	b.do(retrieval.Action{Verb: retrieval.VerbConnect, Side: retrieval.POP3})
	b.renewed(v.POP3.Session)
	if n := len(b.now().POP3.Drop.Entries); n != len(v.POP3.Drop.Entries) {
		t.Errorf("%d of %d messages are left", n, len(v.POP3.Drop.Entries))
	}
	if seen {
		b.wait(`\Seen is there`, func(bk *book) bool { return bk.known[r.UID].Has(`\Seen`) })
		return
	}
	b.sync()
	if b.seen(r.UID) {
		t.Error(`\Seen of a message that was not received`)
	}
}
