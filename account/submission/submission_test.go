package submission

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"imapop/account"
)

func pipeDialer(c net.Conn) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) { return c, nil }
}

// record keeps the transcript.
func record(o *Options) *[]string {
	lines := &[]string{}
	o.Line = func(dir byte, text string) { *lines = append(*lines, fmt.Sprintf("%c %s", dir, text)) }
	return lines
}

// leaks finds the password in any coat.
func leaks(s string) bool {
	for _, p := range []string{password, url.QueryEscape(password), url.PathEscape(password),
		base64.StdEncoding.EncodeToString([]byte(password)), base64.StdEncoding.EncodeToString([]byte("\x00alice\x00" + password))} {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

func TestSend(t *testing.T) {
	for _, kind := range []account.Security{account.TLS, account.StartTLS, account.Plaintext} {
		t.Run(string(kind), func(t *testing.T) {
			a, o, box := serve(t, kind)
			lines := record(&o)
			at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
			o.Now = func() time.Time { return at }
			msg := "Subject: dots\r\n\r\n.\r\n..\r\nbare\r\n"
			r, err := Send(t.Context(), a, alice, o, Envelope{From: "Alice <alice@test>", To: []string{"Bob <bob@test>", "carol@test"}}, []byte(msg))
			if err != nil {
				t.Fatal(err)
			}
			if !r.At.Equal(at) || len(r.Recipients) != 2 || r.Recipients[1] != (Recipient{Address: "carol@test", Code: 250}) {
				t.Errorf("got %+v", r)
			}
			if len(box.mail) != 1 || box.mail[0] != msg {
				t.Errorf("delivered %q, want %q", box.mail, msg)
			}
			text := strings.Join(*lines, "\n")
			if leaks(text) {
				t.Errorf("the password is in the transcript:\n%s", text)
			}
			for _, want := range []string{"C EHLO", "C AUTH PLAIN ***", "C MAIL FROM:<alice@test>", "C (message, ", "S 354", "C QUIT"} {
				if !strings.Contains(text, want) {
					t.Errorf("the transcript lacks %q:\n%s", want, text)
				}
			}
			if strings.Contains(text, "Subject") {
				t.Errorf("the message is in the transcript:\n%s", text)
			}
			if (kind == account.StartTLS) != strings.Contains(text, "C STARTTLS") {
				t.Errorf("STARTTLS:\n%s", text)
			}
		})
	}
}

func TestWrongPassword(t *testing.T) {
	a, o, _ := serve(t, account.TLS)
	lines := record(&o)
	wrong := account.NewPassword("hunter two")
	_, err := Send(t.Context(), a, wrong, o, Envelope{To: []string{"bob@test"}}, []byte("x"))
	var e *Error
	if !errors.Is(err, ErrAuth) || !errors.As(err, &e) || e.Code != 535 {
		t.Fatalf("got %v, want ErrAuth", err)
	}
	for _, s := range append(*lines, err.Error()) {
		if strings.Contains(s, wrong.Reveal()) {
			t.Errorf("the server's echo of the password came through: %s", s)
		}
	}
	if strings.ContainsRune(err.Error(), 0x1b) {
		t.Errorf("a control character in %q", err)
	}
}

func TestRefusedRecipientSendsNothing(t *testing.T) {
	a, o, box := serve(t, account.TLS)
	r, err := Send(t.Context(), a, alice, o, Envelope{To: []string{"bob@test", "nobody@test", "carol@test"}}, []byte("x"))
	if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "nobody@test") {
		t.Fatalf("got %v", err)
	}
	if len(box.mail) != 0 || !r.At.IsZero() {
		t.Errorf("sent all the same: %q", box.mail)
	}
	if len(r.Recipients) != 3 || r.Recipients[1].Code != 550 || r.Recipients[2].Code != 250 {
		t.Errorf("got %+v", r.Recipients)
	}
}

func TestUntrustedCertificate(t *testing.T) {
	for _, kind := range []account.Security{account.TLS, account.StartTLS} {
		a, o, _ := serve(t, kind)
		_, o.Roots = selfSigned(t)
		lines := record(&o)
		if _, err := Send(t.Context(), a, alice, o, Envelope{To: []string{"bob@test"}}, []byte("x")); err == nil || !strings.Contains(err.Error(), "TLS") {
			t.Errorf("%s: got %v", kind, err)
		}
		if s := strings.Join(*lines, "\n"); strings.Contains(s, "AUTH PLAIN") {
			t.Errorf("%s: a credential was sent:\n%s", kind, s)
		}
	}
}

func TestRefusedBeforeDialing(t *testing.T) {
	good := account.Account{User: "alice", From: "alice@test", Submission: account.Endpoint{Address: "smtp.test:465", Security: account.TLS}}
	for _, c := range []struct {
		name   string
		change func(*account.Account)
		pw     account.Password
		to     string
		want   string
	}{
		{"port 25", func(a *account.Account) { a.Submission.Address = "smtp.test:25" }, alice, "b@test", "port 25"},
		{"no endpoint", func(a *account.Account) { a.Submission.Address = "" }, alice, "b@test", "no such endpoint"},
		{"plaintext abroad", func(a *account.Account) { a.Submission.Security = account.Plaintext }, alice, "b@test", "plaintext"},
		{"line break in the password", func(*account.Account) {}, account.NewPassword("a\r\nQUIT"), "b@test", "line break"},
		{"line break in the recipient", func(*account.Account) {}, alice, "b@test\r\nDATA", "not an address"},
		{"no sender", func(a *account.Account) { a.From = "" }, alice, "b@test", "sender"},
	} {
		a := good
		c.change(&a)
		o := Options{Dialer: func(context.Context, string, string) (net.Conn, error) {
			t.Errorf("%s: dialed", c.name)
			return nil, io.EOF
		}}
		if _, err := Send(t.Context(), a, c.pw, o, Envelope{To: []string{c.to}}, []byte("x")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestStartTLSIsStrict(t *testing.T) {
	for _, c := range []struct {
		name  string
		steps [][2]string
		want  error
	}{
		{"not offered", [][2]string{{"", "220 hi\r\n"}, {"EHLO", "250-hi\r\n250 AUTH PLAIN\r\n"}}, ErrUnsafe},
		{"refused", [][2]string{{"", "220 hi\r\n"}, {"EHLO", "250-hi\r\n250 STARTTLS\r\n"}, {"STARTTLS", "454 later\r\n"}}, ErrUnsafe},
		{"octets behind", [][2]string{{"", "220 hi\r\n"}, {"EHLO", "250-hi\r\n250 STARTTLS\r\n"}, {"STARTTLS", "220 go\r\n250 AUTH PLAIN\r\n"}}, ErrUnsafe},
		{"refusing greeting", [][2]string{{"", "554 go away\r\n"}}, ErrRefused},
	} {
		a, o, said := script(t, c.steps...)
		a.Submission.Security = account.StartTLS
		_, err := Send(t.Context(), a, alice, o, Envelope{To: []string{"bob@test"}}, []byte("x"))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		for _, line := range said() {
			if !strings.HasPrefix(line, "EHLO") && line != "STARTTLS" {
				t.Errorf("%s: said %q before TLS", c.name, line)
			}
		}
	}
}

var upToData = [][2]string{{"", "220 hi\r\n"}, {"EHLO", "250-hi\r\n250 AUTH PLAIN\r\n"}, {"AUTH", "235 ok\r\n"},
	{"MAIL", "250 ok\r\n"}, {"RCPT", "250 ok\r\n"}, {"DATA", "354 go\r\n"}}

func TestLostAnswerIsUnknown(t *testing.T) {
	a, o, _ := script(t, append(upToData[:6:6], [2]string{".\r\n", ""})...)
	_, err := Send(t.Context(), a, alice, o, Envelope{To: []string{"bob@test"}}, []byte("Subject: x\r\n\r\nx\r\n"))
	if !errors.Is(err, ErrUnknown) {
		t.Errorf("got %v, want ErrUnknown", err)
	}
}

func TestRefusedMessage(t *testing.T) {
	a, o, _ := script(t, append(upToData[:6:6], [2]string{".\r\n", "554 5.6.0 no\r\n"}, [2]string{"QUIT", "221 bye\r\n"})...)
	r, err := Send(t.Context(), a, alice, o, Envelope{To: []string{"bob@test"}}, []byte("x\r\n"))
	if !errors.Is(err, ErrRefused) || errors.Is(err, ErrUnknown) || !r.At.IsZero() {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestFlood(t *testing.T) {
	flood := strings.Repeat("250-"+strings.Repeat("x", 500)+"\r\n", 5000)
	a, o, _ := script(t, [2]string{"", "220 hi\r\n"}, [2]string{"EHLO", flood})
	if _, err := Send(t.Context(), a, alice, o, Envelope{To: []string{"bob@test"}}, []byte("x")); !errors.Is(err, errTooMuch) {
		t.Errorf("got %v", err)
	}
}

func TestSilentServer(t *testing.T) {
	for n := range len(upToData) {
		synctest.Test(t, func(t *testing.T) {
			steps := append(upToData[:n:n], [2]string{"", "silence"})
			a, o, _ := script(t, steps...)
			start := time.Now()
			_, err := Send(t.Context(), a, alice, o, Envelope{To: []string{"bob@test"}}, []byte("x"))
			if err == nil || time.Since(start) > 3*time.Minute {
				t.Errorf("after step %d: %v after %v", n, err, time.Since(start))
			}
		})
	}
}

func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, o, _ := script(t, [2]string{"", "220 hi\r\n"}, [2]string{"", "silence"})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := Send(ctx, a, alice, o, Envelope{To: []string{"bob@test"}}, []byte("x"))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
	})
}
