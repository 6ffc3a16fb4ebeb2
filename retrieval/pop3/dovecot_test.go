package pop3

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"imapop/account"
	"imapop/account/servertest/dovecot"
	"imapop/retrieval"
	"imapop/retrieval/wire"
)

// over gives the configuration for one of the ways into a server.
func over(d *dovecot.Server, security account.Security) Config {
	a := d.Account()
	a.POP3.Security = security
	if security != account.TLS {
		a.POP3.Address = d.POP3
	}
	return Config{Account: a, Password: account.NewPassword(d.Password), Wire: wire.Options{Roots: d.CAPool}}
}

// awkward are messages whose octets are easily spoiled.
func awkward() []string {
	return []string{
		"Subject: dots\r\n\r\n.\r\n..\r\n...\r\n.x\r\n.\r\n",
		"Subject: long line\r\n\r\n" + strings.Repeat("0123456789", 100_000) + "\r\n",
		"Subject: 4096 and a dot\r\n\r\n" + strings.Repeat("x", 4096) + ".\r\nend\r\n",
		"Subject: bare CR\r\n\r\na\rb\r\n",
		"Subject: =?utf-8?q?8=C3=9F?=\r\n\r\n8-bit \xff\xfe and UTF-8 ß\r\n",
		"Subject: nothing\r\n\r\n",
		"Subject: many lines\r\n\r\n" + strings.Repeat("line\r\n", 100_000),
	}
}

// put stores messages with LF line ends, as Dovecot's Maildir keeps them.
func put(t *testing.T, d *dovecot.Server, messages []string) {
	t.Helper()
	for i, m := range messages {
		name := filepath.Join(d.Maildir, "cur", fmt.Sprintf("17%08d.M1P1.awkward:2,", i))
		if err := os.WriteFile(name, []byte(strings.ReplaceAll(m, "\r\n", "\n")), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDovecot(t *testing.T) {
	d := dovecot.Start(t, dovecot.Options{FillInbox: 1000})
	put(t, d, awkward())
	for _, security := range []account.Security{account.TLS, account.StartTLS, account.Plaintext} {
		t.Run(string(security), func(t *testing.T) {
			s := openWith(t, over(d, security))
			if c := s.Caps(); !c.Pipelining || !c.UIDL || !c.Top {
				t.Errorf("capabilities %+v", c)
			}
			sameOctets(t, d, s)
		})
	}
	t.Run("delete", func(t *testing.T) { deleteMany(t, d) })
}

// sameOctets compares what RETR gives with what lies in the Maildir.
func sameOctets(t *testing.T, d *dovecot.Server, s *Session) {
	t.Helper()
	drop, err := s.Snapshot(t.Context())
	if err != nil || len(drop.Entries) != 1000+len(awkward()) {
		t.Fatalf("%d entries, %v", len(drop.Entries), err)
	}
	got, err := fetch(s, upTo(len(drop.Entries))...)
	if err != nil {
		t.Fatal(err)
	}
	var onServer []string
	for n, b := range got.got {
		if r := got.result[n]; got.errs[n] != nil || r.Octets != r.Listed || r.Short || int64(b.Len()) != r.Octets {
			t.Errorf("message %d: %+v, %v", n, r, got.errs[n])
		}
		onServer = append(onServer, b.String())
	}
	slices.Sort(onServer)
	if want := onDisk(t, d); !slices.Equal(onServer, want) {
		t.Errorf("the octets differ")
	}
	err = s.Top(t.Context(), []int{1, 1000}, 1, func(n int, o []byte, err error) error {
		if err != nil || !bytes.HasPrefix(got.got[n].Bytes(), o) {
			t.Errorf("TOP %d 1: %q, %v", n, o, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// onDisk gives every message of the Maildir with CRLF line ends, sorted.
func onDisk(t *testing.T, d *dovecot.Server) (messages []string) {
	t.Helper()
	for _, sub := range []string{"cur", "new"} {
		files, err := filepath.Glob(filepath.Join(d.Maildir, sub, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			messages = append(messages, strings.ReplaceAll(strings.ReplaceAll(string(b), "\r\n", "\n"), "\n", "\r\n"))
		}
	}
	slices.Sort(messages)
	return messages
}

// deleteMany: dropped, nothing is gone; after QUIT, what was marked is gone and nothing else.
func deleteMany(t *testing.T, d *dovecot.Server) {
	before := onDisk(t, d)
	s := openWith(t, over(d, account.TLS))
	if err := s.Delete(t.Context(), upTo(10), nil); err != nil {
		t.Fatal(err)
	}
	s.Drop()
	s = openWith(t, over(d, account.StartTLS))
	drop, err := s.Snapshot(t.Context())
	if err != nil || len(drop.Entries) != len(before) {
		t.Fatalf("after the drop: %d of %d, %v", len(drop.Entries), len(before), err)
	}
	if err := s.Delete(t.Context(), upTo(1000), nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), []int{5}, func(_ int, err error) { check(t, err, retrieval.ErrMarked) }); err != nil {
		t.Fatal(err)
	}
	again, err := s.Snapshot(t.Context())
	if err != nil || len(again.Entries) != len(before) || !again.Entries[999].Marked || again.Entries[1000].Marked {
		t.Fatalf("listed again: %d, %v", len(again.Entries), err)
	}
	q, err := s.Quit(t.Context())
	if err != nil || !q.OK || len(q.Marked) != 1000 {
		t.Fatalf("quit %+v, %v", q.Text, err)
	}
	if left := onDisk(t, d); len(left) != len(before)-1000 {
		t.Errorf("%d left of %d", len(left), len(before))
	}
}

func TestDovecotRefusesPassword(t *testing.T) {
	d := dovecot.Start(t, dovecot.Options{})
	c := over(d, account.TLS)
	c.Password = account.NewPassword("no such secret")
	c.Wire.Transcript = wire.NewTranscript(0)
	_, err := Open(t.Context(), c)
	check(t, err, retrieval.ErrAuth)
	var b bytes.Buffer
	if err := c.Wire.Transcript.Save(&b); err != nil || strings.Contains(b.String()+fmt.Sprint(err), "such secret") {
		t.Errorf("transcript %s", b.String())
	}
}

// BenchmarkRetrieve: 3,000 messages of a local Dovecot, ahead and one by one.
func BenchmarkRetrieve(b *testing.B) {
	d := dovecot.Start(b, dovecot.Options{FillInbox: 3000})
	for _, ahead := range []bool{true, false} {
		b.Run(fmt.Sprintf("ahead=%v", ahead), func(b *testing.B) {
			c := over(d, account.Plaintext)
			s, err := Open(b.Context(), c)
			if err != nil {
				b.Fatal(err)
			}
			defer s.Drop()
			drop, err := s.Snapshot(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			s.caps.Pipelining = ahead
			numbers := upTo(len(drop.Entries))
			b.ReportAllocs()
			for b.Loop() {
				err := s.Retrieve(b.Context(), numbers, func(int, int64) (Sink, error) { return nil, nil },
					func(int, Retrieved, error) error { return nil }, nil)
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(numbers)*b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}

// TestDeletingManyCostsNoMore holds that the turnarounds of a deletion do not
// grow with the number of messages where PIPELINING is offered.
func TestDeletingManyCostsNoMore(t *testing.T) {
	t.Run("fake", func(t *testing.T) {
		for _, n := range []int{10, 1000, 10_000} {
			s := open(t, &fake{caps: allCaps, messages: mails(n)})
			if got := deletionCosts(t, s, n); got != 1 {
				t.Errorf("%d messages cost %d turnarounds", n, got)
			}
		}
	})
	t.Run("dovecot", func(t *testing.T) {
		const many = 2_000
		d := dovecot.Start(t, dovecot.Options{FillInbox: many})
		for _, n := range []int{10, many} {
			s := openWith(t, over(d, account.Plaintext))
			if got := deletionCosts(t, s, n); got != 1 {
				t.Errorf("%d messages cost %d turnarounds", n, got)
			}
			if n < many {
				s.Drop() // nothing is deleted
				continue
			}
			before := s.Meter().Turnarounds
			if q, err := s.Quit(t.Context()); err != nil || !q.OK || s.Meter().Turnarounds > before+1 {
				t.Errorf("%+v, %v after %d turnarounds", q.Text, err, s.Meter().Turnarounds-before)
			}
		}
		if left := onDisk(t, d); len(left) != 0 {
			t.Errorf("%d messages are left", len(left))
		}
	})
}

// deletionCosts marks n messages and gives the turnarounds that it took.
func deletionCosts(t *testing.T, s *Session, n int) int {
	t.Helper()
	if _, err := s.Snapshot(t.Context()); err != nil || !s.Caps().Pipelining {
		t.Fatal(err, s.Caps())
	}
	before, marked := s.Meter().Turnarounds, 0
	err := s.Delete(t.Context(), upTo(n), func(_ int, err error) {
		if err == nil {
			marked++
		}
	})
	if err != nil || marked != n {
		t.Fatalf("%d of %d marked, %v", marked, n, err)
	}
	return s.Meter().Turnarounds - before
}
