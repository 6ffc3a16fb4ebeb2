package sandbox

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"imapop/account"
	client "imapop/account/sasl"
)

// dialPlain is a raw IMAP connection before TLS, greeting read.
func dialPlain(t testing.TB, s *Server) *raw {
	t.Helper()
	r := dialRaw(t, s.Info().IMAP)
	r.want("* OK [CAPABILITY IMAP4rev2 IMAP4rev1 ID ")
	return r
}

func last(lines []string) string { return lines[len(lines)-1] }

func TestID(t *testing.T) {
	s := start(t, Options{})
	r := dialPlain(t, s)
	for _, cmd := range []string{`ID NIL`, `ID ("name" "x")`, `id ("name" "x" "version" NIL)`} {
		lines := r.imap(cmd)
		if len(lines) != 2 || !strings.HasPrefix(lines[0], `* ID ("name" "imapop sandbox"`) || !strings.HasPrefix(lines[1], "x OK") {
			t.Errorf("%s: %q", cmd, lines)
		}
	}
	if l := last(r.imap("ID")); !strings.HasPrefix(l, "x BAD") {
		t.Errorf("ID without arguments: %q", l)
	}
	r.send(`a ID ("name" {3}`)
	r.want("+")
	r.send(`foo "version" {1+}`)
	r.send(`1)`)
	r.want("* ID (")
	r.want("a OK")
	// Several commands in one write are answered in their order.
	r.send("a NOOP\r\nb ID NIL\r\nc LOGIN alice wonderland\r\nd ID NIL\r\ne NOOP")
	for _, want := range []string{"a OK", "* ID", "b OK", "c OK [CAPABILITY IMAP4rev2 IMAP4rev1 ID", "* ID", "d OK", "e OK"} {
		r.want(want)
	}
	if l := r.imap("CAPABILITY")[0]; !strings.Contains(l, " ID ") {
		t.Errorf("no ID in %q", l)
	}
}

func TestIDByLibrary(t *testing.T) {
	s := start(t, Options{})
	c := dialIMAP(t, s, nil)
	if !c.Caps().Has(imap.CapID) {
		t.Error("ID is not announced")
	}
	data, err := c.ID(nil).Wait()
	if err != nil || data.Name != "imapop sandbox" {
		t.Errorf("%+v, %v", data, err)
	}
}

// What is inside a literal is mail, whatever it looks like.
func TestLiteralsAreNotCommands(t *testing.T) {
	s := start(t, Options{})
	text := "Subject: x\r\n\r\nb ID NIL\r\nc STARTTLS\r\n* CAPABILITY IMAP4rev2 IMAP4rev1\r\n{5}\r\n"
	for _, plus := range []string{"", "+"} {
		r := dialPlain(t, s)
		r.imap("LOGIN alice wonderland")
		r.send("a APPEND Archive {%d%s}", len(text), plus)
		if plus == "" {
			r.want("+")
		}
		r.send("%s", text)
		r.want("a OK [APPENDUID ")
		lines := r.imap("SELECT Archive")
		if !strings.HasPrefix(last(lines), "x OK") {
			t.Fatal(lines)
		}
		got := strings.Join(r.imap("FETCH * BODY.PEEK[]"), "\r\n")
		if !strings.Contains(got, text) {
			t.Errorf("the message came back as %q", got)
		}
	}
}

// A literal that the server refuses does not come; the next line is a command.
func TestRefusedLiteral(t *testing.T) {
	s := start(t, Options{})
	r := dialPlain(t, s)
	r.imap("LOGIN alice wonderland")
	r.send("a APPEND INBOX {999999999}")
	r.want("a NO")
	if lines := r.imap("ID NIL"); !strings.HasPrefix(lines[0], "* ID") {
		t.Error(lines)
	}
}

func TestStartTLS(t *testing.T) {
	s := start(t, Options{Policies: map[string]string{"plaintext-login": "refuse"}})
	r := dialPlain(t, s)
	caps := r.imap("CAPABILITY")[0]
	if !strings.Contains(caps, "STARTTLS") || !strings.Contains(caps, "LOGINDISABLED") || strings.Contains(caps, "AUTH=") {
		t.Errorf("before TLS: %s", caps)
	}
	if l := last(r.imap("LOGIN alice wonderland")); !strings.HasPrefix(l, "x NO [PRIVACYREQUIRED]") {
		t.Errorf("login before TLS: %s", l)
	}
	r.send("x STARTTLS")
	r.want("x OK")
	r.secure(s)
	caps = r.imap("CAPABILITY")[0]
	if strings.Contains(caps, "STARTTLS") || strings.Contains(caps, "LOGINDISABLED") || !strings.Contains(caps, "AUTH=PLAIN") || !strings.Contains(caps, " ID ") {
		t.Errorf("inside TLS: %s", caps)
	}
	if l := last(r.imap("STARTTLS")); strings.HasPrefix(l, "x OK") {
		t.Errorf("STARTTLS inside TLS: %s", l)
	}
	if l := last(r.imap("LOGIN alice wonderland")); !strings.HasPrefix(l, "x OK") {
		t.Errorf("login: %s", l)
	}
}

// Octets that come with STARTTLS are not used; the connection ends.
func TestStartTLSInjection(t *testing.T) {
	s := start(t, Options{})
	r := dialPlain(t, s)
	r.send("a STARTTLS\r\nb NOOP")
	if l, err := r.r.ReadString('\n'); err == nil {
		t.Errorf("got %q", l)
	}
}

func TestStartTLSAfterLogin(t *testing.T) {
	s := start(t, Options{})
	for _, login := range []string{"LOGIN alice wonderland", "AUTHENTICATE PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00alice\x00wonderland"))} {
		r := dialPlain(t, s)
		r.imap(login)
		if l := last(r.imap("STARTTLS")); !strings.HasPrefix(l, "x BAD") {
			t.Errorf("after %s: %s", strings.Fields(login)[0], l)
		}
	}
}

func TestPasswords(t *testing.T) {
	s := start(t, Options{User: "bob@example.org", Password: `two words "and" more`})
	dial := func() *imapclient.Client {
		c, err := imapclient.DialTLS(s.Info().IMAPS, &imapclient.Options{TLSConfig: s.clientTLS()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	for _, try := range []struct {
		user, password string
		ok             bool
	}{{s.user, s.password, true}, {s.user, "two words", false}, {"alice", s.password, false}, {s.user, "", false}} {
		logins := map[string]func(c *imapclient.Client) error{
			"LOGIN": func(c *imapclient.Client) error { return c.Login(try.user, try.password).Wait() },
			"AUTH PLAIN": func(c *imapclient.Client) error {
				return c.Authenticate(sasl.NewPlainClient("", try.user, try.password))
			},
			"AUTH LOGIN": func(c *imapclient.Client) error { return c.Authenticate(sasl.NewLoginClient(try.user, try.password)) },
		}
		if scram, err := client.New(account.ScramSHA256, client.Identity{User: try.user, Password: account.NewPassword(try.password)}); err == nil { // not with an empty password
			logins["AUTH SCRAM"] = func(c *imapclient.Client) error { return c.Authenticate(scram) }
		}
		for name, login := range logins {
			err := login(dial())
			if (err == nil) != try.ok {
				t.Errorf("%s as %q with %q: %v", name, try.user, try.password, err)
			}
			if err != nil && !strings.Contains(err.Error(), "AUTHENTICATIONFAILED") {
				t.Errorf("%s: no code in %v", name, err)
			}
		}
	}
}
