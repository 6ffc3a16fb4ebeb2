package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/adrg/xdg"

	"imapop/account"
)

// good is the file of the documentation.
const good = `default_account = "work"

[accounts.work]
user = "alice"                     # what the server calls you
from = "Alice Example <alice@example.org>"
password_command = "pass mail/alice"
ca_file = "ca.pem"
leave_on_server = "7d"
maildir = "~/Mail/work"

  [accounts.work.imap]
  address = "imap.example.org:993"
  security = "tls"

  [accounts.work.pop3]
  address = "pop.example.org:995"
  security = "tls"

  [accounts.work.submission]
  address = "smtp.example.org:465"
  security = "tls"

[accounts.lab]
user = "bob"
imap.address = "localhost:1143"
imap.security = "plaintext"
pop3 = { address = "[::1]:1110", security = "plaintext" }
leave_on_server = "until-removed"
max_size = "10MB"
headers_only = true
mark_seen_after = "never"
downloads = "files"
authserv_id = "mx.lab.example"
`

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoad(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	path := write(t, good)
	f, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	want := account.Account{
		Name:          "work",
		User:          "alice",
		From:          "Alice Example <alice@example.org>",
		Secret:        account.SecretSource{Command: "pass mail/alice"},
		CAFile:        filepath.Join(filepath.Dir(path), "ca.pem"),
		LeaveOnServer: account.LeaveOnServer{Mode: account.LeaveDays, After: 7 * 24 * time.Hour},
		Maildir:       filepath.Join(home, "Mail", "work"),
		IMAP:          account.Endpoint{Address: "imap.example.org:993", Security: account.TLS},
		POP3:          account.Endpoint{Address: "pop.example.org:995", Security: account.TLS},
		Submission:    account.Endpoint{Address: "smtp.example.org:465", Security: account.TLS},
	}
	if got := f.Accounts["work"]; !reflect.DeepEqual(got, want) {
		t.Errorf("work:\n got %+v\nwant %+v", got, want)
	}
	lab := f.Accounts["lab"]
	if lab.POP3.Address != "[::1]:1110" || lab.IMAP.Security != account.Plaintext {
		t.Errorf("lab: %+v", lab)
	}
	if lab.LeaveOnServer.Mode != account.LeaveRemoved || lab.MaxOctets != 10_000_000 || !lab.HeadersOnly {
		t.Errorf("lab's policy is %+v, %d, %v", lab.LeaveOnServer, lab.MaxOctets, lab.HeadersOnly)
	}
	if lab.Reading.SeenAfter() >= 0 || lab.Reading.Downloads != filepath.Join(filepath.Dir(path), "files") {
		t.Errorf("lab is read by %+v", lab.Reading)
	}
	if lab.Maildir != DefaultMaildir("lab") {
		t.Errorf("lab's Maildir is %s, want the default", lab.Maildir)
	}
}

func TestDefaultPaths(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "c"))
	t.Setenv("XDG_DATA_HOME", filepath.Join(dir, "d"))
	xdg.Reload()
	t.Cleanup(xdg.Reload)
	if got, want := DefaultPath(), filepath.Join(dir, "c", "imapop", "config.toml"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := DefaultMaildir("x"), filepath.Join(dir, "d", "imapop", "x", "Maildir"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, err := Load(DefaultPath()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

func TestAccount(t *testing.T) {
	f, err := Load(write(t, good))
	if err != nil {
		t.Fatal(err)
	}
	if a, err := f.Account(""); err != nil || a.Name != "work" {
		t.Errorf("the default: %v, %v", a.Name, err)
	}
	if a, err := f.Account("lab"); err != nil || a.Name != "lab" {
		t.Errorf("by name: %v, %v", a.Name, err)
	}
	_, err = f.Account("wrok")
	if err == nil || !strings.Contains(err.Error(), `did you mean "work"?`) || !strings.Contains(err.Error(), "lab, work") {
		t.Errorf("got %v", err)
	}
	f.Default = ""
	if _, err := f.Account(""); err == nil || !strings.Contains(err.Error(), "--account") {
		t.Errorf("two and no default: %v", err)
	}
	delete(f.Accounts, "work")
	if a, err := f.Account(""); err != nil || a.Name != "lab" {
		t.Errorf("the only one: %v, %v", a.Name, err)
	}
	empty, err := Load(write(t, "# nothing yet\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := empty.Account(""); !errors.Is(err, ErrNoAccount) {
		t.Errorf("got %v, want ErrNoAccount", err)
	}
}

// swap replaces one line of the good file, keeping all line numbers.
func swap(old, new string) string {
	if strings.Count(good, old) != 1 {
		panic("not one " + old)
	}
	return strings.Replace(good, old, new, 1)
}

func TestProblems(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"unknown key", swap(`user = "alice"`, `usr = "alice"`),
			[]string{`:4: unknown key "usr" in [accounts.work]; did you mean "user"?`}},
		{"password in the file", swap(`ca_file = "ca.pem"`, `password = "hunter2"`),
			[]string{`:3: [accounts.work] has more than one of`, `:7: password: a password does not belong in this file`, `password_in_file = true`}},
		{"password twice insisted on", swap(`ca_file = "ca.pem"`, `password_in_file = true`), []string{`:7: password_in_file: there is no password`}},
		{"password with a line break", swap(`password_command = "pass mail/alice"`, "password_in_file = true\npassword = \"hunter2\\r\\nx\""), []string{`:7: password: the password contains a line break`}},
		{"password that is a number", swap(`password_command = "pass mail/alice"`, `password = 424242`), []string{`:6: password: expected a text in quotes, found a number`}},
		{"pin", swap("  address = \"pop.example.org:995\"\n  security = \"tls\"", "  address = \"pop.example.org:995\"\n  security = \"tls\"\n  pin = \"abc\""),
			[]string{`:18: pin: "abc" is not the SHA-256 of a key`}},
		{"pin on plaintext", swap(`[::1]:1110", security = "plaintext"`, `[::1]:1110", security = "plaintext", pin = "`+strings.Repeat("ab", 32)+`"`),
			[]string{`account "lab": pop3: pin: with plaintext no key is ever shown`}},
		{"mechanism", swap(`ca_file = "ca.pem"`, `mechanisms = ["cram-md6"]`), []string{`:7: mechanisms: mechanism "cram-md6" is none of scram-sha-256-plus`}},
		{"no mechanism", swap(`ca_file = "ca.pem"`, `mechanisms = []`), []string{`:7: mechanisms: the list is empty`}},
		{"mechanism of another protocol", swap(`ca_file = "ca.pem"`, `mechanisms = "apop"`), []string{`account "work": imap: mechanisms: none of apop can log in here`}},
		{"token mechanism without oauth", swap(`ca_file = "ca.pem"`, `mechanisms = ["xoauth2"]`), []string{`account "work": imap: mechanisms: none of xoauth2 can log in here with a password`}},
		{"oauth and a password", swap(`ca_file = "ca.pem"`, `oauth.token_command = "x"`), []string{`:3: [accounts.work] has a password and [accounts.work.oauth]`}},
		{"oauth without an endpoint", swap(`password_command = "pass mail/alice"`, `oauth.client_id = "x"`), []string{`:6: account "work": oauth: token_endpoint is missing`}},
		{"oauth in the clear", swap(`password_command = "pass mail/alice"`, `oauth = { client_id = "x", token_endpoint = "http://auth.example.org/t", device_authorization_endpoint = "https://auth.example.org/d" }`),
			[]string{`:6: account "work": oauth: token_endpoint: "http://auth.example.org/t" would send tokens for all to read`}},
		{"oauth key in the account", swap(`ca_file = "ca.pem"`, `token_endpoint = "x"`), []string{`:7: unknown key "token_endpoint" in [accounts.work]; it belongs in [accounts.NAME.oauth]`}},
		{"empty oauth", swap(`password_command = "pass mail/alice"`, `oauth = {}`), []string{`:6: [accounts.work.oauth] needs client_id`}},
		{"password without quotes", swap(`ca_file = "ca.pem"`, `password = hunter2`),
			[]string{`:7: this line is not valid TOML`}},
		{"key in the wrong table", swap(`maildir = "~/Mail/work"`, `address = "imap.example.org:993"`),
			[]string{`:9: unknown key "address" in [accounts.work]; it belongs in [accounts.NAME.imap]`}},
		{"unknown table", "[acounts.x]\n", []string{`:1: unknown key "acounts" at the top of the file; did you mean "accounts"?`}},
		{"syntax", swap(`user = "alice"`, `user = "alice`), []string{":4: "}},
		{"wrong type", swap(`user = "alice"`, `user = 7`), []string{":4: user: expected a text in quotes, found a number"}},
		{"wrong kind of table", "accounts = 3\n", []string{":1: accounts: expected a table [accounts], found a number"}},
		{"insecure is no bool", swap(`address = "imap.example.org:993"`, "insecure = \"yes\""),
			[]string{":12: insecure: expected true or false, found a text", `:11: [accounts.work.imap] needs address`}},
		{"no security", swap("  address = \"pop.example.org:995\"\n  security = \"tls\"", "  address = \"pop.example.org:995\""),
			[]string{":15: [accounts.work.pop3] needs security"}},
		{"bad security", swap("  address = \"pop.example.org:995\"\n  security = \"tls\"", "  address = \"pop.example.org:995\"\n  security = \"ssl\""),
			[]string{`:15: account "work": pop3: security "ssl" is none of tls, starttls, plaintext`}},
		{"plaintext abroad", swap(`[::1]:1110`, `192.0.2.1:110`), []string{`:27: account "lab": pop3: plaintext to 192.0.2.1`}},
		{"no pop3", swap(`pop3 = { address = "[::1]:1110", security = "plaintext" }`, ""),
			[]string{`:23: account "lab": there is no [accounts.lab.pop3]`}},
		{"no user", swap(`user = "bob"`, ""), []string{`account "lab": user is empty`}},
		{"size", swap(`"10MB"`, `"big"`), []string{`:29: max_size: "big" is no size`}},
		{"mark seen", swap(`"never"`, `"soon"`), []string{`:31: mark_seen_after: "soon" is neither never nor a time`}},
		{"leave", swap(`"7d"`, `"1w"`), []string{`:8: leave_on_server "1w" is none of keep, delete, until-removed, or days`}},
		{"from", swap(`"Alice Example <alice@example.org>"`, `"Alice"`), []string{`:5: from: "Alice" is not an address`}},
		{"two secrets", swap(`ca_file = "ca.pem"`, `password_env = "PW"`), []string{`:3: [accounts.work] has more than one of`}},
		{"keyring and more", swap(`ca_file = "ca.pem"`, `keyring = true`), []string{`:3: [accounts.work] has more than one of`}},
		{"env", swap(`password_command = "pass mail/alice"`, `password_env = "$PW"`), []string{`:6: password_env: "$PW" is not the name`}},
		{"default", swap(`default_account = "work"`, `default_account = "labb"`), []string{`:1: default_account: there is no account "labb"; did you mean "lab"? (accounts: lab, work)`}},
		{"name", "[accounts.\"../x\"]\n", []string{`:1: "../x" cannot name an account`}},
		{"many at once", swap(`user = "alice"`, "usr = \"alice\"\nleave_on_server = 3\nform = \"x\"\n#"),
			[]string{}}, // a duplicate key: one syntax error
		{"after a long text", "[accounts.x]\nfrom = \"\"\"\nusr = 1\n\"\"\"\nusr = 2\n", []string{`:5: unknown key "usr"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, c.text)
			_, err := Load(path)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want *Error", err)
			}
			for _, w := range c.want {
				if strings.HasPrefix(w, ":") {
					w = path + w
				}
				if !strings.Contains(err.Error(), w) {
					t.Errorf("got\n%v\nwithout %q", err, w)
				}
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the secret is in the error:\n%v", err)
			}
		})
	}
}

func TestLoginKeys(t *testing.T) {
	pin := strings.Repeat("ab", 32)
	f, err := Load(write(t, `[accounts.a]
user = "alice"
keyring = true
mechanisms = ["Cram-MD5", "apop"]
imap = { address = "h:993", security = "tls", pin = "sha256:`+pin+`" }
pop3 = { address = "h:995", security = "tls", pin = ["`+pin+`", "sha256//`+strings.Repeat("q6ur", 10)+`q6s="] , mechanisms = ["plain"] }
[accounts.b]
user = "bob"
password = "hunter2"
password_in_file = true
imap = { address = "h:993", security = "tls" }
pop3 = { address = "h:110", security = "plaintext", insecure = true }
[accounts.c]
user = "carol"
keyring = true
imap = { address = "h:993", security = "tls" }
pop3 = { address = "h:995", security = "tls" }
[accounts.c.oauth]
client_id = "imapop"
client_secret = "hunter2"
token_endpoint = "https://auth.example.org/token"
device_authorization_endpoint = "https://auth.example.org/device"
scopes = ["mail", "offline_access"]
`))
	if err != nil {
		t.Fatal(err)
	}
	a, b, c := f.Accounts["a"], f.Accounts["b"], f.Accounts["c"]
	if a.Secret != (account.SecretSource{Keyring: "a/alice"}) || len(a.Warnings()) != 0 {
		t.Errorf("a: %+v, warnings %q", a.Secret, a.Warnings())
	}
	if !reflect.DeepEqual(a.IMAP.Mechanisms, []account.Mechanism{account.CramMD5, account.APOP}) || !reflect.DeepEqual(a.POP3.Mechanisms, []account.Mechanism{account.Plain}) {
		t.Errorf("mechanisms: %v and %v", a.IMAP.Mechanisms, a.POP3.Mechanisms)
	}
	if len(a.POP3.Pins) != 2 || a.POP3.Pins[0] != a.IMAP.Pins[0] || a.POP3.Pins[1] != a.IMAP.Pins[0] || a.POP3.Pins[0][0] != 0xab {
		t.Errorf("pins: %v and %v", a.IMAP.Pins, a.POP3.Pins)
	}
	if b.Secret.Literal.Reveal() != "hunter2" || len(b.Warnings()) != 2 || strings.Contains(strings.Join(b.Warnings(), ""), "hunter2") {
		t.Errorf("b: warnings %q", b.Warnings())
	}
	if c.OAuth.ClientSecret.Reveal() != "hunter2" || c.OAuth.Scopes[1] != "offline_access" || c.OAuth.DeviceEndpoint != "https://auth.example.org/device" {
		t.Errorf("c: %+v", c.OAuth)
	}
}

func TestProblemsTogetherInOrder(t *testing.T) {
	text := strings.NewReplacer(`user = "alice" `, `usr = "alice" `, `"7d"`, `"soon"`, `user = "bob"`, `user = true`).Replace(good)
	_, err := Load(write(t, text))
	var e *Error
	if !errors.As(err, &e) || len(e.Problems) != 3 {
		t.Fatalf("got %v, want three problems", err)
	}
	for i, line := range []int{4, 8, 24} {
		if e.Problems[i].Line != line {
			t.Errorf("problem %d is at line %d, want %d: %v", i, e.Problems[i].Line, line, e.Problems[i])
		}
	}
}

func TestTooLarge(t *testing.T) {
	if _, err := Load(write(t, strings.Repeat("#\n", maxFile))); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("got %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(good)
	f.Add("[accounts.x]\nuser=\"\"\"a\nb\"\"\"\n")
	f.Add("accounts.x.imap.address = 1979-05-27\n[[accounts]]\n")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := decode("config.toml", "/dir", text)
		if err == nil {
			for name, a := range file.Accounts {
				if a.Name != name || a.Check() != nil || !filepath.IsAbs(a.Maildir) {
					t.Errorf("accepted %+v", a)
				}
			}
			return
		}
		var e *Error
		if !errors.As(err, &e) || len(e.Problems) == 0 {
			t.Fatalf("got %v", err)
		}
		for _, p := range e.Problems {
			if p.Text == "" || p.Line < 0 || p.Line > strings.Count(text, "\n")+1 {
				t.Errorf("problem %+v", p)
			}
		}
	})
}
