package probe

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"imapop/account"
	"imapop/account/sandbox"
	"imapop/retrieval"
	"imapop/retrieval/wire"
)

// TestSandboxDoors knocks at the six doors of the demo account.
func TestSandboxDoors(t *testing.T) {
	srv, err := sandbox.Start(t.Context(), sandbox.Options{Empty: true})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	i := srv.Info()
	for _, c := range []struct {
		p       retrieval.Protocol
		address string
		s       account.Security
		starts  bool // announced before TLS
	}{
		{retrieval.IMAP, i.IMAPS, account.TLS, false},
		{retrieval.IMAP, i.IMAP, account.StartTLS, true},
		{retrieval.IMAP, i.IMAP, account.Plaintext, true},
		{retrieval.POP3, i.POP3S, account.TLS, false},
		{retrieval.POP3, i.POP3, account.StartTLS, true},
		{retrieval.POP3, i.POP3, account.Plaintext, true},
		{retrieval.SMTP, i.Submissions, account.TLS, false},
		{retrieval.SMTP, i.Submission, account.StartTLS, true},
		{retrieval.SMTP, i.Submission, account.Plaintext, true},
	} {
		t.Run(string(c.p)+" "+string(c.s), func(t *testing.T) {
			tr := wire.NewTranscript(0)
			d := Door(t.Context(), c.p, account.Endpoint{Address: c.address, Security: c.s}, Options{Wire: wire.Options{Roots: srv.Roots(), Transcript: tr}})
			if !d.Open() || !d.Reachable || d.Greeting == "" {
				t.Fatalf("not open: %+v", d)
			}
			if got := d.Before != nil; got != (c.s != account.TLS) {
				t.Errorf("offer before TLS: %v", got)
			}
			if c.starts && !d.Before.StartTLS {
				t.Errorf("no STARTTLS in %v", d.Before.Capabilities)
			}
			if c.s == account.Plaintext {
				if d.TLS != nil || d.After != nil {
					t.Errorf("TLS on a plaintext door: %+v", d.TLS)
				}
				return
			}
			if d.After == nil || len(d.After.Capabilities) == 0 || !slices.Contains(d.After.Mechanisms, "PLAIN") || d.After.StartTLS {
				t.Fatalf("offer inside TLS: %+v", d.After)
			}
			if !d.TLS.Verified || len(d.TLS.Problems) != 0 || d.TLS.Version != "TLS 1.3" || len(d.TLS.Chain) == 0 || !strings.HasPrefix(d.TLS.Chain[0].SPKI, "sha256//") {
				t.Errorf("TLS: %+v", d.TLS)
			}
			if len(tr.Since(0, 0)) < 5 {
				t.Errorf("the transcript has only %d lines", len(tr.Since(0, 0)))
			}
		})
	}
}

// keyPair signs a certificate with itself.
func keyPair(t *testing.T, c x509.Certificate) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.SerialNumber, c.Subject = big.NewInt(1), pkix.Name{CommonName: "mail\x1b[31m.example"}
	der, err := x509.CreateCertificate(rand.Reader, &c, &c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// listen serves one script for each connection until the test ends.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); serve(c) }()
		}
	}()
	return l.Addr().String()
}

// TestBadCertificateIsLookedAt wants every fault named, and not one octet said.
func TestBadCertificateIsLookedAt(t *testing.T) {
	now := time.Now()
	pair := keyPair(t, x509.Certificate{DNSNames: []string{"other.example"}, NotBefore: now.Add(-72 * time.Hour), NotAfter: now.Add(-47 * time.Hour)})
	heard := make(chan int, 10)
	address := listen(t, func(c net.Conn) {
		s := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS10})
		if s.Handshake() == nil {
			b, _ := io.ReadAll(s)
			heard <- len(b)
		}
	})
	d := Door(t.Context(), retrieval.IMAP, account.Endpoint{Address: address, Security: account.TLS},
		Options{Wire: wire.Options{Roots: x509.NewCertPool()}, OldTLS: true})
	if d.Failure == nil || d.Failure.Kind != retrieval.FailedCertificate || d.Failure.Step != "tls" || d.After != nil || !d.Reachable {
		t.Fatalf("failure: %+v", d.Failure)
	}
	if !errors.Is(d.Failure, retrieval.ErrUnsafe) {
		t.Errorf("the failure hides its cause: %v", d.Failure)
	}
	want := []retrieval.CertProblem{retrieval.CertExpired, retrieval.CertWrongHost, retrieval.CertUnknown, retrieval.CertSelfSigned}
	if d.TLS == nil || d.TLS.Verified || !slices.Equal(d.TLS.Problems, want) {
		t.Fatalf("problems: %+v, want %v", d.TLS, want)
	}
	if c := d.TLS.Chain[0]; c.DaysLeft != -2 || !slices.Equal(c.Names, []string{"other.example"}) || strings.Contains(c.Subject, "\x1b") || c.Key != "ECDSA P-256" {
		t.Errorf("certificate: %+v", c)
	}
	if want := []string{"TLS 1.0", "TLS 1.1"}; !slices.Equal(d.TLS.Old, want) {
		t.Errorf("old versions %v, want %v", d.TLS.Old, want)
	}
	for range 3 { // the look, TLS 1.0 and TLS 1.1
		if n := <-heard; n != 0 {
			t.Errorf("%d octets were said inside a TLS that nobody verified", n)
		}
	}
}

func TestOldTLSOnly(t *testing.T) {
	now := time.Now()
	pair := keyPair(t, x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour)})
	leaf, _ := x509.ParseCertificate(pair.Certificate[0])
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	address := listen(t, func(c net.Conn) {
		s := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10})
		if s.Handshake() == nil {
			io.WriteString(s, "+OK\r\n")
			io.Copy(io.Discard, s)
		}
	})
	d := Door(t.Context(), retrieval.POP3, account.Endpoint{Address: address, Security: account.TLS}, Options{Wire: wire.Options{Roots: roots}})
	if d.Failure == nil || d.Failure.Kind != retrieval.FailedTLS || d.TLS == nil || d.TLS.Version != "TLS 1.0" || !d.TLS.Verified || d.TLS.Old != nil {
		t.Errorf("got %+v, %+v", d.Failure, d.TLS)
	}
}

// TestFailures knocks at servers that do not do as they should.
func TestFailures(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	says := func(s string, then ...string) func(net.Conn) {
		return func(c net.Conn) {
			io.WriteString(c, s)
			r := bufio.NewReader(c)
			for _, answer := range then {
				if _, err := r.ReadString('\n'); err != nil {
					return
				}
				io.WriteString(c, answer)
			}
			io.Copy(io.Discard, r)
		}
	}
	for name, c := range map[string]struct {
		p     retrieval.Protocol
		s     account.Security
		serve func(net.Conn)
		step  string
		kind  retrieval.FailureKind
	}{
		"nobody listens":         {retrieval.IMAP, account.TLS, nil, "connect", retrieval.FailedConnect},
		"silent":                 {retrieval.IMAP, account.Plaintext, says(""), "greeting", retrieval.FailedTimeout},
		"hangs up":               {retrieval.POP3, account.Plaintext, func(net.Conn) {}, "greeting", retrieval.FailedClosed},
		"plaintext, TLS wanted":  {retrieval.SMTP, account.TLS, says("220 hi\r\n"), "tls", retrieval.FailedNotTLS},
		"mute, TLS wanted":       {retrieval.SMTP, account.TLS, says(""), "tls", retrieval.FailedTimeout},
		"busy IMAP":              {retrieval.IMAP, account.Plaintext, says("* BYE come back later\r\n"), "greeting", retrieval.FailedRejected},
		"busy POP3":              {retrieval.POP3, account.StartTLS, says("-ERR come back later\r\n"), "greeting", retrieval.FailedRejected},
		"busy SMTP":              {retrieval.SMTP, account.Plaintext, says("421-come\r\n421 back later\r\n"), "greeting", retrieval.FailedRejected},
		"not IMAP":               {retrieval.IMAP, account.Plaintext, says("220 hi\r\n"), "greeting", retrieval.FailedProtocol},
		"not POP3":               {retrieval.POP3, account.Plaintext, says("* OK hi\r\n"), "greeting", retrieval.FailedProtocol},
		"not SMTP":               {retrieval.SMTP, account.Plaintext, says("* OK hi\r\n"), "greeting", retrieval.FailedProtocol},
		"endless line":           {retrieval.IMAP, account.Plaintext, says("* OK " + strings.Repeat("x", 100_000)), "greeting", retrieval.FailedProtocol},
		"endless capabilities":   {retrieval.POP3, account.Plaintext, says("+OK\r\n", "+OK\r\n"+strings.Repeat("X\r\n", 100_000)), "capabilities", retrieval.FailedProtocol},
		"refuses STARTTLS":       {retrieval.IMAP, account.StartTLS, refusesStartTLS, "starttls", retrieval.FailedNoStartTLS},
		"SMTP without STARTTLS":  {retrieval.SMTP, account.StartTLS, says("220 a\r\n", "250 a\r\n", "502 no\r\n"), "starttls", retrieval.FailedNoStartTLS},
		"STLS is no command":     {retrieval.POP3, account.StartTLS, says("+OK\r\n", "-ERR what\r\n", "-ERR what\r\n"), "starttls", retrieval.FailedNoStartTLS},
		"IMAP greets as PREAUTH": {retrieval.IMAP, account.StartTLS, says("* PREAUTH hi\r\n", "* CAPABILITY IMAP4rev1\r\np1 OK\r\n"), "starttls", retrieval.FailedNoStartTLS},
		"octets behind STARTTLS": {retrieval.SMTP, account.StartTLS, says("220 a\r\n", "250 a\r\n", "220 go\r\n250 injected\r\n"), "starttls", retrieval.FailedProtocol},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := closed.Addr().String()
			if c.serve != nil {
				address = listen(t, c.serve)
			}
			d := Door(t.Context(), c.p, account.Endpoint{Address: address, Security: c.s}, Options{Wire: wire.Options{
				Roots: x509.NewCertPool(), Timeouts: wire.Timeouts{Answer: 300 * time.Millisecond, Handshake: 300 * time.Millisecond}}})
			if d.Failure == nil || d.Failure.Kind != c.kind || d.Failure.Step != c.step {
				t.Errorf("failure %+v, want %s at %s", d.Failure, c.kind, c.step)
			}
			if d.After != nil {
				t.Errorf("said to have been inside TLS: %+v", d.After)
			}
		})
	}
}

// refusesStartTLS announces it all the same.
func refusesStartTLS(c net.Conn) {
	io.WriteString(c, "* OK hi\r\n")
	for r := bufio.NewScanner(c); r.Scan(); {
		tag, verb, _ := strings.Cut(r.Text(), " ")
		switch verb {
		case "CAPABILITY":
			io.WriteString(c, "* CAPABILITY IMAP4rev1 STARTTLS\r\n"+tag+" OK\r\n")
		case "STARTTLS":
			io.WriteString(c, tag+" NO never\r\n")
		}
	}
}

// TestCancelled wants a knock to end with its context.
func TestCancelled(t *testing.T) {
	address := listen(t, func(c net.Conn) { io.Copy(io.Discard, c) })
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	d := Door(ctx, retrieval.IMAP, account.Endpoint{Address: address, Security: account.Plaintext}, Options{})
	if d.Failure == nil || d.Failure.Kind != retrieval.FailedCancelled || d.TookMS > 3000 {
		t.Errorf("after %d ms: %+v", d.TookMS, d.Failure)
	}
}

// TestNothingEvilIsKept wants control sequences out of every field.
func TestNothingEvilIsKept(t *testing.T) {
	const evil = "\x1b]52;c;ZXZpbA==\x07\u202e\u009b31m"
	for p, lines := range map[retrieval.Protocol][]string{
		retrieval.IMAP: {"* OK " + evil + "\r\n", "* CAPABILITY IMAP4rev1 AUTH=" + evil + " X" + evil + "\r\np1 OK\r\n", "p2 OK\r\n"},
		retrieval.POP3: {"+OK " + evil + "\r\n", "+OK\r\nSASL " + evil + "\r\nIMPLEMENTATION " + evil + "\r\n.\r\n", "+OK\r\n"},
		retrieval.SMTP: {"220 " + evil + "\r\n", "250-a\r\n250-AUTH " + evil + "\r\n250 X" + evil + "\r\n", "221 " + evil + "\r\n"},
	} {
		address := listen(t, func(c net.Conn) {
			r := bufio.NewReader(c)
			for i, l := range lines {
				if i > 0 {
					r.ReadString('\n')
				}
				io.WriteString(c, l)
			}
		})
		d := Door(t.Context(), p, account.Endpoint{Address: address, Security: account.Plaintext}, Options{})
		if !d.Open() || len(d.Before.Mechanisms) != 1 {
			t.Fatalf("%s: %+v", p, d)
		}
		all := append([]string{d.Greeting}, append(d.Before.Capabilities, d.Before.Mechanisms...)...)
		if s := strings.Join(all, ""); strings.ContainsAny(s, "\x1b\x07\u202e\u009b") {
			t.Errorf("%s: %q", p, s)
		}
		if b, err := json.Marshal(d); err != nil || !strings.Contains(string(b), `"before_tls":{"capabilities":[`) {
			t.Errorf("%s as JSON: %s, %v", p, b, err)
		}
	}
}
