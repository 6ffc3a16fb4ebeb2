package live

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"imapop/account/sandbox"
	"imapop/account/servertest/courier"
	"imapop/account/servertest/cyrus"
	"imapop/account/servertest/dovecot"
	"imapop/retrieval"
	"imapop/retrieval/query"
)

func (b *bench) search(side retrieval.Protocol, typed string) retrieval.Found {
	b.t.Helper()
	q, err := query.Parse(typed, time.Now())
	if err != nil {
		b.t.Fatal(err)
	}
	f, err := b.Search(b.t.Context(), side, q)
	if err != nil {
		b.t.Fatalf("search %q over %s: %v", typed, side, err)
	}
	return f
}

// TestSearchByHeaderAndByCopy holds both sides of it on the sandbox and
// on Dovecot: IMAP's server finds a word in a text that nobody fetched; over POP3
// only headers that were seen and copies on this device are looked at, nothing
// is sent, and what cannot be told is not counted.
func TestSearchByHeaderAndByCopy(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func() *bench{
		"sandbox": func() *bench { return open(t, sandbox.Options{}, nil) },
		"dovecot": func() *bench { return openDovecot(t, dovecot.Options{}) },
	} {
		t.Run(name, func(t *testing.T) {
			b := start()
			b.t = t
			b.deliver("loom")
			b.wait("IMAP heard of it", func(bk *book) bool {
				for _, m := range bk.known {
					if m.Header.Subject == "loom" {
						return true
					}
				}
				return false
			})
			b.do(retrieval.Action{Verb: retrieval.VerbRefresh, Side: retrieval.POP3})
			b.wait("POP3 lists it", func(bk *book) bool {
				e := bk.pop.Drop.Entries
				return len(e) > 0 && len(e) == len(bk.uids) && bk.pop.State == retrieval.POP3Transaction
			})
			b.Want(b.now().Rows)
			b.wait("its header is there", func(bk *book) bool { e := bk.pop.Drop.Entries; return e[len(e)-1].Header != nil })
			v := b.now()
			last := v.Rows[len(v.Rows)-1]

			if f := b.search(retrieval.IMAP, "from:ada@example.org subject:loom body:hello since:2020-01-01"); !slices.Equal(f.UIDs, []uint32{last.UID}) || f.Of != len(v.Rows) || f.Upto != last.UID {
				t.Errorf("IMAP: %+v, want UID %d", f, last.UID)
			}
			if f := b.search(retrieval.IMAP, "subject:loom -from:ada"); len(f.UIDs) != 0 {
				t.Errorf("IMAP: %+v", f)
			}
			said := v.POP3.Meter
			if f := b.search(retrieval.POP3, "subject:loom"); !slices.Equal(f.Numbers, []int{last.Number}) || f.Looked != len(v.Rows) {
				t.Errorf("POP3, by header: %+v, want number %d", f, last.Number)
			}
			if f := b.search(retrieval.POP3, "body:hello subject:loom"); len(f.Numbers) != 0 || f.Looked != len(v.Rows)-1 { // the others lack the subject
				t.Errorf("POP3, by text and without a copy: %+v", f)
			}
			if f := b.search(retrieval.POP3, "unseen"); f.Looked != 0 {
				t.Errorf("POP3 has no flags: %+v", f)
			}
			if now := b.now().POP3.Meter; now.Out != said.Out {
				t.Errorf("%d octets were said over POP3 for a search", now.Out-said.Out)
			}
			b.do(retrieval.Action{Verb: retrieval.VerbDownload, Side: retrieval.POP3, Numbers: []int{last.Number}, Session: v.POP3.Session})
			if f := b.search(retrieval.POP3, "body:hello subject:loom to:alice"); !slices.Equal(f.Numbers, []int{last.Number}) || f.Looked != len(v.Rows) {
				t.Errorf("POP3, by the copy: %+v", f)
			}
			if f := b.search(retrieval.POP3, "unseen"); f.Looked != 1 {
				t.Errorf("POP3, a copy's own mark: %+v", f)
			}
		})
	}
}

// TestOrderIsTheServersWhereItHasOne: the sandbox has no SORT and says so,
// Dovecot has SORT and THREAD.
func TestOrderIsTheServersWhereItHasOne(t *testing.T) {
	t.Parallel()
	b := open(t, sandbox.Options{}, nil)
	_, err := b.Arrange(t.Context(), retrieval.ByFrom)
	if !errors.Is(err, retrieval.ErrUnsupported) {
		t.Error(err)
	}
	if a, err := b.Arrange(t.Context(), retrieval.ByUnread); err != nil || len(a.UIDs) == 0 || a.Asked != "UID SEARCH UNSEEN" {
		t.Errorf("%+v, %v", a, err)
	}

	b = openDovecot(t, dovecot.Options{})
	mail := func(id, subject, answers string) {
		b.t.Helper()
		if err := b.put([]byte("From: Ada <ada@example.org>\r\nSubject: " + subject + "\r\nMessage-ID: <" + id + ">\r\n" + answers +
			"Date: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\nHello.\r\n")); err != nil {
			t.Fatal(err)
		}
		b.wait(subject, func(bk *book) bool {
			for _, m := range bk.known {
				if m.Header.MessageID == "<"+id+">" {
					return true
				}
			}
			return false
		})
	}
	mail("root@x", "aardvark", "")
	mail("other@x", "zebra", "")
	mail("answer@x", "about that", "In-Reply-To: <root@x>\r\nReferences: <root@x>\r\n")
	b.do(retrieval.Action{Verb: retrieval.VerbRefresh, Side: retrieval.IMAP})
	v := b.now()
	n := len(v.Rows)
	root, other, answer := v.Rows[n-3].UID, v.Rows[n-2].UID, v.Rows[n-1].UID
	a, err := b.Arrange(t.Context(), retrieval.BySubject)
	if err != nil || len(a.UIDs) != n || a.UIDs[0] != root || a.UIDs[n-1] != other || a.Asked != "UID SORT (SUBJECT)" {
		t.Errorf("%+v, %v", a, err)
	}
	a, err = b.Arrange(t.Context(), retrieval.ByThread)
	at := slices.Index(a.UIDs, answer)
	if err != nil || len(a.UIDs) != n || at < 1 || a.UIDs[at-1] != root || a.Depth[at] != 1 || a.Depth[at-1] != 0 {
		t.Errorf("%+v, %v", a, err)
	}
	// This device's own tree is the same, from what the list has.
	p := query.By(v.Rows, retrieval.IMAP, retrieval.ByThread)
	for i, row := range p.Rows {
		if u := v.Rows[row].UID; u == answer && (p.Depth[i] != 1 || v.Rows[p.Rows[i-1]].UID != root) {
			t.Errorf("by this device: %+v", p)
		}
	}
}

// TestSearchIsTheServersOverIMAPAndOursOverPOP3: IMAP's server finds what is in
// bodies that nobody fetched; POP3 knows what is here, and asks nothing.
func TestSearchIsTheServersOverIMAPAndOursOverPOP3(t *testing.T) {
	run := func(t *testing.T, s server) {
		for _, body := range []string{"a quagga in panel F", "獺祭と魚, caf\u00e9"} {
			if err := s.deliver([]byte("From: Ada <ada@example.org>\r\nSubject: plain\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + body + "\r\n")); err != nil {
				t.Fatal(err)
			}
		}
		b := openServer(t, s, nil)
		b.paired()
		n := 0 // the message number of the first
		for _, text := range []string{"獺祭", "quagga in panel"} {
			q, _ := query.Parse(`"`+text+`"`, time.Now())
			f, err := b.Search(t.Context(), retrieval.IMAP, q)
			if err != nil || len(f.UIDs) != 1 || f.Spent.Turnarounds < 1 {
				t.Fatalf("%s over IMAP: %+v, %v", text, f, err)
			}
			n = b.row(f.UIDs[0]).Number
		}
		before := b.lastLine()
		here := func(text string) retrieval.Found {
			q, _ := query.Parse(`"`+text+`"`, time.Now())
			f, err := b.Search(t.Context(), retrieval.POP3, q)
			if err != nil || f.Spent.In > 0 {
				t.Errorf("%s over POP3: %+v, %v", text, f, err)
			}
			return f
		}
		if f := here("quagga in panel"); len(f.Numbers) != 0 || f.Looked != 0 || f.Copies != 0 {
			t.Errorf("before the download: %+v", f)
		}
		if f := here("PLAIN"); len(f.Numbers) < 2 {
			t.Errorf("by the subject: %+v", f)
		}
		if said := strings.Join(b.said(before, retrieval.POP3, retrieval.ClientSays), "\n"); said != "" {
			t.Errorf("POP3's server was asked: %s", said)
		}
		b.do(retrieval.Action{Verb: retrieval.VerbDownload, Side: retrieval.POP3, Numbers: []int{n}, Session: b.now().POP3.Session})
		if f := here("quagga in panel"); len(f.Numbers) != 1 || f.Numbers[0] != n || f.Copies != 1 {
			t.Errorf("after the download: %+v", f)
		}
	}
	t.Run("sandbox", func(t *testing.T) { t.Parallel(); run(t, startSandbox(t)) })
	t.Run("dovecot", func(t *testing.T) { t.Parallel(); run(t, startDovecot(t, dovecot.Options{FillInbox: 3})) })
}

// TestServersSearchAndOrder: Cyrus has ESEARCH, Courier answers SEARCH with a
// line of numbers; both have SORT and THREAD=REFERENCES.
func TestServersSearchAndOrder(t *testing.T) {
	run := func(t *testing.T, s server) {
		mail := func(id, subject, more string) {
			if err := s.deliver([]byte("From: Ada <ada@example.org>\r\nTo: alice@example.org\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\nSubject: " + subject +
				"\r\nMessage-ID: <" + id + ">\r\n" + more + "\r\nquagga\r\n")); err != nil {
				t.Fatal(err)
			}
		}
		mail("root@x.example", "zebra", "")
		mail("answer@x.example", "Re: zebra", "In-Reply-To: <root@x.example>\r\nReferences: <root@x.example>\r\n")
		b := openServer(t, s, nil)
		b.paired()
		f := b.search(retrieval.IMAP, "quagga from:ada@example.org")
		if len(f.UIDs) != 2 || !slices.IsSorted(f.UIDs) {
			t.Fatalf("%+v", f)
		}
		if f := b.search(retrieval.IMAP, "quagga subject:re:"); len(f.UIDs) != 1 {
			t.Errorf("%+v", f)
		}
		a, err := b.Arrange(t.Context(), retrieval.ByThread)
		root, answer := slices.Index(a.UIDs, f.UIDs[0]), slices.Index(a.UIDs, f.UIDs[1])
		if err != nil || len(a.UIDs) != len(b.now().Rows) || root < 0 || answer != root+1 || a.Depth[answer] != 1 {
			t.Errorf("%+v, %v", a, err)
		}
		a, err = b.Arrange(t.Context(), retrieval.BySubject)
		// Both have one base subject; RFC 5256 section 3 puts the first one first, Courier the last.
		if n := len(a.UIDs); err != nil || n != len(b.now().Rows) || !slices.Equal(slices.Sorted(slices.Values(a.UIDs[n-2:])), f.UIDs) {
			t.Errorf("%+v, %v", a, err)
		}
	}
	t.Run("cyrus", func(t *testing.T) { t.Parallel(); run(t, startCyrus(t, cyrus.Options{FillInbox: 3})) })
	t.Run("courier", func(t *testing.T) { t.Parallel(); run(t, startCourier(t, courier.Options{FillInbox: 3})) })
}
