package config

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"imapop/account"
)

func work() account.Account {
	return account.Account{
		Name: "work", User: "alice", From: "Alice Example <alice@example.org>",
		Secret:     account.SecretSource{Command: `pass "mail/alice"`},
		IMAP:       account.Endpoint{Address: "imap.example.org:993", Security: account.TLS},
		POP3:       account.Endpoint{Address: "pop.example.org:995", Security: account.TLS},
		Submission: account.Endpoint{Address: "smtp.example.org:587", Security: account.StartTLS},
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAddMakesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "imapop", "config.toml")
	added, err := Add(path, Addition{Account: work(), Comments: Comments{Account: "found on 26 Nov\n[accounts.evil]", IMAP: "SRV record"}})
	if err != nil {
		t.Fatal(err)
	}
	const want = `# found on 26 Nov[accounts.evil]
[accounts.work]
user = "alice"
from = "Alice Example <alice@example.org>"
password_command = "pass \"mail/alice\""

  # SRV record
  [accounts.work.imap]
  address = "imap.example.org:993"
  security = "tls"

  [accounts.work.pop3]
  address = "pop.example.org:995"
  security = "tls"

  [accounts.work.submission]
  address = "smtp.example.org:587"
  security = "starttls"
`
	if got := content(t, path); got != want || added != want {
		t.Errorf("got\n%s\nadded\n%s", got, added)
	}
	for p, mode := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700 | os.ModeDir} {
		if info, err := os.Stat(p); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v", p, info.Mode(), err)
		}
	}
	alone(t, path)
}

// alone checks that no temporary file was left behind.
func alone(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("in the directory: %v, %v", entries, err)
	}
}

func TestAddKeepsWhatIsThere(t *testing.T) {
	for name, before := range map[string]string{
		"comments":       "# mine\n" + good + "\n  # the end, without a line break",
		"no default":     strings.Replace(good, `default_account = "work"`, "", 1),
		"CRLF":           strings.ReplaceAll(good, "\n", "\r\n"),
		"byte order":     "\ufeff" + good,
		"an open table":  "[accounts]\n[accounts.x]\nuser=\"x\"\nimap={address=\"h:993\",security=\"tls\"}\npop3={address=\"h:995\",security=\"tls\"}",
		"dotted":         "[accounts]\nx.user=\"x\"\nx.imap={address=\"h:993\",security=\"tls\"}\nx.pop3={address=\"h:995\",security=\"tls\"}",
		"only a comment": "# nothing yet\n",
		"empty":          "",
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, before)
			if err := os.Chmod(path, 0o644); err != nil {
				t.Fatal(err)
			}
			old, err := Load(path)
			if err != nil {
				t.Fatal(err)
			}
			a := work()
			a.Name = "new one"
			if _, err := Add(path, Addition{Account: a}); err != nil {
				t.Fatal(err)
			}
			after := content(t, path)
			if !strings.Contains(after, strings.TrimPrefix(before, "\ufeff")) {
				t.Errorf("what was there has changed:\n%s", after)
			}
			if n := strings.Count(after, "\n") - strings.Count(after, "\r\n"); name == "CRLF" && n > 0 {
				t.Errorf("%d bare line feeds", n)
			}
			now, err := Load(path)
			if err != nil {
				t.Fatal(err)
			}
			opened, err := now.Account("")
			if was, _ := old.Account(""); err != nil && len(old.Accounts) < 2 || was.Name != "" && opened.Name != was.Name {
				t.Errorf("without --account %q opened before, now %q, %v", was.Name, opened.Name, err)
			}
			if info, _ := os.Stat(path); info.Mode() != 0o644 {
				t.Errorf("mode %v", info.Mode())
			}
			alone(t, path)
		})
	}
}

func TestAddAsDefault(t *testing.T) {
	path := write(t, "[accounts.x]\nuser=\"x\"\nimap={address=\"h:993\",security=\"tls\"}\npop3={address=\"h:995\",security=\"tls\"}")
	if _, err := Add(path, Addition{Account: work(), Default: true}); err != nil {
		t.Fatal(err)
	}
	f, err := Load(path)
	if err != nil || f.Default != "work" {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestAddWithASecretIsPrivate(t *testing.T) {
	path := write(t, good)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	a := work()
	a.Name, a.Secret = "new", account.SecretSource{Literal: account.NewPassword("hunter2"), InFile: true}
	if _, err := Add(path, Addition{Account: a}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestAddThroughALink(t *testing.T) {
	real := write(t, good)
	link := filepath.Join(t.TempDir(), "config.toml")
	if err := os.Symlink(real, link); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
	a := work()
	a.Name = "new"
	if _, err := Add(link, Addition{Account: a}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link is gone")
	}
	if !strings.Contains(content(t, real), "[accounts.new]") {
		t.Error("the file behind the link was not written")
	}
	dangling := filepath.Join(t.TempDir(), "config.toml")
	_ = os.Symlink("nowhere", dangling)
	if _, err := Add(dangling, Addition{Account: a}); err == nil || !strings.Contains(err.Error(), "link to a file that does not exist") {
		t.Error(err)
	}
}

func TestAddRefuses(t *testing.T) {
	taken, odd, broken := work(), work(), work()
	odd.Name = "../x"
	broken.Name, broken.User = "broken", "a\xffb" // TOML is UTF-8
	late := work()
	late.Name, late.POP3 = "late", account.Endpoint{}
	for _, c := range []struct {
		name, before string
		a            account.Account
		err          string
	}{
		{"taken", good, taken, ErrNameTaken.Error()},
		{"name", good, odd, "cannot name an account"},
		{"not UTF-8", good, broken, "cannot be added"},
		{"no POP3", good, late, `there is no [accounts.late.pop3]`},
		{"faulty file", good + "\nusr = 1\n", taken, `unknown key "usr"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, c.before)
			_, err := Add(path, Addition{Account: c.a})
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("got %v", err)
			}
			if content(t, path) != c.before {
				t.Error("the file was changed")
			}
			alone(t, path)
		})
	}
	if _, err := Add(write(t, good), Addition{Account: taken}); !errors.Is(err, ErrNameTaken) {
		t.Error(err)
	}
}

func TestReplaceSeesAnotherHand(t *testing.T) {
	path := write(t, "theirs")
	for _, before := range [][]byte{nil, []byte("mine")} {
		if err := replace(path, before, []byte("new"), false); !errors.Is(err, errChanged) || content(t, path) != "theirs" {
			t.Errorf("before %q: %v, now %q", before, err, content(t, path))
		}
	}
	alone(t, path)
}

// TestWrittenAndReadAgain is the writer's property: whatever account there is,
// the file gives exactly it back.
func TestWrittenAndReadAgain(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 1))
	dir := t.TempDir()
	tried := 0
	seen := map[string]bool{"Demo": true} // the demo account is in no file
	for i := range 500 {
		a := randomAccount(r, fmt.Sprint("n", i%7, text(r, "")))
		if checkName(a.Name) != nil || a.Check() != nil {
			continue
		}
		tried++
		for v, i := reflect.ValueOf(a), 0; i < v.NumField(); i++ {
			seen[v.Type().Field(i).Name] = seen[v.Type().Field(i).Name] || !v.Field(i).IsZero()
		}
		path := filepath.Join(dir, fmt.Sprint(i), "config.toml")
		if _, err := Add(path, Addition{Account: a, Comments: Comments{Account: text(r, "c"), IMAP: text(r, "\r\n"), POP3: text(r, "")}}); err != nil {
			t.Fatalf("seed %d: %v\n%+v", seed, err, a)
		}
		f, err := Load(path)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, content(t, path))
		}
		got, err := f.Account(a.Name)
		if err != nil || !reflect.DeepEqual(got, a) {
			t.Fatalf("seed %d: %v\n got %+v\nwant %+v\n%s", seed, err, got, a, content(t, path))
		}
	}
	for f := range reflect.TypeFor[account.Account]().Fields() {
		if !seen[f.Name] {
			t.Errorf("no account had a %s: the writer was not asked for it", f.Name)
		}
	}
	if tried < 50 {
		t.Errorf("only %d accounts were worth writing", tried)
	}
}

// text makes a text of up to 11 characters that are hard on a writer.
func text(r *rand.Rand, start string) string {
	letters := []rune("ab \"'\\#=[].\t\u00e4\u4e2d\u202e\u200b\U0001F4A9\x1b\x7f{}\u2028%$")
	for range r.IntN(12) {
		start += string(letters[r.IntN(len(letters))])
	}
	return start
}

func randomAccount(r *rand.Rand, name string) account.Account {
	a := account.Account{Name: name, User: text(r, "u"), Maildir: DefaultMaildir(name)}
	if r.IntN(2) == 0 {
		a.From = "Al <al@example.org>"
	}
	switch r.IntN(7) {
	case 0:
		a.Secret.Command = text(r, "pass ")
	case 1:
		a.Secret.Env = "PW"
	case 2:
		a.Secret.Keyring = account.KeyringItem(a.Name, a.User)
	case 3:
		a.Secret = account.SecretSource{Literal: account.NewPassword(text(r, "p")), InFile: true}
	case 4:
		a.OAuth.TokenCommand = text(r, "t")
	case 5:
		a.OAuth = account.OAuth{ClientID: text(r, "c"), ClientSecret: account.NewPassword(text(r, "")), TokenEndpoint: "https://auth.example.org/t",
			DeviceEndpoint: "https://auth.example.org/d", Scopes: []string{text(r, "s"), "mail"}}
	}
	if r.IntN(2) == 0 {
		a.CAFile = "/etc/" + text(r, "c")
		a.Maildir = "/mail/" + text(r, "m")
	}
	a.Reading.MarkSeen, _ = account.ParseMarkSeen([]string{"never", "0s", "1h"}[r.IntN(3)])
	if r.IntN(2) == 0 {
		a.Reading = account.Reading{Downloads: filepath.Clean("/files/" + text(r, "f"))}
	}
	if r.IntN(2) == 0 {
		a.AuthservID = text(r, "mx")
	}
	a.CAFile, a.Maildir = filepath.Clean(a.CAFile), filepath.Clean(a.Maildir)
	if a.CAFile == "." {
		a.CAFile = ""
	}
	a.LeaveOnServer, _ = account.ParseLeaveOnServer([]string{"keep", "delete", "30d", "until-removed"}[r.IntN(4)])
	a.MaxOctets, a.HeadersOnly = r.Int64N(3)*1234567, r.IntN(2) == 0
	for _, ep := range []*account.Endpoint{&a.IMAP, &a.POP3, &a.Submission} {
		security := []account.Security{account.TLS, account.StartTLS, account.Plaintext}[r.IntN(3)]
		*ep = account.Endpoint{Address: fmt.Sprintf("h%d.example.org:%d", r.IntN(9), 1+r.IntN(65535)), Security: security, Insecure: security == account.Plaintext}
	}
	if r.IntN(2) == 0 {
		a.Submission = account.Endpoint{}
	}
	if a.POP3.Security == account.TLS && !a.OAuth.Used() {
		a.POP3.Pins = []account.Pin{account.PinOf([]byte("a")), account.PinOf([]byte("b"))}
		a.POP3.Mechanisms = []account.Mechanism{account.CramMD5, account.APOP}
	}
	return a
}
