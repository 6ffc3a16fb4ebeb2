// Package dovecot starts a private Dovecot for a test: one user, IMAP and POP3
// over plain and TLS ports, LMTP for deliveries, everything below a directory
// of its own that goes away with the test. It runs as root (the mail then
// belongs to nobody) or as a normal user, and has only been tried with Dovecot 2.3.
package dovecot

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"imapop/account"
)

// The one user of every server.
const (
	User     = "alice"
	Password = "wonderland"
)

// requireEnv, set to "require", makes a missing Dovecot a failure, for machines
// that must run these tests.
const requireEnv = "IMAPOP_INTEROP"

// Options says how the server differs from the default one.
type Options struct {
	MailFormat string // "maildir" (default), "sdbox", "mdbox"
	ExtraConf  string // appended to dovecot.conf: later settings win
	FillInbox  int    // so many messages are in INBOX's cur/ before the start (Maildir only)
}

// Server is a running Dovecot. Its fields do not change.
type Server struct {
	IMAP, IMAPS, POP3, POP3S string // host:port on 127.0.0.1; IMAP and POP3 offer STARTTLS and STLS
	User, Password           string
	CAFile                   string // PEM
	CAPool                   *x509.CertPool
	Dir                      string // everything is in here
	Maildir                  string // INBOX, when the format is Maildir

	cmd    *exec.Cmd
	exited chan struct{}
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
	t.Cleanup(s.stop)
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
	if os.Getenv(requireEnv) == "require" {
		t.Fatal("dovecot is not installed, and " + requireEnv + "=require asks for it")
	}
	t.Skip("dovecot is not installed (Debian: dovecot-imapd dovecot-pop3d dovecot-lmtpd)")
	return ""
}

func (s *Server) launch(bin string, o Options) error {
	ports, err := freePorts(4)
	if err != nil {
		return err
	}
	s.IMAP, s.IMAPS, s.POP3, s.POP3S = local(ports[0]), local(ports[1]), local(ports[2]), local(ports[3])
	conf := filepath.Join(s.Dir, "dovecot.conf")
	if err := os.WriteFile(conf, []byte(s.conf(o, ports)), 0o644); err != nil {
		return err
	}
	var out bytes.Buffer
	s.cmd = exec.Command(bin, "-F", "-c", conf)
	s.cmd.Stdout, s.cmd.Stderr = &out, &out
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C of the test run must not reach it before stop
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) {
		cmd.Wait()
		close(exited)
	}(s.cmd, s.exited)
	if err := s.ready(20 * time.Second); err != nil {
		s.stop()
		return fmt.Errorf("%w %s", err, strings.TrimSpace(out.String()))
	}
	return nil
}

// ready waits until each port greets.
func (s *Server) ready(limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	for _, p := range []struct {
		addr, greeting string
		tls            bool
	}{{s.IMAP, "* OK", false}, {s.POP3, "+OK", false}, {s.IMAPS, "* OK", true}, {s.POP3S, "+OK", true}} {
		for !s.greets(p.addr, p.greeting, p.tls) {
			select {
			case <-s.exited:
				return errors.New("it ended at once")
			case <-ctx.Done():
				return fmt.Errorf("no greeting from %s", p.addr)
			case <-time.After(20 * time.Millisecond): // a foreign process: only asking again tells
			}
		}
	}
	return nil
}

func (s *Server) greets(addr, greeting string, secure bool) bool {
	conn, err := net.DialTimeout("tcp", addr, 2*time.Second)
	if err != nil {
		return false
	}
	defer conn.Close()
	if secure {
		conn = tls.Client(conn, &tls.Config{RootCAs: s.CAPool, ServerName: "localhost"})
	}
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	buf := make([]byte, 512)
	n, _ := conn.Read(buf)
	return strings.HasPrefix(string(buf[:n]), greeting)
}

func (s *Server) stop() {
	s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.exited:
	case <-time.After(10 * time.Second):
		s.cmd.Process.Kill()
		<-s.exited
	}
}

func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // all are held until the last is found, so that they differ
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

func local(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
