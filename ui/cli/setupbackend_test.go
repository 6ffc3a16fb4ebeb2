package cli

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	"imapop/account"
	"imapop/account/certificate"
	"imapop/account/discover"
	"imapop/account/oauth"
	"imapop/account/secret"
	"imapop/config"
	"imapop/retrieval"
	"imapop/ui/setup"
)

// backend makes one whose file does not exist yet.
func backend(t *testing.T) *setupBackend {
	t.Helper()
	dir := t.TempDir()
	return &setupBackend{path: filepath.Join(dir, "config.toml"), now: time.Now,
		store: func(account.Account) oauth.Store { return oauth.File(filepath.Join(dir, "tokens", "token.json")) }}
}

func newAccount() account.Account {
	return account.Account{Name: "work", User: "alice", IMAP: account.Endpoint{Address: "imap.example.test:993", Security: account.TLS},
		POP3: account.Endpoint{Address: "pop.example.test:995", Security: account.TLS}}
}

// TestSavedWithTheKeyring holds that the secret is in the keyring when the
// account is in the file, and nowhere when it is not.
func TestSavedWithTheKeyring(t *testing.T) {
	keyring.MockInit()
	b, a := backend(t), newAccount()
	a.Secret.Keyring = account.KeyringItem("work", "alice")
	pw := account.NewPassword("wonderland")
	if saved, err := b.Save(t.Context(), a, pw, setup.Found{}, false); err != nil || !saved.Main {
		t.Fatalf("%+v, %v", saved, err)
	}
	if got, err := secret.Stored(t.Context(), a.Secret.Keyring); err != nil || got.Reveal() != "wonderland" {
		t.Errorf("in the keyring: %v, %v", got, err)
	}
	if text, _ := os.ReadFile(b.path); !strings.Contains(string(text), "keyring = true") || strings.Contains(string(text), "wonderland") {
		t.Errorf("in the file:\n%s", text)
	}

	a.Name = "../x" // what the file cannot hold
	a.Secret.Keyring = account.KeyringItem(a.Name, "alice")
	if _, err := b.Save(t.Context(), a, pw, setup.Found{}, false); err == nil {
		t.Error("it was saved")
	}
	if _, err := secret.Stored(t.Context(), a.Secret.Keyring); !errors.Is(err, secret.ErrNotStored) {
		t.Errorf("the secret stayed in the keyring: %v", err)
	}

	keyring.MockInitWithError(errors.New("locked"))
	a = newAccount()
	a.Name, a.Secret.Keyring = "other", "other/alice"
	if _, err := b.Save(t.Context(), a, pw, setup.Found{}, false); err == nil {
		t.Error("it was saved without its secret")
	}
	if f, err := config.Load(b.path); err != nil || len(f.Accounts) != 1 {
		t.Errorf("%+v, %v", f, err)
	}
}

// TestConsentIsKeptOnlyWithTheAccount holds that a token that was got on the way
// is on no disk before the account is in the file.
func TestConsentIsKeptOnlyWithTheAccount(t *testing.T) {
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/device" {
			fmt.Fprint(w, `{"device_code":"d","user_code":"WDJB-MJHT","verification_uri":"https://auth.example.test/device","expires_in":60,"interval":1}`)
			return
		}
		fmt.Fprint(w, `{"access_token":"access-secret","refresh_token":"refresh-secret","token_type":"bearer","expires_in":3600}`)
	}))
	defer provider.Close()
	b, a := backend(t), newAccount()
	a.OAuth = account.OAuth{ClientID: "imapop", TokenEndpoint: provider.URL + "/token", DeviceEndpoint: provider.URL + "/device"}
	if _, err := b.Secret(t.Context(), a); !errors.Is(err, account.ErrConsent) {
		t.Errorf("with nobody to ask: %v", err)
	}
	var shown oauth.Request
	b.consent = func(r oauth.Request, _ string) { shown = r }
	token, err := b.Secret(t.Context(), a)
	if err != nil || token.Reveal() != "access-secret" || shown.Code != "WDJB-MJHT" {
		t.Fatalf("%+v, %v", shown, err)
	}
	if again, err := b.guard(a).Token(t.Context(), account.Password{}); err != nil || again.Reveal() != "access-secret" {
		t.Errorf("the logins get another token: %v", err)
	}
	dir := filepath.Dir(b.path)
	if entries, _ := os.ReadDir(dir); len(entries) > 0 {
		t.Errorf("before it was saved: %v", entries)
	}
	if _, err := b.Save(t.Context(), a, token, setup.Found{}, false); err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(filepath.Join(dir, "tokens", "token.json"))
	if err != nil || !strings.Contains(string(kept), "refresh-secret") {
		t.Errorf("%q, %v", kept, err)
	}
	if text, _ := os.ReadFile(b.path); strings.Contains(string(text), "-secret") {
		t.Errorf("a token is in the file:\n%s", text)
	}
}

func TestAdvice(t *testing.T) {
	refusal := &retrieval.OpError{Protocol: retrieval.POP3, Op: "login", Err: retrieval.ErrAuth}
	wrong := setup.Trial{Side: retrieval.POP3, Err: refusal, Refused: true}
	failed := func(err error) []setup.Trial { return []setup.Trial{{Side: retrieval.POP3, Err: err}} }
	for name, c := range map[string]struct {
		trials []setup.Trial
		want   string
		not    string
	}{
		"both refused":   {[]setup.Trial{{Side: retrieval.IMAP, Err: refusal, Refused: true}, wrong}, "an app password", "so they are right"},
		"only POP3":      {[]setup.Trial{{Side: retrieval.IMAP}, wrong}, "so they are right: POP3 is most likely switched off", "app password"},
		"points at web":  {[]setup.Trial{{Side: retrieval.POP3, Refused: true, Err: fmt.Errorf("%w: [WEBALERT]", retrieval.ErrAuth)}}, "OAuth 2.0", "so they are right"},
		"refused TCP":    {failed(fmt.Errorf("connect: %w", syscall.ECONNREFUSED)), "nothing listens", "password"},
		"no answer":      {failed(os.ErrDeadlineExceeded), "no answer", "password"},
		"no TLS":         {failed(fmt.Errorf("x: %w", account.ErrUnsafe)), "no password was sent", "app password"},
		"in use":         {failed(retrieval.ErrInUse), "close it and try again", "app password"},
		"delay":          {failed(retrieval.ErrLoginDelay), "wait a minute", "app password"},
		"expired":        {failed(&certificate.Error{Problem: certificate.Expired}), "has to renew it", "app password"},
		"another host":   {failed(&certificate.Error{Problem: certificate.WrongHost, Names: []string{"mail.example.test\x1b[2J"}}), "mail.example.test␛[2J", "\x1b"},
		"another key":    {failed(&certificate.Error{Problem: certificate.OtherKey}), "ask whoever runs", "would trust exactly"},
		"without a word": {failed(retrieval.ErrRefused), "POP3 switched off", "app password"},
	} {
		t.Run(name, func(t *testing.T) {
			lines := new(setupBackend).Advise(c.trials, setup.Found{Help: []string{"https://help.example.test/"}})
			text := strings.Join(lines, "\n")
			if !strings.Contains(text, c.want) || strings.Contains(text, c.not) || !strings.Contains(text, "https://help.example.test/") {
				t.Errorf("got\n%s", text)
			}
			for i, l := range lines {
				if strings.Contains(strings.Join(lines[i+1:], "\n"), l) {
					t.Errorf("said twice: %s", l)
				}
			}
		})
	}
}

func TestTroubles(t *testing.T) {
	got := troubles([]discover.Step{{Method: discover.Guess, Where: "imap.example.test:993", Err: errors.New("refused")},
		{Method: discover.SRV, Where: "_imaps._tcp.example.test\x1b", Err: errors.New("no answer")}, {Method: discover.Database, Where: "https://db.test/"}})
	if len(got) != 1 || got[0] != "SRV record _imaps._tcp.example.test␛: no answer" {
		t.Errorf("%q", got)
	}
}
