package pop3d

import (
	"crypto/hmac"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"
)

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// challenge reads a challenge.
func (c *client) challenge() string {
	c.t.Helper()
	text, ok := strings.CutPrefix(c.line(), "+ ")
	b, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil {
		c.t.Fatalf("no challenge: %q", text)
	}
	return string(b)
}

func TestPasswords(t *testing.T) {
	r := newRoom(t, three(), Options{})
	c := r.dial()
	c.want("USER alice", "+OK")
	c.want("PASS wrong", "-ERR [AUTH] ")
	c.want("PASS "+password, "-ERR PASS comes right after USER") // USER is used up
	c.want("USER nobody", "+OK")
	c.want("PASS "+password, "-ERR [AUTH] ")
	c.want("USER alice", "+OK")
	c.want("CAPA", "+OK")
	c.body()
	c.want("PASS "+password, "-ERR PASS comes right after USER")
	c.want("USER broken", "+OK")
	c.want("PASS x", "-ERR [SYS/TEMP] ")
	c.want("USER alice", "+OK")
	c.want("PASS "+password, "+OK") // with its space
}

func TestLockErrors(t *testing.T) {
	for err, code := range map[error]string{
		ErrInUse: "[IN-USE] ", ErrDelay: "[LOGIN-DELAY] ", ErrAuth: "[AUTH] ", errors.New("no disk"): "[SYS/TEMP] ",
	} {
		b := three()
		b.lockErr = err
		c := newRoom(t, b, Options{}).dial()
		c.want("USER alice", "+OK")
		c.want("PASS "+password, "-ERR "+code)
		c.want("AUTH PLAIN "+b64("\x00alice\x00"+password), "-ERR "+code)
		c.want("STAT", "-ERR") // not in TRANSACTION
	}
}

func TestTooManyFailedLogins(t *testing.T) {
	c := newRoom(t, three(), Options{}).dial()
	for range maxFailed - 1 {
		c.want("USER alice", "+OK")
		c.want("PASS guess", "-ERR [AUTH] ")
	}
	c.want("AUTH PLAIN "+b64("\x00alice\x00guess"), "-ERR [AUTH] wrong user name or password; too many")
	c.ended()
}

func TestAPOP(t *testing.T) {
	r := newRoom(t, three(), withPolicy(Policy{APOP: true}))
	c, other := r.dial(), r.dial()
	stamp := c.greeting[strings.IndexByte(c.greeting, '<'):]
	if !strings.HasSuffix(stamp, ">") || strings.HasSuffix(other.greeting, stamp) {
		t.Fatalf("%q and %q", c.greeting, other.greeting)
	}
	sum := md5.Sum([]byte(stamp + password))
	digest := hex.EncodeToString(sum[:])
	c.want("APOP alice", "-ERR")
	c.want("APOP "+digest, "-ERR")
	c.want("APOP nobody "+digest, "-ERR [AUTH]")
	empty := md5.Sum([]byte(stamp)) // what nobody's secret would give
	c.want("APOP nobody "+hex.EncodeToString(empty[:]), "-ERR [AUTH]")
	c.want("APOP alice "+digest[1:], "-ERR [AUTH]")
	other.want("APOP alice "+digest, "-ERR [AUTH]") // a digest is for one session
	c.want("APOP alice "+digest, "+OK")
	c.want("STAT", "+OK")
}

// TestAPOPExample is RFC 1939's own: its time stamp, secret and digest.
func TestAPOPExample(t *testing.T) {
	s := &session{stamp: "<1896.697170952@dbc.mtview.ca.us>"}
	if got := s.apopDigest("tanstaaf"); got != "c4c9334bac560ecc979e58001b3e22fb" {
		t.Error(got)
	}
}

func TestNoAPOP(t *testing.T) {
	c := newRoom(t, three(), Options{}).dial()
	if strings.ContainsAny(c.greeting, "<>") {
		t.Errorf("greeting %q has a time stamp", c.greeting)
	}
	c.want("APOP alice 0123", "-ERR no APOP")
}

func TestPlain(t *testing.T) {
	right := "\x00alice\x00" + password
	tests := []struct{ response, want string }{
		{right, "+OK"}, {"alice" + right, "+OK"},
		{"bob" + right, "-ERR [AUTH] "}, {"\x00alice\x00x", "-ERR [AUTH] "}, {"\x00\x00", "-ERR [AUTH] "},
		{"alice", "-ERR malformed"}, {"", "-ERR malformed"}, {right + "\x00", "-ERR malformed"},
	}
	for _, tt := range tests {
		initial := b64(tt.response)
		if initial == "" {
			initial = "="
		}
		r := newRoom(t, three(), Options{})
		c := r.dial()
		c.want("AUTH PLAIN "+initial, tt.want)
		c.conn.Close()
		r.s.sessionsEnd()
		c = r.dial()
		c.want("auth plain", "+ ")
		c.want(b64(tt.response), tt.want)
		c.conn.Close()
		r.s.sessionsEnd()
	}
}

func TestLogin(t *testing.T) {
	r := newRoom(t, three(), Options{})
	c := r.dial()
	c.write("AUTH LOGIN\r\n")
	if got := c.challenge(); got != "Username:" {
		t.Error(got)
	}
	c.want(b64("alice"), "+ "+b64("Password:"))
	c.want(b64("no"), "-ERR [AUTH] ")
	_, user, _ := sasl.NewLoginClient("alice", password).Start()
	c.want("AUTH LOGIN "+b64(string(user)), "+ "+b64("Password:"))
	c.want(b64(password), "+OK")
}

func TestCram(t *testing.T) {
	c := newRoom(t, three(), Options{}).dial()
	for _, tt := range []struct{ user, secret, want string }{
		{"alice", "x", "-ERR [AUTH] "}, {"nobody", "", "-ERR [AUTH] "}, {"alice", password, "+OK"},
	} {
		c.write("AUTH CRAM-MD5\r\n")
		mac := hmac.New(md5.New, []byte(tt.secret))
		mac.Write([]byte(c.challenge()))
		c.want(b64(tt.user+" "+hex.EncodeToString(mac.Sum(nil))), tt.want)
	}
}

func TestCancel(t *testing.T) {
	r := newRoom(t, three(), Options{})
	for _, name := range strings.Fields("SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN") {
		c := r.dial()
		c.want("AUTH "+name, "+ ")
		c.want("*", "-ERR authentication cancelled")
		c.want("AUTH "+name, "+ ")
		c.want("this is no base64", "-ERR that is not base64")
		c.want("AUTH "+name, "+ ")
		c.want(strings.Repeat("A", maxResponse), "-ERR line too long")
		c.login()
		c.want("QUIT", "+OK")
	}
}

// TestLongResponse: the limit of command lines is not that of responses.
func TestLongResponse(t *testing.T) {
	c := newRoom(t, three(), Options{}).dial()
	c.want("AUTH PLAIN", "+ ")
	c.want(b64("\x00alice\x00"+strings.Repeat("p", 9000)), "-ERR [AUTH] ")
	c.want("AUTH PLAIN "+b64("\x00alice\x00"+strings.Repeat("p", 300)), "-ERR line too long")
}

func TestNoLoginBeforeTLS(t *testing.T) {
	cfg, _ := certificate()
	r := newRoom(t, three(), Options{TLS: cfg, Policy: func() Policy { return Policy{RefusePlain: true, APOP: true} }})
	c := r.dial()
	for _, command := range []string{"USER alice", "PASS x", "APOP alice 00", "AUTH PLAIN " + b64("\x00alice\x00"+password), "AUTH CRAM-MD5"} {
		c.want(command, "-ERR no login before TLS")
	}
	c.want("STLS", "+OK")
	c.upgrade()
	c.login()
	c.want("STAT", "+OK")
}
