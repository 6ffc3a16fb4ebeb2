package wire

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"imapop/retrieval"
)

const password = `s3cr/et "pass\word"`

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// echo is every way in which a server might say the secrets back.
func echo(secrets ...string) string {
	var all []string
	for _, s := range secrets {
		all = append(all, s, b64(s), base64.RawURLEncoding.EncodeToString([]byte(s)), url.QueryEscape(s), url.PathEscape(s))
	}
	return strings.Join(all, " | ")
}

// exchange is what is written, and after each write what the server says.
type exchange struct{ say, hear string }

var logins = map[string]struct {
	side    retrieval.Protocol
	steps   []exchange
	secrets []string
	shows   []string
}{
	"LOGIN quoted": {retrieval.IMAP, []exchange{
		{`a LOGIN "alice" "s3cr/et \"pass\\word\""` + "\r\n", "a OK"},
	}, nil, []string{`a LOGIN "alice" ***`}},
	"LOGIN atoms": {retrieval.IMAP, []exchange{
		{"a login alice wonderland\r\n", "a OK"},
	}, []string{"wonderland"}, []string{"a login alice ***"}},
	"LOGIN with sync literals": {retrieval.IMAP, []exchange{
		{"a LOGIN {5}\r\n", "+ go"}, {"alice {19}\r\n", "+ go"}, {password + "\r\n", "a OK"},
	}, nil, []string{"a LOGIN {5}", "{5 octets} ***", "***"}},
	"LOGIN with sync literal for the password": {retrieval.IMAP, []exchange{
		{"a LOGIN alice {19}\r\n", "+ go"}, {password + "\r\n", "a OK"},
	}, nil, []string{"a LOGIN alice ***", "***"}},
	"LOGIN with literal for the user": {retrieval.IMAP, []exchange{
		{"a LOGIN {5}\r\n", "+ go"}, {"alice \"s3cr/et \\\"pass\\\\word\\\"\"\r\n", "a OK"},
	}, nil, []string{"a LOGIN {5}", "{5 octets} ***"}},
	"LOGIN with LITERAL+": {retrieval.IMAP, []exchange{
		{"a LOGIN {5+}\r\nalice {19+}\r\n" + password + "\r\n", "a OK"},
	}, nil, []string{"a LOGIN {5 octets} ***"}},
	"AUTHENTICATE PLAIN": {retrieval.IMAP, []exchange{
		{"a AUTHENTICATE PLAIN\r\n", "+ "}, {b64("\x00alice\x00"+password) + "\r\n", "a OK"},
	}, []string{"\x00alice\x00" + password}, []string{"a AUTHENTICATE PLAIN", "***"}},
	"AUTHENTICATE PLAIN, initial response": {retrieval.IMAP, []exchange{
		{"a AUTHENTICATE PLAIN " + b64("\x00alice\x00"+password) + "\r\n", "a OK"},
	}, []string{"\x00alice\x00" + password}, []string{"a AUTHENTICATE PLAIN ***"}},
	"AUTHENTICATE LOGIN": {retrieval.IMAP, []exchange{
		{"a AUTHENTICATE LOGIN\r\n", "+ VXNlcm5hbWU6"}, {b64("alice") + "\r\n", "+ UGFzc3dvcmQ6"}, {b64(password) + "\r\n", "a OK"},
	}, nil, []string{"a AUTHENTICATE LOGIN", "***", "***"}},
	"AUTHENTICATE, a challenge that looks like an answer": {retrieval.IMAP, []exchange{
		{"a AUTHENTICATE PLAIN\r\n", "+OK welcome"}, {b64("\x00alice\x00"+password) + "\r\n", "b OK"}, {b64(password) + "\r\n", "a OK"},
	}, nil, []string{"a AUTHENTICATE PLAIN", "***", "***"}},
	"AUTHENTICATE OAUTHBEARER": {retrieval.IMAP, []exchange{
		{"a AUTHENTICATE OAUTHBEARER " + b64("n,a=alice,\x01auth=Bearer token-42\x01\x01") + "\r\n", "a OK"},
	}, []string{"token-42"}, []string{"a AUTHENTICATE OAUTHBEARER ***"}},
	"AUTHENTICATE CRAM-MD5": {retrieval.IMAP, []exchange{
		{"a AUTHENTICATE CRAM-MD5\r\n", "+ " + b64("<1896.697@x>")}, {b64("alice b913a602c7eda7a495b4e6e7334d3890") + "\r\n", "a OK"},
	}, []string{"alice b913a602c7eda7a495b4e6e7334d3890", "b913a602c7eda7a495b4e6e7334d3890"}, []string{"a AUTHENTICATE CRAM-MD5", "***"}},
	"AUTH CRAM-MD5": {retrieval.POP3, []exchange{
		{"AUTH CRAM-MD5\r\n", "+ " + b64("<1896.697@x>")}, {b64("alice b913a602c7eda7a495b4e6e7334d3890") + "\r\n", "+OK"},
	}, []string{"alice b913a602c7eda7a495b4e6e7334d3890", "b913a602c7eda7a495b4e6e7334d3890"}, []string{"AUTH CRAM-MD5", "***"}},
	"AUTHENTICATE SCRAM-SHA-256": {retrieval.IMAP, []exchange{
		{"a AUTHENTICATE SCRAM-SHA-256 " + b64("n,,n=alice,r=abc") + "\r\n", "+ " + b64("r=abcd,s=QSXCR+Q6sek8bf92,i=4096")},
		{b64("c=biws,r=abcd,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=") + "\r\n", "+ " + b64("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")}, {"\r\n", "a OK"},
	}, []string{"c=biws,r=abcd,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="}, []string{"a AUTHENTICATE SCRAM-SHA-256 ***", "***", ""}},
	"AUTH SCRAM-SHA-1": {retrieval.POP3, []exchange{
		{"AUTH SCRAM-SHA-1 " + b64("n,,n=alice,r=abc") + "\r\n", "+ " + b64("r=abcd,s=QSXCR+Q6sek8bf92,i=4096")},
		{b64("c=biws,r=abcd,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=") + "\r\n", "+ " + b64("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")}, {"\r\n", "+OK"}, {"STAT\r\n", "+OK 1 2"},
	}, []string{"c=biws,r=abcd,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="}, []string{"AUTH SCRAM-SHA-1 ***", "***", "", "STAT"}},
	"AUTH XOAUTH2, refused": {retrieval.POP3, []exchange{
		{"AUTH XOAUTH2 " + b64("user=alice\x01auth=Bearer token-42\x01\x01") + "\r\n", "+ " + b64(`{"status":"401"}`)}, {"\r\n", "-ERR"},
	}, []string{"token-42"}, []string{"AUTH XOAUTH2 ***", ""}},
	"AUTHENTICATE, cancelled": {retrieval.IMAP, []exchange{
		{"a AUTHENTICATE PLAIN\r\n", "+ "}, {"*\r\n", "a BAD"}, {"b NOOP\r\n", "b OK"},
	}, nil, []string{"a AUTHENTICATE PLAIN", "*", "b NOOP"}},
	"PASS": {retrieval.POP3, []exchange{
		{"USER alice\r\n", "+OK"}, {"pass " + password + "\r\n", "+OK"},
	}, nil, []string{"USER alice", "pass ***"}},
	"USER and PASS in one write": {retrieval.POP3, []exchange{
		{"USER alice\r\nPASS " + password + "\r\n", "+OK"},
	}, nil, []string{"USER alice", "PASS ***"}},
	"APOP": {retrieval.POP3, []exchange{
		{"APOP alice c4c9334bac560ecc979e58001b3e22fb\r\n", "+OK"},
	}, []string{"c4c9334bac560ecc979e58001b3e22fb"}, []string{"APOP alice ***"}},
	"AUTH PLAIN": {retrieval.POP3, []exchange{
		{"AUTH PLAIN\r\n", "+ "}, {b64("\x00alice\x00"+password) + "\r\n", "+OK"}, {"STAT\r\n", "+OK 1 2"},
	}, []string{"\x00alice\x00" + password}, []string{"AUTH PLAIN", "***", "STAT"}},
	"AUTH PLAIN, initial response": {retrieval.POP3, []exchange{
		{"AUTH PLAIN " + b64("\x00alice\x00"+password) + "\r\n", "+OK"}, {"STAT\r\n", "+OK 1 2"},
	}, []string{"\x00alice\x00" + password}, []string{"AUTH PLAIN ***", "STAT"}},
	"SMTP AUTH LOGIN": {retrieval.SMTP, []exchange{
		{"EHLO here\r\n", "250-hello\r\n250 AUTH LOGIN"}, {"AUTH LOGIN\r\n", "334 VXNlcm5hbWU6"}, {b64("alice") + "\r\n", "334 UGFzc3dvcmQ6"},
		{b64(password) + "\r\n", "235 ok"}, {"DATA\r\n", "354 go"}, {"Subject: x\r\n\r\nPASS\r\n.\r\n", "250 ok"},
	}, nil, []string{"EHLO here", "AUTH LOGIN", "***", "***", "DATA", "{20 octets}", "."}},
	"SMTP AUTH PLAIN": {retrieval.SMTP, []exchange{
		{"AUTH PLAIN " + b64("\x00alice\x00"+password) + "\r\n", "235 ok"},
	}, []string{"\x00alice\x00" + password}, []string{"AUTH PLAIN ***"}},
}

func TestNoSecretIsEverKept(t *testing.T) {
	for name, l := range logins {
		for _, piece := range []int{1, 3, 1000} {
			t.Run(fmt.Sprintf("%s/%d", name, piece), func(t *testing.T) {
				tr := NewTranscript(0)
				secrets := append([]string{password}, l.secrets...)
				play(t, tr, l.side, l.steps, piece, secrets...)
				var saved bytes.Buffer
				tr.Save(&saved)
				kept := saved.String() + fmt.Sprint(tr.Since(0, 0))
				for _, secret := range strings.Split(echo(secrets...), " | ") {
					if used(l.steps, secrets, secret) && strings.Contains(kept, strings.TrimRight(secret, "=")) {
						t.Errorf("transcript holds %q:\n%s", secret, saved.String())
					}
				}
				var said []string
				for _, line := range tr.Since(0, 0) {
					if line.Dir == retrieval.ClientSays {
						said = append(said, line.Text)
					}
				}
				if strings.Join(said, "\n") != strings.Join(l.shows, "\n") {
					t.Errorf("shown:\n%s\nwant:\n%s", strings.Join(said, "\n"), strings.Join(l.shows, "\n"))
				}
			})
		}
	}
}

// used reports whether the secret that has this form was sent in these steps:
// what was never sent cannot be known.
func used(steps []exchange, secrets []string, form string) bool {
	for _, s := range secrets {
		if !strings.Contains(echo(s), form) {
			continue
		}
		for _, step := range steps {
			for _, sent := range []string{s, b64(s), b64("\x00alice\x00" + s), b64("n,a=alice,\x01auth=Bearer " + s + "\x01\x01"),
				b64("user=alice\x01auth=Bearer " + s + "\x01\x01"), b64("alice " + s), b64("c=biws,r=abcd,p=" + s), strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s)} {
				if strings.Contains(step.say, sent) {
					return true
				}
			}
		}
	}
	return false
}

// play writes the steps in pieces; the server repeats what it has heard of the
// secrets in each answer.
func play(t *testing.T, tr *Transcript, side retrieval.Protocol, steps []exchange, piece int, secrets ...string) {
	t.Helper()
	greeting := map[retrieval.Protocol]string{retrieval.IMAP: "* OK hi\r\n", retrieval.POP3: "+OK hi\r\n", retrieval.SMTP: "220 hi\r\n"}[side]
	c := serve(t, side, Options{Transcript: tr}, func(c net.Conn, r *bufio.Reader) {
		send(c, greeting)
		for i, s := range steps {
			if _, err := io.ReadFull(r, make([]byte, len(s.say))); err != nil {
				return
			}
			heard := s.hear
			for _, form := range strings.Split(echo(secrets...), " | ") {
				if used(steps[:i+1], secrets, form) {
					heard += " | " + form
				}
			}
			send(c, heard+"\r\n")
		}
	})
	r := bufio.NewReader(c)
	if _, err := r.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	for _, s := range steps {
		for b := []byte(s.say); len(b) > 0; {
			n := min(piece, len(b))
			if _, err := c.Write(b[:n]); err != nil {
				t.Fatal(err)
			}
			b = b[n:]
		}
		for range strings.Count(s.hear, "\r\n") + 1 {
			if _, err := r.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestSecretCutByTheLineLimit(t *testing.T) {
	for _, before := range []int{maxLineOctets - 9, collected - 9} {
		tr := NewTranscript(0)
		play(t, tr, retrieval.POP3, []exchange{{"PASS wonderland\r\n", "+OK " + strings.Repeat("x", before-4)}}, 100, "wonderland")
		for _, l := range tr.Since(0, 0) {
			if strings.Contains(l.Text, "wond") {
				t.Errorf("a part of the secret is in %q", l.Text[len(l.Text)-50:])
			}
		}
	}
}

func TestShortSecretStandsAlone(t *testing.T) {
	var m mask
	m.add("ab")
	if got := string(m.apply([]byte("ab about (ab) cab ab1"), true)); got != "*** about (***) cab ab1" {
		t.Errorf("masked: %s", got)
	}
}

func TestSecretCall(t *testing.T) {
	tr := NewTranscript(0)
	c := serve(t, retrieval.IMAP, Options{Transcript: tr}, func(c net.Conn, r *bufio.Reader) { io.Copy(io.Discard, r) })
	c.Secret(2)
	c.Write([]byte("odd \"one\r\nodd (two {7}\r\na NOOP\r\n"))
	c.Note("server said odd \"one")
	wantLines(t, tr, "C ***", "C ***", "C a NOOP")
	if l := tr.Since(0, 0); l[len(l)-1].Text != "server said ***" {
		t.Errorf("note: %q", l[len(l)-1].Text)
	}
}

// The tap after STARTTLS sees what go-smtp makes of it: nothing readable.
func TestSMTPUpgradeIsOpaque(t *testing.T) {
	tr := NewTranscript(0)
	s := newSMTPTap(newTap(retrieval.SMTP, tr))
	s.client.write([]byte("STARTTLS\r\n"))
	s.server.write([]byte("220 go\r\n"))
	s.client.write([]byte("\x16\x03\x01\r\n"))
	s.server.write([]byte("\x16\x03\x01\r\n"))
	wantLines(t, tr, "C STARTTLS", "S 220 go")
}

// fuzzLogins are the commands that FuzzSecrets tries; %s is the password.
var fuzzLogins = []struct {
	side retrieval.Protocol
	say  func(pass string) string
}{
	{retrieval.IMAP, func(p string) string { return "a LOGIN u {" + fmt.Sprint(len(p)) + "}\r\n" + p + "\r\n" }},
	{retrieval.IMAP, func(p string) string { return "a LOGIN {1+}\r\nu {" + fmt.Sprint(len(p)) + "+}\r\n" + p + "\r\n" }},
	{retrieval.IMAP, func(p string) string {
		return `a LOGIN u "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(p) + "\"\r\n"
	}},
	{retrieval.IMAP, func(p string) string { return "a AUTHENTICATE PLAIN " + b64("\x00u\x00"+p) + "\r\n" }},
	{retrieval.IMAP, func(p string) string { return "a AUTHENTICATE X\r\n" + b64(p) + "\r\n" }},
	{retrieval.POP3, func(p string) string { return "PASS " + p + "\r\n" }},
	{retrieval.POP3, func(p string) string { return "AUTH PLAIN\r\n" + b64("\x00u\x00"+p) + "\r\n" }},
}

func FuzzSecrets(f *testing.F) {
	for i := range fuzzLogins {
		f.Add(`pa"ss\wörd`, uint8(i), uint8(3))
	}
	f.Fuzz(func(t *testing.T, pass string, which, piece uint8) {
		if len(pass) < shortest || len(pass) > 500 || strings.ContainsAny(pass, "\r\n\x00") {
			return
		}
		l := fuzzLogins[int(which)%len(fuzzLogins)]
		tr := NewTranscript(0)
		c := newConn(&pieces{}, l.side, Options{Transcript: tr}, time.Now(), newTap(l.side, tr))
		for b := []byte(l.say(pass)); len(b) > 0; {
			n := min(int(piece)+1, len(b))
			c.Write(b[:n])
			b = b[n:]
		}
		c.tap.serverLine([]byte("* OK you said "+pass+", or "+b64(pass)+", or "+url.QueryEscape(pass)), extent{})
		for _, line := range texts(tr) {
			for _, form := range []string{pass, strings.TrimRight(b64(pass), "="), url.QueryEscape(pass)} {
				if strings.Contains(line, form) && !strings.Contains("C a LOGIN u {1 octets} ***C a AUTHENTICATE PLAIN ***S * OK you said ***, or ***, or ***C AUTH PLAIN ***", form) {
					t.Fatalf("%q is in %q", form, line)
				}
			}
		}
	})
}
