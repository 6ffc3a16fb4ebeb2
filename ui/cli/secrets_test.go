package cli

import (
	"bufio"
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"imapop/account"
	"imapop/account/sandbox"
	"imapop/account/sasl"
	"imapop/config"
	"imapop/retrieval"
	"imapop/retrieval/live"
	"imapop/retrieval/wire"
)

// trickyPassword is awkward in every encoding that a login uses.
const trickyPassword = `p"a\ss wörd%20/+=?~ÿÿ>>>`

const stamp = "<1896.697170952@secrets.example>"

// forms are all shapes in which a secret could be read.
func forms(secret string) map[string]string {
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(secret)
	inJSON, _ := json.Marshal(secret)
	digest := md5.Sum([]byte(stamp + secret))
	f := map[string]string{
		"raw": secret, "quoted": quoted, "JSON": strings.Trim(string(inJSON), `"`), "Go": strings.Trim(strconv.QuoteToASCII(secret), `"`),
		"query": url.QueryEscape(secret), "path": url.PathEscape(secret),
		"hex": hex.EncodeToString([]byte(secret)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(secret))),
		"APOP digest": hex.EncodeToString(digest[:]),
	}
	for shift := range 3 { // the place of a secret in what is encoded changes every character
		for name, enc := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64 URL": base64.RawURLEncoding} {
			s := enc.EncodeToString([]byte(strings.Repeat("\x00", shift) + secret))
			from, to := (shift*8+5)/6, (shift+len(secret))*8/6 // without the characters that hold bits of neighbours
			f[fmt.Sprintf("%s+%d", name, shift)] = s[from:to]
		}
	}
	return f
}

// found names the forms of the secret that text holds.
func found(text, secret string) (names []string) {
	for name, form := range forms(secret) {
		if strings.Contains(text, form) {
			names = append(names, name)
		}
	}
	return names
}

// echo is a server for one login that says back whatever it hears, and keeps
// what came over the wire.
type echo struct {
	addr string
	mu   sync.Mutex
	wire bytes.Buffer
}

func (e *echo) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.wire.Write(p)
}

func (e *echo) said() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.wire.String()
}

func startEcho(t *testing.T, talk func(w io.Writer, line func() string)) *echo {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &echo{addr: ln.Addr().String()}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				in := bufio.NewReader(io.TeeReader(c, e))
				talk(c, func() string { return command(c, in) })
			})
		}
	})
	t.Cleanup(func() { ln.Close(); wg.Wait() })
	return e
}

// command reads one command with its literals.
func command(c net.Conn, in *bufio.Reader) string {
	line, err := in.ReadString('\n')
	line = strings.TrimRight(line, "\r\n")
	open := strings.LastIndexByte(line, '{')
	if err != nil || open < 0 || !strings.HasSuffix(line, "}") {
		return line
	}
	n, err := strconv.Atoi(strings.TrimSuffix(line[open+1:len(line)-1], "+"))
	if err != nil {
		return line
	}
	fmt.Fprint(c, "+ go on\r\n")
	octets := make([]byte, n)
	_, _ = io.ReadFull(in, octets)
	return line[:open] + string(octets) + command(c, in)
}

// echoIMAP refuses or accepts every login, and says back what it was.
func echoIMAP(t *testing.T, caps, verdict string) *echo {
	return startEcho(t, func(w io.Writer, line func() string) {
		fmt.Fprintf(w, "* OK [CAPABILITY IMAP4rev1 %s] hello\r\n", caps)
		for s := line(); s != ""; s = line() {
			tag, cmd, _ := strings.Cut(s, " ")
			switch word, _, _ := strings.Cut(strings.ToUpper(cmd), " "); word {
			case "CAPABILITY":
				fmt.Fprintf(w, "* CAPABILITY IMAP4rev1 %s\r\n%s OK done\r\n", caps, tag)
			case "AUTHENTICATE", "LOGIN":
				if strings.EqualFold(cmd, "AUTHENTICATE PLAIN") {
					fmt.Fprint(w, "+ \r\n")
					cmd += " " + line()
				}
				fmt.Fprintf(w, "* OK [ALERT] you said %s\r\n%s %s you said %s\r\n", cmd, tag, verdict, cmd)
			default:
				fmt.Fprintf(w, "* BYE enough of %s\r\n", cmd)
				return
			}
		}
	})
}

func echoPOP3(t *testing.T, capa, verdict string) *echo {
	return startEcho(t, func(w io.Writer, line func() string) {
		fmt.Fprintf(w, "+OK hello %s\r\n", stamp)
		for s := line(); s != ""; s = line() {
			switch word, _, _ := strings.Cut(strings.ToUpper(s), " "); word {
			case "CAPA":
				fmt.Fprintf(w, "+OK\r\n%s\r\n.\r\n", capa)
			case "USER":
				fmt.Fprint(w, "+OK\r\n")
			case "PASS", "APOP", "AUTH":
				fmt.Fprintf(w, "%s you said %s\r\n", verdict, s)
			default:
				fmt.Fprintf(w, "-ERR enough of %s\r\n", s)
				return
			}
		}
	})
}

// mechanisms are the ways in which the two sides log in, and the form in which
// the wire must show the secret: else the test would find nothing anywhere.
var mechanisms = []struct {
	name       string
	imap, pop3 string
	apop       bool
	token      bool // the secret is an access token
	imapShows  string
	popShows   string
}{
	{name: "LOGIN and USER PASS", imap: "IDLE", pop3: "USER", imapShows: "raw", popShows: "raw"},
	{name: "AUTHENTICATE PLAIN and AUTH PLAIN", imap: "AUTH=PLAIN", pop3: "SASL PLAIN", imapShows: "base64", popShows: "base64"},
	{name: "SASL-IR and APOP", imap: "AUTH=PLAIN SASL-IR", pop3: "USER", apop: true, imapShows: "base64", popShows: "APOP digest"},
	{name: "OAUTHBEARER", imap: "AUTH=OAUTHBEARER SASL-IR", pop3: "SASL OAUTHBEARER", token: true, imapShows: "base64", popShows: "base64"},
	{name: "XOAUTH2", imap: "AUTH=XOAUTH2 SASL-IR", pop3: "SASL XOAUTH2", token: true, imapShows: "base64", popShows: "base64"},
}

// TestNoSecretIsKeptOrShown logs in by every mechanism on servers that say back
// everything, and looks for the secret in all that the program keeps and prints.
func TestNoSecretIsKeptOrShown(t *testing.T) {
	for _, m := range mechanisms {
		for verdict, answers := range map[string][2]string{"refused": {"NO [AUTHENTICATIONFAILED]", "-ERR [AUTH]"}, "accepted": {"OK", "+OK"}, "broken": {"OK NO", "what?"}} {
			for kind, secret := range map[string]string{"tricky": trickyPassword, "plain": "wonderland-42"} {
				t.Run(m.name+"/"+verdict+"/"+kind, func(t *testing.T) {
					imap, pop := echoIMAP(t, m.imap, answers[0]), echoPOP3(t, m.pop3, answers[1])
					a := account.Account{Name: "echo", User: "alice", Maildir: filepath.Join(t.TempDir(), "Maildir"),
						IMAP: account.Endpoint{Address: imap.addr, Security: account.Plaintext},
						POP3: account.Endpoint{Address: pop.addr, Security: account.Plaintext}}
					o := live.Options{Account: a, Password: account.NewPassword(secret), APOP: m.apop}
					if m.token {
						o.Password = account.Password{}
						o.Guard = &sasl.Guard{Token: func(context.Context, account.Password) (account.Password, error) {
							return account.NewPassword(secret), nil
						}}
					}
					kept := keptOf(t, o)
					if names := found(kept, secret); names != nil {
						t.Errorf("the secret is kept as %v in:\n%s", names, kept)
					}
					for what, w := range map[string][2]string{"IMAP": {imap.said(), m.imapShows}, "POP3": {pop.said(), m.popShows}} {
						if !strings.Contains(strings.Join(found(w[0], secret), ","), w[1]) {
							t.Errorf("the test cannot fail: no %s in what %s sent: %q", w[1], what, w[0])
						}
					}
				})
			}
		}
	}
}

// keptOf opens the account and returns everything that stays of it: the saved
// transcript, the View, and the errors in every formatting.
func keptOf(t *testing.T, o live.Options) string {
	t.Helper()
	o.Wire = wire.Options{Timeouts: wire.Timeouts{Answer: 20 * time.Second}}
	d := live.Open(t.Context(), o)
	defer d.Close()
	var v *retrieval.View
	for v == nil || v.IMAP.Problem == nil || v.POP3.Problem == nil {
		select {
		case v = <-d.Updates():
		case <-time.After(30 * time.Second):
			t.Fatalf("no two problems: %+v", v)
		}
	}
	all := new(strings.Builder)
	inJSON, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "transcript")
	if _, err := d.SaveTranscript(path); err != nil {
		t.Fatal(err)
	}
	saved, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(saved), "***") {
		t.Errorf("the transcript shows no masked login:\n%s", saved)
	}
	fmt.Fprintf(all, "%s\n%s\n", inJSON, saved)
	for _, pr := range []*retrieval.Problem{v.IMAP.Problem, v.POP3.Problem} {
		fmt.Fprintf(all, "%s\n%v\n%+v\n%#v\n%q\n", pr.Err, pr.Err, pr, pr.Err, pr.Why)
	}
	for _, l := range d.Lines(0, 0) {
		fmt.Fprintf(all, "%#v\n", l)
	}
	return all.String()
}

// TestNoSecretOnTheCommandLine runs commands with a right and a wrong password
// and looks at what they print. SMTP's AUTH is in the desk's transcript.
func TestNoSecretOnTheCommandLine(t *testing.T) {
	srv, err := sandbox.Start(t.Context(), sandbox.Options{Password: trickyPassword})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	dir := t.TempDir()
	path := filepath.Join(dir, "config.toml")
	i := srv.Info()
	conf := fmt.Sprintf("[accounts.odd]\nuser = \"alice\"\npassword_env = \"IMAPOP_TEST_SECRET\"\nca_file = %q\nmaildir = %q\n", i.CAFile, filepath.Join(dir, "Maildir"))
	for _, e := range [][2]string{{"imap", i.IMAPS}, {"pop3", i.POP3S}} {
		conf += fmt.Sprintf("[accounts.odd.%s]\naddress = %q\nsecurity = \"tls\"\n", e[0], e[1])
	}
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, password := range []string{trickyPassword, "not " + trickyPassword} { // the right one first: check warns of failed logins
		want := []int{exitOK, exitFail}[i]
		t.Setenv("IMAPOP_TEST_SECRET", password)
		for _, args := range [][]string{{"compare"}, {"compare", "--json"}, {"check"}, {"check", "--json", "--with-message"}, {"fetch", "--keep"}} {
			var out, errs bytes.Buffer
			code := Execute(t.Context(), append([]string{"--config", path, "--account", "odd"}, args...), Streams{Out: &out, Err: &errs}, "test")
			if code != want {
				t.Errorf("%v: exit code %d, want %d: %s", args, code, want, errs.String())
			}
			if names := found(out.String()+errs.String(), password); names != nil {
				t.Errorf("%v prints the secret as %v: %s", args, names, errs.String())
			}
			if line := strings.TrimRight(errs.String(), "\n"); want != exitOK && (strings.Contains(line, "\n") || !strings.Contains(line, "odd") || !strings.Contains(line+out.String(), "login")) {
				t.Errorf("%v: not one line with account and step: %q", args, line)
			}
			keepsNone(t, dir, password)
			keepsNone(t, filepath.Dir(config.FailedLogins()), password)
		}
	}
}

// keepsNone looks for the secret in every file below a directory.
func keepsNone(t *testing.T, dir, secret string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		b, err := os.ReadFile(path)
		if names := found(string(b), secret); err == nil && names != nil {
			t.Errorf("%s holds the secret as %v", path, names)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestNoSecretInTheLogOfFailedLogins fails to log in by every mechanism, by every
// command, on servers that say back everything, in the response code too.
func TestNoSecretInTheLogOfFailedLogins(t *testing.T) {
	const secret = "Wonderland-42"
	for _, m := range mechanisms {
		for _, answers := range [][2]string{{"NO [AUTHENTICATIONFAILED]", "-ERR [AUTH]"}, {"NO [" + secret + "]", "-ERR [" + strings.ToUpper(secret) + "]"}, {"OK NO", "what?"}} {
			if m.apop {
				continue // no command asks for it
			}
			imap, pop := echoIMAP(t, m.imap, answers[0]), echoPOP3(t, m.pop3, answers[1])
			dir := t.TempDir()
			conf := fmt.Sprintf("[accounts.log]\nuser = \"alice\"\npassword_env = \"IMAPOP_TEST_SECRET\"\nmaildir = %q\n", filepath.Join(dir, "Maildir"))
			for side, addr := range map[string]string{"imap": imap.addr, "pop3": pop.addr} {
				conf += fmt.Sprintf("[accounts.log.%s]\naddress = %q\nsecurity = \"plaintext\"\n", side, addr)
			}
			path := filepath.Join(dir, "config.toml")
			if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv("IMAPOP_TEST_SECRET", secret)
			for _, command := range []string{"compare", "check", "check --json", "fetch --keep"} {
				o := attackOnce(t, path, command, waiting(5*time.Second))
				if names := found(o.out+o.errs, secret); names != nil || o.code != exitFail || strings.Contains(o.out+o.errs, strings.ToUpper(secret)) {
					t.Errorf("%s, %s: exit code %d, prints the secret as %v: %s", m.name, command, o.code, names, o.errs)
				}
			}
			keepsNone(t, dir, secret)
		}
	}
	log, err := os.ReadFile(config.FailedLogins())
	if err != nil || !strings.Contains(string(log), `"account":"log"`) {
		t.Fatalf("nothing was remembered: %v", err)
	}
	for _, form := range []string{secret, strings.ToUpper(secret), strings.ToLower(secret), "alice"} {
		if strings.Contains(string(log), form) {
			t.Errorf("the log holds %q:\n%s", form, log)
		}
	}
	keepsNone(t, filepath.Dir(config.FailedLogins()), secret)
}

// TestNoSecretOfSubmission sends one message by each mechanism of SMTP.
func TestNoSecretOfSubmission(t *testing.T) {
	for _, m := range []account.Mechanism{account.ScramSHA256, account.Plain, account.Login} {
		t.Run(string(m), func(t *testing.T) { noSecretOfSubmission(t, m) })
	}
}

func noSecretOfSubmission(t *testing.T, m account.Mechanism) {
	srv, err := sandbox.Start(t.Context(), sandbox.Options{Password: trickyPassword})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	a := srv.Account()
	a.Submission.Mechanisms = []account.Mechanism{m}
	tr := wire.NewTranscript(0)
	_, _, right := deliverer(a, srv.Roots())(t.Context(), tr)
	if right != nil {
		t.Fatal(right)
	}
	a.Secret.Literal = account.NewPassword("not " + trickyPassword)
	_, _, wrong := deliverer(a, srv.Roots())(context.Background(), tr)
	if wrong == nil {
		t.Fatal("a wrong password was taken")
	}
	var saved bytes.Buffer
	if err := tr.Save(&saved); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(saved.String(), " C AUTH "+string(m)) || !strings.Contains(saved.String(), " C ***") && m != account.Plain {
		t.Errorf("no login by it in the transcript:\n%s", saved.String())
	}
	if names := found(saved.String()+wrong.Error(), trickyPassword); names != nil {
		t.Errorf("the secret is kept as %v:\n%s", names, saved.String())
	}
}
