package pop3d_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"testing"

	pop3 "github.com/knadh/go-pop3"

	"imapop/account/sandbox"
)

func start(t *testing.T, policies map[string]string) *sandbox.Server {
	t.Helper()
	s, err := sandbox.Start(context.Background(), sandbox.Options{Dir: t.TempDir(), Policies: policies})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// connect logs in with go-pop3 on the implicit TLS port.
func connect(t *testing.T, s *sandbox.Server) *pop3.Conn {
	t.Helper()
	host, portText, _ := net.SplitHostPort(s.Info().POP3S)
	port, _ := strconv.Atoi(portText)
	dialer := &tls.Dialer{Config: &tls.Config{RootCAs: s.Roots(), ServerName: host}}
	conn, err := pop3.New(pop3.Opt{Host: host, Port: port, Dialer: dialer}).NewConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Auth(s.Info().User, s.Info().Password); err != nil {
		t.Fatal(err)
	}
	return conn
}

// TestLibraryAgainstSandbox: another author's client reads all of the demo
// account, and what it deletes stays deleted under the other unique-ids.
func TestLibraryAgainstSandbox(t *testing.T) {
	s := start(t, nil)
	c := connect(t, s)
	count, octets, err := c.Stat()
	if err != nil || count < 5 {
		t.Fatal(count, err)
	}
	list, err := c.List(0)
	if err != nil || len(list) != count {
		t.Fatal(len(list), err)
	}
	ids, err := c.Uidl(0)
	if err != nil || len(ids) != count {
		t.Fatal(len(ids), err)
	}
	sum := 0
	for _, m := range list {
		sum += m.Size
		if m.Size > 200_000 {
			continue // the library takes seconds for it under the race detector
		}
		raw, err := c.RetrRaw(m.ID)
		if err != nil {
			t.Fatal(err)
		}
		if raw.Len() != m.Size {
			t.Errorf("message %d: LIST says %d octets, %d came", m.ID, m.Size, raw.Len())
		}
	}
	if sum != octets {
		t.Errorf("STAT says %d octets, LIST %d", octets, sum)
	}
	if err := c.Dele(1, 3); err != nil {
		t.Fatal(err)
	}
	if err := c.Quit(); err != nil {
		t.Fatal(err)
	}
	c = connect(t, s) // the lock is free: QUIT was answered after it
	defer c.Quit()
	left, err := c.Uidl(0)
	if err != nil || len(left) != count-2 || left[0].UID != ids[1].UID || left[1].UID != ids[3].UID {
		t.Errorf("left %v of %v (%v)", left, ids, err)
	}
}

// raw is a connection to the plain port, read by textproto.
func raw(t *testing.T, s *sandbox.Server) *textproto.Conn {
	t.Helper()
	c, err := textproto.Dial("tcp", s.Info().POP3)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	expect(t, c, "+OK")
	return c
}

func expect(t *testing.T, c *textproto.Conn, prefix string) string {
	t.Helper()
	line, err := c.ReadLine()
	if err != nil || !strings.HasPrefix(line, prefix) {
		t.Fatalf("got %q (%v), want %q", line, err, prefix)
	}
	return line
}

func say(t *testing.T, c *textproto.Conn, prefix, format string, args ...any) string {
	t.Helper()
	if err := c.PrintfLine(format, args...); err != nil {
		t.Fatal(err)
	}
	return expect(t, c, prefix)
}

func login(t *testing.T, s *sandbox.Server) *textproto.Conn {
	t.Helper()
	c := raw(t, s)
	say(t, c, "+OK", "USER %s", s.Info().User)
	say(t, c, "+OK", "PASS %s", s.Info().Password)
	return c
}

// TestSwitches throws the policies that POP3 sees.
func TestSwitches(t *testing.T) {
	s := start(t, map[string]string{"apop": "no"})
	set := func(name, value string) {
		t.Helper()
		if err := s.SetPolicy(name, value); err != nil {
			t.Fatal(err)
		}
	}
	open := login(t, s)
	second := raw(t, s)
	say(t, second, "+OK", "USER %s", s.Info().User)
	say(t, second, "-ERR [IN-USE]", "PASS %s", s.Info().Password)
	say(t, open, "+OK", "DELE 1")
	say(t, open, "+OK", "RSET")
	say(t, open, "+OK", "QUIT")

	set("uidl", "no")
	open = login(t, s)
	say(t, open, "-ERR", "UIDL")
	say(t, open, "+OK", "QUIT")
	set("uidl", "yes")

	set("plaintext-login", "refuse")
	say(t, raw(t, s), "-ERR", "USER %s", s.Info().User)
	c := connect(t, s) // inside TLS
	c.Quit()
	set("plaintext-login", "allow")

	set("login-delay", "10m")
	second = raw(t, s)
	say(t, second, "+OK", "USER %s", s.Info().User)
	say(t, second, "-ERR [LOGIN-DELAY]", "PASS %s", s.Info().Password)
}

// TestTopOfTheDemo: TOP n k is the header, the blank line and k lines of what
// RETR gives, for every message of the demo account.
func TestTopOfTheDemo(t *testing.T) {
	s := start(t, nil)
	c := login(t, s)
	var count, octets int
	fmt.Sscanf(say(t, c, "+OK", "STAT"), "+OK %d %d", &count, &octets)
	for n := 1; n <= count; n++ {
		say(t, c, "+OK", "RETR %d", n)
		whole, err := c.ReadDotBytes()
		if err != nil {
			t.Fatal(err)
		}
		head, body, _ := bytes.Cut(whole, []byte("\n\n"))
		lines := bytes.SplitAfter(body, []byte("\n"))
		for _, k := range []int{0, 1, 3} {
			say(t, c, "+OK", "TOP %d %d", n, k)
			top, err := c.ReadDotBytes()
			if err != nil {
				t.Fatal(err)
			}
			want := append(append(bytes.Clone(head), "\n\n"...), bytes.Join(lines[:min(k, len(lines))], nil)...)
			if !bytes.Equal(top, want) {
				t.Errorf("TOP %d %d: %d octets, want %d", n, k, len(top), len(want))
			}
		}
	}
}
