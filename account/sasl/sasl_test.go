package sasl

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"imapop/account"
)

var pencil = Identity{User: "user", Password: account.NewPassword("pencil")}

// start begins a mechanism with a nonce that is known.
func start(t *testing.T, m account.Mechanism, id Identity, nonce string) (Client, string) {
	t.Helper()
	c, err := New(m, id)
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := c.(*scram); ok && nonce != "" {
		s.nonce = nonce
	}
	name, ir, err := c.Start()
	if err != nil || name != string(m) {
		t.Fatalf("%q, %v", name, err)
	}
	return c, string(ir)
}

func next(t *testing.T, c Client, challenge, want string) {
	t.Helper()
	got, err := c.Next([]byte(challenge))
	if err != nil || got == nil || string(got) != want {
		t.Fatalf("answer to %q:\n got %q, %v\nwant %q", challenge, got, err, want)
	}
}

// The examples of RFC 5802 section 5 and RFC 7677 section 3.
var scramVectors = map[account.Mechanism]struct{ nonce, first, final, verifier string }{
	account.ScramSHA1: {"fyko+d2lbbFgONRv9qkxdawL",
		"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
		"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
		"v=rmF9pqV8S7suAoZWja4dJRkFsKQ="},
	account.ScramSHA256: {"rOprNGfwEbeRWgbNEkqO",
		"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
		"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
		"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
}

func TestScramVectors(t *testing.T) {
	for m, v := range scramVectors {
		c, first := start(t, m, pencil, v.nonce)
		if want := "n,,n=user,r=" + v.nonce; first != want {
			t.Errorf("%s: %q, want %q", m, first, want)
		}
		next(t, c, v.first, v.final)
		if err := c.Finish(); !errors.Is(err, ErrUnproven) {
			t.Errorf("%s: believed before the signature: %v", m, err)
		}
		next(t, c, v.verifier, "")
		if err := c.Finish(); err != nil {
			t.Errorf("%s: %v", m, err)
		}
		if _, err := c.Next([]byte("more")); !errors.Is(err, ErrChallenge) {
			t.Errorf("%s: went on: %v", m, err)
		}
	}
}

func TestScramRefusesAServerThatIsNone(t *testing.T) {
	v := scramVectors[account.ScramSHA256]
	first := func(old, new string) []string { return []string{strings.Replace(v.first, old, new, 1)} }
	for name, c := range map[string]struct {
		says []string
		want error
	}{
		"nonce not ours":       {first("rOpr", "rOpq"), ErrChallenge},
		"nonce not extended":   {first("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", ""), ErrChallenge},
		"few rounds":           {first("i=4096", "i=4095"), ErrChallenge},
		"too many rounds":      {first("i=4096", "i=2000000000"), ErrChallenge},
		"negative rounds":      {first("i=4096", "i=-4096"), ErrChallenge},
		"no salt":              {first("s=W22ZaJ0SNY7soEsUEjb6gQ==", "s="), ErrChallenge},
		"bad salt":             {first("s=W22Z", "s=?"), ErrChallenge},
		"mandatory extension":  {first("r=", "m=x,r="), ErrChallenge},
		"empty":                {[]string{""}, ErrChallenge},
		"error at once":        {[]string{"e=other-error"}, ErrChallenge},
		"wrong signature":      {[]string{v.first, "v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="}, ErrUnproven},
		"short signature":      {[]string{v.first, "v=6rri"}, ErrUnproven},
		"no signature":         {[]string{v.first, ""}, ErrUnproven},
		"the proof sent back":  {[]string{v.first, "v=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="}, ErrUnproven},
		"success without one":  {[]string{v.first}, nil},
		"success at once":      {nil, nil},
		"an error, then a yes": {[]string{v.first, "e=invalid-proof"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := start(t, account.ScramSHA256, pencil, v.nonce)
			var err error
			for _, s := range c.says {
				if _, err = client.Next([]byte(s)); err != nil {
					break
				}
			}
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if err == nil && !errors.Is(client.Finish(), ErrUnproven) {
				t.Errorf("believed: %v", client.Finish())
			}
		})
	}
}

func TestScramSaysWhyItWasRefused(t *testing.T) {
	v := scramVectors[account.ScramSHA256]
	c, _ := start(t, account.ScramSHA256, pencil, v.nonce)
	next(t, c, v.first, v.final)
	next(t, c, "e=invalid-proof", "")
	if c.Refusal() != "invalid-proof" {
		t.Errorf("got %q", c.Refusal())
	}
}

func TestScramNames(t *testing.T) {
	_, first := start(t, account.ScramSHA256, Identity{User: "a=b,c", Password: pencil.Password}, "N")
	if first != "n,,n=a=3Db=2Cc,r=N" {
		t.Errorf("got %q", first)
	}
	one, _ := New(account.ScramSHA1, pencil)
	two, _ := New(account.ScramSHA1, pencil)
	if one.(*scram).nonce == two.(*scram).nonce {
		t.Error("the nonce repeats")
	}
}

// What looks the same is the same (RFC 8265 section 4.2): composed and
// decomposed letters, the spaces of all scripts; the rest is left alone.
func TestPrepared(t *testing.T) {
	for in, want := range map[string]string{
		"wörd":           "w\u00f6rd",
		"wo\u0308rd":     "w\u00f6rd",
		"two\u00a0words": "two words",
		"Ⅸ Pass":         "Ⅸ Pass",
		"\xffraw":        "\xffraw",
		"bell\a":         "bell\a",
		strings.Repeat("длинный пароль ", 100): strings.Repeat("длинный пароль ", 100),
	} {
		if got := prepared(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// The example of RFC 2195 section 2, and that of RFC 1939 section 7.
func TestDigestVectors(t *testing.T) {
	c, ir := start(t, account.CramMD5, Identity{User: "tim", Password: account.NewPassword("tanstaaftanstaaf")}, "")
	if ir != "" {
		t.Errorf("initial response %q", ir)
	}
	if c.Finish() == nil {
		t.Error("a success that asked for nothing is believed")
	}
	next(t, c, "<1896.697170952@postoffice.reston.mci.net>", "tim b913a602c7eda7a495b4e6e7334d3890")
	if _, err := c.Next([]byte("again")); !errors.Is(err, ErrChallenge) {
		t.Errorf("a second challenge: %v", err)
	}
	digest, ok := APOP("+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>", account.NewPassword("tanstaaf"))
	if !ok || digest != "c4c9334bac560ecc979e58001b3e22fb" {
		t.Errorf("APOP: %q", digest)
	}
	for _, greeting := range []string{"+OK", "+OK <a@b", "+OK <a b@c>", "+OK <nobody>", "+OK <a@b@c>", "+OK <\x80@x>"} {
		if _, ok := APOP(greeting, pencil.Password); ok {
			t.Errorf("%q has a timestamp", greeting)
		}
	}
}

// The example of RFC 7628 section 4.1, and that of Google's XOAUTH2.
func TestBearerVectors(t *testing.T) {
	id := Identity{User: "user@example.com", Token: account.NewPassword("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="), Address: "server.example.com:143"}
	_, ir := start(t, account.OAuthBearer, id, "")
	if got, want := base64.StdEncoding.EncodeToString([]byte(ir)), "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	_, ir = start(t, account.XOAuth2, Identity{User: "someuser@example.com", Token: account.NewPassword("ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg")}, "")
	if got, want := base64.StdEncoding.EncodeToString([]byte(ir)), "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ=="; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestBearerRefused(t *testing.T) {
	for m, answer := range map[account.Mechanism]string{account.OAuthBearer: "\x01", account.XOAuth2: ""} {
		c, _ := start(t, m, Identity{User: "a,b=c", Token: account.NewPassword("t")}, "")
		if err := c.Finish(); err != nil {
			t.Errorf("%s: %v", m, err)
		}
		next(t, c, `{"status":"invalid_token","scope":"mail"}`, answer)
		if c.Refusal() != "status invalid_token, scope mail" || c.Finish() == nil {
			t.Errorf("%s: %q, %v", m, c.Refusal(), c.Finish())
		}
		if _, err := c.Next([]byte("more")); !errors.Is(err, ErrChallenge) {
			t.Errorf("%s: %v", m, err)
		}
	}
}

func TestPlainAndLogin(t *testing.T) {
	id := Identity{User: "älice", Password: account.NewPassword("wörd")}
	c, ir := start(t, account.Plain, id, "")
	if ir != "\x00älice\x00wörd" {
		t.Errorf("PLAIN: %q", ir)
	}
	if _, err := c.Next(nil); !errors.Is(err, ErrChallenge) {
		t.Errorf("PLAIN went on: %v", err)
	}
	c, _ = start(t, account.Login, id, "")
	next(t, c, "User Name\x00", "älice")
	next(t, c, "Password\x00", "wörd")
	if _, err := c.Next(nil); !errors.Is(err, ErrChallenge) {
		t.Errorf("LOGIN went on: %v", err)
	}
}

func TestDeferred(t *testing.T) {
	v := scramVectors[account.ScramSHA256]
	inner, err := New(account.ScramSHA256, pencil)
	if err != nil {
		t.Fatal(err)
	}
	inner.(*scram).nonce = v.nonce
	c := Deferred(inner)
	if name, ir, err := c.Start(); name != "SCRAM-SHA-256" || ir != nil || err != nil {
		t.Fatalf("%q, %q, %v", name, ir, err)
	}
	next(t, c, "", "n,,n=user,r="+v.nonce)
	next(t, c, v.first, v.final)
	next(t, c, v.verifier, "")
	if err := c.Finish(); err != nil {
		t.Error(err)
	}
}

func TestNothingOddReachesTheWire(t *testing.T) {
	for _, m := range account.Mechanisms() {
		for _, odd := range []string{"", "a\r", "a\nb", "a\x00b"} {
			for _, id := range []Identity{
				{User: odd, Password: pencil.Password, Token: pencil.Password},
				{User: "u", Password: account.NewPassword(odd), Token: account.NewPassword(odd)},
			} {
				if c, err := New(m, id); err == nil {
					t.Errorf("%s with %q: %v", m, odd, c)
				}
			}
		}
	}
}

// No error of an exchange may hold the secret, also when the server says it back.
func TestErrorsHoldNoSecret(t *testing.T) {
	id := Identity{User: "u", Password: account.NewPassword("hunter2"), Token: account.NewPassword("hunter2")}
	for _, m := range account.Mechanisms() {
		c, err := New(m, id)
		if err != nil {
			continue // no SASL, or nothing to bind to
		}
		_, _, failed := c.Start()
		for failed == nil {
			_, failed = c.Next([]byte("hunter2"))
		}
		for _, err := range []error{failed, c.Finish()} {
			if strings.Contains(fmt.Sprint(err), "hunter2") {
				t.Errorf("%s: %v", m, err)
			}
		}
	}
}

// Whatever a server says, it is not believed without the signature, and nothing
// panics or hashes for ever.
func FuzzScramServer(f *testing.F) {
	v := scramVectors[account.ScramSHA256]
	f.Add(v.first, v.verifier)
	f.Add("r=,s=,i=0", "e=other-error")
	f.Add("m=x,r=abc", "v=")
	f.Add("e=unknown-user", "v=AAAA,x=y")
	f.Fuzz(func(t *testing.T, first, final string) {
		c, _ := start(t, account.ScramSHA256, pencil, v.nonce)
		if strings.Contains(first, ",i=") && len(first)-strings.LastIndex(first, ",i=") > 8 {
			return // many rounds are allowed, and slow to fuzz
		}
		_, err := c.Next([]byte(first))
		if err == nil {
			_, err = c.Next([]byte(final))
		}
		if err == nil && c.Finish() == nil && (first != v.first || !strings.HasPrefix(final, v.verifier)) {
			t.Errorf("believed %q, %q", first, final)
		}
	})
}
