package submission

import (
	"bytes"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.FixedZone("", 3600))

func TestCompose(t *testing.T) {
	got := string(Compose("Alice Example <alice@test>", "bob@test", "Hello", "a line\n.\n", noon, "1@test"))
	want := strings.ReplaceAll(`From: "Alice Example" <alice@test>
To: <bob@test>
Subject: Hello
Date: Tue, 24 Nov 2026 12:00:00 +0100
Message-ID: <1@test>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 7bit

a line
.
`, "\n", "\r\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func FuzzCompose(f *testing.F) {
	f.Add("Älice <a@test>", "b@test, c@test", "Grüße aus 東京", "naïve\r\nlines\n", "1@test")
	f.Add("a@test\r\nBcc: x@test", "b@test", "s\r\nBcc: x@test\r\n\r\nbody", "\x00\r.\r", "<i\r\nd>")
	f.Add("a@test", "b@test", strings.Repeat("long words ", 60), strings.Repeat("x", 2000), "")
	f.Fuzz(func(t *testing.T, from, to, subject, body, id string) {
		raw := Compose(from, to, subject, body, noon, id)
		m, err := mail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatalf("%v in\n%q", err, raw)
		}
		if len(m.Header) != 8 {
			t.Errorf("%d header fields, want 8: %v", len(m.Header), m.Header)
		}
		for _, line := range strings.Split(strings.TrimSuffix(string(raw), "\r\n"), "\r\n") {
			if strings.ContainsAny(line, "\r\n\x00") {
				t.Errorf("a stray line end or NUL in %q", line)
			}
		}
		checkSubject(t, m, subject)
		checkBody(t, m, body)
	})
}

func checkSubject(t *testing.T, m *mail.Message, subject string) {
	t.Helper()
	got, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.ToValidUTF8(oneLine(subject), "\ufffd")
	if !strings.Contains(subject, "=?") && strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(want), " ") {
		t.Errorf("subject %q, want %q", got, want)
	}
}

func checkBody(t *testing.T, m *mail.Message, body string) {
	t.Helper()
	r := m.Body
	if m.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		r = quotedprintable.NewReader(r)
	}
	got, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	lines := func(s string) string {
		return strings.TrimRight(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s), "\n")
	}
	if lines(string(got)) != lines(body) {
		t.Errorf("body %q, want %q", got, body)
	}
}
