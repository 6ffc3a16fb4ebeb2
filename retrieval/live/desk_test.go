package live

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"imapop/account"
	"imapop/account/sandbox"
	"imapop/account/servertest/dovecot"
	"imapop/retrieval"
	"imapop/retrieval/local"
	"imapop/retrieval/wire"
)

// bench is a Desk on a server of its own.
type bench struct {
	*Desk
	t       *testing.T
	deliver func(subject string) // by the server's own door, not over IMAP
	put     func(msg []byte) error
	set     func(policy, value string)
	name    string
}

// open opens a Desk on a demo server.
func open(t *testing.T, o sandbox.Options, change func(*Options)) *bench {
	t.Helper()
	srv, err := sandbox.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	a := srv.Account()
	lo := Options{Account: a, Password: a.Secret.Literal, Wire: wire.Options{Roots: srv.Roots()}}
	if change != nil {
		change(&lo)
	}
	b := openOn(t, lo)
	b.name = "sandbox"
	b.put = func(msg []byte) error { _, err := srv.Deliver(msg); return err }
	b.deliver = func(subject string) {
		if _, err := srv.Deliver(testMail(subject)); err != nil {
			t.Fatal(err)
		}
	}
	b.set = func(policy, value string) {
		if err := srv.SetPolicy(policy, value); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// openDovecot opens a Desk on a real Dovecot with some messages in INBOX and an Archive.
func openDovecot(t *testing.T, o dovecot.Options) *bench {
	t.Helper()
	if o.FillInbox == 0 {
		o.FillInbox = 12
	}
	srv := dovecot.Start(t, o)
	b := openOn(t, Options{Account: srv.Account(), Password: account.NewPassword(srv.Password), Wire: wire.Options{Roots: srv.CAPool}})
	b.name, b.put = "dovecot", srv.Deliver
	b.deliver = func(subject string) {
		if err := srv.Deliver(testMail(subject)); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func openOn(t *testing.T, o Options) *bench {
	t.Helper()
	if o.OpenCopy == nil {
		o.Account.Maildir = filepath.Join(t.TempDir(), "Maildir")
		lo := local.Options{Maildir: o.Account.Maildir, Endpoint: o.Account.POP3.Address, User: o.Account.User, Policy: o.Account.LeaveOnServer}
		o.OpenCopy = func(locked func()) (*local.Copy, error) { lo.Locked = locked; return local.Open(lo) }
	}
	d := Open(context.Background(), o)
	t.Cleanup(d.Close)
	b := &bench{Desk: d, t: t}
	b.wait("both sides are listed", func(b *book) bool { return b.whole && b.imap.Folders != nil && !b.pop.Drop.At.IsZero() })
	b.Want(b.now().Rows)
	b.wait("headers are there", func(b *book) bool {
		e := b.pop.Drop.Entries
		return len(e) == 0 || e[len(e)-1].Header != nil
	})
	return b
}

func testMail(subject string) []byte {
	return []byte("From: Ada <ada@example.org>\r\nTo: alice@example.org\r\nSubject: " + subject +
		"\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <" + subject + "@test.example>\r\n\r\nHello.\r\n")
}

// patience bounds every wait of these tests; nothing is slept through.
const patience = 20 * time.Second

// wait waits for the book to say something.
func (b *bench) wait(what string, ready func(*book) bool) {
	b.t.Helper()
	ctx, stop := context.WithTimeout(b.t.Context(), patience)
	defer stop()
	if err := b.until(ctx, ready); err != nil {
		v := b.now()
		for _, h := range v.Happened {
			b.t.Logf("%s %s %s: %s", h.At.Format("05.000"), h.Side, h.Kind, h.Text)
		}
		b.t.Fatalf("waiting until %s: %v", what, err)
	}
}

// now returns the book's view.
func (b *bench) now() (v *retrieval.View) {
	b.ask(func(bk *book) { v = bk.view() })
	return v
}

// do runs an action that must succeed.
func (b *bench) do(a retrieval.Action) {
	b.t.Helper()
	if err := b.Do(b.t.Context(), a); err != nil {
		b.t.Fatalf("%s over %s: %v", a.Verb, a.Side, err)
	}
}

// happened waits for a happening of a kind after a Seq and returns it.
func (b *bench) happened(after uint64, side retrieval.Protocol, kind retrieval.Kind) retrieval.Happening {
	b.t.Helper()
	var got retrieval.Happening
	b.wait(string(side)+" "+string(kind), func(bk *book) bool {
		for _, h := range bk.happened {
			if h.Seq > after && h.Side == side && h.Kind == kind {
				got = h
				return true
			}
		}
		return false
	})
	return got
}

func (b *bench) seq() (n uint64) {
	b.ask(func(bk *book) { n = bk.seq })
	return n
}

func paired(v *retrieval.View) []retrieval.Row {
	return slices.DeleteFunc(slices.Clone(v.Rows), func(r retrieval.Row) bool { return r.UID == 0 || r.Number == 0 })
}

func TestBothSidesOpenAndPair(t *testing.T) {
	b := open(t, sandbox.Options{}, nil)
	v, err := b.Survey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Rows) < 10 || len(paired(v)) != len(v.Rows) {
		t.Fatalf("%d of %d rows are paired (%+v)", len(paired(v)), len(v.Rows), v.Pairing)
	}
	for _, r := range v.Rows {
		if r.Sure != retrieval.SureFormula {
			t.Errorf("UID %d is paired by %q", r.UID, r.Sure)
		}
	}
}

func TestPOPDeletionReachesIMAPAtQuit(t *testing.T) {
	b := open(t, sandbox.Options{}, nil)
	v := b.now()
	rows := paired(v)[:2]
	numbers := []int{rows[0].Number, rows[1].Number}
	start := b.seq()
	b.do(retrieval.Action{Verb: retrieval.VerbDelete, Side: retrieval.POP3, Numbers: numbers, Session: v.POP3.Session})
	if now := b.now(); now.POP3.Pending != 2 || len(now.Rows) != len(v.Rows) {
		t.Fatalf("pending %d, %d of %d rows after two DELEs", now.POP3.Pending, len(now.Rows), len(v.Rows))
	}
	b.do(retrieval.Action{Verb: retrieval.VerbRefresh, Side: retrieval.IMAP})
	for _, h := range b.now().Happened {
		if h.Seq > start && h.Kind == retrieval.Expunged {
			t.Fatalf("IMAP heard of it before QUIT: %s", h.Text)
		}
	}
	b.do(retrieval.Action{Verb: retrieval.VerbQuit, Side: retrieval.POP3})
	gone := b.happened(start, retrieval.IMAP, retrieval.Expunged)
	quit := b.happened(start, retrieval.POP3, retrieval.Updated)
	b.wait("both are gone", func(bk *book) bool { return len(bk.uids) == len(v.Rows)-2 })
	if gone.CausedBy != 0 && gone.CausedBy != quit.Seq {
		t.Errorf("the EXPUNGE is put down to %d, not to QUIT %d", gone.CausedBy, quit.Seq)
	}
	b.wait("a new session", func(bk *book) bool {
		return bk.listedIn > v.POP3.Session && len(bk.pop.Drop.Entries) == len(v.Rows)-2
	})
}

func TestDroppedCableDeletesNothing(t *testing.T) {
	b := open(t, sandbox.Options{}, nil)
	v := b.now()
	start := b.seq()
	b.do(retrieval.Action{Verb: retrieval.VerbDelete, Side: retrieval.POP3, Numbers: []int{1, 2}, Session: v.POP3.Session})
	b.do(retrieval.Action{Verb: retrieval.VerbDrop, Side: retrieval.POP3})
	b.wait("the side is closed", func(bk *book) bool { return bk.pop.State == retrieval.POP3Closed })
	b.do(retrieval.Action{Verb: retrieval.VerbConnect, Side: retrieval.POP3})
	b.wait("a new session", func(bk *book) bool { return bk.listedIn > v.POP3.Session })
	after := b.now()
	if len(after.POP3.Drop.Entries) != len(v.POP3.Drop.Entries) {
		t.Fatalf("%d of %d messages are left", len(after.POP3.Drop.Entries), len(v.POP3.Drop.Entries))
	}
	b.happened(start, retrieval.POP3, retrieval.Dropped)
}
