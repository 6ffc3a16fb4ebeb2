// Package postfix starts a private Postfix for a test: submission with SASL over
// implicit TLS (465's service) and over STARTTLS (587's), deliveries into a Maildir,
// everything below a directory of its own that goes away with the test. It needs
// root and the packages that .ci/servers unpacks, and has only been tried with
// Postfix 3.7 of Debian 12.
package postfix

import (
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"imapop/account"
	"imapop/account/servertest/internal/daemon"
)

// The one user of every server. Mail is accepted for Address and for Second, and
// for nobody else.
const (
	User     = "alice"
	Password = "wonderland"
	Address  = "alice@example.org"
	Second   = "bob@example.org"
	Foreign  = "用户@example.org" // needs SMTPUTF8
)

// prefixEnv names the directory with the unpacked packages, when it is not in
// the user's cache.
const prefixEnv = "IMAPOP_POSTFIX_PREFIX"

// Options says how the server differs from the default one.
type Options struct {
	ExtraConf string // lines for main.cf: "message_size_limit = 10000"
}

// Server is a running Postfix. Its fields do not change.
type Server struct {
	Submission, Submissions string // host:port on 127.0.0.1: STARTTLS, implicit TLS
	CAFile                  string // PEM
	CAPool                  *x509.CertPool
	Dir                     string // everything is in here

	process *daemon.Process
}

// Start starts a server and stops it when the test ends. Without Postfix on the
// machine the test is skipped, or fails when IMAPOP_INTEROP=require is set.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	prefix := daemon.Unpacked(t, "postfix", prefixEnv)
	dir, err := os.MkdirTemp("", "imapop-postfix-") // not t.TempDir: others must be able to enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &Server{Dir: dir, CAFile: filepath.Join(dir, "ca.pem")}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if s.CAPool, err = daemon.WriteCertificate(dir); err != nil {
		t.Fatalf("postfix: prepare: %v", err)
	}
	for try := 1; ; try++ { // a free port may be taken by another before Postfix binds it
		if err = s.launch(prefix, o); err == nil {
			break
		}
		if try == 3 {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Fatalf("postfix: start: %v\n%s", err, log)
		}
	}
	t.Cleanup(s.process.Stop)
	return s
}

// Account is the server as an account that submits over one kind of security.
func (s *Server) Account(kind account.Security) account.Account {
	a := account.Account{
		Name: "postfix", User: User, From: "Alice Example <" + Address + ">", CAFile: s.CAFile,
		Secret:     account.SecretSource{Literal: account.NewPassword(Password)},
		Submission: account.Endpoint{Address: s.Submissions, Security: account.TLS},
	}
	if kind == account.StartTLS {
		a.Submission = account.Endpoint{Address: s.Submission, Security: account.StartTLS}
	}
	return a
}

// Delivered waits until an address has n messages, for 10 seconds at most, and
// returns them as stored, with LF.
func (s *Server) Delivered(t testing.TB, address string, n int) [][]byte {
	t.Helper()
	pattern := filepath.Join(s.Dir, "mail", address, "new", "*")
	deadline := time.Now().Add(10 * time.Second)
	for {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		if len(names) >= n || time.Now().After(deadline) {
			if len(names) != n {
				log, _ := os.ReadFile(filepath.Join(s.Dir, "log"))
				t.Fatalf("postfix: %d messages for %s, want %d\n%s", len(names), address, n, log)
			}
			var out [][]byte
			for _, name := range names {
				b, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, b)
			}
			return out
		}
		time.Sleep(10 * time.Millisecond) // a foreign process: only looking again tells
	}
}

func (s *Server) launch(prefix string, o Options) error {
	ports, err := daemon.Ports(2)
	if err != nil {
		return err
	}
	s.Submission, s.Submissions = daemon.Local(ports[0]), daemon.Local(ports[1])
	if err := s.configure(o); err != nil {
		return err
	}
	cmd, signal := daemon.Command(prefix, s.Dir)
	if s.process, err = daemon.Launch(cmd, signal); err != nil {
		return err
	}
	err = s.process.Ready(s.CAPool, daemon.Door{Address: s.Submission, Greeting: "220 "},
		daemon.Door{Address: s.Submissions, Greeting: "220 ", TLS: true})
	if err != nil {
		return fmt.Errorf("%w %s", err, s.process.Output())
	}
	return nil
}
