package pop3d

import (
	"strings"
	"testing"
	"time"
)

func (c *client) caps() string {
	c.t.Helper()
	return strings.Join(c.multi("CAPA"), "|")
}

// TestCAPA holds the whole list in every state that a session can have.
func TestCAPA(t *testing.T) {
	cfg, _ := certificate()
	const (
		always = "RESP-CODES|AUTH-RESP-CODE|PIPELINING|"
		login  = "USER|SASL SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN|"
		inside = "USER|SASL SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN|"
		end    = "EXPIRE NEVER|LOGIN-DELAY 0|IMPLEMENTATION imapop"
	)
	tests := []struct {
		name                       string
		options                    Options
		before, afterTLS, loggedIn string
	}{
		{"plain", Options{},
			"TOP|UIDL|" + always + login + end, "", "TOP|UIDL|" + always + end},
		{"TLS", Options{TLS: cfg},
			"TOP|UIDL|" + always + "STLS|" + login + end,
			"TOP|UIDL|" + always + inside + end,
			"TOP|UIDL|" + always + end},
		{"TLS required", Options{TLS: cfg, Policy: func() Policy { return Policy{RefusePlain: true} }},
			"TOP|UIDL|" + always + "STLS|" + end,
			"TOP|UIDL|" + always + inside + end,
			"TOP|UIDL|" + always + end},
		{"policies", Options{Name: "demo", Policy: func() Policy {
			return Policy{NoUIDL: true, ExpireDays: 7, LoginDelay: 1500 * time.Millisecond}
		}},
			"TOP|" + always + login + "EXPIRE 7|LOGIN-DELAY 2|IMPLEMENTATION demo", "",
			"TOP|" + always + "EXPIRE 7|LOGIN-DELAY 2|IMPLEMENTATION demo"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newRoom(t, three(), tt.options).dial()
			if got := c.caps(); got != tt.before {
				t.Errorf("before login\ngot  %s\nwant %s", got, tt.before)
			}
			if tt.afterTLS != "" {
				c.want("STLS", "+OK")
				c.upgrade()
				if got := c.caps(); got != tt.afterTLS {
					t.Errorf("after TLS\ngot  %s\nwant %s", got, tt.afterTLS)
				}
			}
			c.login()
			if got := c.caps(); got != tt.loggedIn {
				t.Errorf("after login\ngot  %s\nwant %s", got, tt.loggedIn)
			}
			c.want("STLS", "-ERR")
		})
	}
}

func TestNoUIDL(t *testing.T) {
	c := newRoom(t, three(), withPolicy(Policy{NoUIDL: true})).login()
	c.want("UIDL", "-ERR UIDL is switched off")
	c.want("UIDL 1", "-ERR UIDL is switched off")
	c.want("LIST 1", "+OK 1 100")
}

// TestNoSTLSAfterLogin: it is for AUTHORIZATION only (RFC 2595 section 4).
func TestNoSTLSAfterLogin(t *testing.T) {
	c := newRoom(t, three(), tlsOptions()).login()
	if strings.Contains(c.caps(), "STLS") {
		t.Error("CAPA offers STLS in TRANSACTION")
	}
	c.want("STLS", "-ERR")
	c.want("STAT", "+OK")
}

// TestPolicyIsReadForEachSession: a switch that is thrown holds for the next
// session, not for one that is open.
func TestPolicyIsReadForEachSession(t *testing.T) {
	policies := make(chan Policy, 1)
	policies <- Policy{}
	r := newRoom(t, three(), Options{Policy: func() Policy {
		p := <-policies
		policies <- p
		return p
	}})
	c := r.login()
	<-policies
	policies <- Policy{NoUIDL: true}
	c.want("UIDL 1", "+OK")
	c.want("QUIT", "+OK")
	r.login().want("UIDL 1", "-ERR")
}
