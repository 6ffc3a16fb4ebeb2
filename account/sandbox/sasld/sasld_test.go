package sasld

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http/httptest"
	"slices"
	"testing"

	"imapop/account"
	"imapop/account/sasl"
)

// house has one user and one token.
type house struct{}

const word = "wörd \u212b" // an Ångström sign: NFC makes it a letter

func (house) Authenticate(user, password string) error {
	if user != "alice" || password != word {
		return ErrAuth
	}
	return nil
}
func (house) Secret(user string) (string, bool) { return word, user == "alice" }
func (house) Takes(user, token string) (string, bool) {
	return "alice", token == "tok" && (user == "alice" || user == "")
}

// secured gives both ends of a TLS connection.
func secured(t *testing.T, version uint16) (client, server *tls.ConnectionState) {
	t.Helper()
	web := httptest.NewUnstartedServer(nil) // for its certificate
	web.StartTLS()
	defer web.Close()
	ours, theirs := net.Pipe()
	c := tls.Client(ours, &tls.Config{InsecureSkipVerify: true, MaxVersion: version})
	s := tls.Server(theirs, &tls.Config{Certificates: web.TLS.Certificates})
	done := make(chan error, 1)
	go func() { done <- s.Handshake() }()
	if err := errors.Join(c.Handshake(), <-done); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	cs, ss := c.ConnectionState(), s.ConnectionState()
	return &cs, &ss
}

// talk runs one exchange; the error is the server's, or the client's.
func talk(d Door, m account.Mechanism, id sasl.Identity) (proved string, err error) {
	server, clientFirst, ok := d.New(string(m), &proved)
	if !ok {
		return "", errors.New("not offered")
	}
	c, err := sasl.New(m, id)
	if err != nil {
		return "", err
	}
	_, response, err := c.Start()
	if err != nil || (response != nil) != clientFirst && m != account.Login {
		return "", errors.Join(err, errors.New("who speaks first?"))
	}
	for range 5 {
		challenge, done, err := server.Next(response)
		switch {
		case err != nil:
			return proved, err
		case done:
			return proved, c.Finish()
		}
		if response, err = c.Next(challenge); err != nil {
			return proved, err
		}
	}
	return proved, errors.New("it goes on for ever")
}

var everyone = []account.Mechanism{account.ScramSHA256Plus, account.ScramSHA256, account.ScramSHA1, account.OAuthBearer,
	account.XOAuth2, account.CramMD5, account.Plain, account.Login}

// TestBothSides has the program's own client log in at the demo's doors.
func TestBothSides(t *testing.T) {
	client, server := secured(t, tls.VersionTLS13)
	d := Door{Backend: house{}, TLS: server}
	var names []account.Mechanism
	for _, n := range d.Names() {
		names = append(names, account.Mechanism(n))
	}
	if !slices.Equal(names, everyone) {
		t.Errorf("offered: %v", names)
	}
	for _, m := range everyone {
		id := sasl.Identity{User: "alice", Password: account.NewPassword(word), Token: account.NewPassword("tok"), TLS: client, Address: "h:993"}
		if proved, err := talk(d, m, id); err != nil || proved != "alice" {
			t.Errorf("%s: %q, %v", m, proved, err)
		}
		for _, odd := range []sasl.Identity{
			{User: "alice", Password: account.NewPassword("x"), Token: account.NewPassword("x"), TLS: client},
			{User: "bob", Password: id.Password, Token: id.Token, TLS: client},
		} {
			if proved, err := talk(d, m, odd); !errors.Is(err, ErrAuth) || proved != "" {
				t.Errorf("%s as %s: %q, %v", m, odd.User, proved, err)
			}
		}
	}
}

// TestSomebodyBetween has two TLS connections where there should be one: a bound
// login fails, and one whose -PLUS was taken away is noticed.
func TestSomebodyBetween(t *testing.T) {
	client, _ := secured(t, tls.VersionTLS13)
	_, server := secured(t, tls.VersionTLS13)
	d := Door{Backend: house{}, TLS: server}
	id := sasl.Identity{User: "alice", Password: account.NewPassword(word), TLS: client}
	if _, err := talk(d, account.ScramSHA256Plus, id); err == nil {
		t.Error("a login that is bound to another connection was taken")
	}
	id.Unbound = true
	if _, err := talk(d, account.ScramSHA256, id); !errors.Is(err, ErrAuth) {
		t.Errorf("-PLUS was taken away, and nobody noticed: %v", err)
	}
	id.TLS = nil
	if _, err := talk(d, account.ScramSHA256, id); err != nil {
		t.Errorf("a client that cannot bind: %v", err)
	}
}

// Without TLS 1.3 there is nothing to bind to here.
func TestNothingToBindTo(t *testing.T) {
	client, server := secured(t, tls.VersionTLS12)
	for _, state := range []*tls.ConnectionState{server, nil} {
		d := Door{Backend: house{}, TLS: state}
		if slices.Contains(d.Names(), "SCRAM-SHA-256-PLUS") {
			t.Errorf("offered: %v", d.Names())
		}
		if _, err := talk(d, account.ScramSHA256, sasl.Identity{User: "alice", Password: account.NewPassword(word), TLS: client, Unbound: true}); err != nil {
			t.Error(err)
		}
	}
}

// TestCramExample is RFC 2195's own.
func TestCramExample(t *testing.T) {
	got := cramDigest("tanstaaftanstaaf", "<1896.697170952@postoffice.reston.mci.net>")
	if got != "b913a602c7eda7a495b4e6e7334d3890" {
		t.Error(got)
	}
}
