package retrieval_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"imapop/account"
	"imapop/account/sasl"
	"imapop/retrieval"
	"imapop/retrieval/wire"
)

// impostor is a server for one login that does not know the password.
type impostor struct {
	p    retrieval.Protocol
	c    net.Conn
	r    *bufio.Reader
	tag  string
	mech string // as the client asked for
	ir   []byte // what it said first
}

// greet offers mechanisms and waits for the client to take one; false: it hung up.
func (i *impostor) greet(offers string) bool {
	if i.p == retrieval.IMAP {
		i.say("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=" + strings.ReplaceAll(offers, " ", " AUTH=") + "] hello")
	} else {
		i.say("+OK hello")
	}
	for {
		line, err := i.r.ReadString('\n')
		if err != nil {
			return false
		}
		words := strings.Fields(line)
		if i.p == retrieval.IMAP {
			i.tag, words = words[0], words[1:]
		}
		if words[0] == "CAPA" {
			i.say("+OK", "USER", "SASL "+offers, ".")
			continue
		}
		if len(words) < 2 {
			return false
		}
		i.mech = words[1]
		if len(words) > 2 {
			i.ir, _ = base64.StdEncoding.DecodeString(words[2])
		}
		return true
	}
}

func (i *impostor) say(lines ...string) {
	for _, l := range lines {
		_, _ = i.c.Write([]byte(l + "\r\n"))
	}
}

func (i *impostor) yes() {
	i.say(map[retrieval.Protocol]string{retrieval.IMAP: i.tag + " OK in", retrieval.POP3: "+OK in"}[i.p])
}
func (i *impostor) no() {
	i.say(map[retrieval.Protocol]string{retrieval.IMAP: i.tag + " NO [AUTHENTICATIONFAILED] no", retrieval.POP3: "-ERR [AUTH] no"}[i.p])
}

// challenge says a challenge and returns the client's answer; "" when it hung up.
func (i *impostor) challenge(text string) string {
	i.say("+ " + base64.StdEncoding.EncodeToString([]byte(text)))
	line, _ := i.r.ReadString('\n')
	return line
}

// first is a proper server-first-message of SCRAM, but for its rounds.
func (i *impostor) first(rounds int) string {
	_, nonce, _ := strings.Cut(string(i.ir), ",r=")
	return fmt.Sprintf("r=%sxyz,s=QSXCR+Q6sek8bf92,i=%d", nonce, rounds)
}

// TestImpostors has servers that do not know the password and want in all the
// same: none is believed, and nothing is said to any after it gave itself away.
func TestImpostors(t *testing.T) {
	for name, c := range map[string]struct {
		talk  func(i *impostor)
		want  error
		hears string // what the person is told
	}{
		"yes at once":      {func(i *impostor) { i.yes() }, sasl.ErrUnproven, "did not prove"},
		"yes to the proof": {func(i *impostor) { i.challenge(i.first(4096)); i.yes() }, sasl.ErrUnproven, "did not prove"},
		"a made-up proof": {func(i *impostor) {
			i.challenge(i.first(4096))
			i.say("+ " + base64.StdEncoding.EncodeToString([]byte("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")))
		}, sasl.ErrUnproven, "did not prove"},
		"rounds to guess by": {func(i *impostor) { i.say("+ " + base64.StdEncoding.EncodeToString([]byte(i.first(1)))) }, sasl.ErrChallenge, "could be guessed"},
		"no base64":          {func(i *impostor) { i.say("+ %%%") }, retrieval.ErrProtocol, ""},
	} {
		for _, p := range []retrieval.Protocol{retrieval.IMAP, retrieval.POP3} {
			t.Run(fmt.Sprintf("%s/%s", name, p), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					err := meet(t, p, nil, "SCRAM-SHA-256 PLAIN", func(i *impostor) {
						if i.mech != "SCRAM-SHA-256" {
							t.Errorf("it took %s", i.mech)
						}
						c.talk(i)
						if rest, _ := io.ReadAll(i.r); len(rest) > 0 {
							t.Errorf("then it said %q", rest)
						}
					})
					var login *account.LoginError
					if !errors.Is(err, c.want) || !errors.As(err, &login) || login.Refused || !strings.Contains(err.Error(), c.hears) || strings.Contains(err.Error(), "wonderland") {
						t.Errorf("%v", err)
					}
					if c.want == sasl.ErrUnproven && !errors.Is(err, retrieval.ErrUnsafe) {
						t.Errorf("not unsafe: %v", err)
					}
				})
			})
		}
	}
}

// A server that refuses SCRAM and then offers nothing but PLAIN does not get the
// password, in the same session or the next.
func TestNothingWeakerBehindARefusal(t *testing.T) {
	for _, p := range []retrieval.Protocol{retrieval.IMAP, retrieval.POP3} {
		synctest.Test(t, func(t *testing.T) {
			g := &sasl.Guard{}
			err := meet(t, p, g, "SCRAM-SHA-256 PLAIN", func(i *impostor) {
				i.no()
				if rest, _ := io.ReadAll(i.r); strings.Contains(string(rest), "AUTH") || strings.Contains(string(rest), "LOGIN") {
					t.Errorf("%s: then it said %q", p, rest)
				}
			})
			if !errors.Is(err, retrieval.ErrAuth) || g.NotBelow("127.0.0.1:1") != account.ScramSHA256 {
				t.Errorf("%s: %v, not below %q", p, err, g.NotBelow("127.0.0.1:1"))
			}
			err = meet(t, p, g, "PLAIN", func(i *impostor) { t.Errorf("%s: it logged in by %s", p, i.mech) })
			if !errors.Is(err, sasl.ErrNoMechanism) {
				t.Errorf("%s: %v", p, err)
			}
		})
	}
}

// meet logs in at an impostor.
func meet(t *testing.T, p retrieval.Protocol, g *sasl.Guard, offers string, talk func(*impostor)) error {
	t.Helper()
	ours, theirs := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer theirs.Close()
		i := &impostor{p: p, c: theirs, r: bufio.NewReader(theirs)}
		if i.greet(offers) {
			talk(i)
		}
	}()
	ep := account.Endpoint{Address: "127.0.0.1:1", Security: account.Plaintext}
	a := account.Account{User: "alice", IMAP: ep, POP3: ep}
	_, err := visit(t, p, a, "wonderland", g, wire.Options{Dialer: func(context.Context, string, string) (net.Conn, error) { return ours, nil }})
	<-done
	return err
}
