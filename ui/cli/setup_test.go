//go:build linux

package cli

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"imapop/account"
	"imapop/account/sandbox"
	"imapop/account/servertest/dovecot"
	"imapop/account/servertest/provider"
	"imapop/config"
	"imapop/ui/internal/pty"
)

// setting is where a setup runs: its own home, and a DNS server.
type setting struct {
	bin, home string
	env       []string
}

func newSetting(t *testing.T, dns string) setting {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(t.TempDir(), "imapop") // under this name the test binary is the program: see TestMain
	if err := os.Symlink(self, bin); err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	return setting{bin: bin, home: home, env: append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home+"/config", "XDG_DATA_HOME="+home+"/data",
		"TERM=xterm-256color", "LANG=C.UTF-8", "IMAPOP_DNS="+dns, "IMAPOP_DATABASE=none", "http_proxy=", "https_proxy=")}
}

func (s setting) file() string { return s.home + "/config/imapop/config.toml" }

func (s setting) command(args ...string) *exec.Cmd {
	cmd := exec.Command(s.bin, args...)
	cmd.Env = s.env
	return cmd
}

// empty checks that nothing was left behind, under any name.
func (s setting) empty(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(s.home)
	if err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func portOf(t *testing.T, address string) uint16 {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return uint16(n)
}

// TestSetupFindsRealServers goes the whole way with a provider's DNS stand-in
// and Dovecot: from the address to an account that both protocols open.
func TestSetupFindsRealServers(t *testing.T) {
	server := dovecot.Start(t, dovecot.Options{FillInbox: 4, ExtraConf: "auth_verbose = yes\n", Certificate: dovecot.Certificate{Names: []string{"imap.example.test", "pop.example.test"}}})
	names, err := provider.Start(provider.Options{
		SRV: map[string][]net.SRV{
			"_imaps._tcp.example.test":   {{Target: "imap.example.test", Port: portOf(t, server.IMAPS)}},
			"_imap._tcp.example.test":    {{Target: "imap.example.test", Port: portOf(t, server.IMAP)}},
			"_pop3._tcp.example.test":    {{Target: "pop.example.test", Port: portOf(t, server.POP3)}},
			"_imaps._tcp.elsewhere.test": {{Target: "imap.example.test", Port: portOf(t, server.IMAPS)}},
			"_pop3s._tcp.elsewhere.test": {{Target: "pop.example.test", Port: portOf(t, server.POP3S)}},
		},
		Hosts: map[string]string{"imap.example.test": "127.0.0.1", "pop.example.test": "127.0.0.1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer names.Close()
	s := newSetting(t, names.DNS())
	const secret = "TheSecretThatGoesNowhere"

	setup := func(want int, address string, args ...string) string {
		t.Helper()
		cmd := s.command(append([]string{"setup", address, "--yes", "--user", "alice", "--password-stdin"}, args...)...)
		cmd.Stdin = strings.NewReader(secret + "\n")
		if want == exitOK {
			cmd.Stdin = strings.NewReader(server.Password + "\n")
		}
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != want {
			t.Fatalf("%s: exit code %d, want %d\n%s", address, code, want, out)
		}
		if strings.Contains(string(out), secret) {
			t.Errorf("the password was shown:\n%s", out)
		}
		return string(out)
	}

	// Without the authority's certificate the servers are found, looked at, and told nothing.
	out := setup(exitFail, "alice@example.test")
	for _, want := range []string{"✗ the certificate of imap.example.test", "no password was sent", "--ca-file FILE"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	// A domain that only DNS connects with these hosts: the person has to say so.
	out = setup(exitUsage, "alice@elsewhere.test", "--ca-file", server.CAFile)
	if !strings.Contains(out, "imap.example.test does not belong to elsewhere.test") || !strings.Contains(out, "--imap imap.example.test:") {
		t.Errorf("a foreign host was taken, or the way out not named:\n%s", out)
	}
	s.empty(t)
	if log := server.Log(); strings.Contains(log, "passwd-file(alice") || strings.Contains(log, secret) {
		t.Errorf("somebody tried to log in:\n%s", log)
	}

	out = setup(exitOK, "alice@example.test", "--ca-file", server.CAFile)
	if !strings.Contains(out, "INBOX holds 4 messages") || !strings.Contains(out, "the maildrop holds 4 messages") {
		t.Errorf("got\n%s", out)
	}
	file, err := config.Load(s.file())
	if err != nil {
		t.Fatal(err)
	}
	a, err := file.Account("example")
	imap := account.Endpoint{Address: "imap.example.test:" + strconv.Itoa(int(portOf(t, server.IMAPS))), Security: account.TLS}
	pop := account.Endpoint{Address: "pop.example.test:" + strconv.Itoa(int(portOf(t, server.POP3))), Security: account.StartTLS}
	if err != nil || a.IMAP.Address != imap.Address || a.IMAP.Security != imap.Security || a.POP3.Address != pop.Address || a.POP3.Security != pop.Security || a.Secret != (account.SecretSource{}) {
		t.Errorf("%+v, %v", a, err)
	}
	if text, _ := os.ReadFile(s.file()); strings.Contains(string(text), server.Password) {
		t.Errorf("the password is in the file:\n%s", text)
	}
	if log := names.Log(); strings.Contains(log, server.Password) || strings.Contains(log, secret) || strings.Contains(log, "alice") {
		t.Errorf("DNS was told more than names:\n%s", log)
	}
}

// TestSetupAsksTheDatabase finds everything in a public database's file, the
// user name too, and has nothing to ask: the file came over TLS.
func TestSetupAsksTheDatabase(t *testing.T) {
	server := dovecot.Start(t, dovecot.Options{FillInbox: 2, Certificate: dovecot.Certificate{Names: []string{"imap.hosting.test", "pop.hosting.test"}}})
	file := fmt.Sprintf(`<clientConfig version="1.1"><emailProvider id="example.test"><displayName>Hosting</displayName>
<incomingServer type="pop3"><hostname>pop.hosting.test</hostname><port>%d</port><socketType>SSL</socketType><username>%%EMAILLOCALPART%%</username></incomingServer>
<incomingServer type="imap"><hostname>imap.hosting.test</hostname><port>%d</port><socketType>plain</socketType></incomingServer>
<incomingServer type="imap"><hostname>imap.hosting.test</hostname><port>%d</port><socketType>STARTTLS</socketType><username>%%EMAILLOCALPART%%</username></incomingServer>
</emailProvider></clientConfig>`, portOf(t, server.POP3S), portOf(t, server.IMAP), portOf(t, server.IMAP))
	names, err := provider.Start(provider.Options{
		Hosts: map[string]string{"db.test": "127.0.0.1", "imap.hosting.test": "127.0.0.1", "pop.hosting.test": "127.0.0.1"},
		Files: map[string]provider.File{"https://db.test/v1.1/example.test": {Body: file}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer names.Close()
	s := newSetting(t, names.DNS())
	authority, err := os.ReadFile(server.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	bundle := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(bundle, append(authority, names.CA()...), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := s.command("setup", "alice@example.test", "--yes", "--password-stdin", "--database", fmt.Sprintf("https://db.test:%d/v1.1/", names.Port()))
	cmd.Env = append(cmd.Env, "SSL_CERT_FILE="+bundle)
	cmd.Stdin = strings.NewReader(server.Password + "\n")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Hosting") || !strings.Contains(string(out), "INBOX holds 2 messages") {
		t.Fatalf("%v\n%s", err, out)
	}
	f, err := config.Load(s.file())
	if a := f.Accounts["example"]; err != nil || a.User != "alice" || a.IMAP.Security != account.StartTLS || a.POP3.Security != account.TLS {
		t.Errorf("%+v, %v", f, err)
	}
	if log := names.Log(); strings.Contains(log, server.Password) || strings.Contains(log, "alice") || !strings.Contains(log, "GET /v1.1/example.test ") {
		t.Errorf("the provider's names and files were asked:\n%s", log)
	}
}

// demo starts a server and gives the flags that name its endpoints.
func demo(t *testing.T) (*sandbox.Server, []string) {
	t.Helper()
	srv, err := sandbox.Start(t.Context(), sandbox.Options{Empty: true, Messages: 3, Dir: filepath.Join(t.TempDir(), "box")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	i := srv.Info()
	return srv, []string{"setup", "--ca-file", i.CAFile, "--imap", i.IMAPS + "/tls", "--pop3", i.POP3S + "/tls", "--submission", i.Submissions + "/tls"}
}

// dialogue types an answer whenever its question was drawn.
func dialogue(t *testing.T, term *pty.Term, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !term.Await(pairs[i], soon) {
			t.Fatalf("%q was not drawn:\n%s", pairs[i], term.Output())
		}
		term.Forget()
		if err := term.Type(pairs[i+1]); err != nil {
			t.Fatal(err)
		}
	}
}

// restored checks that a program that drew no screen left the terminal as it was.
func restored(t *testing.T, term *pty.Term) {
	t.Helper()
	after, err := term.Attributes()
	if err != nil {
		t.Fatal(err)
	}
	if after != term.Before() {
		t.Errorf("the line discipline was %+v and is %+v", term.Before(), after)
	}
	drawn := term.Drawn()
	if on, off := strings.LastIndex(drawn, "\x1b[?25l"), strings.LastIndex(drawn, "\x1b[?25h"); on > off {
		t.Error("the cursor was left hidden")
	}
}

func TestSetupAsks(t *testing.T) {
	_, args := demo(t)
	for _, c := range []struct {
		name string
		env  string
		args []string
	}{
		{"forms", "TERM=xterm-256color", nil},
		{"plain", "TERM=xterm-256color", []string{"--plain"}},
		{"dumb", "TERM=dumb", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSetting(t, "")
			cmd := s.command(append(args, c.args...)...)
			cmd.Env = append(cmd.Env, c.env)
			term, err := pty.Start(cmd, 80, 24)
			if err != nil {
				t.Skipf("no terminal here: %v", err)
			}
			defer term.Close()
			back := strings.Repeat("\b", len("alice@example.test"))
			if c.name != "forms" {
				back = ""
			}
			dialogue(t, term, "Your mail address", "alice@example.test\r", "Use these servers?", "\r", "What do the servers call you?", back+"alice\r",
				"What do you want to call this account here?", "\r", "Where does the password come from?", "\r", "Password of alice", "wonderland\r")
			code, ended := term.Wait(soon)
			drawn := term.Drawn()
			if !ended || code != exitOK || !strings.Contains(drawn, "logged in") {
				t.Fatalf("ended %v, exit code %d:\n%s", ended, code, drawn)
			}
			if strings.Contains(drawn, "wonderland") {
				t.Error("the password was shown")
			}
			if f, err := config.Load(s.file()); err != nil || f.Accounts["example"].User != "alice" {
				t.Errorf("%v, %v", f, err)
			}
			if colour.MatchString(drawn) && c.name != "forms" {
				t.Errorf("a plain terminal got colours: %q", colour.FindString(drawn))
			}
			restored(t, term)
		})
	}
}

// TestSetupIsLeft leaves by esc and by ctrl+c, in a form, at the password, and
// while something is under way.
func TestSetupIsLeft(t *testing.T) {
	_, args := demo(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	hanging := []string{"setup", "alice@example.test", "--imap", silent.Addr().String() + "/tls", "--pop3", silent.Addr().String() + "/tls", "--submission", "none"}
	atPassword := append(args[:len(args):len(args)], "alice@example.test", "--user", "alice", "--account", "work", "--prompt")
	for _, c := range []struct {
		name, await, keys string
		args              []string
	}{
		{"esc in a form", "Your mail address", "\x1b", args},
		{"ctrl+c in a form", "Your mail address", "\x03", args},
		{"esc at the password", "", "\x1b", atPassword},
		{"esc while it works", "gives up", "\x1b", hanging},
		{"ctrl+c while it works", "gives up", "\x03", hanging},
		{"ctrl+c in a plain question", "Your mail address", "\x03", append(args[:len(args):len(args)], "--plain")},
		{"the end of input in a plain question", "Your mail address", "\x04", append(args[:len(args):len(args)], "--plain")},
		{"ctrl+c at a plain password", "", "\x03", append(atPassword[:len(atPassword):len(atPassword)], "--plain")},
		{"ctrl+c while it works, plain", "Looking at", "\x03", append(hanging[:len(hanging):len(hanging)], "--plain")},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSetting(t, "")
			term, err := pty.Start(s.command(c.args...), 80, 24)
			if err != nil {
				t.Skipf("no terminal here: %v", err)
			}
			defer term.Close()
			if c.await == "" {
				dialogue(t, term, "Use these servers?", "\r")
				c.await = "Password of alice"
			}
			dialogue(t, term, c.await, c.keys)
			code, ended := term.Wait(soon)
			if !ended || code != exitFail {
				t.Fatalf("ended %v, exit code %d:\n%s", ended, code, term.Drawn())
			}
			// Where ctrl+c is a signal, the terminal drops what is on its way to the screen just then (NOFLSH).
			signalled := c.keys == "\x03" && slices.Contains(c.args, "--plain")
			if !signalled && !strings.Contains(term.Drawn(), "nothing was written") {
				t.Errorf("it does not say that nothing was written:\n%s", term.Drawn())
			}
			s.empty(t)
			restored(t, term)
		})
	}
}

// TestSetupFromTheDemo opens the app without a configuration, adds an account
// from there, and finds that account open, with the password that was typed once.
func TestSetupFromTheDemo(t *testing.T) {
	srv, _ := demo(t)
	info := srv.Info()
	for _, c := range []struct{ name, keys, await string }{
		{"added", "", "real account"},
		{"left", "\x1b", "nothing was written"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSetting(t, "127.0.0.1:1") // nobody answers there: every server is typed
			cmd := s.command()
			cmd.Env = append(cmd.Env, "SSL_CERT_FILE="+info.CAFile)
			term, err := pty.Start(cmd, 120, 36)
			if err != nil {
				t.Skipf("no terminal here: %v", err)
			}
			defer term.Close()
			dialogue(t, term, "A adds your", "A")
			if c.keys != "" {
				dialogue(t, term, "Your mail address", c.keys)
			} else {
				back := strings.Repeat("\b", len("alice@example.test"))
				dialogue(t, term, "Your mail address", "alice@example.test\r", "IMAP: host:port", info.IMAPS+"/tls\r", "POP3: host:port", info.POP3S+"/tls\r",
					"Use these servers?", "\r", "What do the servers call you?", back+"alice\r", "What do you want to call", "\r",
					"Where does the password come from?", "\r", "Password of alice", "wonderland\r")
			}
			if !term.Await(c.await, soon) {
				t.Fatalf("%q was not drawn:\n%s", c.await, term.Output())
			}
			if strings.Contains(term.Output(), "wonderland") {
				t.Error("the password was shown")
			}
			if c.keys == "" && !term.Await("3 messages", soon) {
				t.Errorf("the account's messages are not there:\n%s", term.Output())
			}
			quits(t, term)
			left(t, term)
		})
	}
}
