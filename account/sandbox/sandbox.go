// Package sandbox is the demo account: IMAP, POP3 and submission over real
// sockets on one mail store in memory. It is for teaching and for tests; what
// it holds is gone when it is closed.
package sandbox

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"

	"imapop/account"
	"imapop/account/sandbox/pop3d"
)

// Options make a demo account. The zero value is good.
type Options struct {
	Listen string // IP address; default 127.0.0.1. Anything but loopback lets others in
	// Ports; 0 is the system's choice.
	IMAPPort, IMAPSPort, POP3Port, POP3SPort, SubmissionPort, SubmissionsPort int

	User, Password string            // default alice, wonderland
	Dir            string            // where ca.pem and config.toml go; "": a directory of its own that Close removes
	Messages       int               // how many generated messages INBOX holds besides the seeded ones
	Empty          bool              // without the seeded messages; the folders are there
	Policies       map[string]string // see PolicyNames
	Now            func() time.Time  // the mail store's clock; nil: time.Now
}

// Info says how to connect. Its JSON is what `imapop sandbox --json` prints.
type Info struct {
	IMAP        string `json:"imap"`
	IMAPS       string `json:"imaps"`
	POP3        string `json:"pop3"`
	POP3S       string `json:"pop3s"`
	Submission  string `json:"submission"`
	Submissions string `json:"submissions"`
	User        string `json:"user"`
	Password    string `json:"password"`
	Token       string `json:"token"` // an access token that OAUTHBEARER and XOAUTH2 take
	CAFile      string `json:"ca_file"`
	Config      string `json:"config"`
}

// Server is a running demo account; safe for use by many goroutines.
type Server struct {
	user, password string
	store          *store
	policies       *policies
	id             *identity
	info           Info
	tempDir        string // removed by Close; "" when the directory is somebody else's
	imap           *imapDoor
	pop3           *pop3d.Server
	smtp           *smtp.Server
	sockets        *sockets
	wg             sync.WaitGroup
	imapLogins     atomic.Int32
	stop           func() bool // undoes the watch on Start's context
	closeOnce      sync.Once
	closeErr       error
}

// maxMessages keeps 32-bit UIDs and memory far from their ends.
const maxMessages = 1_000_000

// Start opens the six ports and serves when it returns, until Close or until
// the context ends. It blocks only for making keys and mail (well under a second
// for the default, some seconds for 100,000 messages and more).
func Start(ctx context.Context, o Options) (*Server, error) {
	o = withDefaults(o)
	for what, v := range map[string]string{"user": o.User, "password": o.Password} {
		if err := account.CheckCredential(what, v); err != nil {
			return nil, fmt.Errorf("sandbox: %w", err)
		}
	}
	if o.Messages < 0 || o.Messages > maxMessages {
		return nil, fmt.Errorf("sandbox: %d messages: between 0 and %d, please", o.Messages, maxMessages)
	}
	p, err := newPolicies(o.Policies)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	id, err := newIdentity(o.Listen)
	if err != nil {
		return nil, fmt.Errorf("sandbox: make a certificate: %w", err)
	}
	s := &Server{user: o.User, password: o.Password, store: newStore(o.Now), policies: p, id: id, sockets: newSockets()}
	s.info.Token = rand.Text()
	if err := s.store.seed(o); err != nil {
		return nil, fmt.Errorf("sandbox: seed: %w", err)
	}
	if err := s.open(o); err != nil {
		s.Close()
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	s.stop = context.AfterFunc(ctx, func() { s.shutdown() })
	return s, nil
}

func withDefaults(o Options) Options {
	set := func(s *string, d string) {
		if *s == "" {
			*s = d
		}
	}
	set(&o.Listen, "127.0.0.1")
	set(&o.User, "alice")
	set(&o.Password, "wonderland")
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// open listens on every port before it serves on any, so that a port that is
// taken fails the start whole.
func (s *Server) open(o Options) error {
	doors := []struct {
		port  int
		addr  *string
		serve func(net.Listener)
	}{
		{o.IMAPPort, &s.info.IMAP, func(l net.Listener) { s.imap.serve(l, false) }},
		{o.IMAPSPort, &s.info.IMAPS, func(l net.Listener) { s.imap.serve(l, true) }},
		{o.POP3Port, &s.info.POP3, func(l net.Listener) { s.pop3.Serve(l, false) }},
		{o.POP3SPort, &s.info.POP3S, func(l net.Listener) { s.pop3.Serve(l, true) }},
		{o.SubmissionPort, &s.info.Submission, func(l net.Listener) { s.serveSubmission(l, false) }},
		{o.SubmissionsPort, &s.info.Submissions, func(l net.Listener) { s.serveSubmission(l, true) }},
	}
	listeners := make([]net.Listener, len(doors))
	for i, d := range doors {
		l, err := s.sockets.listen(net.JoinHostPort(o.Listen, strconv.Itoa(d.port)))
		if err != nil {
			return err
		}
		listeners[i], *d.addr = l, l.Addr().String()
	}
	if err := s.writeFiles(o.Dir); err != nil {
		return err
	}
	s.imap = newIMAPDoor(s)
	s.pop3 = pop3d.New(pop3d.Options{Backend: pop3Backend{backend{s}}, TLS: s.id.tls, Policy: s.pop3Policy, Name: "imapop-sandbox"})
	s.smtp = newSubmission(s)
	for i, d := range doors {
		s.wg.Go(func() { d.serve(listeners[i]) })
	}
	return nil
}

// Info says how to connect.
func (s *Server) Info() Info { return s.info }

// Roots holds the certificate authority that signed the demo's certificate.
func (s *Server) Roots() *x509.CertPool { return s.id.roots.Clone() }

// Account describes the demo account for the program: implicit TLS everywhere.
func (s *Server) Account() account.Account {
	tls := func(addr string) account.Endpoint { return account.Endpoint{Address: addr, Security: account.TLS} }
	return account.Account{
		Name: "demo", User: s.user, From: s.from(), Demo: true,
		Secret: account.SecretSource{Literal: account.NewPassword(s.password)},
		CAFile: s.info.CAFile, Maildir: filepath.Join(filepath.Dir(s.info.Config), "Maildir"),
		IMAP: tls(s.info.IMAPS), POP3: tls(s.info.POP3S), Submission: tls(s.info.Submissions),
	}
}

// from is the demo's address for From fields.
func (s *Server) from() string {
	switch {
	case s.user == "alice":
		return "Alice Liddell <alice@" + Domain + ">"
	case strings.ContainsRune(s.user, '@'):
		return s.user
	}
	return (&mail.Address{Address: s.user + "@" + Domain}).String()
}

// Close ends every connection at once, frees the mail, and removes the
// directory if it is the server's own. Safe to call twice.
func (s *Server) Close() error {
	if s.stop != nil {
		s.stop()
	}
	return s.shutdown()
}

func (s *Server) shutdown() error {
	s.closeOnce.Do(func() {
		s.sockets.close()
		if s.imap != nil {
			s.imap.close()
			s.smtp.Close()
			s.closeErr = s.pop3.Close()
		}
		s.wg.Wait()
		if s.tempDir != "" {
			s.closeErr = errors.Join(s.closeErr, os.RemoveAll(s.tempDir))
		}
		s.store.mu.Lock()
		clear(s.store.boxes)
		s.store.mu.Unlock()
	})
	return s.closeErr
}
