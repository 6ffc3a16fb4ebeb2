package pop3d

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
)

func tlsOptions() Options {
	cfg, _ := certificate()
	return Options{TLS: cfg}
}

// TestSTLSIsPerConnection: it works on every connection, and on each once.
func TestSTLSIsPerConnection(t *testing.T) {
	r := newRoom(t, three(), tlsOptions())
	for range 3 {
		c := r.dial()
		c.want("STLS", "+OK")
		c.upgrade()
		c.want("STLS", "-ERR")
		c.login()
		c.want("STLS", "-ERR")
		c.want("QUIT", "+OK")
		c.ended()
	}
	c := r.dial() // and does not leak into a plain one
	if !strings.Contains(c.caps(), "STLS") {
		t.Error("no STLS for a new connection")
	}
}

func TestSTLSForgetsUser(t *testing.T) {
	c := newRoom(t, three(), tlsOptions()).dial()
	c.want("USER alice", "+OK")
	c.want("STLS", "+OK")
	c.upgrade()
	c.want("PASS "+password, "-ERR PASS comes right after USER")
}

// TestOctetsBehindSTLS: they run neither in the open nor inside TLS.
func TestOctetsBehindSTLS(t *testing.T) {
	b := three()
	c := newRoom(t, b, tlsOptions()).dial()
	c.write("STLS\r\nUSER alice\r\nPASS " + password + "\r\nDELE 1\r\nQUIT\r\n")
	if got := c.line(); got != "-ERR octets behind STLS, closing" {
		t.Fatal(got)
	}
	c.ended()
	if updates, _, locks, _ := b.state(); updates != nil || locks != 0 {
		t.Fatal(updates, locks)
	}
}

// TestOctetsAfterSTLS: those that come after the answer break the handshake.
func TestOctetsAfterSTLS(t *testing.T) {
	b := three()
	r := newRoom(t, b, tlsOptions())
	c := r.dial()
	c.want("STLS", "+OK")
	c.write("USER alice\r\nPASS " + password + "\r\n")
	got, _ := io.ReadAll(c.r)
	if strings.Contains(string(got), "+OK") || strings.Contains(string(got), "-ERR") {
		t.Fatalf("%q", got)
	}
	r.s.sessionsEnd()
}

func TestImplicitTLS(t *testing.T) {
	b := three()
	s := New(Options{Backend: b, TLS: tlsOptions().TLS})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln, true) }()
	_, cfg := certificate()
	conn, err := tls.Dial("tcp", ln.Addr().String(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(t, conn)
	if got := c.line(); !strings.HasPrefix(got, "+OK") {
		t.Fatal(got)
	}
	if strings.Contains(c.caps(), "STLS") {
		t.Error("STLS inside TLS")
	}
	c.want("STLS", "-ERR")
	c.login()
	c.want("QUIT", "+OK")
	c.ended()
	if s.Close() != nil || <-served != nil {
		t.Error("Close and Serve must end well")
	}
}

func TestImplicitTLSNeedsAConfiguration(t *testing.T) {
	if err := New(Options{Backend: three()}).Serve(newPipes(), true); err == nil {
		t.Error("no error")
	}
}

// TestPlaintextOnTLSPort: no greeting, no answer.
func TestPlaintextOnTLSPort(t *testing.T) {
	s := New(Options{Backend: three(), TLS: tlsOptions().TLS})
	ln := newPipes()
	go s.Serve(ln, true)
	defer s.Close()
	here, there := net.Pipe()
	ln.conns <- there
	go io.WriteString(here, "USER alice\r\n")
	got, _ := io.ReadAll(bufio.NewReader(here))
	if strings.Contains(string(got), "+OK") {
		t.Fatalf("%q", got)
	}
}
