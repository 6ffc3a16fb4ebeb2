package oauth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	gokeyring "github.com/zalando/go-keyring"

	"imapop/account"
)

// provider stands in for an identity provider: no socket, so that its clock can be the test's.
type provider struct {
	mu        sync.Mutex
	n         int          // tokens given
	refresh   string       // the refresh token that is good; each is good once
	pending   int          // polls of the device flow before there is consent
	slow      bool         // the first of them says slow_down
	refuse    string       // error code for every refresh
	challenge string       // PKCE
	asked     []url.Values // what came to the token endpoint
}

func (p *provider) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w.Result(), nil
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b, _ := io.ReadAll(r.Body)
	q, _ := url.ParseQuery(string(b))
	w.Header().Set("Content-Type", "application/json")
	no := func(code string) {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"error":%q,"error_description":"you sent %s and it is no good"}`, code, q.Get("refresh_token"))
	}
	switch {
	case r.URL.Path == "/device":
		fmt.Fprint(w, `{"device_code":"d1","user_code":"WDJB-MJHT","verification_uri":"https://auth.example/activate","verification_uri_complete":"https://auth.example/activate?c=WDJB-MJHT","expires_in":600,"interval":5}`)
		return
	case r.URL.Path != "/token":
		http.Redirect(w, r, "https://evil.example/", http.StatusTemporaryRedirect)
		return
	}
	p.asked = append(p.asked, q)
	sum := sha256.Sum256([]byte(q.Get("code_verifier")))
	switch grant := q.Get("grant_type"); {
	case strings.HasSuffix(grant, "device_code") && p.pending > 0:
		p.pending--
		if p.slow {
			p.slow = false
			no("slow_down")
			return
		}
		no("authorization_pending")
		return
	case strings.HasSuffix(grant, "device_code") && q.Get("device_code") == "d1":
	case grant == "authorization_code" && base64.RawURLEncoding.EncodeToString(sum[:]) == p.challenge && q.Get("code") == "c1":
	case grant == "refresh_token" && p.refuse != "":
		no(p.refuse)
		return
	case grant == "refresh_token" && q.Get("refresh_token") == p.refresh:
	default:
		no("invalid_grant")
		return
	}
	p.n++
	p.refresh = fmt.Sprintf("refresh-%d", p.n)
	fmt.Fprintf(w, `{"access_token":"access-%d","token_type":"bearer","refresh_token":%q,"expires_in":3600}`, p.n, p.refresh)
}

func testAccount() account.Account {
	return account.Account{Name: "work", User: "alice", OAuth: account.OAuth{ClientID: "imapop",
		TokenEndpoint: "https://auth.example/token", DeviceEndpoint: "https://auth.example/device", Scopes: []string{"mail", "offline_access"}}}
}

func (p *provider) options(store Store, show func(Request)) Options {
	return Options{Store: store, Show: show, Client: &http.Client{Transport: p}}
}

func TestDeviceFlowAndRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{pending: 2, slow: true}
		path := filepath.Join(t.TempDir(), "tokens", "work.json")
		var shown []Request
		s := New(testAccount(), p.options(File(path), func(r Request) { shown = append(shown, r) }))
		begin := time.Now()
		token := func(refused string) string {
			got, err := s.Token(t.Context(), account.NewPassword(refused))
			if err != nil {
				t.Fatal(err)
			}
			return got.Reveal()
		}
		if got := token(""); got != "access-1" {
			t.Errorf("first: %s", got)
		}
		if took := time.Since(begin); took != 25*time.Second { // 5, then 10 and 10 after slow_down (RFC 8628 section 3.5)
			t.Errorf("polled for %v", took)
		}
		want := Request{Account: "work", URL: "https://auth.example/activate", Code: "WDJB-MJHT", Direct: "https://auth.example/activate?c=WDJB-MJHT", Until: begin.Add(600 * time.Second).UTC()}
		if len(shown) != 1 || shown[0] != want {
			t.Errorf("shown %+v", shown)
		}
		if q := p.asked[0]; q.Get("client_id") != "imapop" || q.Get("scope") != "mail offline_access" || q.Has("client_secret") {
			t.Errorf("asked with %v", q)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the file: %v, %v", info, err)
		}

		if got := token(""); got != "access-1" || p.n != 1 {
			t.Errorf("a good token is used again: %s", got)
		}
		if got := token("access-1"); got != "access-2" {
			t.Errorf("a refused token is renewed: %s", got)
		}
		time.Sleep(time.Hour - early + time.Second)
		if got := token(""); got != "access-3" {
			t.Errorf("a token that runs out is renewed: %s", got)
		}
		s = New(testAccount(), p.options(File(path), nil)) // another run
		if got := token(""); got != "access-3" || len(shown) != 1 {
			t.Errorf("another run: %s", got)
		}
		if err := s.Forget(t.Context()); err != nil {
			t.Error(err)
		}
		if ok, err := s.Consented(t.Context()); ok || err != nil {
			t.Errorf("forgotten: %v, %v", ok, err)
		}
		if _, err := s.Token(t.Context(), account.Password{}); !errors.Is(err, account.ErrConsent) {
			t.Errorf("nobody to ask: %v", err)
		}
	})
}

// Two runs share a token that can be refreshed once: the second one takes what
// the first one got.
func TestTwoRunsOfTheProgram(t *testing.T) {
	p := &provider{}
	store := File(filepath.Join(t.TempDir(), "t.json"))
	show := func(Request) {}
	p.refresh = "refresh-0"
	if err := store.Save(t.Context(), account.NewPassword(`{"access_token":"old","refresh_token":"refresh-0"}`)); err != nil {
		t.Fatal(err)
	}
	one, two := New(testAccount(), p.options(store, show)), New(testAccount(), p.options(store, show))
	for _, s := range []*Source{one, two} {
		if got, err := s.Token(t.Context(), account.Password{}); err != nil || got.Reveal() != "old" {
			t.Fatal(got.Reveal(), err)
		}
	}
	for _, s := range []*Source{one, two} {
		if got, err := s.Token(t.Context(), account.NewPassword("old")); err != nil || got.Reveal() != "access-1" {
			t.Error(got.Reveal(), err)
		}
	}
}

func TestConsentThatEnded(t *testing.T) {
	p := &provider{refuse: "invalid_grant"}
	store := File(filepath.Join(t.TempDir(), "t.json"))
	if err := store.Save(t.Context(), account.NewPassword(`{"access_token":"secret-a","refresh_token":"secret-r"}`)); err != nil {
		t.Fatal(err)
	}
	_, err := New(testAccount(), p.options(store, nil)).Token(t.Context(), account.NewPassword("secret-a"))
	if !errors.Is(err, account.ErrConsent) {
		t.Errorf("got %v", err)
	}
	p.refuse = "temporarily_unavailable"
	_, err = New(testAccount(), p.options(store, nil)).Token(t.Context(), account.NewPassword("secret-a"))
	if err == nil || errors.Is(err, account.ErrConsent) || !strings.Contains(err.Error(), "temporarily_unavailable") || strings.Contains(err.Error(), "secret-") {
		t.Errorf("got %v", err)
	}
}

func TestBrowserFlow(t *testing.T) {
	p := &provider{}
	a := testAccount()
	a.OAuth.DeviceEndpoint, a.OAuth.AuthorizationEndpoint = "", "https://auth.example/authorize"
	visit := func(r Request) {
		u, err := url.Parse(r.URL)
		if err != nil || !r.Here || r.Code != "" {
			t.Errorf("%+v, %v", r, err)
			return
		}
		q := u.Query()
		if q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("state") == "" {
			t.Errorf("asked for consent by %s", r.URL)
		}
		p.challenge = q.Get("code_challenge")
		back := q.Get("redirect_uri")
		if !strings.HasPrefix(back, "http://127.0.0.1:") {
			t.Errorf("comes back to %s", back)
		}
		go func() {
			for _, try := range []struct {
				query string
				code  int
			}{{"?code=evil&state=guess", http.StatusNotFound}, {"favicon.ico", http.StatusNotFound}, {"?code=c1&state=" + q.Get("state"), http.StatusOK}} {
				resp, err := http.Get(back + try.query)
				if err != nil {
					t.Error(err)
					return
				}
				resp.Body.Close()
				if resp.StatusCode != try.code {
					t.Errorf("%s: %s", try.query, resp.Status)
				}
			}
		}()
	}
	got, err := New(a, p.options(nil, visit)).Token(t.Context(), account.Password{})
	if err != nil || got.Reveal() != "access-1" {
		t.Errorf("%q, %v", got.Reveal(), err)
	}
	deny := func(r Request) {
		u, _ := url.Parse(r.URL)
		go http.Get(u.Query().Get("redirect_uri") + "?error=access_denied&state=" + u.Query().Get("state"))
	}
	if _, err := New(a, p.options(nil, deny)).Token(t.Context(), account.Password{}); err == nil || !strings.Contains(err.Error(), "access_denied") {
		t.Errorf("denied: %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("the person pressed Esc")
	if _, err := New(a, p.options(nil, func(Request) { cancel(cause) })).Token(ctx, account.Password{}); !errors.Is(err, cause) {
		t.Errorf("given up: %v", err)
	}
}

// A redirection must not carry a refresh token to another host.
func TestNoRedirection(t *testing.T) {
	p := &provider{}
	a := testAccount()
	a.OAuth.TokenEndpoint = "https://auth.example/moved"
	store := File(filepath.Join(t.TempDir(), "t.json"))
	if err := store.Save(t.Context(), account.NewPassword(`{"refresh_token":"secret-r"}`)); err != nil {
		t.Fatal(err)
	}
	_, err := New(a, p.options(store, nil)).Token(t.Context(), account.Password{})
	if err == nil || len(p.asked) != 0 || strings.Contains(err.Error(), "secret-r") {
		t.Errorf("%v after %v", err, p.asked)
	}
}

func TestStores(t *testing.T) {
	gokeyring.MockInit()
	dir := t.TempDir()
	for _, s := range []Store{Keyring("work/alice"), File(filepath.Join(dir, "a", "t.json"))} {
		if got, err := s.Load(t.Context()); err != nil || !got.Empty() {
			t.Errorf("%s: empty: %v", s, err)
		}
		for _, text := range []string{"one", "two"} {
			if err := s.Save(t.Context(), account.NewPassword(text)); err != nil {
				t.Fatal(err)
			}
			if got, err := s.Load(t.Context()); err != nil || strings.TrimSpace(got.Reveal()) != text {
				t.Errorf("%s: %q, %v", s, got.Reveal(), err)
			}
		}
		for range 2 {
			if err := s.Remove(t.Context()); err != nil {
				t.Errorf("%s: %v", s, err)
			}
		}
	}
	open := filepath.Join(dir, "open.json")
	if err := os.WriteFile(open, []byte(`{"access_token":"x"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := New(testAccount(), Options{Store: File(open)}).Token(t.Context(), account.Password{}); err == nil || !strings.Contains(err.Error(), "read by others") {
		t.Errorf("a file that others can read: %v", err)
	}
	broken := filepath.Join(dir, "broken.json")
	if err := os.WriteFile(broken, []byte(`secret-{`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(testAccount(), Options{Store: File(broken)}).Token(t.Context(), account.Password{}); err == nil || strings.Contains(err.Error(), "secret-") {
		t.Errorf("a file that holds no token: %v", err)
	}
}

func TestTokenCommand(t *testing.T) {
	a := account.Account{Name: "work", OAuth: account.OAuth{TokenCommand: "echo tok; echo more"}}
	got, err := New(a, Options{}).Token(t.Context(), account.Password{})
	if err != nil || got.Reveal() != "tok" {
		t.Errorf("%q, %v", got.Reveal(), err)
	}
	a.OAuth.TokenCommand = "false"
	if _, err := New(a, Options{}).Token(t.Context(), account.Password{}); err == nil || !strings.Contains(err.Error(), "token_command") {
		t.Errorf("%v", err)
	}
}

func TestOddPages(t *testing.T) {
	for address, ok := range map[string]bool{
		"https://auth.example/a?b=c": true, "http://localhost:8080/": true,
		"http://auth.example/": false, "javascript:alert(1)": false, "file:///etc/passwd": false, "": false,
		"https://auth.example/\x1b]8;;": false, "https://auth.example/ two": false, "https://u:p@auth.example/": false,
	} {
		if err := checkPage(address); (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
	}
}
