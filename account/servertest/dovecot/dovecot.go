// Package dovecot starts a private Dovecot for a test: one user, IMAP and POP3
// over plain and TLS ports, LMTP for deliveries, everything below a directory
// of its own that goes away with the test. It runs as root (the mail then
// belongs to nobody) or as a normal user, and has only been tried with Dovecot 2.3.
package dovecot

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/emersion/go-smtp"

	"imapop/account"
	"imapop/account/servertest/internal/daemon"
)

// The one user of every server.
const (
	User     = "alice"
	Password = "wonderland"
)

// Options says how the server differs from the default one.
type Options struct {
	MailFormat string // "maildir" (default), "sdbox", "mdbox"
	ExtraConf  string // appended to dovecot.conf: later settings win
	FillInbox  int    // so many messages are in INBOX's cur/ before the start (Maildir only)

	Certificate Certificate // zero: for localhost and 127.0.0.1, for a day
	NoTLS       bool        // the server is built up without TLS: nobody waits for its TLS doors
	// Users are further ones with their passwords, which hold no colon. A name with
	// more than letters, digits and .-_@ needs auth_username_chars in ExtraConf.
	Users map[string]string
	// JWT makes XOAUTH2 and OAUTHBEARER take tokens that are signed with this key by
	// HS256 and name the user as "sub". ExtraConf must list the mechanisms.
	JWT string
}

// Certificate says what the server's certificate is like.
type Certificate = daemon.Certificate

// Server is a running Dovecot. Its fields do not change.
type Server struct {
	IMAP, IMAPS, POP3, POP3S string // host:port on 127.0.0.1; IMAP and POP3 offer STARTTLS and STLS
	User, Password           string
	CAFile                   string // PEM
	CAPool                   *x509.CertPool
	Dir                      string // everything is in here
	Maildir                  string // INBOX, when the format is Maildir

	process *daemon.Process
}

// Start starts a server and stops it when the test ends. Without Dovecot on the
// machine the test is skipped, or fails when IMAPOP_INTEROP=require is set.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	bin := find(t)
	dir, err := os.MkdirTemp("", "imapop-dovecot-") // not t.TempDir: others must be able to enter, and socket paths must stay short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &Server{User: User, Password: Password, Dir: dir, CAFile: filepath.Join(dir, "ca.pem"),
		Maildir: filepath.Join(dir, "mail", User, "Maildir")}
	if err := s.prepare(o); err != nil {
		t.Fatalf("dovecot: prepare: %v", err)
	}
	for try := 1; ; try++ { // a free port may be taken by another before Dovecot binds it
		err = s.launch(bin, o)
		if err == nil {
			break
		}
		if try == 3 {
			t.Fatalf("dovecot: start: %v\n%s", err, s.Log())
		}
	}
	t.Cleanup(s.process.Stop)
	return s
}

// Account is the server as an account, over implicit TLS.
func (s *Server) Account() account.Account {
	return account.Account{
		Name: "dovecot", User: s.User, From: s.User + "@localhost", CAFile: s.CAFile,
		Secret: account.SecretSource{Literal: account.NewPassword(s.Password)},
		IMAP:   account.Endpoint{Address: s.IMAPS, Security: account.TLS},
		POP3:   account.Endpoint{Address: s.POP3S, Security: account.TLS},
	}
}

// Deliver gives one message to the user over LMTP, which adds Return-Path,
// Delivered-To and Received. Lines end in CRLF.
func (s *Server) Deliver(msg []byte) error {
	conn, err := net.Dial("unix", filepath.Join(s.Dir, "run", "lmtp"))
	if err != nil {
		return err
	}
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	if err := c.Hello("localhost"); err != nil {
		return err
	}
	if err := c.SendMail("someone@example.org", []string{s.User}, bytes.NewReader(msg)); err != nil {
		return err
	}
	return c.Quit()
}

// Log returns what the server logged so far.
func (s *Server) Log() string {
	b, _ := os.ReadFile(filepath.Join(s.Dir, "log"))
	return string(b)
}

func find(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"dovecot", "/usr/sbin/dovecot", "/usr/local/sbin/dovecot"} {
		if bin, err := exec.LookPath(name); err == nil {
			return bin
		}
	}
	daemon.Missing(t, "dovecot is not installed (Debian: dovecot-imapd dovecot-pop3d dovecot-lmtpd)")
	return ""
}

func (s *Server) launch(bin string, o Options) error {
	ports, err := daemon.Ports(4)
	if err != nil {
		return err
	}
	s.IMAP, s.IMAPS, s.POP3, s.POP3S = daemon.Local(ports[0]), daemon.Local(ports[1]), daemon.Local(ports[2]), daemon.Local(ports[3])
	conf := filepath.Join(s.Dir, "dovecot.conf")
	if err := os.WriteFile(conf, []byte(s.conf(o, ports)), 0o644); err != nil {
		return err
	}
	if s.process, err = daemon.Launch(exec.Command(bin, "-F", "-c", conf), syscall.SIGTERM); err != nil {
		return err
	}
	doors := []daemon.Door{{Address: s.IMAP, Greeting: "* OK"}, {Address: s.POP3, Greeting: "+OK"}}
	if !o.NoTLS {
		doors = append(doors, daemon.Door{Address: s.IMAPS, Greeting: "* OK", TLS: true, AnyCertificate: true}, daemon.Door{Address: s.POP3S, Greeting: "+OK", TLS: true, AnyCertificate: true})
	}
	if err = s.process.Ready(s.CAPool, doors...); err != nil {
		return fmt.Errorf("%w %s", err, s.process.Output())
	}
	return nil
}
