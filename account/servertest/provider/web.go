package provider

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"slices"
	"strings"
	"time"
)

// listeners are the web server's two doors.
type listeners struct {
	plain, secure net.Listener
	server        *http.Server
}

func (l *listeners) close() {
	if l.server != nil {
		l.server.Close()
	}
}

func (p *Provider) startWeb() error {
	ca, err := newAuthority()
	if err != nil {
		return err
	}
	p.roots = ca.roots()
	p.ca = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.cert.Raw})
	if p.web.plain, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	if p.web.secure, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		p.web.plain.Close()
		return err
	}
	secure := tls.NewListener(p.web.secure, &tls.Config{GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
		name := h.ServerName
		if slices.Contains(p.o.WrongCertificate, name) {
			name = "other.invalid"
		}
		return ca.issue(name)
	}})
	p.web.server = &http.Server{Handler: http.HandlerFunc(p.serve), ErrorLog: log.New(io.Discard, "", 0)}
	go p.web.server.Serve(p.web.plain)
	go p.web.server.Serve(secure)
	return nil
}

// serve logs the request as it came and answers with the file of that URL.
func (p *Provider) serve(w http.ResponseWriter, r *http.Request) {
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	dump, _ := httputil.DumpRequest(r, true)
	p.write("web %s%s\n%s\n", scheme, r.Host, dump)
	host, _, _ := strings.Cut(r.Host, ":")
	f, ok := p.o.Files[scheme+host+r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if f.Location != "" {
		w.Header().Set("Location", f.Location)
	}
	if f.Status != 0 {
		w.WriteHeader(f.Status)
	}
	_, _ = io.WriteString(w, f.Body)
}

// transport knows the hosts of all files and of Hosts; others do not exist.
func (p *Provider) transport() *http.Transport {
	return &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: p.roots},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			host, port, _ := net.SplitHostPort(address)
			if !p.hasWeb(host) {
				return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
			}
			to := p.web.plain
			if port == "443" {
				to = p.web.secure
			}
			return new(net.Dialer).DialContext(ctx, network, to.Addr().String())
		}}
}

func (p *Provider) hasWeb(host string) bool {
	for u := range p.o.Files {
		_, rest, _ := strings.Cut(u, "://")
		if name, _, _ := strings.Cut(rest, "/"); name == host {
			return true
		}
	}
	return false
}

// authority signs certificates for the web server's names.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Stand-in CA"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &authority{cert, key}, err
}

func (a *authority) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

func (a *authority) issue(name string) (*tls.Certificate, error) {
	leaf := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		NotBefore: a.cert.NotBefore, NotAfter: a.cert.NotAfter}
	der, err := x509.CreateCertificate(rand.Reader, leaf, a.cert, a.key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.key}, nil
}
