package setup

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"imapop/account"
	"imapop/retrieval"
)

const (
	useThese = "Use these servers?"
	goThere  = "Is it right that your password goes there?"
	whence   = "Where does the password come from?"
	change   = "What shall be changed?"
)

// happy are the answers of somebody for whom all goes well.
func happy() []string {
	return []string{"alice@example.test", "yes", "alice", "work", "you, at each start", "wonderland"}
}

func run(t *testing.T, w *world, g Given, list ...string) (*answers, account.Account, error) {
	t.Helper()
	a := &answers{t: t, list: list}
	added, err := Run(t.Context(), a, w, g)
	if len(a.list) > 0 {
		t.Errorf("answers that nobody wanted: %q", a.list)
	}
	return a, added.Account, err
}

func TestAllGoesWell(t *testing.T) {
	w := newWorld()
	a, acc, err := run(t, w, Given{}, happy()...)
	if err != nil {
		t.Fatal(err)
	}
	want := account.Account{Name: "work", User: "alice", From: "alice@example.test",
		IMAP:       account.Endpoint{Address: "imap.example.test:993", Security: account.TLS},
		POP3:       account.Endpoint{Address: "pop.example.test:995", Security: account.TLS},
		Submission: account.Endpoint{Address: "smtp.example.test:465", Security: account.TLS}}
	if !reflect.DeepEqual(acc, want) || len(w.saved) != 1 || !reflect.DeepEqual(w.saved[0], want) {
		t.Errorf("got %+v", acc)
	}
	if len(w.logins) != 3 || w.logins[1] != "POP3 pop.example.test:995 alice wonderland" {
		t.Errorf("logins: %q", w.logins)
	}
	if strings.Contains(a.text(), "wonderland") {
		t.Error("the password was shown")
	}
	if !strings.Contains(a.text(), "or imap.example.test:143  STARTTLS  ✓  SRV record") {
		t.Errorf("the other candidate is not shown:\n%s", a.text())
	}
}

// TestLeavingAtAnyQuestionWritesNothing leaves at the first question, at the
// second, and so on.
func TestLeavingAtAnyQuestionWritesNothing(t *testing.T) {
	for i := range happy() {
		w := newWorld()
		_, _, err := run(t, w, Given{}, append(happy()[:i:i], leave)...)
		if !errors.Is(err, ErrGivenUp) || len(w.saved) > 0 || len(w.logins) > 0 {
			t.Errorf("left at question %d: %v, saved %d, logins %q", i, err, len(w.saved), w.logins)
		}
	}
}

func TestYesAsksOnlyForThePassword(t *testing.T) {
	w := newWorld()
	_, acc, err := run(t, w, Given{Address: "Alice <alice@example.test>", Yes: true}, "wonderland")
	if err != nil || acc.Name != "example" || acc.User != "alice@example.test" || acc.From != `"Alice" <alice@example.test>` {
		t.Errorf("%+v, %v", acc, err)
	}
	w = newWorld()
	w.names = []string{"example"}
	w.found.By[retrieval.IMAP][0].User = "al"
	_, acc, err = run(t, w, Given{Address: "alice@example.test", Yes: true, Silent: true, Secret: account.SecretSource{Keyring: "?"}, Password: account.NewPassword("wonderland")})
	if err != nil || acc.Name != "example-2" || acc.User != "al" || acc.Secret.Keyring != "example-2/al" || w.savedPw != "wonderland" {
		t.Errorf("%+v, %v", acc, err)
	}
}

func TestNobodyToAsk(t *testing.T) {
	for name, c := range map[string]struct {
		g    Given
		want string
	}{
		"address":  {Given{Silent: true, Yes: true}, "the address"},
		"password": {Given{Silent: true, Yes: true, Address: "alice@example.test"}, "--password-stdin"},
	} {
		w := newWorld()
		_, _, err := run(t, w, c.g)
		if !errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), c.want) || len(w.saved) > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestForeignHostsAreAskedAbout holds RFC 6186 section 6: what only DNS says of
// a host elsewhere is for the person to agree to, and --yes is no agreement.
func TestForeignHostsAreAskedAbout(t *testing.T) {
	foreign := func() *world {
		w := newWorld()
		w.found.By[retrieval.POP3][0].Endpoint.Address = "pop.hosting.test:995"
		w.found.By[retrieval.POP3][0].Ask = "pop.hosting.test does not belong to example.test"
		return w
	}
	w := foreign()
	_, _, err := run(t, w, Given{Address: "alice@example.test", Yes: true, Secret: account.SecretSource{Env: "PW"}})
	if !errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), "--pop3 pop.hosting.test:995/tls") || len(w.logins) > 0 {
		t.Errorf("with --yes: %v, logins %q", err, w.logins)
	}
	w = foreign()
	a, _, err := run(t, w, Given{Address: "alice@example.test"}, "yes, I know", "", "", "you", "wonderland")
	if err != nil || !slices.Contains(a.asked, goThere) || a.first[goThere] != 4 || !strings.Contains(a.text(), "? pop.hosting.test does not belong") {
		t.Errorf("%v, asked %q\n%s", err, a.asked, a.text())
	}
	w = foreign() // said by the person, it needs no question
	_, _, err = run(t, w, Given{Address: "alice@example.test", Yes: true, Secret: account.SecretSource{Env: "PW"},
		Endpoints: map[retrieval.Protocol]account.Endpoint{retrieval.POP3: {Address: "pop.hosting.test:995", Security: account.TLS}}})
	if err != nil {
		t.Error(err)
	}
}

func TestNoPOP3(t *testing.T) {
	w := newWorld()
	delete(w.found.By, retrieval.POP3)
	w.found.Denied[retrieval.POP3] = true
	_, _, err := run(t, w, Given{Address: "alice@example.test", Yes: true, Secret: account.SecretSource{Env: "PW"}})
	if !errors.Is(err, ErrIncomplete) || !strings.Contains(err.Error(), "offers no POP3") || !strings.Contains(err.Error(), "--pop3 HOST:PORT/tls") {
		t.Error(err)
	}
	a, acc, err := run(t, w, Given{Address: "alice@example.test"}, "not a host at all", "pop.elsewhere.test", "yes", "", "", "you", "wonderland")
	if err != nil || acc.POP3.Address != "pop.elsewhere.test:995" {
		t.Errorf("%+v, %v", acc.POP3, err)
	}
	if !strings.Contains(a.text(), "is not host:port/security") {
		t.Error("a bad endpoint was taken")
	}
}

// TestBestDoor holds that an open door goes before a shut one, and one about
// which nothing must be asked before one about which something must.
func TestBestDoor(t *testing.T) {
	w := newWorld()
	w.shut["imap.example.test:993"] = "the certificate expired"
	_, acc, err := run(t, w, Given{Address: "alice@example.test", Yes: true}, "wonderland")
	if err != nil || acc.IMAP.Address != "imap.example.test:143" {
		t.Errorf("%+v, %v", acc.IMAP, err)
	}
	w = newWorld()
	w.found.By[retrieval.IMAP][0].Ask = "elsewhere"
	_, acc, err = run(t, w, Given{Address: "alice@example.test", Yes: true}, "wonderland")
	if err != nil || acc.IMAP.Address != "imap.example.test:143" {
		t.Errorf("%+v, %v", acc.IMAP, err)
	}
}

func TestChangingServers(t *testing.T) {
	w := newWorld()
	a, acc, err := run(t, w, Given{Address: "alice@example.test"}, "change IMAP", "imap.example.test:143", "change submission", "none", "yes", "", "", "you", "wonderland")
	if err != nil || a.asked[0] != useThese || acc.IMAP.Security != account.StartTLS || acc.Submission.Address != "" || len(w.logins) != 2 {
		t.Errorf("%+v, %v", acc, err)
	}
}

func TestAuthorityOfOnesOwn(t *testing.T) {
	w := newWorld()
	w.shut["imap.example.test:993"], w.shut["imap.example.test:143"] = "unknown authority", "unknown authority"
	a, acc, err := run(t, w, Given{Address: "alice@example.test"}, "trust an authority", "nonsense", "ca.pem", "yes", "", "", "you", "wonderland")
	if err != nil || acc.CAFile != "/home/alice/ca.pem" || !strings.Contains(a.text(), "no such file") {
		t.Errorf("%+v, %v", acc, err)
	}
}

func TestAnotherSourceAfterAWrongPassword(t *testing.T) {
	w := newWorld()
	a, acc, err := run(t, w, Given{Address: "alice@example.test"}, "yes", "", "", "you", "wrong",
		"another password", "a command", "broken", "a command", "pass show mail")
	if err != nil || acc.Secret != (account.SecretSource{Command: "pass show mail"}) {
		t.Errorf("%+v, %v", acc.Secret, err)
	}
	if !strings.Contains(a.text(), "password_command: exit status 1") || !slices.Contains(a.asked, change) || !slices.Contains(a.asked, whence) {
		t.Errorf("asked %q\n%s", a.asked, a.text())
	}
}

func TestAfterThreeRefusalsNoMorePasswords(t *testing.T) {
	w := newWorld()
	a, _, err := run(t, w, Given{Address: "alice@example.test"}, "yes", "", "", "you", "a", "another", "you", "b", "another", "you", "c", "give up")
	if !errors.Is(err, ErrGivenUp) || len(w.saved) > 0 || len(w.logins) != 6 { // submission is spared
		t.Errorf("%v, logins %q", err, w.logins)
	}
	if !strings.Contains(a.text(), "3 times refused") || !strings.Contains(a.text(), "an app password") {
		t.Error(a.text())
	}
}

func TestOneSideFails(t *testing.T) {
	off := errors.New("pop3: login: refused")
	w := newWorld()
	w.refuse[retrieval.POP3] = off
	_, _, err := run(t, w, Given{Address: "alice@example.test", Yes: true}, "wonderland")
	if !errors.Is(err, ErrLogin) || !errors.Is(err, off) || len(w.saved) > 0 {
		t.Error(err)
	}
	_, _, err = run(t, w, Given{Address: "alice@example.test", Yes: true, Unverified: true}, "wonderland")
	if err != nil || len(w.saved) != 1 {
		t.Error(err)
	}
	w.saved = nil
	_, _, err = run(t, w, Given{Address: "alice@example.test"}, "yes", "", "", "you", "wonderland", "write the account as it is")
	if err != nil || len(w.saved) != 1 {
		t.Error(err)
	}
}

func TestNames(t *testing.T) {
	w := newWorld()
	w.names = []string{"example", "work"}
	a, acc, err := run(t, w, Given{Address: "alice@example.test"}, "yes", "", "work", "a/b", "", "you", "wonderland", "example-2")
	if err != nil || acc.Name != "example-2" || !w.savedTop || !strings.Contains(a.text(), `has an account "work" already`) {
		t.Errorf("%+v, %v, default %v", acc.Name, err, w.savedTop)
	}
	w.fixed = true // nothing to choose then
	a, _, err = run(t, w, Given{Address: "alice@example.test", Main: true}, "yes", "", "", "you", "wonderland")
	if err != nil || w.savedTop || !strings.Contains(a.text(), "default_account in the file stays as it is") {
		t.Errorf("%v, default %v\n%s", err, w.savedTop, a.text())
	}
	if _, _, err := run(t, w, Given{Address: "alice@example.test", Name: "work"}, "yes", ""); err == nil || errors.Is(err, ErrGivenUp) {
		t.Errorf("a name that is taken: %v", err)
	}
}

func TestTokens(t *testing.T) {
	w := newWorld()
	w.tokens[retrieval.IMAP] = []string{"XOAUTH2"}
	_, acc, err := run(t, w, Given{Address: "alice@example.test"}, "yes", "", "", "no password: a command prints", "token")
	if err != nil || acc.OAuth.TokenCommand != "token" || acc.Secret != (account.SecretSource{}) {
		t.Errorf("%+v, %v", acc, err)
	}
}

func TestNoKeyring(t *testing.T) {
	w := newWorld()
	w.keyring = errors.New("there is no keyring")
	a, acc, err := run(t, w, Given{Address: "alice@example.test"}, "yes", "", "", "the system's keyring", "you", "wonderland")
	if err != nil || acc.Secret != (account.SecretSource{}) || !strings.Contains(a.text(), "there is no keyring") {
		t.Errorf("%+v, %v", acc.Secret, err)
	}
}

func TestConsent(t *testing.T) {
	w := newWorld()
	w.tokens[retrieval.POP3] = []string{"OAUTHBEARER"}
	w.found.OAuth = &account.OAuth{AuthorizationEndpoint: "https://auth.example.test/a", TokenEndpoint: "https://auth.example.test/t", Scopes: []string{"mail"}}
	a, acc, err := run(t, w, Given{Address: "alice@example.test"}, "yes", "", "", "no password: your consent", "imapop-client", "not really secret", "in the system's keyring")
	want := account.OAuth{ClientID: "imapop-client", ClientSecret: account.NewPassword("not really secret"), AuthorizationEndpoint: "https://auth.example.test/a",
		TokenEndpoint: "https://auth.example.test/t", Scopes: []string{"mail"}}
	if err != nil || !reflect.DeepEqual(acc.OAuth, want) || acc.Secret != (account.SecretSource{Keyring: "example/alice@example.test"}) {
		t.Errorf("%+v, %+v, %v", acc.OAuth, acc.Secret, err)
	}
	if strings.Contains(a.text(), "not really secret") {
		t.Error("the client secret was repeated")
	}
	if w.found.OAuth.ClientID != "" {
		t.Error("what was found has changed")
	}
}

func TestSearchFails(t *testing.T) {
	w := newWorld()
	w.searchErr = errors.New("not an address")
	if _, _, err := run(t, w, Given{Address: "alice@example.test", Yes: true}); !errors.Is(err, w.searchErr) {
		t.Error(err)
	}
}

func TestInTheFile(t *testing.T) {
	w := newWorld()
	_, acc, err := run(t, w, Given{Address: "alice@example.test"}, "yes", "", "", "the configuration file", "wonderland")
	if err != nil || !acc.Secret.InFile || acc.Secret.Literal.Reveal() != "wonderland" {
		t.Errorf("%+v, %v", acc.Secret, err)
	}
}

func TestParseEndpoint(t *testing.T) {
	for in, want := range map[string]string{
		"imap.example.org": "imap.example.org:993 tls", "imap.example.org:143": "imap.example.org:143 starttls", "imap.example.org/starttls": "imap.example.org:143 starttls",
		"imap.example.org:1993/tls": "imap.example.org:1993 tls", "imap.example.org:1143": "imap.example.org:1143 tls", "[::1]:993/tls": "[::1]:993 tls",
		"127.0.0.1:1143/plaintext": "127.0.0.1:1143 plaintext", " imap.example.org:993/tls ": "imap.example.org:993 tls",
	} {
		e, err := ParseEndpoint(retrieval.IMAP, in)
		if got := e.Address + " " + string(e.Security); err != nil || got != want {
			t.Errorf("%q: got %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"", ":993", "imap.example.org/ssl", "imap.example.org:143/plaintext", "two words", "alice@example.org"} {
		if e, err := ParseEndpoint(retrieval.IMAP, in); err == nil {
			t.Errorf("%q gave %+v", in, e)
		}
	}
	if _, err := ParseEndpoint(retrieval.SMTP, "smtp.example.org:25/starttls"); err == nil {
		t.Error("port 25 was taken for submission")
	}
}
