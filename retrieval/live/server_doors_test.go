package live

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"imapop/account"
	"imapop/account/servertest/courier"
	"imapop/account/servertest/cyrus"
	"imapop/account/servertest/dovecot"
	"imapop/retrieval"
)

// upgraded is the account by STARTTLS and STLS.
func upgraded(a account.Account, imap, pop3 string) account.Account {
	a.IMAP = account.Endpoint{Address: imap, Security: account.StartTLS}
	a.POP3 = account.Endpoint{Address: pop3, Security: account.StartTLS}
	return a
}

func TestServersDoors(t *testing.T) {
	t.Parallel()
	// What a side says it can do changes at TLS and at the login.
	check := func(t *testing.T, s server) {
		imap, pop := dialPlain(t, s.account.IMAP.Address), dialPlain(t, s.account.POP3.Address)
		greeting, capa := imap.imap("CAPABILITY"), pop.capa()
		if !strings.Contains(greeting, "STARTTLS") || !slices.Contains(capa, "STLS") {
			t.Errorf("before TLS: %s, %v", greeting, capa)
		}
		if disabled := strings.Contains(greeting, "LOGINDISABLED"); disabled != (s.account.Name == "cyrus") {
			t.Errorf("LOGINDISABLED before TLS: %v", disabled)
		}
		if user := slices.Contains(capa, "USER"); user != (s.account.Name != "cyrus") {
			t.Errorf("USER before TLS: %v", user)
		}
		b := openServer(t, s, nil)
		v := b.now()
		if !strings.Contains(v.IMAP.Security.String(), "TLS") || !strings.Contains(v.POP3.Security.String(), "TLS") {
			t.Errorf("security %v, %v", v.IMAP.Security, v.POP3.Security)
		}
		if slices.Contains(v.IMAP.Caps, "STARTTLS") || slices.Contains(v.POP3.Caps, "STLS") {
			t.Errorf("the upgrade is still offered: %v, %v", v.IMAP.Caps, v.POP3.Caps)
		}
		again := slices.Contains(v.IMAP.Caps, "LOGINDISABLED") // although we are in
		if want := b.name == "cyrus"; again != want {
			t.Errorf("LOGINDISABLED after the login: %v", again)
		}
		user := slices.Contains(v.POP3.Caps, "USER")
		if want := b.name == "courier"; user != want {
			t.Errorf("USER in CAPA after the login: %v in %v", user, v.POP3.Caps)
		}
	}
	t.Run("dovecot", func(t *testing.T) {
		t.Parallel()
		s := dovecot.Start(t, dovecot.Options{FillInbox: 3})
		check(t, server{upgraded(s.Account(), s.IMAP, s.POP3), s.CAPool, s.Deliver})
	})
	t.Run("cyrus", func(t *testing.T) {
		t.Parallel()
		s := cyrus.Start(t, cyrus.Options{FillInbox: 3})
		check(t, server{upgraded(s.Account(), s.IMAP, s.POP3), s.CAPool, func(m []byte) error { return s.Deliver(m) }})
	})
	t.Run("courier", func(t *testing.T) {
		t.Parallel()
		s := courier.Start(t, courier.Options{FillInbox: 3})
		check(t, server{upgraded(s.Account(), s.IMAP, s.POP3), s.CAPool, s.Deliver})
	})
}

func TestServersWrongPassword(t *testing.T) {
	t.Parallel()
	check := func(t *testing.T, s server, imapCode, popCode string) {
		d := Open(t.Context(), Options{Account: s.account, Password: account.NewPassword("not it"), Wire: wireTo(s)})
		t.Cleanup(d.Close)
		b := &bench{Desk: d, t: t}
		b.wait("both sides are refused", func(bk *book) bool { return bk.imap.Problem != nil && bk.pop.Problem != nil })
		v := b.now()
		for _, c := range []struct {
			pr   *retrieval.Problem
			code string
		}{{v.IMAP.Problem, imapCode}, {v.POP3.Problem, popCode}} {
			var op *retrieval.OpError
			if !errors.Is(c.pr.Err, retrieval.ErrAuth) || !errors.As(c.pr.Err, &op) || op.Code != c.code || !c.pr.Retry.IsZero() {
				t.Errorf("want code %q, no further try: %v, %v", c.code, c.pr.Err, c.pr.Retry)
			}
		}
	}
	t.Run("dovecot", func(t *testing.T) {
		t.Parallel()
		check(t, startDovecot(t, dovecot.Options{}), "AUTHENTICATIONFAILED", "AUTH")
	})
	t.Run("cyrus", func(t *testing.T) { t.Parallel(); check(t, startCyrus(t, cyrus.Options{}), "", "AUTH") })
	t.Run("courier", func(t *testing.T) { t.Parallel(); check(t, startCourier(t, courier.Options{}), "", "") })
}

func TestServersCourierSelectsWithoutUIDNEXT(t *testing.T) {
	t.Parallel()
	b := openCourier(t, courier.Options{})
	for _, l := range b.said(0, retrieval.IMAP, retrieval.ServerSays) {
		if strings.HasPrefix(l, "* OK [UIDNEXT") {
			t.Fatalf("Courier has learnt it: %s", l)
		}
	}
	if n := len(b.uidsNow()); n != filled {
		t.Errorf("%d of %d messages are listed", n, filled)
	}
}

func TestServersPipeliningAndWhereItStops(t *testing.T) {
	t.Parallel()
	onAll(t, func(t *testing.T, b *bench) {
		var numbers []int
		total := len(b.now().POP3.Drop.Entries)
		for n := 1; n <= total; n++ {
			numbers = append(numbers, n)
		}
		b.do(retrieval.Action{Verb: retrieval.VerbPolicy, Side: retrieval.POP3, Policy: "delete"})
		line := b.lastLine()
		b.pop(retrieval.VerbDownload, numbers...)
		var order []string
		answered, mostAhead, asked := 0, 0, 0
		for _, l := range b.Lines(line, 0) {
			switch {
			case l.Side != retrieval.POP3:
			case l.Dir == retrieval.ClientSays && strings.HasPrefix(l.Text, "RETR"):
				asked++
				mostAhead = max(mostAhead, asked-answered)
			case l.Dir == retrieval.ClientSays && strings.HasPrefix(l.Text, "DELE"):
				order = append(order, l.Text)
				if answered < total {
					t.Fatalf("%s went out after %d of %d answers to RETR", l.Text, answered, total)
				}
			case l.Dir == retrieval.ServerSays && strings.HasPrefix(l.Text, "+OK") && asked > answered:
				answered++
			}
		}
		if mostAhead < 2 || len(order) != total {
			t.Errorf("%d RETR at once, %d DELE", mostAhead, len(order))
		}
		// And nothing behind a password that was not answered: Courier throws it away.
		var last string
		for _, l := range b.Lines(0, 0) {
			if l.Side != retrieval.POP3 {
				continue
			}
			if l.Dir == retrieval.ClientSays && (strings.HasPrefix(last, "PASS") || strings.HasPrefix(last, "AUTH")) {
				t.Errorf("%q was sent behind an unanswered %q", l.Text, last)
			}
			if last = ""; l.Dir == retrieval.ClientSays {
				last = l.Text
			}
		}
	})
}

// On Cyrus RETR, DELE and QUIT in one write, cut in the middle of the answer,
// delete a message that nobody has: here nothing is gone.
func TestServersCutDownloadDeletesNothing(t *testing.T) {
	t.Parallel()
	run := func(t *testing.T, s server) {
		cut := &scissors{address: s.account.POP3.Address}
		b := openServer(t, s, func(o *Options) { o.Wire.Dialer = cut.dial })
		b.do(retrieval.Action{Verb: retrieval.VerbPolicy, Side: retrieval.POP3, Policy: "delete"})
		var numbers []int
		total := len(b.now().POP3.Drop.Entries)
		for n := 1; n <= total; n++ {
			numbers = append(numbers, n)
		}
		n := b.session()
		cut.after(1500)
		if err := b.Do(t.Context(), retrieval.Action{Verb: retrieval.VerbDownload, Side: retrieval.POP3, Numbers: numbers}); err == nil {
			t.Fatal("the download was not cut")
		}
		b.wait("POP3 is closed", func(bk *book) bool { return bk.pop.State == retrieval.POP3Closed })
		b.do(retrieval.Action{Verb: retrieval.VerbConnect, Side: retrieval.POP3})
		b.renewed(n)
		b.sync()
		if p, i := len(b.now().POP3.Drop.Entries), len(b.uidsNow()); p != total || i != total {
			t.Errorf("POP3 has %d, IMAP %d of %d", p, i, total)
		}
	}
	t.Run("sandbox", func(t *testing.T) { t.Parallel(); run(t, startSandbox(t)) })
	t.Run("dovecot", func(t *testing.T) { t.Parallel(); run(t, startDovecot(t, dovecot.Options{})) })
	t.Run("cyrus", func(t *testing.T) { t.Parallel(); run(t, startCyrus(t, cyrus.Options{})) })
	t.Run("courier", func(t *testing.T) { t.Parallel(); run(t, startCourier(t, courier.Options{})) })
}
