package submission

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"imapop/account"
)

const password = "wonder land/100%"

var alice = account.NewPassword(password)

// selfSigned makes a certificate for 127.0.0.1 and the pool that trusts it.
func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{{127, 0, 0, 1}},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// inbox is a go-smtp backend that keeps what it accepts.
type inbox struct {
	mu   sync.Mutex
	mail []string
	to   []string
}

func (b *inbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &visit{b: b}, nil }

type visit struct {
	b      *inbox
	authed bool
}

func (v *visit) AuthMechanisms() []string { return []string{sasl.Plain} }
func (v *visit) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, pw string) error {
		if user != "alice" || pw != password {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "no \x1b[31m" + pw}
		}
		v.authed = true
		return nil
	}), nil
}
func (v *visit) Mail(string, *smtp.MailOptions) error {
	if !v.authed {
		return smtp.ErrAuthRequired
	}
	return nil
}
func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "nobody@") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such person"}
	}
	v.b.mu.Lock()
	defer v.b.mu.Unlock()
	v.b.to = append(v.b.to, to)
	return nil
}
func (v *visit) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	v.b.mu.Lock()
	defer v.b.mu.Unlock()
	v.b.mail = append(v.b.mail, string(b))
	return nil
}
func (v *visit) Reset()        {}
func (v *visit) Logout() error { return nil }

// serve starts a server for one kind of security.
func serve(t *testing.T, kind account.Security) (account.Account, Options, *inbox) {
	t.Helper()
	cert, pool := selfSigned(t)
	box := &inbox{}
	s := smtp.NewServer(box)
	s.Domain, s.AllowInsecureAuth = "test", kind == account.Plaintext
	config := &tls.Config{Certificates: []tls.Certificate{cert}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	switch kind {
	case account.TLS:
		l = tls.NewListener(l, config)
	case account.StartTLS:
		s.TLSConfig = config
	}
	done := make(chan struct{})
	go func() { defer close(done); s.Serve(l) }()
	t.Cleanup(func() { s.Close(); <-done })
	return account.Account{User: "alice", From: "alice@test", Submission: account.Endpoint{Address: addr, Security: kind}}, Options{Roots: pool}, box
}

// script plays a server that says what it is told: each step waits for a client
// line with a prefix ("" waits for nothing) and then says its text. It returns
// what the client said.
func script(t *testing.T, steps ...[2]string) (account.Account, Options, func() []string) {
	t.Helper()
	server, client := net.Pipe()
	var said []string
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer server.Close()
		r := bufio.NewReader(server)
		for _, step := range steps {
			for step[0] != "" {
				line, err := r.ReadString('\n')
				if err != nil {
					return
				}
				said = append(said, strings.TrimRight(line, "\r\n"))
				if strings.HasPrefix(line, step[0]) {
					break
				}
			}
			if step[1] == "silence" {
				io.Copy(io.Discard, r)
				return
			}
			if _, err := io.WriteString(server, step[1]); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { client.Close(); <-done })
	a := account.Account{User: "alice", From: "alice@test", Submission: account.Endpoint{Address: "127.0.0.1:2587", Security: account.Plaintext}}
	return a, Options{Dialer: pipeDialer(client)}, func() []string { client.Close(); <-done; return said }
}
