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

func TestServersTwoPOP3Sessions(t *testing.T) {
	t.Parallel()
	onOthers(t, func(t *testing.T, b *bench) {
		if pr := b.second(); pr != nil {
			t.Errorf("problem %+v", pr)
		}
	})
	t.Run("dovecot pop3_lock_session", func(t *testing.T) {
		t.Parallel()
		b := openServer(t, startDovecot(t, dovecot.Options{ExtraConf: "pop3_lock_session = yes"}), nil)
		pr := b.second() // the answer takes Dovecot 10 s and more
		if pr == nil || !errors.Is(pr.Err, retrieval.ErrInUse) || !strings.Contains(pr.Why, "busy") {
			t.Errorf("problem %+v", pr)
		}
	})
}

func TestServersUniqueIDsAndUIDs(t *testing.T) {
	t.Parallel()
	formula := func(name string, start func(t *testing.T) server, derivable bool) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := openServer(t, start(t), nil)
			b.paired()
			if got := b.now().Pairing; (got.Format != "") != derivable {
				t.Errorf("pairing %+v", got)
			}
		})
	}
	dove := func(format string) func(t *testing.T) server {
		return func(t *testing.T) server {
			return startDovecot(t, dovecot.Options{ExtraConf: "pop3_uidl_format = " + format})
		}
	}
	cyr := func(format string) func(t *testing.T) server {
		return func(t *testing.T) server { return startCyrus(t, cyrus.Options{ExtraConf: "uidl_format: " + format}) }
	}
	formula("dovecot %v.%u", dove("%v.%u"), true)
	formula("dovecot %v-%u", dove("%v-%u"), true)
	formula("dovecot %g", dove("%g"), false)
	formula("cyrus", cyr("cyrus"), true)
	formula("cyrus dovecot", cyr("dovecot"), true)
	formula("cyrus courier", cyr("courier"), true)
	t.Run("sandbox in an order of its own", func(t *testing.T) {
		t.Parallel()
		b := openServer(t, startSandbox(t, "uidl-format", "courier", "pop3-order", "name"), nil)
		b.paired()
		if got := b.now().Pairing; got.Format != "" || got.Order {
			t.Errorf("pairing %+v", got)
		}
	})
	t.Run("courier has numbers and an order of its own", func(t *testing.T) {
		t.Parallel()
		srv := courier.Start(t, courier.Options{FillInbox: filled, ExtraConf: pollSoon})
		b := openServer(t, server{srv.Account(), srv.CAPool, srv.Deliver}, nil)
		early := bytes.ReplaceAll(testMail("early"), []byte("\r\n"), []byte("\n"))
		if err := srv.DeliverAs("1000000000.M1P1.early", early); err != nil {
			t.Fatal(err)
		}
		b.wait("IMAP has it", func(bk *book) bool { return len(bk.uids) == filled+1 })
		b.newSession()
		b.paired()
		v := b.now()
		first := v.POP3.Drop.Entries[0]
		if v.Pairing.Format != "" || v.Pairing.Order || first.Header == nil || first.Header.Subject != "early" {
			t.Errorf("pairing %+v, first %+v", v.Pairing, first)
		}
		if last := v.Rows[len(v.Rows)-1]; last.Number != 1 || last.Message.Header.Subject != "early" {
			t.Errorf("IMAP's last is POP3's number %d", last.Number)
		}
	})
}

func TestServersOctets(t *testing.T) {
	t.Parallel()
	unended := []byte("From: ada@example.org\r\nSubject: unended\r\nMessage-ID: <unended@test.example>\r\n\r\nno line end")
	check := func(t *testing.T, b *bench) {
		b.sync()
		b.newSession()
		b.paired()
		i := slices.IndexFunc(b.now().Rows, func(r retrieval.Row) bool { return r.Message.Header.Subject == "unended" })
		r := b.now().Rows[i]
		octets, err := b.popOctets(r.Number)
		if err != nil || r.Entry.Octets != int64(len(unended)) || r.Message.Octets != r.Entry.Octets {
			t.Fatalf("LIST says %d, RFC822.SIZE %d, sent %d (%v)", r.Entry.Octets, r.Message.Octets, len(unended), err)
		}
		if want := string(unended) + "\r\n"; string(octets) != want { // RETR's last line must end
			t.Errorf("RETR gave %d octets, want %d", len(octets), len(want))
		}
		b.mark(r.Number) // what arrived is whole, so it may be deleted
	}
	t.Run("dovecot", func(t *testing.T) {
		t.Parallel()
		b := openDovecot(t, dovecot.Options{})
		b.otherIMAP().append(unended)
		check(t, b)
	})
	t.Run("cyrus", func(t *testing.T) {
		t.Parallel()
		b := openCyrus(t, cyrus.Options{})
		b.otherIMAP().append(unended)
		check(t, b)
	})
	t.Run("courier", func(t *testing.T) {
		t.Parallel()
		srv := courier.Start(t, courier.Options{FillInbox: filled, ExtraConf: pollSoon})
		b := openServer(t, server{srv.Account(), srv.CAPool, srv.Deliver}, nil)
		if err := srv.Deliver(unended); err != nil {
			t.Fatal(err)
		}
		check(t, b)
	})
}

// Courier answers RETR of a message with 8-bit octets in its header with one of
// its own making, unless the client said UTF8 before it logged in (RFC 6856): a
// download would keep that one and delete the mail.
func TestServersEightBitHeader(t *testing.T) {
	t.Parallel()
	msg := []byte("From: ada@example.org\r\nSubject: Grüße\r\nMessage-ID: <eight@test.example>\r\n\r\nHello.\r\n")
	t.Run("courier", func(t *testing.T) {
		t.Parallel()
		srv := courier.Start(t, courier.Options{ExtraConf: pollSoon})
		if err := srv.Deliver(msg); err != nil {
			t.Fatal(err)
		}
		b := openServer(t, server{srv.Account(), srv.CAPool, srv.Deliver}, nil)
		octets, err := b.popOctets(1)
		if err != nil || !bytes.Equal(octets, msg) {
			t.Errorf("%v: RETR gave %d octets:\n%s", err, len(octets), octets)
		}
	})
}

// A message that starts with a line of one dot ends its own RETR early on
// Dovecot and Courier, which do not double that dot. What follows must not be
// taken for answers.
func TestServersTheDot(t *testing.T) {
	t.Parallel()
	dot := []byte(".\r\nFrom: ada@example.org\r\nSubject: dot\r\n\r\n+OK it was deleted\r\n+OK and this too\r\n")
	check := func(t *testing.T, s server) {
		b := &bench{Desk: Open(t.Context(), Options{Account: s.account, Password: s.account.Secret.Literal, Wire: wireTo(s)}), t: t}
		t.Cleanup(b.Close)
		b.wait("the list is there", func(bk *book) bool { return !bk.pop.Drop.At.IsZero() && bk.psess != nil })
		total := len(b.now().POP3.Drop.Entries)
		_, first := b.popOctets(total)
		_, then := b.popOctets(1)
		if then == nil { // the session may have ended between the two: its problem is looked at below
			t.Fatalf("RETR of the message gave %v, the next %v", first, then)
		}
		b.wait("POP3 is closed", func(bk *book) bool { return bk.pop.State == retrieval.POP3Closed && bk.pop.Problem != nil })
		pr := b.now().POP3.Problem
		if pr == nil || !errors.Is(pr.Err, retrieval.ErrProtocol) {
			t.Errorf("problem %+v", pr)
		}
		n := b.session()
		b.do(retrieval.Action{Verb: retrieval.VerbConnect, Side: retrieval.POP3})
		b.renewed(n)
		if left := len(b.now().POP3.Drop.Entries); left != total {
			t.Errorf("%d of %d are left", left, total)
		}
	}
	t.Run("dovecot", func(t *testing.T) {
		t.Parallel()
		s := startDovecot(t, dovecot.Options{})
		(&bench{Desk: &Desk{o: Options{Account: s.account, Password: s.account.Secret.Literal, Wire: wireTo(s)}}, t: t}).otherIMAP().append(dot)
		check(t, s)
	})
	t.Run("courier", func(t *testing.T) {
		t.Parallel()
		s := startCourier(t, courier.Options{})
		if err := s.deliver(dot); err != nil {
			t.Fatal(err)
		}
		check(t, s)
	})
}
