package live

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"imapop/account"
	"imapop/retrieval"
)

// failing is a server that does not do what it should, and what the person is
// to be told.
type failing struct {
	name     string
	security account.Security
	talk     func(c *talker) // nil: nothing listens
	is       error           // what the Problem's Err is; nil: anything
	why      string          // in Problem.Why
	do       string          // in Problem.Do
	stays    bool            // it is not tried again by itself
}

var failingIMAP = []failing{
	{name: "down", why: "nothing listens on 127.0.0.1", do: "o tries again"},
	{name: "silent", talk: (*talker).hang, why: "did not answer in time", do: "o tries again"},
	{name: "closes", talk: func(c *talker) {}, why: "the server closed the connection", do: "o tries again"},
	{name: "bye", talk: func(c *talker) { c.say("* BYE down for repairs until ten\r\n") }, why: "the server closed the connection (down for repairs until ten)", do: "o tries again"},
	{name: "preauth before TLS", security: account.StartTLS, talk: func(c *talker) { c.say("* PREAUTH welcome\r\n"); c.hang() },
		is: retrieval.ErrUnsafe, why: "PREAUTH", do: "nothing secret was sent", stays: true},
	{name: "no STARTTLS", security: account.StartTLS, talk: func(c *talker) { c.say("* OK hi\r\n"); c.line(); c.say("i0 BAD what?\r\n"); c.hang() },
		is: retrieval.ErrUnsafe, why: "refuses STARTTLS", do: "nothing secret was sent", stays: true},
	{name: "no TLS at all", security: account.TLS, talk: func(c *talker) { c.say("* OK hi, this is plaintext\r\n"); c.hang() },
		is: retrieval.ErrUnsafe, why: "does not answer with TLS", do: "check port, security", stays: true},
	{name: "LOGINDISABLED", talk: func(c *talker) { c.say("* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hi\r\n"); c.hang() },
		is: retrieval.ErrUnsafe, why: "LOGINDISABLED", do: "nothing secret was sent", stays: true},
	{name: "AUTHENTICATIONFAILED", talk: imapLogin("NO [AUTHENTICATIONFAILED] wrong"), is: retrieval.ErrAuth, why: "refused the user name or password", do: "press o", stays: true},
	{name: "bare NO", talk: imapLogin("NO login failed"), is: retrieval.ErrAuth, why: "login failed", do: "press o", stays: true},
	{name: "UNAVAILABLE", talk: imapLogin("NO [UNAVAILABLE] try later"), is: retrieval.ErrSysTemp, why: "passing fault (try later)", do: "o tries again"},
	{name: "IN-USE", talk: imapLogin("NO [INUSE] busy"), is: retrieval.ErrInUse, why: "mailbox is busy", do: "close the other program"},
	{name: "CONTACTADMIN", talk: imapLogin("NO [CONTACTADMIN] call us"), is: retrieval.ErrSysPerm, why: "lasting fault (call us)", do: "who runs the server", stays: true},
	{name: "drops in login", talk: func(c *talker) { c.imapUntil("AUTHENTICATE") }, why: "closed the connection", do: "o tries again"},
	{name: "silent in select", talk: func(c *talker) { c.imapUntil("SELECT"); c.hang() }, why: "did not answer in time", do: "o tries again"},
	{name: "drops in select", talk: func(c *talker) { c.imapUntil("SELECT"); c.say("* 5 EXISTS\r\n* OK [UIDVAL") }, why: "closed the connection", do: "o tries again"},
	{name: "garbage", talk: func(c *talker) { c.say("\x00\xff\x1b]0;owned\x07 HTTP/1.1 400 Bad Request\r\n\r\n"); c.hang() }, is: retrieval.ErrProtocol, why: "breaks the protocol", do: "w shows"},
	{name: "parentheses", talk: func(c *talker) {
		c.say("* OK hi\r\n* 1 FETCH (BODYSTRUCTURE %s", strings.Repeat("(", 3<<20))
		c.hang()
	}, is: retrieval.ErrTooMuch, why: "more than the limit", do: "w shows"},
	{name: "flood", talk: func(c *talker) { c.imapUntil("SELECT"); c.flood("* 1 RECENT\r\n") }, is: retrieval.ErrTooMuch, why: "more than the limit", do: "w shows"},
	{name: "endless line", talk: func(c *talker) { c.say("* OK "); c.flood("x") }, is: retrieval.ErrTooMuch, why: "more than the limit", do: "w shows"},
}

// imapLogin refuses the login.
func imapLogin(answer string) func(*talker) {
	return func(c *talker) { c.say("%s %s\r\n", c.imapUntil("AUTHENTICATE"), answer); c.hang() }
}

var failingPOP3 = []failing{
	{name: "down", why: "nothing listens on 127.0.0.1", do: "o tries again"},
	{name: "silent", talk: (*talker).hang, why: "did not answer in time", do: "o tries again"},
	{name: "closes", talk: func(c *talker) {}, why: "the server closed the connection", do: "o tries again"},
	{name: "refuses at once", talk: func(c *talker) { c.say("-ERR [SYS/TEMP] too many of you\r\n") }, is: retrieval.ErrSysTemp, why: "too many of you", do: "o tries again"},
	{name: "no STLS", security: account.StartTLS, talk: func(c *talker) { c.say("+OK\r\n"); c.line(); c.say("-ERR no\r\n"); c.hang() },
		is: retrieval.ErrUnsafe, why: "refuses STLS", do: "nothing secret was sent", stays: true},
	{name: "AUTH", talk: popLogin("-ERR [AUTH] wrong"), is: retrieval.ErrAuth, why: "refused the user name or password (wrong)", do: "press o", stays: true},
	{name: "bare -ERR", talk: popLogin("-ERR Authentication failed"), is: retrieval.ErrAuth, why: "Authentication failed", do: "press o", stays: true},
	{name: "IN-USE", talk: popLogin("-ERR [IN-USE] locked"), is: retrieval.ErrInUse, why: "mailbox is busy", do: "close the other program"},
	{name: "LOGIN-DELAY", talk: popLogin("-ERR [LOGIN-DELAY] slow down"), is: retrieval.ErrLoginDelay, why: "more time between two logins", do: "wait"},
	{name: "SYS/TEMP", talk: popLogin("-ERR [SYS/TEMP] try later"), is: retrieval.ErrSysTemp, why: "passing fault (try later)", do: "o tries again"},
	{name: "SYS/PERM", talk: popLogin("-ERR [SYS/PERM] call us"), is: retrieval.ErrSysPerm, why: "lasting fault (call us)", do: "who runs the server", stays: true},
	{name: "drops in login", talk: func(c *talker) { c.popUntil("PASS") }, why: "closed the connection", do: "o tries again"},
	{name: "blank answer", talk: popLogin(""), is: retrieval.ErrProtocol, why: "breaks the protocol", do: "w shows"},
	{name: "silent in UIDL", talk: func(c *talker) { c.popUntil("UIDL"); c.hang() }, why: "did not answer in time", do: "o tries again", stays: true},
	{name: "drops in UIDL", talk: func(c *talker) { c.popUntil("UIDL"); c.say("+OK\r\n1 ab") }, why: "closed the connection", do: "o tries again", stays: true},
	{name: "garbage", talk: func(c *talker) { c.say("HTTP/1.1 400 Bad Request\r\n\r\n"); c.hang() }, is: retrieval.ErrProtocol, why: "breaks the protocol", do: "w shows"},
	{name: "endless listing", talk: func(c *talker) { c.popUntil("UIDL"); c.say("+OK\r\n"); c.flood("1 a\r\n") }, why: "", do: "w shows", stays: true},
	{name: "endless line", talk: func(c *talker) { c.say("+OK "); c.flood("x") }, is: retrieval.ErrTooMuch, why: "more than the limit", do: "w shows"},
}

// popLogin refuses the login.
func popLogin(answer string) func(*talker) {
	return func(c *talker) { c.popUntil("PASS"); c.say("%s\r\n", answer); c.hang() }
}

// TestOneSideFails breaks one side in every way that was thought of. The person
// hears what, where, why and what to do; the other side stays usable; the
// program can be left at once.
func TestOneSideFails(t *testing.T) {
	_, good := healthy(t)
	for side, cases := range map[retrieval.Protocol][]failing{retrieval.IMAP: failingIMAP, retrieval.POP3: failingPOP3} {
		other := retrieval.POP3
		if side == retrieval.POP3 {
			other = retrieval.IMAP
		}
		for _, c := range cases {
			t.Run(string(side)+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				a := good
				ep := c.endpoint(t)
				if side == retrieval.IMAP {
					a.IMAP = ep
				} else {
					a.POP3 = ep
				}
				b := try(t, a, func(o *Options) {
					if strings.HasPrefix(c.name, "silent") {
						o.Wire.Timeouts.Answer = 300 * time.Millisecond
					}
				})
				c.told(t, ep, b.problem(side))
				b.works(other)
			})
		}
	}
}

func (c failing) endpoint(t *testing.T) account.Endpoint {
	t.Helper()
	addr := "127.0.0.1:1"
	if c.talk != nil {
		addr = serve(t, c.talk).addr
	} else if ln, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		addr = ln.Addr().String()
		ln.Close()
	}
	ep := plaintext(addr)
	if c.security != "" {
		ep.Security = c.security
	}
	return ep
}

func (c failing) told(t *testing.T, ep account.Endpoint, pr *retrieval.Problem) {
	t.Helper()
	t.Logf("%s | %s | %s", pr.What, pr.Why, pr.Do)
	if c.is != nil && !errors.Is(pr.Err, c.is) {
		t.Errorf("the error is %v, want %v", pr.Err, c.is)
	}
	if !strings.Contains(pr.What, ep.Address) {
		t.Errorf("what: %q does not name %s", pr.What, ep.Address)
	}
	if !strings.Contains(pr.Why, c.why) {
		t.Errorf("why: %q lacks %q", pr.Why, c.why)
	}
	if !strings.Contains(pr.Do, c.do) {
		t.Errorf("do: %q lacks %q", pr.Do, c.do)
	}
	if strings.ContainsAny(pr.What+pr.Why+pr.Do, "\x1b\x07\x00\r\n") {
		t.Errorf("raw octets of the server are in %q", pr.Why)
	}
	if strings.Contains(pr.Why, "wonderland") {
		t.Errorf("the password is in %q", pr.Why)
	}
	if pr.Retry.IsZero() != c.stays {
		t.Errorf("tries again by itself: %v", !pr.Retry.IsZero())
	}
}

// TestNothingSecretGoesOutUnsafely looks at what servers got that lack the
// security that the account asks for.
func TestNothingSecretGoesOutUnsafely(t *testing.T) {
	_, good := healthy(t)
	for side, cases := range map[retrieval.Protocol][]failing{retrieval.IMAP: failingIMAP, retrieval.POP3: failingPOP3} {
		for _, c := range cases {
			if !errors.Is(c.is, retrieval.ErrUnsafe) {
				continue
			}
			t.Run(string(side)+"/"+c.name, func(t *testing.T) {
				s := serve(t, c.talk)
				a, ep := good, plaintext(s.addr)
				if c.security != "" {
					ep.Security = c.security
				}
				a.IMAP, a.POP3 = ep, ep
				b := try(t, a, nil)
				b.problem(side)
				for _, form := range []string{"wonderland", "d29uZGVybGFuZ", "Z9bmRlcmxhbm", "b25kZXJsYW5k"} {
					if strings.Contains(s.said(), form) {
						t.Errorf("the server got %q", s.said())
					}
				}
			})
		}
	}
}

// TestLeaveAtOnce leaves while a side connects to a server that says nothing:
// there is nobody to take leave of.
func TestLeaveAtOnce(t *testing.T) {
	asked := make(chan struct{}, 2)
	s := serve(t, func(c *talker) { asked <- struct{}{}; c.hang() })
	_, a := healthy(t)
	a.IMAP, a.POP3 = plaintext(s.addr), plaintext(s.addr)
	b := try(t, a, func(o *Options) { o.Wire.Timeouts.Answer = time.Hour })
	<-asked
	<-asked
	start := time.Now()
	b.Close()
	if took := time.Since(start); took > time.Second {
		t.Errorf("Close took %v", took)
	}
}
