// Package provider stands in for a mail provider's names and files, for tests
// that search for mail servers: a DNS server and a web server with and without
// TLS on loopback, and ports that accept connections. It logs every octet that it
// is sent, so that a test can prove what was not said.
package provider

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
)

// Options are what the provider publishes. Names are without a final dot.
type Options struct {
	SRV   map[string][]net.SRV // by "_imaps._tcp.example.test"; an empty Target is the root, "."
	MX    map[string][]net.MX
	Hosts map[string]string // IPv4 addresses by name
	Files map[string]File   // by URL without its query and port
	Ports []string          // "host:port" that accept connections, log what comes and say nothing
	// WrongCertificate names hosts whose web server shows another host's certificate.
	WrongCertificate []string
}

// File is one answer of the web server.
type File struct {
	Status   int    // 0: 200
	Location string // for redirections
	Body     string
}

// Provider is one that runs. Its methods are safe from any goroutine.
type Provider struct {
	o     Options
	roots *x509.CertPool
	ca    []byte
	dns   net.PacketConn
	web   listeners
	ports net.Listener

	mu     sync.Mutex
	log    strings.Builder
	unread sync.WaitGroup // connections whose log is not complete
}

// Start starts the stand-in; Close ends it.
func Start(o Options) (*Provider, error) {
	p := &Provider{o: o}
	var err error
	if p.dns, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	if err = p.startWeb(); err == nil {
		p.ports, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	go p.answer()
	go p.accept()
	return p, nil
}

// Close ends everything.
func (p *Provider) Close() {
	p.dns.Close()
	p.web.close()
	if p.ports != nil {
		p.ports.Close()
	}
}

// DNS is the address of the DNS server, UDP.
func (p *Provider) DNS() string { return p.dns.LocalAddr().String() }

// Resolver asks only this provider.
func (p *Provider) Resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", p.DNS())
	}}
}

// Roots trust the web server.
func (p *Provider) Roots() *x509.CertPool { return p.roots }

// CA is the certificate behind Roots, in PEM.
func (p *Provider) CA() []byte { return p.ca }

// Port is where the web server has its TLS, for a URL that names it.
func (p *Provider) Port() int { return p.web.secure.Addr().(*net.TCPAddr).Port }

// Transport is the way to the web server under its public names and ports.
func (p *Provider) Transport() http.RoundTripper { return p.transport() }

// errRefused is what a port that is not open answers.
var errRefused = errors.New("connection refused")

// Dial connects to one of the open ports under its public name.
func (p *Provider) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	p.write("dial %s\n", address)
	host, _, _ := net.SplitHostPort(address)
	for _, open := range p.o.Ports {
		if strings.EqualFold(open, address) {
			p.unread.Add(1)
			return new(net.Dialer).DialContext(ctx, "tcp", p.ports.Addr().String())
		}
	}
	if _, known := p.o.Hosts[host]; !known {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return nil, &net.OpError{Op: "dial", Net: network, Err: errRefused}
}

// accept logs what the open ports are sent. They say nothing.
func (p *Provider) accept() {
	for {
		c, err := p.ports.Accept()
		if err != nil {
			return
		}
		go func() {
			defer p.unread.Done()
			defer c.Close()
			said, _ := io.ReadAll(c)
			p.write("port was sent %q\n", said)
		}()
	}
}

// Log is everything that was asked, after every connection has ended.
func (p *Provider) Log() string {
	p.unread.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

func (p *Provider) write(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(&p.log, format, args...)
}
