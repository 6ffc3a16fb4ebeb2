package retrieval_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"imapop/account"
	"imapop/account/sasl"
	"imapop/account/servertest/courier"
	"imapop/account/servertest/cyrus"
	"imapop/account/servertest/dovecot"
	"imapop/retrieval"
	"imapop/retrieval/imap"
	"imapop/retrieval/pop3"
	"imapop/retrieval/wire"
)

// visit logs in on one side, looks at what the session says of itself, and leaves.
func visit(t *testing.T, p retrieval.Protocol, a account.Account, password string, g *sasl.Guard, w wire.Options) (retrieval.Security, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if p == retrieval.IMAP {
		s, err := imap.Open(ctx, imap.Config{Account: a, Password: account.NewPassword(password), Guard: g, Wire: w})
		if err != nil {
			return retrieval.Security{}, err
		}
		defer s.Drop()
		return s.Security(), nil
	}
	s, err := pop3.Open(ctx, pop3.Config{Account: a, Password: account.NewPassword(password), Guard: g, Wire: w})
	if err != nil {
		return retrieval.Security{}, err
	}
	defer s.Drop()
	return s.Security(), nil
}

// mode is the account over one kind of security, with one mechanism.
func mode(a account.Account, plainIMAP, plainPOP3 string, s account.Security, m account.Mechanism) account.Account {
	if s != account.TLS {
		a.IMAP.Address, a.POP3.Address = plainIMAP, plainPOP3
	}
	a.IMAP.Security, a.POP3.Security = s, s
	if m != "" {
		a.IMAP.Mechanisms, a.POP3.Mechanisms = []account.Mechanism{m}, []account.Mechanism{m}
	}
	return a
}

// jwt signs a token for a user, good until exp.
func jwt(key, user string, exp time.Time) string {
	part := func(v any) string {
		b, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(b)
	}
	body := part(map[string]string{"alg": "HS256", "typ": "JWT"}) + "." +
		part(map[string]any{"sub": user, "iat": exp.Unix() - 7200, "nbf": exp.Unix() - 7200, "exp": exp.Unix()})
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(body))
	return body + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// logins counts the lines by which a client began to log in, and fails when a
// secret is readable.
func logins(t *testing.T, tr *wire.Transcript, secrets ...string) (n int) {
	t.Helper()
	for _, l := range tr.Since(0, 0) {
		for _, secret := range secrets {
			for _, form := range []string{secret, base64.RawStdEncoding.EncodeToString([]byte(secret))} {
				if strings.Contains(l.Text, form) {
					t.Errorf("the secret is in %q", l.Text)
				}
			}
		}
		for _, verb := range []string{"AUTH ", "PASS ", " AUTHENTICATE ", " LOGIN "} {
			if l.Dir == retrieval.ClientSays && strings.Contains(l.Text, verb) {
				n++
			}
		}
	}
	return n
}

const (
	jwtKey    = "a key for tokens of this test only"
	longWord  = "Ein sehr langes Paßwort, länger als jede POP3-Zeile sein darf. Und"
	oddUser   = "jürgen"
	oddSecret = `p"a\ss wörd%20/+=?~ÿ`
)

// TestDovecotMechanisms logs in by every mechanism over every kind of security on
// both protocols; a wrong secret is refused with its type, once. Dovecot keeps
// back every refusal for up to half a second: the cases wait beside each other.
func TestDovecotMechanisms(t *testing.T) {
	t.Parallel() // it mostly waits
	long := strings.Repeat(longWord, 8)
	srv := dovecot.Start(t, dovecot.Options{JWT: jwtKey, Users: map[string]string{oddUser: oddSecret, "long": long},
		ExtraConf: "auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256 xoauth2 oauthbearer\nauth_username_chars =\n"})
	var all sync.WaitGroup
	defer all.Wait()
	turns := make(chan struct{}, 20)
	for _, m := range []account.Mechanism{account.Plain, account.Login, account.CramMD5, account.ScramSHA1, account.ScramSHA256,
		account.XOAuth2, account.OAuthBearer, account.PasswordCommand, ""} {
		for _, s := range []account.Security{account.TLS, account.StartTLS, account.Plaintext} {
			for _, p := range []retrieval.Protocol{retrieval.IMAP, retrieval.POP3} {
				all.Go(func() {
					turns <- struct{}{}
					defer func() { <-turns }()
					c := loginCase{T: t, srv: srv, p: p, m: m, a: mode(srv.Account(), srv.IMAP, srv.POP3, s, m)}
					c.right(srv.User, srv.Password)
					c.wrong(srv.User, srv.Password)
					if s == account.TLS { // the others change nothing of what is in the credentials
						c.right(oddUser, oddSecret)
						c.right("long", long)
					}
					if m.UsesToken() {
						c.renewed()
					}
				})
			}
		}
	}
}

// loginCase is one mechanism over one kind of security on one protocol.
type loginCase struct {
	*testing.T
	srv *dovecot.Server
	p   retrieval.Protocol
	m   account.Mechanism
	a   account.Account
}

func (c loginCase) failed(format string, args ...any) {
	c.Helper()
	c.Errorf("%s %s %q: %s", c.p, c.a.IMAP.Security, c.m, fmt.Sprintf(format, args...))
}

func (c loginCase) right(user, secret string) {
	c.Helper()
	var g *sasl.Guard
	if c.m.UsesToken() {
		secret = jwt(jwtKey, user, time.Now().Add(time.Hour))
		g = &sasl.Guard{Token: func(context.Context, account.Password) (account.Password, error) {
			return account.NewPassword(secret), nil
		}}
	}
	c.a.User = user
	tr := wire.NewTranscript(0)
	sec, err := visit(c.T, c.p, c.a, secret, g, wire.Options{Roots: c.srv.CAPool, Transcript: tr})
	if err != nil {
		c.failed("%s: %v", user, err)
		return
	}
	want := string(c.m)
	switch c.m {
	case "":
		want = "SCRAM-SHA-256" // the strongest that is offered
	case account.PasswordCommand:
		want = map[retrieval.Protocol]string{retrieval.IMAP: "LOGIN", retrieval.POP3: "USER/PASS"}[c.p]
	}
	if sec.Mechanism != want {
		c.failed("by %q", sec.Mechanism)
	}
	if n := logins(c.T, tr, secret); n != 1 {
		c.failed("%d logins", n)
	}
}

func (c loginCase) wrong(user, secret string) {
	c.Helper()
	var told *account.LoginError
	g := &sasl.Guard{Failed: func(e *account.LoginError) { told = e }}
	want := 1
	if c.m.UsesToken() {
		want = 2 // a token may have run out unnoticed: a fresh one is tried once
		n := 0
		g.Token = func(context.Context, account.Password) (account.Password, error) {
			n++
			return account.NewPassword(jwt(jwtKey, user, time.Now().Add(time.Duration(-n)*time.Hour))), nil
		}
	}
	c.a.User = user
	tr := wire.NewTranscript(0)
	_, err := visit(c.T, c.p, c.a, "not "+secret, g, wire.Options{Roots: c.srv.CAPool, Transcript: tr})
	var login *account.LoginError
	if !errors.Is(err, retrieval.ErrAuth) || !errors.As(err, &login) || login != told {
		c.failed("got %v, told %v", err, told)
		return
	}
	if !login.Refused || login.Mechanism == "" || c.m != "" && login.Mechanism != c.m || login.Code == "" || login.User != user || !strings.HasPrefix(login.Address, "127.0.0.1:") {
		c.failed("%+v", login)
	}
	if n := logins(c.T, tr, "not "+secret, secret); n != want {
		c.failed("%d logins, want %d", n, want)
	}
	if strings.Contains(fmt.Sprintf("%v %+v", err, login), secret) {
		c.failed("the secret is in %v", err)
	}
}

// renewed logs in with a token that ran out: it is renewed once, behind the
// refusal, on the same connection.
func (c loginCase) renewed() {
	c.Helper()
	old := account.NewPassword(jwt(jwtKey, c.a.User, time.Now().Add(-time.Hour)))
	var refused []account.Password
	g := &sasl.Guard{Token: func(_ context.Context, no account.Password) (account.Password, error) {
		refused = append(refused, no)
		if no.Empty() {
			return old, nil
		}
		return account.NewPassword(jwt(jwtKey, c.a.User, time.Now().Add(time.Hour))), nil
	}}
	sec, err := visit(c.T, c.p, c.a, "", g, wire.Options{Roots: c.srv.CAPool})
	if err != nil || sec.Mechanism != string(c.m) {
		c.failed("by %q, %v", sec.Mechanism, err)
	}
	if len(refused) != 2 || refused[1] != old {
		c.failed("asked for tokens %d times", len(refused))
	}
}

const cyrusMechanisms = "PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256"

// TestCyrusMechanisms has what Dovecot has not: SCRAM bound to the connection.
// With TLS 1.3 Cyrus 3.6 offers that and knows no binding that there is; then it is
// said what helps, and nothing weaker is tried.
func TestCyrusMechanisms(t *testing.T) {
	t.Parallel() // it mostly waits
	srv := cyrus.Start(t, cyrus.Options{Mechanisms: cyrusMechanisms})
	for _, p := range []retrieval.Protocol{retrieval.IMAP, retrieval.POP3} {
		for _, m := range []account.Mechanism{account.ScramSHA256, account.ScramSHA1, account.CramMD5, account.Plain, account.Login} {
			for _, s := range []account.Security{account.TLS, account.StartTLS} {
				a := mode(srv.Account(), srv.IMAP, srv.POP3, s, m)
				if sec, err := visit(t, p, a, srv.Password, nil, wire.Options{Roots: srv.CAPool}); err != nil || sec.Mechanism != string(m) {
					t.Errorf("%s %s %s: %q, %v", p, s, m, sec.Mechanism, err)
				}
			}
			a := mode(srv.Account(), "", "", account.TLS, m)
			if _, err := visit(t, p, a, "wrong", nil, wire.Options{Roots: srv.CAPool}); !errors.Is(err, retrieval.ErrAuth) {
				t.Errorf("%s %s, wrong password: %v", p, m, err)
			}
		}
		g := &sasl.Guard{}
		tr := wire.NewTranscript(0)
		_, err := visit(t, p, mode(srv.Account(), "", "", account.TLS, ""), srv.Password, g, wire.Options{Roots: srv.CAPool, Transcript: tr})
		if !errors.Is(err, retrieval.ErrAuth) || !strings.Contains(err.Error(), "may not know tls-exporter, to which SCRAM-SHA-256-PLUS is bound: mechanisms = ['scram-sha-256']") || logins(t, tr) != 1 {
			t.Errorf("%s, bound with TLS 1.3: %v", p, err)
		}
	}
}

func TestCyrusBinding(t *testing.T) {
	t.Parallel() // it mostly waits
	srv := cyrus.Start(t, cyrus.Options{Mechanisms: cyrusMechanisms, ExtraConf: "tls_versions: tls1_2\n"})
	for _, p := range []retrieval.Protocol{retrieval.IMAP, retrieval.POP3} {
		for _, s := range []account.Security{account.TLS, account.StartTLS} {
			for m, want := range map[account.Mechanism]string{"": "SCRAM-SHA-256-PLUS", account.ScramSHA1Plus: "SCRAM-SHA-1-PLUS"} {
				a := mode(srv.Account(), srv.IMAP, srv.POP3, s, m)
				if sec, err := visit(t, p, a, srv.Password, nil, wire.Options{Roots: srv.CAPool}); err != nil || sec.Mechanism != want || sec.Protocol != "TLS 1.2" {
					t.Errorf("%s %s: %+v, %v, want %s", p, s, sec, err, want)
				}
			}
		}
		_, err := visit(t, p, mode(srv.Account(), "", "", account.TLS, ""), "wrong", nil, wire.Options{Roots: srv.CAPool})
		if !errors.Is(err, retrieval.ErrAuth) {
			t.Errorf("%s, wrong password: %v", p, err)
		}
	}
}

// TestCourierMechanisms has a server that tells nothing of SASL before TLS and
// knows CRAM-MD5 besides.
func TestCourierMechanisms(t *testing.T) {
	t.Parallel() // it mostly waits
	srv := courier.Start(t, courier.Options{ExtraConf: `IMAP_CAPABILITY_TLS="IMAP4rev1 UIDPLUS IDLE AUTH=PLAIN AUTH=CRAM-MD5"
POP3AUTH_TLS="PLAIN LOGIN CRAM-MD5"`})
	var both sync.WaitGroup
	defer both.Wait()
	for p, ms := range map[retrieval.Protocol][]account.Mechanism{
		retrieval.IMAP: {account.Plain, account.CramMD5, account.PasswordCommand},
		retrieval.POP3: {account.Plain, account.Login, account.CramMD5, account.PasswordCommand},
	} {
		both.Go(func() { // Courier keeps back a refusal for five seconds
			if _, err := visit(t, p, mode(srv.Account(), "", "", account.TLS, account.CramMD5), "wrong", nil, wire.Options{Roots: srv.CAPool}); !errors.Is(err, retrieval.ErrAuth) {
				t.Errorf("%s, wrong password: %v", p, err)
			}
		})
		for _, m := range ms {
			for _, s := range []account.Security{account.TLS, account.StartTLS} {
				if _, err := visit(t, p, mode(srv.Account(), srv.IMAP, srv.POP3, s, m), srv.Password, nil, wire.Options{Roots: srv.CAPool}); err != nil {
					t.Errorf("%s %s %s: %v", p, s, m, err)
				}
			}
		}
	}
}
