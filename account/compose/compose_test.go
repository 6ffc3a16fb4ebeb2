package compose

import (
	"bytes"
	"errors"
	"net/mail"
	"strings"
	"testing"

	gomail "github.com/emersion/go-message/mail"

	"imapop/account/draft"
)

func TestPlain(t *testing.T) {
	m, err := Build(draft.Draft{From: "Alice Example <alice@test>", To: "bob@test", Subject: "Hello", Text: "a line\n.\n"}, Options{Now: noon, Random: "1"})
	want := strings.ReplaceAll(`From: Alice Example <alice@test>
To: bob@test
Subject: Hello
Date: Thu, 26 Nov 2026 12:00:05 -0500
Message-ID: <1@test>
MIME-Version: 1.0
Content-Type: text/plain; charset=us-ascii; format=flowed
Content-Transfer-Encoding: 7bit

a line
.
`, "\n", "\r\n")
	if got := string(m.Octets); err != nil || got != want {
		t.Errorf("%v, got\n%s\nwant\n%s", err, got, want)
	}
}

func TestRefused(t *testing.T) {
	gone := func(string) ([]byte, error) { return nil, errors.New("no such file") }
	for want, d := range map[string]draft.Draft{
		"attach /x/y: no such file":   {From: "a@x", To: "b@x", Attach: []string{"/x/y"}},
		"there is no recipient":       {From: "a@x"},
		"is no message identifier":    {From: "a@x", To: "b@x", InReplyTo: "<1@x>\r\nBcc: z@x"},
		"is no message identifier (":  {From: "a@x", To: "b@x", References: []string{"1@x"}},
		"is not a list of addresses;": {From: "a@x", To: "b@x\r\nBcc: z@x"},
	} {
		if _, err := Build(d, Options{Now: noon, Random: "1", Read: gone}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestForwardedMessages(t *testing.T) {
	for _, c := range []struct{ name, octets, kind, encoding string }{
		{"ASCII", "Subject: x\n\nx\n", messageType, "7bit"},
		{"8 bits", "Subject: x\r\n\r\n\xff\r\n", messageType, "8bit"},
		{"a bare CR", "Subject: x\r\n\r\na\rb\r\n", "application/octet-stream", "base64"},
		{"NUL", "Subject: x\r\n\r\n\x00\r\n", "application/octet-stream", "base64"},
		{"a long line", "Subject: x\r\n\r\n" + strings.Repeat("x", 999) + "\r\n", "application/octet-stream", "base64"},
	} {
		if kind, encoding, _ := asMessage([]byte(c.octets)); kind != c.kind || encoding != c.encoding {
			t.Errorf("%s: %s in %s", c.name, kind, encoding)
		}
	}
}

// FuzzBuild holds that whatever is typed makes a message of exactly these fields,
// with legal lines, whose subject and text come back.
func FuzzBuild(f *testing.F) {
	f.Add("Älice <a@test>", "b@test, c@test", "Grüße aus 東京", "naïve\r\nlines\n")
	f.Add("a@test\r\nBcc: x@test", "b@test", "s\r\nBcc: x@test\r\n\r\nbody", "\x00\r.\r")
	f.Add("a@test", "b@test", strings.Repeat("long words ", 60), strings.Repeat("x", 2000))
	f.Add("a@test", "b@test", "=?utf-8?q?x?=", strings.Repeat("-- ", 90)+"\n>  >From\n-- ")
	f.Fuzz(func(t *testing.T, from, to, subject, text string) {
		m, err := Build(draft.Draft{From: from, To: to, Subject: subject, Text: text}, Options{Now: noon, Random: "1"})
		if err != nil {
			return
		}
		shape(t, bytes.ReplaceAll(m.Octets, []byte("secret@"), nil))
		parsed, err := mail.ReadMessage(bytes.NewReader(m.Octets))
		if err != nil || len(parsed.Header) != 8 {
			t.Fatalf("%v; fields %v", err, parsed)
		}
		h := gomail.HeaderFromMap(parsed.Header)
		want := strings.TrimSpace(strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f {
				return ' '
			}
			return r
		}, strings.ToValidUTF8(subject, "\ufffd")))
		if got, err := h.Subject(); err != nil || got != want {
			t.Errorf("subject %q, %v; want %q", got, err, want)
		}
	})
}
