// Package courier starts a private Courier for a test: one user, IMAP and POP3
// over plain and TLS ports, deliveries into the Maildir, everything below a
// directory of its own that goes away with the test. It needs root and the
// packages that .ci/servers unpacks, and has only been tried with Courier 1.0.16
// (IMAP 5.0.13) of Debian 12.
package courier

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

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
const prefixEnv = "IMAPOP_COURIER_PREFIX"

// Options says how the server differs from the default one.
type Options struct {
	ExtraConf string // appended to the environment of both protocols, NAME=value a line: "IMAP_IDLE_TIMEOUT=3"
	FillInbox int    // so many messages are in INBOX's cur/ before the start
}

// Server is a running Courier. Its fields do not change.
type Server struct {
	IMAP, IMAPS, POP3, POP3S string // host:port on 127.0.0.1; IMAP and POP3 offer STARTTLS and STLS
	User, Password           string
	CAFile                   string // PEM
	CAPool                   *x509.CertPool
	Dir                      string // everything is in here
	Maildir                  string // INBOX; other folders are below it: ".Archive"

	process   *daemon.Process
	delivered atomic.Uint64
}

// Start starts a server and stops it when the test ends. Without Courier on the
// machine the test is skipped, or fails when IMAPOP_INTEROP=require is set.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	prefix := daemon.Unpacked(t, "courier", prefixEnv)
	dir, err := os.MkdirTemp("", "imapop-courier-") // not t.TempDir: others must be able to enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &Server{User: User, Password: Password, Dir: dir, CAFile: filepath.Join(dir, "ca.pem"),
		Maildir: filepath.Join(dir, "mail", User, "Maildir")}
	if err := s.prepare(o); err != nil {
		t.Fatalf("courier: prepare: %v", err)
	}
	for try := 1; ; try++ { // a free port may be taken by another before Courier binds it
		if err = s.launch(prefix, o); err == nil {
			break
		}
		if try == 3 {
			t.Fatalf("courier: start: %v", err)
		}
	}
	t.Cleanup(s.process.Stop)
	return s
}

// Account is the server as an account, over implicit TLS.
func (s *Server) Account() account.Account {
	return account.Account{
		Name: "courier", User: s.User, From: s.User + "@localhost", CAFile: s.CAFile,
		Secret: account.SecretSource{Literal: account.NewPassword(s.Password)},
		IMAP:   account.Endpoint{Address: s.IMAPS, Security: account.TLS},
		POP3:   account.Endpoint{Address: s.POP3S, Security: account.TLS},
	}
}

// Deliver puts one message into INBOX's new/, as a delivery agent does, which
// adds nothing to it. Lines end in CRLF, and are stored with LF.
func (s *Server) Deliver(msg []byte) error {
	return s.DeliverStored(bytes.ReplaceAll(msg, []byte("\r\n"), []byte("\n")))
}

// DeliverStored is Deliver for the octets of the file as they are to be.
func (s *Server) DeliverStored(file []byte) error {
	now := time.Now()
	return s.DeliverAs(fmt.Sprintf("%d.M%dP1Q%d.localhost", now.Unix(), now.Nanosecond()/1000, s.delivered.Add(1)), file)
}

// DeliverAs is DeliverStored with the file's name, which decides where POP3 has
// the message in its list.
func (s *Server) DeliverAs(name string, file []byte) error {
	tmp := filepath.Join(s.Maildir, "tmp", name)
	if err := os.WriteFile(tmp, file, 0o600); err != nil {
		return err
	}
	if err := own(tmp); err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(s.Maildir, "new", name))
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
