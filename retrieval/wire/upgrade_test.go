package wire

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/knadh/go-pop3"

	"imapop/account"
	"imapop/account/certificate"
	"imapop/retrieval"
)

// authority signs test certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{pool: x509.NewCertPool()}
	a.key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	a.cert = a.sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "Test CA"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, a.key, nil)
	a.pool.AddCert(a.cert)
	return a
}

func (a *authority) sign(t *testing.T, c *x509.Certificate, key *ecdsa.PrivateKey, parent *x509.Certificate) *x509.Certificate {
	t.Helper()
	c.SerialNumber = big.NewInt(time.Now().UnixNano())
	if c.NotBefore.IsZero() {
		c.NotBefore = time.Now().Add(-time.Hour)
	}
	if c.NotAfter.IsZero() {
		c.NotAfter = time.Now().Add(time.Hour)
	}
	if parent == nil {
		parent = c
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// server gives a TLS configuration for a certificate; the zero template is for 127.0.0.1.
func (a *authority) server(t *testing.T, c x509.Certificate) *tls.Config {
	t.Helper()
	if c.DNSNames == nil && c.IPAddresses == nil {
		c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	cert := a.sign(t, &c, key, a.cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}}
}

// upgrading is a server that does what it should.
func upgrading(config *tls.Config, greeting, ok string, inside func(net.Conn, *bufio.Reader)) func(net.Conn, *bufio.Reader) {
	return func(c net.Conn, r *bufio.Reader) {
		send(c, greeting)
		r.ReadString('\n')
		send(c, ok)
		s := tls.Server(c, config)
		if s.Handshake() == nil {
			inside(s, bufio.NewReader(s))
		}
	}
}

func TestUpgradeIMAP(t *testing.T) {
	ca := newAuthority(t)
	tr := NewTranscript(0)
	script := upgrading(ca.server(t, x509.Certificate{}), "* OK [CAPABILITY STARTTLS] hello\r\n", "* OK [ALERT] wait\r\ni0 OK go\r\n", func(c net.Conn, r *bufio.Reader) {
		answer(c, r, map[string]string{"CAPABILITY": "* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n", "NOOP": "TAG OK done\r\n"})
	})
	conn, err := dialScript(t, retrieval.IMAP, account.StartTLS, Options{Transcript: tr, Roots: ca.pool}, script)
	if err != nil {
		t.Fatal(err)
	}
	before := conn.Meter()
	client := imapclient.New(conn, nil)
	if err := client.WaitGreeting(); err != nil {
		t.Fatal(err)
	}
	client.Caps() // the library asks by itself, behind a greeting that has none
	if in := conn.Meter().In - before.In; in != int64(len("* CAPABILITY IMAP4rev1\r\nT1 OK done\r\n")) {
		t.Errorf("%d octets came in: the neutral greeting was counted", in)
	}
	if err := client.Noop().Wait(); err != nil {
		t.Fatal(err)
	}
	wantLines(t, tr, "S * OK [CAPABILITY STARTTLS] hello", "C i0 STARTTLS", "S * OK [ALERT] wait", "S i0 OK go",
		"C T1 CAPABILITY", "S * CAPABILITY IMAP4rev1", "S T1 OK done", "C T2 NOOP", "S T2 OK done")
	if s := conn.Security(); s.Protocol != "TLS 1.3" || !s.Upgraded || s.Plaintext || s.Cipher == "" {
		t.Errorf("security: %+v", s)
	}
	if m := conn.Meter(); m.Turnarounds != 3 {
		t.Errorf("turnarounds: %d", m.Turnarounds)
	}
	client.Close()
}

func TestUpgradePOP3(t *testing.T) {
	ca := newAuthority(t)
	tr := NewTranscript(0)
	script := upgrading(ca.server(t, x509.Certificate{}), "+OK hello\r\n", "+OK go\r\n", func(c net.Conn, r *bufio.Reader) {
		answer(c, r, map[string]string{"NOOP": "+OK done\r\n"})
	})
	conn, err := dialScript(t, retrieval.POP3, account.StartTLS, Options{Transcript: tr, Roots: ca.pool}, script)
	if err != nil {
		t.Fatal(err)
	}
	l, err := pop3.New(pop3.Opt{Dialer: given{conn}}).NewConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Noop(); err != nil {
		t.Fatal(err)
	}
	wantLines(t, tr, "S +OK hello", "C STLS", "S +OK go", "C NOOP", "S +OK done")
}

func TestUpgradeIsStrict(t *testing.T) {
	for name, c := range map[string]struct {
		side            retrieval.Protocol
		greeting, reply string
		err             error
	}{
		"PREAUTH":              {retrieval.IMAP, "* PREAUTH hi\r\n", "", retrieval.ErrUnsafe},
		"preauth":              {retrieval.IMAP, "* preauth hi\r\n", "", retrieval.ErrUnsafe},
		"BYE":                  {retrieval.IMAP, "* BYE no\r\n", "", retrieval.ErrRefused},
		"no greeting":          {retrieval.IMAP, "HTTP/1.1 400\r\n", "", retrieval.ErrProtocol},
		"tagged greeting":      {retrieval.IMAP, "i0 OK\r\n", "", retrieval.ErrProtocol},
		"long greeting":        {retrieval.IMAP, "* OK " + strings.Repeat("x", 20_000), "", retrieval.ErrTooMuch},
		"answer in advance":    {retrieval.IMAP, "* OK\r\ni0 OK\r\n", "", retrieval.ErrProtocol},
		"NO":                   {retrieval.IMAP, "* OK\r\n", "i0 NO\r\n", retrieval.ErrUnsafe},
		"BAD":                  {retrieval.IMAP, "* OK\r\n", "i0 BAD what\r\n", retrieval.ErrUnsafe},
		"stray octets":         {retrieval.IMAP, "* OK\r\n", "i0 OK\r\n* CAPABILITY AUTH=PLAIN\r\n", retrieval.ErrProtocol},
		"one stray octet":      {retrieval.IMAP, "* OK\r\n", "i0 OK go\r\nX", retrieval.ErrProtocol},
		"other tag":            {retrieval.IMAP, "* OK\r\n", "i1 OK\r\n", retrieval.ErrProtocol},
		"continuation":         {retrieval.IMAP, "* OK\r\n", "+ go\r\n", retrieval.ErrProtocol},
		"too many lines":       {retrieval.IMAP, "* OK\r\n", strings.Repeat("* OK\r\n", 40), retrieval.ErrTooMuch},
		"too many octets":      {retrieval.IMAP, "* OK\r\n", strings.Repeat("* OK "+strings.Repeat("x", 8000)+"\r\n", 20), retrieval.ErrTooMuch},
		"hangs up":             {retrieval.IMAP, "* OK\r\n", "", retrieval.ErrClosed},
		"POP3 -ERR":            {retrieval.POP3, "-ERR busy\r\n", "", retrieval.ErrRefused},
		"POP3 no greeting":     {retrieval.POP3, "220 hi\r\n", "", retrieval.ErrProtocol},
		"POP3 blank greeting":  {retrieval.POP3, "\r\n", "", retrieval.ErrProtocol},
		"POP3 refuses":         {retrieval.POP3, "+OK\r\n", "-ERR no\r\n", retrieval.ErrUnsafe},
		"POP3 stray octets":    {retrieval.POP3, "+OK\r\n", "+OK\r\n+OK\r\n", retrieval.ErrProtocol},
		"POP3 in advance":      {retrieval.POP3, "+OK\r\n+OK\r\n", "", retrieval.ErrProtocol},
		"POP3 odd answer":      {retrieval.POP3, "+OK\r\n", "\r\n", retrieval.ErrProtocol},
		"POP3 endless answer":  {retrieval.POP3, "+OK\r\n", strings.Repeat("+", 10_000), retrieval.ErrTooMuch},
		"no TLS behind the OK": {retrieval.POP3, "+OK\r\n", "+OK\r\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var sent string
			done := make(chan struct{})
			_, err := dialScript(t, c.side, account.StartTLS, Options{}, func(conn net.Conn, r *bufio.Reader) {
				defer close(done)
				defer conn.Close()
				send(conn, c.greeting)
				sent, _ = r.ReadString('\n')
				send(conn, c.reply)
				if c.err == nil {
					r.ReadByte()
					send(conn, "+OK this is no handshake\r\n")
					c.err = retrieval.ErrUnsafe
				}
			})
			<-done
			wantErr(t, err, c.err)
			if sent != "" && sent != "i0 STARTTLS\r\n" && sent != "STLS\r\n" {
				t.Errorf("sent %q", sent)
			}
		})
	}
}

func TestUpgradeTimes(t *testing.T) {
	for name, c := range map[string]struct {
		greeting, reply string
		want            time.Duration
	}{
		"no greeting":   {"", "", 30 * time.Second},
		"half greeting": {"* O", "", 30 * time.Second},
		"no answer":     {"* OK\r\n", "", 30 * time.Second},
		"no handshake":  {"* OK\r\n", "i0 OK\r\n", 15 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			var err error
			took := elapsed(func() {
				_, err = dialScript(t, retrieval.IMAP, account.StartTLS, Options{}, func(conn net.Conn, r *bufio.Reader) {
					send(conn, c.greeting)
					r.ReadString('\n')
					send(conn, c.reply)
					io.Copy(io.Discard, r)
				})
			})
			if took != c.want || err == nil {
				t.Errorf("%s: %v after %v, want %v", name, err, took, c.want)
			}
		})
	}
}

func TestCertificates(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	past, future := time.Now().Add(-48*time.Hour), time.Now().Add(48*time.Hour)
	for name, c := range map[string]struct {
		config  *tls.Config
		problem certificate.Problem
		says    string
	}{
		"good":          {ca.server(t, x509.Certificate{}), "", ""},
		"expired":       {ca.server(t, x509.Certificate{NotBefore: past, NotAfter: past.Add(time.Hour)}), certificate.Expired, "expired on " + past.Add(time.Hour).UTC().Format(time.DateOnly)},
		"not yet valid": {ca.server(t, x509.Certificate{NotBefore: future, NotAfter: future.Add(time.Hour)}), certificate.NotYetValid, "valid only from"},
		"wrong host":    {ca.server(t, x509.Certificate{DNSNames: []string{"a.example", "b.example"}}), certificate.WrongHost, "for a.example, b.example"},
		"unknown":       {other.server(t, x509.Certificate{}), certificate.UnknownAuthority, "unknown authority"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := dialScript(t, retrieval.IMAP, account.TLS, Options{Roots: ca.pool}, func(conn net.Conn, r *bufio.Reader) {
				defer conn.Close()
				if s := tls.Server(conn, c.config); s.Handshake() == nil {
					send(s, "* OK\r\n")
				}
			})
			var got *certificate.Error
			if errors.As(err, &got); c.problem == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantErr(t, err, retrieval.ErrUnsafe)
			if got == nil || got.Problem != c.problem || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "127.0.0.1:1") {
				t.Errorf("%v", err)
			}
		})
	}
}

// A pin decides alone: over an unknown authority, a wrong name and an old date,
// and against every certificate that an authority signed for another key.
func TestPins(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	past := time.Now().Add(-48 * time.Hour)
	odd := other.server(t, x509.Certificate{DNSNames: []string{"a.example"}, NotBefore: past, NotAfter: past.Add(time.Hour)})
	good := ca.server(t, x509.Certificate{})
	pin := func(c *tls.Config) account.Pin {
		cert, err := x509.ParseCertificate(c.Certificates[0].Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		return certificate.Pin(cert)
	}
	for name, c := range map[string]struct {
		config *tls.Config
		pins   []account.Pin
		ok     bool
	}{
		"odd and pinned":        {odd, []account.Pin{pin(odd)}, true},
		"one of two pins":       {odd, []account.Pin{pin(good), pin(odd)}, true},
		"good with another key": {good, []account.Pin{pin(odd)}, false},
		"odd with another key":  {odd, []account.Pin{pin(good)}, false},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(fmt.Sprintf("%s/%s", name, tls.VersionName(version)), func(t *testing.T) {
				config := c.config.Clone()
				config.MaxVersion = version
				ep := account.Endpoint{Address: "127.0.0.1:1", Security: account.TLS, Pins: c.pins}
				_, err := dialEndpoint(t, retrieval.IMAP, ep, Options{Roots: ca.pool}, func(conn net.Conn, r *bufio.Reader) {
					defer conn.Close()
					if s := tls.Server(conn, config); s.Handshake() == nil {
						send(s, "* OK\r\n")
					}
				})
				var got *certificate.Error
				switch {
				case c.ok && err != nil:
					t.Error(err)
				case !c.ok:
					wantErr(t, err, retrieval.ErrUnsafe)
					if !errors.As(err, &got) || got.Problem != certificate.OtherKey || got.Pin != pin(c.config) || !strings.Contains(err.Error(), pin(c.config).String()) {
						t.Errorf("%v", err)
					}
				}
			})
		}
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	ca := newAuthority(t)
	config := ca.server(t, x509.Certificate{})
	config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	_, err := dialScript(t, retrieval.IMAP, account.TLS, Options{Roots: ca.pool}, func(conn net.Conn, r *bufio.Reader) {
		defer conn.Close()
		tls.Server(conn, config).Handshake()
	})
	wantErr(t, err, retrieval.ErrUnsafe)
}

func TestPlaintextOffThisMachineIsRefused(t *testing.T) {
	for _, insecure := range []bool{false, true} {
		_, err := Dial(t.Context(), retrieval.POP3, account.Endpoint{Address: "pop.example:110", Security: account.Plaintext, Insecure: insecure}, Options{
			Dialer: func(context.Context, string, string) (net.Conn, error) { return nil, io.ErrClosedPipe },
		})
		if errors.Is(err, retrieval.ErrUnsafe) == insecure {
			t.Errorf("insecure %v: %v", insecure, err)
		}
	}
}

func TestConnectTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var err error
		took := elapsed(func() {
			_, err = Dial(t.Context(), retrieval.POP3, account.Endpoint{Address: "127.0.0.1:1", Security: account.TLS}, Options{
				Dialer: func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() },
			})
		})
		if took != 15*time.Second || !strings.Contains(err.Error(), "no connection after 15s") {
			t.Errorf("%v after %v", err, took)
		}
	})
}
