package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/BurntSushi/toml"
)

func TestInfoJSON(t *testing.T) {
	dir := t.TempDir()
	s := start(t, Options{Dir: dir})
	b, err := json.Marshal(s.Info())
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]string
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"imap", "imaps", "pop3", "pop3s", "submission", "submissions"} {
		if host, port, err := net.SplitHostPort(got[k]); err != nil || host != "127.0.0.1" || port == "0" {
			t.Errorf("%s is %q", k, got[k])
		}
		delete(got, k)
	}
	if len(got["token"]) < 20 {
		t.Errorf("the token is %q", got["token"])
	}
	delete(got, "token")
	want := map[string]string{"user": "alice", "password": "wonderland", "ca_file": filepath.Join(dir, "ca.pem"), "config": filepath.Join(dir, "config.toml")}
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s is %q", k, got[k])
		}
	}
	if len(got) != len(want) {
		t.Errorf("more keys: %v", got)
	}
	if err := s.Account().Check(); err != nil {
		t.Error(err)
	}
	s.Close()
	if _, err := os.Stat(filepath.Join(dir, "ca.pem")); err != nil {
		t.Error("Close removed somebody else's directory")
	}
}

func TestConfigFile(t *testing.T) {
	password := `it's "50%" \ $HOME é`
	s := start(t, Options{User: "bob", Password: password})
	path := s.Info().Config
	st, err := os.Stat(path)
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Fatal(st, err)
	}
	var f struct {
		DefaultAccount string `toml:"default_account"`
		Accounts       map[string]struct {
			User, From, Maildir string
			PasswordCommand     string `toml:"password_command"`
			CAFile              string `toml:"ca_file"`
			IMAP, POP3          struct{ Address, Security string }
			Submission          struct{ Address, Security string }
		}
	}
	md, err := toml.DecodeFile(path, &f)
	if err != nil {
		t.Fatal(err)
	}
	if u := md.Undecoded(); len(u) > 0 {
		t.Errorf("unknown keys %v", u)
	}
	a := f.Accounts[f.DefaultAccount]
	if a.User != "bob" || a.From != "<bob@sandbox.example>" || a.CAFile != "ca.pem" ||
		a.IMAP.Address != s.Info().IMAPS || a.POP3.Address != s.Info().POP3S || a.POP3.Security != "tls" || a.Submission.Security != "tls" {
		t.Errorf("%+v", a)
	}
	out, err := exec.Command("sh", "-c", a.PasswordCommand).Output()
	if err != nil || string(out) != password {
		t.Errorf("%s gives %q, %v", a.PasswordCommand, out, err)
	}
	dir := filepath.Dir(path)
	s.Close()
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", dir, err)
	}
}

// A directory is used again, but nobody else's file is written over.
func TestDirIsNotOverwritten(t *testing.T) {
	dir := t.TempDir()
	start(t, Options{Dir: dir}).Close()
	start(t, Options{Dir: dir}).Close()
	for _, name := range []string{"config.toml", "ca.pem"} {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := Start(context.Background(), Options{Dir: dir}); err == nil {
			s.Close()
			t.Errorf("started over somebody's %s", name)
		}
		if b, _ := os.ReadFile(path); string(b) != "mine" {
			t.Errorf("%s is now %q", name, b)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, o := range map[string]Options{
		"user with a line break": {User: "a\r\nb"},
		"too many messages":      {Messages: -1},
		"unknown policy":         {Policies: map[string]string{"nope": "yes"}},
		"wrong value":            {Policies: map[string]string{"uidl": "maybe"}},
		"wrong duration":         {Policies: map[string]string{"login-delay": "-1s"}},
		"port taken":             {POP3Port: taken.Addr().(*net.TCPAddr).Port},
	} {
		s, err := Start(context.Background(), o)
		if err == nil {
			s.Close()
			t.Errorf("%s: started", name)
		}
	}
}

func TestPolicies(t *testing.T) {
	s := start(t, Options{Policies: map[string]string{"pop3-lock": "no"}})
	docs := PolicyNames()
	if got := s.Policies(); len(got) != len(docs) || got["pop3-lock"] != "no" {
		t.Errorf("%v", got)
	}
	for _, d := range docs {
		if d.Effect == "" || d.Imitates == "" {
			t.Errorf("%s is not explained", d.Name)
		}
		for _, v := range append(d.Values, d.Default) {
			if err := s.SetPolicy(d.Name, v); err != nil || s.Policies()[d.Name] != v {
				t.Errorf("%s=%s: %v", d.Name, v, err)
			}
		}
		if err := s.SetPolicy(d.Name, "nonsense"); !errors.Is(err, ErrPolicy) {
			t.Errorf("%s=nonsense: %v", d.Name, err)
		}
	}
}

// Close is quick whatever the clients do, and each of them sees the end.
func TestCloseEndsEverything(t *testing.T) {
	s := start(t, Options{})
	i := idler(t, s)
	p := loginPOP3(t, s)
	p.cmd("DELE 1")
	silent := dialRaw(t, s.Info().IMAPS) // in the middle of a TLS handshake
	greeted := dialRaw(t, s.Info().Submission)
	greeted.want("220")
	begin := time.Now()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(begin); d > time.Second {
		t.Errorf("Close took %v", d)
	}
	for _, r := range []*raw{i, p, silent, greeted} {
		for {
			if _, err := r.r.ReadString('\n'); err != nil {
				if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
					t.Error("a connection outlived Close")
				}
				break
			}
		}
	}
	if _, err := net.Dial("tcp", s.Info().IMAP); err == nil {
		t.Error("still listening")
	}
}

func TestContextEndsTheServer(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	s, err := Start(ctx, Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := dialRaw(t, s.Info().IMAP)
	r.want("* OK")
	cancel()
	if _, err := r.r.ReadString('\n'); err == nil {
		t.Error("a line after the end")
	}
	s.Close()
}

// notify-delay holds IDLE's news back for just that long, and DONE cuts it short.
func TestNotifyDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wake, stop := make(chan struct{}, 1), make(chan struct{})
		told := make(chan time.Time, 10)
		delay := 500 * time.Millisecond
		done := make(chan error, 1)
		begin := time.Now()
		go func() {
			done <- idle(wake, stop, func() time.Duration { return delay }, func() error { told <- time.Now(); return nil })
		}()
		wake <- struct{}{}
		if got := (<-told).Sub(begin); got != delay {
			t.Errorf("told after %v", got)
		}
		wake <- struct{}{}
		synctest.Wait()
		close(stop)
		if err := <-done; err != nil {
			t.Error(err)
		}
		if len(told) != 0 || time.Since(begin) != delay {
			t.Errorf("told %d more, %v later", len(told), time.Since(begin))
		}
	})
}

// What changed before IDLE, and while it was starting, is told in it.
func TestIdleStartsWithNews(t *testing.T) {
	s := start(t, Options{})
	i := idler(t, s)
	i.send("DONE")
	i.want("i OK")
	s.Deliver([]byte(shortMail))
	i.send("j IDLE")
	got := []string{i.line(), i.line()}
	slices.Sort(got)
	if got[0] != "* 15 EXISTS" || !strings.HasPrefix(got[1], "+") {
		t.Errorf("%q", got)
	}
}

// The seed is the same each time.
func TestSeedIsDeterministic(t *testing.T) {
	sum := func() (out []string) {
		s := start(t, Options{Messages: 50})
		s.store.mu.Lock()
		defer s.store.mu.Unlock()
		for _, name := range s.store.names() {
			if b := s.store.boxes[name]; b != nil {
				out = append(out, name, string(rune(b.validity)))
				for _, m := range b.msgs {
					out = append(out, string(m.Bytes()), m.date.String(), string(rune(m.uid)))
				}
			}
		}
		return out
	}
	if !slices.Equal(sum(), sum()) {
		t.Error("two starts, two seeds")
	}
}
