package live

import (
	"strings"
	"testing"

	"imapop/account/servertest/dovecot"
	"imapop/retrieval"
)

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
			f, err := b.Search(t.Context(), retrieval.IMAP, text)
			if err != nil || len(f.UIDs) != 1 || f.Spent.Turnarounds < 1 {
				t.Fatalf("%s over IMAP: %+v, %v", text, f, err)
			}
			n = b.row(f.UIDs[0]).Number
		}
		before := b.lastLine()
		here := func(text string) retrieval.Found {
			f, err := b.Search(t.Context(), retrieval.POP3, text)
			if err != nil || f.Spent.In > 0 {
				t.Errorf("%s over POP3: %+v, %v", text, f, err)
			}
			return f
		}
		if f := here("quagga in panel"); len(f.Numbers) != 0 || f.Headers == 0 || f.Copies != 0 {
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
