// Package cyrus starts a private Cyrus IMAP for a test: one user, IMAP and POP3
// over plain and TLS ports, LMTP for deliveries, everything below a directory of
// its own that goes away with the test. It needs root and the packages that
// .ci/servers unpacks, and has only been tried with Cyrus 3.6 of Debian 12.
package cyrus

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"imapop/account"
	"imapop/account/servertest/internal/daemon"
)

// The one user of every server.
const (
	User     = "alice"
	Password = "wonderland"
)

// prefixEnv names the directory with the unpacked packages, when it is not in
// the user's cache.
const prefixEnv = "IMAPOP_CYRUS_PREFIX"

// Options says how the server differs from the default one.
type Options struct {
	ExtraConf  string // appended to imapd.conf: "popuseimapflags: yes"
	Mechanisms string // of SASL; "": "PLAIN LOGIN". With SCRAM, Cyrus offers -PLUS by itself
	FillInbox  int    // so many messages are delivered to INBOX before Start returns
}

// Server is a running Cyrus. Its fields do not change.
type Server struct {
	IMAP, IMAPS, POP3, POP3S string // host:port on 127.0.0.1; IMAP and POP3 offer STARTTLS and STLS
	User, Password           string
	CAFile                   string // PEM
	CAPool                   *x509.CertPool
	Dir                      string // everything is in here

	process *daemon.Process
}

// Start starts a server and stops it when the test ends. Without Cyrus on the
// machine the test is skipped, or fails when IMAPOP_INTEROP=require is set.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	prefix := daemon.Unpacked(t, "cyrus", prefixEnv)
	dir, err := os.MkdirTemp("", "imapop-cyrus-") // not t.TempDir: others must be able to enter, and socket paths must stay short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &Server{User: User, Password: Password, Dir: dir, CAFile: filepath.Join(dir, "ca.pem")}
	if s.CAPool, err = daemon.WriteCertificate(dir); err != nil {
		t.Fatal(err)
	}
	for try := 1; ; try++ { // a free port may be taken by another before Cyrus binds it
		if err = s.launch(prefix, o); err == nil {
			break
		}
		if try == 3 {
			t.Fatalf("cyrus: start: %v", err)
		}
	}
	t.Cleanup(s.process.Stop)
	if err := s.fill(o.FillInbox); err != nil {
		t.Fatalf("cyrus: fill INBOX: %v", err)
	}
	return s
}

// Account is the server as an account, over implicit TLS.
func (s *Server) Account() account.Account {
	return account.Account{
		Name: "cyrus", User: s.User, From: s.User + "@localhost", CAFile: s.CAFile,
		Secret: account.SecretSource{Literal: account.NewPassword(s.Password)},
		IMAP:   account.Endpoint{Address: s.IMAPS, Security: account.TLS},
		POP3:   account.Endpoint{Address: s.POP3S, Security: account.TLS},
	}
}

// Deliver gives messages to the user over LMTP, which adds Return-Path,
// Received, X-Cyrus-Session-Id and X-Sieve. Lines end in CRLF; a message with a
// bare one of them, or with NUL, is refused.
func (s *Server) Deliver(msgs ...[]byte) error {
	conn, err := net.Dial("unix", filepath.Join(s.Dir, "lmtp"))
	if err != nil {
		return err
	}
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	if err := c.Hello("localhost"); err != nil {
		return err
	}
	for _, msg := range msgs {
		if err := c.SendMail("someone@example.org", []string{s.User}, bytes.NewReader(msg)); err != nil {
			return err
		}
	}
	return c.Quit()
}

// fill delivers n messages, and so also makes the mailboxes: a user without them
// cannot log in to POP3.
func (s *Server) fill(n int) error {
	if err := s.login(); err != nil {
		return err
	}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	msgs := make([][]byte, n)
	for i := range msgs {
		msgs[i] = []byte(daemon.Message(i+1, start.Add(time.Duration(i)*time.Second)))
	}
	if n == 0 {
		return nil
	}
	return s.Deliver(msgs...)
}

func (s *Server) launch(prefix string, o Options) error {
	ports, err := daemon.Ports(4)
	if err != nil {
		return err
	}
	s.IMAP, s.IMAPS, s.POP3, s.POP3S = daemon.Local(ports[0]), daemon.Local(ports[1]), daemon.Local(ports[2]), daemon.Local(ports[3])
	if err := s.configure(o, ports); err != nil {
		return err
	}
	cmd, signal := daemon.Command(prefix, s.Dir)
	if s.process, err = daemon.Launch(cmd, signal); err != nil {
		return err
	}
	err = s.process.Ready(s.CAPool, daemon.Door{Address: s.IMAP, Greeting: "* OK"}, daemon.Door{Address: s.POP3, Greeting: "+OK"},
		daemon.Door{Address: s.IMAPS, Greeting: "* OK", TLS: true}, daemon.Door{Address: s.POP3S, Greeting: "+OK", TLS: true})
	if err != nil {
		return fmt.Errorf("%w %s", err, s.process.Output())
	}
	return nil
}
