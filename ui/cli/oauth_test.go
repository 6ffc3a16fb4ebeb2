package cli

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/adrg/xdg"

	"imapop/account/servertest/dovecot"
	"imapop/config"
)

const tokenKey = "a key for tokens of this test only"

// signed is a token that Dovecot takes until exp.
func signed(user string, exp time.Time) string {
	part := func(v any) string {
		b, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(b)
	}
	body := part(map[string]string{"alg": "HS256", "typ": "JWT"}) + "." +
		part(map[string]any{"sub": user, "iat": exp.Unix() - 7200, "nbf": exp.Unix() - 7200, "exp": exp.Unix()})
	mac := hmac.New(sha256.New, []byte(tokenKey))
	mac.Write([]byte(body))
	return body + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// TestOAuth logs in on a real server with tokens from a token endpoint: one that
// ran out is refreshed first, one that the server refuses behind the refusal, and
// without consent it is said what to do.
func TestOAuth(t *testing.T) {
	srv := dovecot.Start(t, dovecot.Options{JWT: tokenKey, ExtraConf: "auth_mechanisms = plain oauthbearer xoauth2\n"})
	var given []string
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("grant_type") != "refresh_token" || r.FormValue("refresh_token") != "refresh-secret" {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"error":"invalid_grant"}`)
			return
		}
		given = append(given, signed(srv.User, time.Now().Add(time.Hour)))
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":%q,"token_type":"bearer","expires_in":3600}`, given[len(given)-1])
	}))
	defer endpoint.Close()

	dir := t.TempDir()
	t.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state"))
	t.Setenv("XDG_DATA_HOME", filepath.Join(dir, "data"))
	xdg.Reload()
	t.Cleanup(xdg.Reload)
	path := filepath.Join(dir, "config.toml")
	conf := fmt.Sprintf(`[accounts.o]
user = %q
ca_file = %q
oauth = { client_id = "imapop", token_endpoint = "%[3]s/token", device_authorization_endpoint = "%[3]s/device" }
imap = { address = %[4]q, security = "tls" }
pop3 = { address = %[5]q, security = "tls" }
`, srv.User, srv.CAFile, endpoint.URL, srv.IMAPS, srv.POP3S)
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	compare := func(kept string) (int, string) {
		t.Helper()
		file := config.TokenFile("o")
		os.Remove(file)
		if kept != "" {
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(kept), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		var out, errs bytes.Buffer
		code := Execute(t.Context(), []string{"--config", path, "compare"}, Streams{Out: &out, Err: &errs}, "test")
		for _, secret := range append([]string{"refresh-secret", "wrong-secret"}, given...) {
			if strings.Contains(out.String()+errs.String(), secret) {
				t.Errorf("a token is in the output: %s%s", out.String(), errs.String())
			}
		}
		return code, errs.String()
	}

	if code, said := compare(fmt.Sprintf(`{"access_token":%q,"refresh_token":"refresh-secret","expiry":%q}`,
		signed(srv.User, time.Now().Add(-time.Hour)), time.Now().Add(-time.Hour).Format(time.RFC3339))); code != exitOK || len(given) != 1 {
		t.Errorf("a token that ran out: exit code %d, %d tokens: %s", code, len(given), said)
	}
	given = nil
	if code, said := compare(`{"access_token":"wrong-secret","refresh_token":"refresh-secret"}`); code != exitOK || len(given) != 1 {
		t.Errorf("a token that the server refuses: exit code %d, %d tokens: %s", code, len(given), said)
	}
	for _, kept := range []string{"", `{"access_token":"wrong-secret","refresh_token":"no longer good","expiry":"2020-01-01T00:00:00Z"}`} {
		if code, said := compare(kept); code != exitFail || !strings.Contains(said, "wants your consent") || !strings.Contains(said, "in a terminal") {
			t.Errorf("no consent: exit code %d: %s", code, said)
		}
	}
}
