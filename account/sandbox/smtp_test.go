package sandbox

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

func submit(s *Server, to string, msg string) error {
	c, err := smtp.DialTLS(s.Info().Submissions, s.clientTLS())
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Auth(sasl.NewPlainClient("", s.user, s.password)); err != nil {
		return err
	}
	return c.SendMail("alan@kings.example", []string{to}, strings.NewReader(msg))
}

func TestSubmission(t *testing.T) {
	at := time.Date(2026, 9, 14, 9, 0, 0, 0, time.UTC)
	s := start(t, Options{Empty: true, Now: func() time.Time { return at }})
	i := idler(t, s)
	long := "Subject: dots\r\n\r\n.\r\n..x\r\n" + strings.Repeat("y", 5000) + "\r\nПривет\r\n"
	for n, to := range []string{"alice@sandbox.example", "alice@elsewhere.example", "bob@sandbox.example"} {
		if err := submit(s, to, long); err != nil {
			t.Fatal(to, err)
		}
		i.want("* " + string(rune('1'+n)) + " EXISTS")
	}
	err := submit(s, "bob@elsewhere.example", long)
	if e, ok := errors.AsType[*smtp.SMTPError](err); !ok || e.Code != 550 || e.EnhancedCode != (smtp.EnhancedCode{5, 1, 1}) {
		t.Error(err)
	}
	c := dialIMAP(t, s, nil)
	selectBox(t, c, "INBOX")
	msgs, err := c.Fetch(imap.SeqSetNum(1), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{Peek: true}}, InternalDate: true}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	got := msgs[0].BodySection[0].Bytes
	if !bytes.HasPrefix(got, []byte("Return-Path: <alan@kings.example>\r\nReceived: from ")) || !bytes.HasSuffix(got, []byte(long)) {
		t.Errorf("delivered %q", got[:200])
	}
	if !msgs[0].InternalDate.Equal(at) {
		t.Error(msgs[0].InternalDate)
	}
}

func TestSubmissionAsksWhoYouAre(t *testing.T) {
	s := start(t, Options{})
	r := dialRaw(t, s.Info().Submission)
	r.want("220")
	r.send("EHLO me")
	var ext []string
	for {
		l := r.line()
		ext = append(ext, l[4:])
		if l[3] == ' ' {
			break
		}
	}
	for _, want := range []string{"PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "STARTTLS", "SMTPUTF8", "AUTH SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN", "SIZE 52428800"} {
		if !strings.Contains(strings.Join(ext, "\n")+"\n", want+"\n") {
			t.Errorf("no %s in %q", want, ext)
		}
	}
	r.send("MAIL FROM:<a@b.example>")
	r.want("530")
	r.send("AUTH PLAIN AGFsaWNlAHdyb25n")
	r.want("535")
}

func TestSubmissionPlaintextPolicy(t *testing.T) {
	s := start(t, Options{Policies: map[string]string{"plaintext-login": "refuse"}})
	r := dialRaw(t, s.Info().Submission)
	r.want("220")
	r.send("EHLO me")
	for l := r.line(); ; l = r.line() {
		if strings.Contains(l, "AUTH") {
			t.Error(l)
		}
		if l[3] == ' ' {
			break
		}
	}
	r.send("AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=")
	r.want("538")
	r.send("STARTTLS")
	r.want("220")
	r.secure(s)
	r.send("EHLO me")
	for l := r.line(); l[3] == '-'; l = r.line() {
	}
	r.send("AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=")
	r.want("235")
}

func TestDeliverRefuses(t *testing.T) {
	s := start(t, Options{})
	for _, msg := range []string{"", "a\x00b"} {
		if _, err := s.Deliver([]byte(msg)); err == nil {
			t.Errorf("%q was delivered", msg)
		}
	}
	if _, err := s.Deliver([]byte("no header at all")); err != nil {
		t.Error(err)
	}
	s.Close()
	if _, err := s.Deliver([]byte(shortMail)); err == nil {
		t.Error("delivered to a closed server")
	}
}

// TestAnswersToCorrespondents holds that who wrote to the account can be answered,
// that the answer does not come back to it, and that strangers stay unknown.
func TestAnswersToCorrespondents(t *testing.T) {
	srv, err := Start(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	if !srv.correspondent("alan@KINGS.example") || srv.correspondent("nobody@kings.example") {
		t.Error("the correspondents are not those who wrote")
	}
	before := len(srv.store.boxes["INBOX"].msgs)
	c := &submission{s: srv, user: "alice"}
	if err := c.Rcpt("alan@kings.example", nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Data(strings.NewReader("Subject: x\r\n\r\nx\r\n")); err != nil || len(srv.store.boxes["INBOX"].msgs) != before {
		t.Errorf("%v, %d messages, before %d", err, len(srv.store.boxes["INBOX"].msgs), before)
	}
	if err := c.Rcpt("stranger@elsewhere.example", nil); err == nil {
		t.Error("a stranger was accepted")
	}
}
