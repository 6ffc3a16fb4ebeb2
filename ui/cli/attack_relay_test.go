package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"imapop/account"
	"imapop/account/sandbox"
	"imapop/retrieval/check"
)

// between runs a relay in front of a good server for every connection.
func between(t *testing.T, target string, pass func(client, server net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				s, err := net.Dial("tcp", target)
				if err != nil {
					return
				}
				defer s.Close()
				stop := context.AfterFunc(t.Context(), func() { c.Close(); s.Close() })
				defer stop()
				pass(c, s)
			}()
		}
	}()
	return ln.Addr().String()
}

// TestTamperedCapabilities changes what the server says before TLS: none of it
// may be used, or be told of as if it had been said inside TLS.
func TestTamperedCapabilities(t *testing.T) {
	good := startGood(t)
	for side, c := range map[string]struct {
		target, from, to string
	}{
		"imap": {good.srv.Info().IMAP, "IMAP4rev1", "IMAP4rev1 X-EVIL AUTH=X-EVIL LOGINDISABLED"},
		"pop3": {good.srv.Info().POP3, "UIDL\r\n", "UIDL\r\nX-EVIL\r\nSASL X-EVIL\r\n"},
	} {
		addr := between(t, c.target, func(client, server net.Conn) {
			go io.Copy(server, client)
			for r := bufio.NewReader(server); ; {
				line, err := r.ReadString('\n')
				if err != nil {
					return
				}
				line = strings.Replace(line, c.from, c.to, 1)
				if _, err := io.WriteString(client, line); err != nil {
					return
				}
				if strings.Contains(line, "OK") && strings.Contains(strings.ToUpper(line), "TLS") && !strings.Contains(line, "CAPABILITY") {
					io.Copy(client, r) // TLS begins
					return
				}
			}
		})
		conf := good.config(t, t.TempDir(), side, addr, account.StartTLS)
		if o := attackOnce(t, conf, "compare", waiting(5*time.Second)); o.code != exitOK {
			t.Errorf("%s: compare: exit code %d: %s", side, o.code, o.errs)
		}
		o := attackOnce(t, conf, "check --json", waiting(5*time.Second))
		var r check.Report
		if err := json.Unmarshal([]byte(o.out), &r); err != nil {
			t.Fatalf("%s: check: %v: %s", side, err, o.errs)
		}
		s := map[string]*check.Side{"imap": r.Facts.IMAP, "pop3": r.Facts.POP3}[side]
		if before := fmt.Sprint(s.Doors[0].Before); !strings.Contains(before, "X-EVIL") {
			t.Errorf("%s: the test changes nothing: %s", side, before)
		}
		if after := fmt.Sprint(s.Doors[0].After, s.Login.Capabilities); strings.Contains(after, "X-EVIL") || !s.Login.OK {
			t.Errorf("%s: what was said before TLS is told as if inside: %s", side, after)
		}
	}
}

// TestRandomDisconnects cuts the cable of one side anywhere. The command ends in
// time, by a clear line or well; nothing is lost on the server; and what was
// downloaded is whole.
func TestRandomDisconnects(t *testing.T) {
	good := startGood(t)
	before := held(t, good.srv)
	for seed := range uint64(12) {
		rnd := rand.New(rand.NewPCG(seed, 42))
		side, target := "imap", good.srv.Info().IMAP
		if seed%2 == 1 {
			side, target = "pop3", good.srv.Info().POP3
		}
		var after atomic.Int64
		addr := between(t, target, func(client, server net.Conn) {
			go io.Copy(server, client)
			io.CopyN(client, server, after.Load())
		})
		after.Store(rnd.Int64N(6000))
		dir := t.TempDir()
		conf := good.config(t, dir, side, addr, "")
		commands := []string{"compare", "check"}
		if side == "pop3" && after.Load() < 4000 { // behind that it could be done, and rightly delete
			commands = append(commands, "fetch --delete")
		}
		for _, command := range commands {
			o := attackOnce(t, conf, command, waiting(5*time.Second))
			if o.code != exitOK && o.code != exitFail || o.took > attackLimit {
				t.Errorf("seed %d: %s: exit code %d after %v: %s", seed, command, o.code, o.took, o.errs)
			}
			if o.code == exitFail && !strings.HasPrefix(o.errs, "imapop: test: ") {
				t.Errorf("seed %d: %s: no clear line: %q", seed, command, o.errs)
			}
			harmless(t, command, o.out+o.errs)
		}
		keepsNothing(t, dir)
		if now := held(t, good.srv); now != before {
			t.Errorf("seed %d: the server holds %d messages, and held %d", seed, now, before)
		}
	}
}

// held is how many messages INBOX holds.
func held(t *testing.T, srv *sandbox.Server) int {
	t.Helper()
	conn, err := net.Dial("tcp", srv.Info().POP3)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "USER alice\r\nPASS %s\r\nSTAT\r\nQUIT\r\n", secretUnderAttack)
	b, _ := io.ReadAll(conn)
	n := -1
	for _, line := range strings.Split(string(b), "\r\n") {
		var octets int
		if k, _ := fmt.Sscanf(line, "+OK %d %d", &n, &octets); k == 2 {
			return n
		}
	}
	t.Fatalf("no STAT in %q", b)
	return n
}
