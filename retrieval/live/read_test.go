package live

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"imapop/account/sandbox"
	"imapop/account/servertest/courier"
	"imapop/account/servertest/cyrus"
	"imapop/account/servertest/dovecot"
	"imapop/retrieval"
	"imapop/retrieval/mime"
)

// heavy is a message with a short text, its HTML, and an attachment of 5 MB.
func heavy() (msg, attachment []byte) {
	attachment = bytes.Repeat([]byte("0123456789abcdef"), 5_000_000/16)
	var b bytes.Buffer
	b.WriteString("From: Ada <ada@example.org>\r\nTo: alice@example.org\r\nSubject: heavy\r\nMessage-ID: <heavy@test.example>\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n" +
		"--a\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nsee the file\r\n--a\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>see <b>the file</b></p>\r\n--a--\r\n" +
		"--m\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=data.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	encoded := base64.StdEncoding.EncodeToString(attachment)
	for len(encoded) > 0 {
		n := min(76, len(encoded))
		b.WriteString(encoded[:n] + "\r\n")
		encoded = encoded[n:]
	}
	b.WriteString("--m--\r\n")
	return b.Bytes(), attachment
}

// TestReadingMovesWhatIsRead is the lesson of the two protocols: a text of a few
// octets beside 5 MB costs a few kB over IMAP and all of it over POP3.
func TestReadingMovesWhatIsRead(t *testing.T) {
	msg, attachment := heavy()
	run := func(t *testing.T, s server) {
		b := openServer(t, s, nil)
		if err := s.deliver(msg); err != nil {
			t.Fatal(err)
		}
		b.do(retrieval.Action{Verb: retrieval.VerbRefresh, Side: retrieval.IMAP})
		b.newSession()
		b.paired()
		rows := b.now().Rows
		r := rows[len(rows)-1]
		both := retrieval.Action{Verb: retrieval.VerbReadAloud, Side: retrieval.IMAP, UIDs: []uint32{r.UID}, Numbers: []int{r.Number}}

		before := b.now().IMAP.Meter
		m, costs, err := b.Message(t.Context(), both, false)
		if err != nil {
			t.Fatal(err)
		}
		moved := b.now().IMAP.Meter.Sub(before)
		if doc := m.Document(false); len(doc.Blocks) != 1 || doc.Blocks[0].Lines[0].Text != "see the file" || len(doc.Attachments) != 1 || doc.Attachments[0].Here() {
			t.Errorf("%+v", doc)
		}
		c := costs.IMAP
		t.Logf("over IMAP: %d + %d octets, %d turnarounds; the meter moved %+v", c.In, c.Out, c.Turnarounds, moved)
		if c.In+c.Out >= 64<<10 || c.In+c.Out < 500 || c.Turnarounds < 2 || c.Turnarounds > 4 || !c.Read || costs.POP3.Read {
			t.Errorf("%+v", costs)
		}
		if c.In > moved.In || c.Out > moved.Out { // IDLE may have begun since
			t.Errorf("the cost %+v is more than the wire's meter counted, %+v", c, moved)
		}
		b.rest(both, m, attachment)

		before = b.now().POP3.Meter
		both.Side = retrieval.POP3
		m, costs, err = b.Message(t.Context(), both, false)
		if err != nil || m.Find("2") == nil || !bytes.Equal(m.Source[len(m.Source)-1000:], msg[len(msg)-1000:]) {
			t.Fatal(err)
		}
		moved = b.now().POP3.Meter.Sub(before)
		c = costs.POP3
		t.Logf("over POP3: %d + %d octets, %d turnarounds; the meter moved %+v", c.In, c.Out, c.Turnarounds, moved)
		if c.In < int64(len(msg)) || c.Whole < int64(len(msg)) || c.In != moved.In || c.Out != moved.Out || c.Turnarounds != moved.Turnarounds || !costs.IMAP.Read {
			t.Errorf("%+v", costs)
		}
	}
	t.Run("sandbox", func(t *testing.T) { t.Parallel(); run(t, startSandbox(t)) })
	t.Run("dovecot", func(t *testing.T) { t.Parallel(); run(t, startDovecot(t, dovecot.Options{})) })
	t.Run("cyrus", func(t *testing.T) { t.Parallel(); run(t, startCyrus(t, cyrus.Options{})) })
	t.Run("courier", func(t *testing.T) { t.Parallel(); run(t, startCourier(t, courier.Options{})) })
}

// rest fetches what was left on the server: the HTML, and the attachment.
func (b *bench) rest(a retrieval.Action, m *mime.Message, attachment []byte) {
	b.t.Helper()
	var wanted []mime.Wanted
	for _, p := range m.Document(true).Missing {
		wanted = append(wanted, p.Want())
	}
	bodies, _, err := b.Text(b.t.Context(), a, wanted)
	if err != nil || len(bodies) != 1 || !strings.Contains(string(bodies[0].Octets), "<b>the file</b>") {
		b.t.Errorf("%+v, %v", bodies, err)
	}
	file := m.Document(false).Attachments[0]
	octets, costs, err := b.Part(b.t.Context(), a, file.Want())
	file.SetBody(octets, false)
	if got, notes := file.Decoded(); err != nil || !bytes.Equal(got, attachment) || len(notes) > 0 {
		b.t.Errorf("%d octets of %d, %q, %v", len(got), len(attachment), notes, err)
	}
	if costs.IMAP.In < int64(len(octets)) {
		b.t.Errorf("%+v", costs)
	}
	source, _, err := b.Source(b.t.Context(), a, m.Octets)
	if err != nil || len(source) != sourceAtOnce || !bytes.Contains(source, []byte("Subject: heavy")) {
		b.t.Errorf("%d octets of source, %v", len(source), err)
	}
}

// TestAnAttachmentOnItsWayCanBeStopped holds that Cancel ends it soon, and that
// the side comes back.
func TestAnAttachmentOnItsWayCanBeStopped(t *testing.T) {
	srv := startSandbox(t)
	msg, _ := heavy()
	if err := srv.deliver(msg); err != nil {
		t.Fatal(err)
	}
	b := openServer(t, srv, nil)
	uids, session := b.uidsNow(), b.now().IMAP.Session
	a := retrieval.Action{Verb: retrieval.VerbReadAloud, Side: retrieval.IMAP, UIDs: uids[len(uids)-1:]}
	stopped := make(chan error, 1)
	go func() {
		_, _, err := b.Part(context.Background(), a, mime.Wanted{Number: "2", Octets: 7_000_000})
		stopped <- err
	}()
	b.wait("the attachment is on its way", func(bk *book) bool { return bk.running != nil || len(stopped) > 0 })
	b.Cancel()
	if err := <-stopped; err == nil {
		t.Error("it was not stopped")
	}
	b.imapAfter(session)
}

// imapAfter waits for the session that follows one.
func (b *bench) imapAfter(session int) {
	b.t.Helper()
	b.wait("IMAP is back", func(bk *book) bool { return bk.imap.Session > session && bk.isess != nil && bk.whole })
}

// TestWhatAServerCannotTellIsFetchedWhole: a message without an empty line is
// all header to Dovecot; a person finds its text all the same.
func TestWhatAServerCannotTellIsFetchedWhole(t *testing.T) {
	s := startDovecot(t, dovecot.Options{FillInbox: 1})
	b := openServer(t, s, nil)
	if err := s.deliver([]byte("From: a@example.org\r\nSubject: no end\r\nThis is the body already\r\nand goes on\r\n")); err != nil {
		t.Fatal(err)
	}
	b.do(retrieval.Action{Verb: retrieval.VerbRefresh, Side: retrieval.IMAP})
	b.wait("it is there", func(bk *book) bool { return len(bk.uids) == 2 })
	uids := b.uidsNow()
	m, _, err := b.Message(t.Context(), retrieval.Action{Side: retrieval.IMAP, UIDs: uids[1:]}, false)
	if err != nil {
		t.Fatal(err)
	}
	if doc := m.Document(false); !strings.Contains(fmt.Sprint(doc.Blocks), "This is the body already") || !strings.Contains(fmt.Sprint(doc.Notes), "fetched whole") {
		t.Errorf("%+v", doc)
	}
}

func TestReadingRefusesWhatIsNotThere(t *testing.T) {
	b := open(t, sandbox.Options{}, nil)
	for _, a := range []retrieval.Action{{Side: retrieval.IMAP}, {Side: retrieval.IMAP, UIDs: []uint32{9999}}, {Side: retrieval.POP3}, {Side: retrieval.POP3, Numbers: []int{9999}}} {
		if m, _, err := b.Message(t.Context(), a, false); err == nil || m != nil {
			t.Errorf("%+v: %v, %v", a, m, err)
		}
	}
	a := retrieval.Action{Side: retrieval.IMAP, UIDs: b.uidsNow()[:1]}
	if _, _, err := b.Part(t.Context(), a, mime.Wanted{Number: "1", Octets: readable + 1}); !errors.Is(err, retrieval.ErrTooMuch) {
		t.Error(err)
	}
}

// TestAStructureThatIsTooDeepIsNotAskedForTwice: the guard ends the connection
// that brings it; the next time the message is fetched whole.
func TestAStructureThatIsTooDeepIsNotAskedForTwice(t *testing.T) {
	var msg strings.Builder
	msg.WriteString("From: a@example.org\r\nSubject: deep\r\n")
	for i := range 70 {
		fmt.Fprintf(&msg, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	msg.WriteString("\r\nthe heart\r\n")
	s := startDovecot(t, dovecot.Options{FillInbox: 1})
	b := openServer(t, s, nil)
	if err := s.deliver([]byte(msg.String())); err != nil {
		t.Fatal(err)
	}
	b.do(retrieval.Action{Verb: retrieval.VerbRefresh, Side: retrieval.IMAP})
	b.wait("it is there", func(bk *book) bool { return len(bk.uids) == 2 })
	a, session := retrieval.Action{Side: retrieval.IMAP, UIDs: b.uidsNow()[1:]}, b.now().IMAP.Session
	_, _, err := b.Message(t.Context(), a, false)
	if err == nil || !strings.Contains(err.Error(), "open it once more") {
		t.Fatalf("the first time: %v", err)
	}
	b.imapAfter(session)
	m, _, err := b.Message(t.Context(), a, false)
	if err != nil {
		t.Fatal(err)
	}
	if notes := fmt.Sprint(m.Document(false).Notes); !strings.Contains(notes, "fetched whole") || !strings.Contains(notes, "deeper than 50") {
		t.Errorf("notes %s", notes)
	}
}
