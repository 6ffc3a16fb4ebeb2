package cli

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime/metrics"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"imapop/account"
	"imapop/account/sandbox"
	"imapop/config"
	"imapop/retrieval/wire"
)

const (
	secretUnderAttack = "correct-horse-battery-42"
	attackLimit       = 20 * time.Second // of one command, on a loaded machine
	memoryLimit       = 300 << 20        // octets, of the whole test process with all its servers
)

// waiting makes silence as short, and floods small.
func waiting(d time.Duration) wire.Options {
	return wire.Options{Timeouts: wire.Timeouts{Connect: d, Handshake: d, Answer: d, Stall: d}, Limits: wire.Limits{Response: 256 << 10, Literal: 1 << 20}}
}

// attack is one thing that a server does to a client.
type attack struct {
	imap, pop3 func(*talk)      // the side that is hostile; the other is the demo server's
	security   account.Security // of that side; "": plaintext
	says       string           // in what the commands print
	loginSent  bool             // a login that is refused, or comes before the attack, may go out
	fine       bool             // the commands succeed: what came was harmless
	commands   []string         // "": compare and check, and fetch for POP3
	large      bool             // the usual limits, for it is they that are attacked
}

// tune is patient, but for servers that would use it up.
func (a attack) tune() wire.Options {
	if a.large {
		return wire.Options{}
	}
	if a.says == "silent" || a.says == "PREAUTH" || a.says == "no TLS after" {
		return waiting(300 * time.Millisecond)
	}
	return waiting(5 * time.Second)
}

var attacks = map[string]attack{
	"IMAP: STARTTLS is stripped": {security: account.StartTLS, says: "refuses STARTTLS", imap: func(c *talk) {
		c.say("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\r\n")
		for s := c.line(); s != ""; s = c.line() {
			tag, _, _ := strings.Cut(s, " ")
			c.say("* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n%s %s\r\n", tag, map[bool]string{true: "OK", false: "BAD what?"}[strings.HasSuffix(s, "CAPABILITY")])
		}
	}},
	"POP3: STLS is stripped": {security: account.StartTLS, says: "refuses STLS", pop3: func(c *talk) {
		c.say("+OK hi\r\n")
		for s := c.line(); s != ""; s = c.line() {
			if s == "CAPA" {
				c.say("+OK\r\nUSER\r\nSASL PLAIN\r\n.\r\n")
				continue
			}
			c.say("-ERR what?\r\n")
		}
	}},
	"IMAP: an answer before the handshake": {security: account.StartTLS, says: "octets behind the answer", imap: func(c *talk) {
		tag := c.imapUntil("STARTTLS")
		c.say("%s OK go\r\n* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] %s\r\nT1 OK injected\r\n", tag, evil)
		c.hang()
	}},
	"POP3: an answer before the handshake": {security: account.StartTLS, says: "octets behind the answer", pop3: func(c *talk) {
		c.popUntil("STLS")
		c.say("+OK go\r\n+OK\r\nUSER\r\n.\r\n")
		c.hang()
	}},
	"IMAP: PREAUTH": {security: account.StartTLS, says: "PREAUTH", imap: func(c *talk) {
		c.say("* PREAUTH [CAPABILITY IMAP4rev1] welcome %s\r\n", evil)
		c.hang()
	}},
	"IMAP: LOGINDISABLED": {says: "LOGINDISABLED", imap: func(c *talk) {
		c.say("* OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=PLAIN SASL-IR] hi\r\n")
		for s := c.line(); s != ""; s = c.line() {
			tag, _, _ := strings.Cut(s, " ")
			c.say("* CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=PLAIN SASL-IR\r\n%s OK\r\n", tag)
		}
	}},
	"IMAP: ALERT and BYE with control sequences": {says: "refused", loginSent: true, imap: func(c *talk) {
		tag := c.imapUntil("SELECT")
		c.say("* OK [ALERT] %s\r\n* NO [ALERT] %s\r\n* BYE %s\r\n%s NO %s\r\n", evil, evil, evil, tag, evil)
	}},
	"POP3: texts with control sequences": {says: "refused the credentials", loginSent: true, pop3: func(c *talk) {
		c.popUntil("PASS")
		c.say("-ERR [AUTH] %s\r\n", evil)
		c.hang()
	}},
	"IMAP: a refusal with control sequences": {says: "refused", loginSent: true, imap: func(c *talk) {
		c.say("%s NO [AUTHENTICATIONFAILED] %s\r\n", c.imapUntil("AUTHENTICATE"), evil)
		c.hang()
	}},
	"IMAP: folder names with control sequences": {fine: true, loginSent: true, commands: []string{"compare"}, imap: func(c *talk) {
		c.folders(`"&ABs-]52;c;RVZJTA==&AAcAGw-[2J&IC4gCw-gro.live/../../etc/passwd"`)
	}},
	"IMAP: an endless line": {says: "more than the limit", imap: func(c *talk) { c.say("* OK "); c.flood("x") }},
	"IMAP: an endless list": {says: "more than the limit", loginSent: true, imap: func(c *talk) { c.imapUntil("SELECT"); c.flood("* 1 RECENT\r\n") }},
	"IMAP: a literal of a terabyte": {says: "", loginSent: true, imap: func(c *talk) {
		c.imapUntil("SELECT")
		c.say("* OK [UIDVALIDITY 1] x\r\n* 1 FETCH (ENVELOPE (NIL {1099511627776}\r\n")
		c.flood("x")
	}},
	"IMAP: parentheses without end": {says: "more than the limit", imap: func(c *talk) { c.say("* OK hi\r\n* 1 FETCH (BODYSTRUCTURE "); c.flood("(") }},
	"POP3: an endless line":         {says: "more than the limit", pop3: func(c *talk) { c.say("+OK "); c.flood("x") }},
	"POP3: an endless list":         {loginSent: true, pop3: func(c *talk) { c.popUntil("UIDL"); c.say("+OK\r\n"); c.flood("1 a\r\n") }},
	"POP3: an endless header":       {loginSent: true, commands: []string{"compare"}, pop3: func(c *talk) { c.popUntil("TOP"); c.say("+OK\r\n"); c.flood("Subject: x\r\n") }},
	"POP3: a message without end": {says: "more than the limit", loginSent: true, large: true, commands: []string{"fetch"}, pop3: func(c *talk) {
		c.popUntil("RETR")
		c.say("+OK 100 octets\r\nSubject: one\r\n\r\n")
		c.flood("and so on\r\n")
	}},
	"IMAP: silent":                  {says: "silent", imap: (*talk).hang},
	"IMAP: silent at login":         {says: "silent", loginSent: true, imap: func(c *talk) { c.imapUntil("AUTHENTICATE"); c.hang() }},
	"IMAP: silent in SELECT":        {says: "silent", loginSent: true, imap: func(c *talk) { c.imapUntil("SELECT"); c.hang() }},
	"POP3: silent":                  {says: "silent", pop3: (*talk).hang},
	"POP3: silent at login":         {says: "silent", loginSent: true, pop3: func(c *talk) { c.popUntil("PASS"); c.hang() }},
	"POP3: silent in UIDL":          {says: "silent", loginSent: true, pop3: func(c *talk) { c.popUntil("UIDL"); c.hang() }},
	"IMAP: silent in the handshake": {security: account.TLS, says: "no TLS after", imap: (*talk).hang},
	"IMAP: slow":                    {says: "silent", imap: func(c *talk) { c.drip("* OK welcome to a server that takes its time") }},
	"POP3: slow":                    {says: "silent", pop3: func(c *talk) { c.drip("+OK welcome to a server that takes its time") }},
	"IMAP: four billion messages": {says: "breaks the protocol", loginSent: true, imap: func(c *talk) {
		tag := c.imapUntil("SELECT")
		c.say("* 4294967295 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n%s OK done\r\n", tag)
		c.hang()
	}},
	"POP3: STAT, LIST and UIDL disagree": {says: "breaks the protocol", loginSent: true, pop3: func(c *talk) {
		c.popUntil("UIDL")
		c.say("+OK\r\n1 a\r\n2 b\r\n3 c\r\n.\r\n")
		c.hang()
	}},
	"POP3: sizes beyond all numbers": {says: "breaks the protocol", loginSent: true, pop3: func(c *talk) {
		c.popUntil("LIST")
		c.say("+OK\r\n1 99999999999999999999999\r\n.\r\n")
		c.popUntil("NEVER")
	}},
	"IMAP: hangs up at once": {says: "closed the connection", imap: func(*talk) {}},
	"POP3: hangs up at once": {says: "closed the connection", pop3: func(*talk) {}},
	"IMAP: another protocol": {says: "breaks the protocol", imap: func(c *talk) { c.say("HTTP/1.1 400 %s\r\n\r\n", evil); c.hang() }},
	"POP3: another protocol": {says: "breaks the protocol", pop3: func(c *talk) { c.say("SSH-2.0-%s\r\n", evil); c.hang() }},
}

// folders plays a fair server with an empty INBOX and one more folder.
func (c *talk) folders(name string) {
	tag := c.imapUntil("LIST")
	for s := tag + " LIST"; s != ""; s = c.line() {
		tag, cmd, _ := strings.Cut(s, " ")
		word, _, _ := strings.Cut(strings.ToUpper(cmd), " ")
		switch word {
		case "SELECT", "EXAMINE":
			c.say("* 0 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 1] x\r\n")
		case "STATUS":
			c.say("* STATUS INBOX (MESSAGES 0 UNSEEN 0)\r\n")
		case "LIST":
			c.say("* LIST () \"/\" INBOX\r\n* LIST (\\NoSelect) \"/\" %s\r\n", name)
		case "IDLE":
			c.say("+ idling\r\n")
			continue
		}
		if tag != "DONE" {
			c.say("%s OK done\r\n", tag)
		}
	}
}

// drip says one octet at a time, at the server's own pace.
func (c *talk) drip(s string) {
	pace := time.NewTicker(100 * time.Millisecond)
	defer pace.Stop()
	for _, b := range []byte(s) {
		<-pace.C
		if _, err := c.Write([]byte{b}); err != nil {
			return
		}
	}
	c.hang()
}

// TestUnderAttack runs whole commands against servers that do what they should
// not: each ends in time, with one clear line, within its memory; what it prints
// is harmless, and no secret is said where it should not, or kept anywhere.
func TestUnderAttack(t *testing.T) {
	good := startGood(t)
	peak := sampleMemory(t)
	for name, a := range attacks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			side, talk := "imap", a.imap
			if talk == nil {
				side, talk = "pop3", a.pop3
			}
			f := startFoe(t, talk)
			dir := t.TempDir()
			conf := good.config(t, dir, side, f.addr, a.security)
			commands := a.commands
			if commands == nil {
				commands = []string{"compare", "check"}
				if side == "pop3" {
					commands = append(commands, "fetch")
				}
			}
			for _, command := range commands {
				attackOnce(t, conf, command, a.tune()).judge(t, a, command)
			}
			if heard := f.heard(); !a.loginSent && len(found(heard, secretUnderAttack)) > 0 {
				t.Errorf("the secret was said to the foe: %q", heard)
			}
			keepsNothing(t, dir)
		})
	}
	t.Cleanup(func() {
		if p := peak(); p > memoryLimit {
			t.Errorf("memory went up to %d MB", p>>20)
		}
		keepsNothing(t, filepath.Dir(config.FailedLogins()))
	})
}

// fair is the demo server that stands on the side that is not attacked.
type fair struct {
	srv *sandbox.Server
	ca  string
}

func startGood(t *testing.T) fair {
	t.Helper()
	srv, err := sandbox.Start(t.Context(), sandbox.Options{Password: secretUnderAttack, Policies: map[string]string{"pop3-lock": "no"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	return fair{srv, srv.Info().CAFile}
}

// config writes an account of which one side is the foe's.
func (g fair) config(t *testing.T, dir, side, foe string, sec account.Security) string {
	t.Helper()
	if sec == "" {
		sec = account.Plaintext
	}
	i := g.srv.Info()
	ends := map[string][2]string{"imap": {i.IMAPS, "tls"}, "pop3": {i.POP3S, "tls"}}
	if side != "" {
		ends[side] = [2]string{foe, string(sec)}
	}
	text := fmt.Sprintf("[accounts.test]\nuser = \"alice\"\npassword_command = \"printf %%s %s\"\nca_file = %q\nmaildir = %q\n", secretUnderAttack, g.ca, filepath.Join(dir, "Maildir"))
	for _, p := range []string{"imap", "pop3"} {
		text += fmt.Sprintf("[accounts.test.%s]\naddress = %q\nsecurity = %q\n", p, ends[p][0], ends[p][1])
	}
	path := filepath.Join(dir, "config.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// ended is how a command ended.
type ended struct {
	out, errs string
	code      int
	took      time.Duration
}

func attackOnce(t *testing.T, conf, command string, tune wire.Options) ended {
	t.Helper()
	args := append([]string{"--config", conf}, strings.Fields(command)...)
	if command == "fetch" {
		args = append(args, "--keep")
	}
	var out, errs bytes.Buffer
	start := time.Now()
	code := execute(t.Context(), args, &options{streams: Streams{Out: &out, Err: &errs}, version: "test", tune: tune})
	return ended{out.String(), errs.String(), code, time.Since(start)}
}

func (o ended) judge(t *testing.T, a attack, command string) {
	t.Helper()
	want := exitFail
	if a.fine {
		want = exitOK
	}
	if o.code != want {
		t.Errorf("%s: exit code %d, want %d: %s", command, o.code, want, o.errs)
	}
	if o.took > attackLimit {
		t.Errorf("%s took %v", command, o.took)
	}
	if line := strings.TrimRight(o.errs, "\n"); !a.fine && (strings.Contains(line, "\n") || !strings.HasPrefix(line, "imapop: test: ") || len(line) > 1200) {
		t.Errorf("%s: not one clear line: %q", command, o.errs)
	}
	if !strings.Contains(o.out+o.errs, a.says) && command != "check" {
		t.Errorf("%s does not say %q: %s", command, a.says, o.errs)
	}
	harmless(t, command, o.out+o.errs)
	if names := found(o.out+o.errs, secretUnderAttack); names != nil {
		t.Errorf("%s prints the secret as %v", command, names)
	}
}

// harmless wants text that no terminal can be moved by.
func harmless(t *testing.T, what, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("%s prints octets that are not UTF-8", what)
	}
	for _, r := range text {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029') {
			t.Errorf("%s prints %U: %q", what, r, text)
			return
		}
	}
}

// keepsNothing looks for the secret in every file below a directory but the
// configuration, which holds it here for the test's sake.
func keepsNothing(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "config.toml" {
			return nil
		}
		b, err := os.ReadFile(path)
		if names := found(string(b), secretUnderAttack); err == nil && names != nil {
			t.Errorf("%s holds the secret as %v", path, names)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// sampleMemory watches the memory of the process; the func gives the highest it saw.
func sampleMemory(t *testing.T) func() int64 {
	t.Helper()
	var peak atomic.Int64
	stop := make(chan struct{})
	go func() {
		sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}}
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			select {
			case <-tick.C:
			case <-stop:
				tick.Stop()
				return
			}
			metrics.Read(sample)
			peak.Store(max(peak.Load(), int64(sample[0].Value.Uint64())))
		}
	}()
	t.Cleanup(func() { close(stop) })
	return peak.Load
}

// canary is a port that nobody should connect to.
func canary(t *testing.T) (addr string, visited func() bool) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var came atomic.Bool
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			came.Store(true)
			c.Close()
		}
	}()
	t.Cleanup(func() { ln.Close() })
	return ln.Addr().String(), came.Load
}

// TestReferralsAreNotFollowed sends the client elsewhere (RFC 2221, RFC 2193).
func TestReferralsAreNotFollowed(t *testing.T) {
	good := startGood(t)
	addr, visited := canary(t)
	for name, talk := range map[string]func(*talk){
		"in a refusal": func(c *talk) {
			c.say("%s NO [REFERRAL imap://alice;AUTH=*@%s/] go there %s\r\n", c.imapUntil("AUTHENTICATE"), addr, evil)
			c.hang()
		},
		"in the greeting": func(c *talk) {
			c.say("* BYE [REFERRAL imap://%s/] go there %s\r\n", addr, evil)
		},
		"of a mailbox": func(c *talk) {
			c.say("%s NO [REFERRAL imap://%s/INBOX] go there %s\r\n", c.imapUntil("SELECT"), addr, evil)
			c.hang()
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			conf := good.config(t, dir, "imap", startFoe(t, talk).addr, "")
			for _, command := range []string{"compare", "check"} {
				attackOnce(t, conf, command, waiting(5*time.Second)).judge(t, attack{}, command)
			}
		})
	}
	if visited() {
		t.Error("somebody followed the referral")
	}
}
