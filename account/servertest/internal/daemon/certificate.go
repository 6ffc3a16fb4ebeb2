package daemon

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Certificate says what a server's certificate is like. The zero value is good
// for a day.
type Certificate struct {
	Names      []string      // besides localhost and 127.0.0.1; with Only, in their place
	Only       bool          // Names are all that it is for
	Life       time.Duration // from an hour ago on; 0: 24 h; negative: it ended so long ago
	SelfSigned bool          // by no authority; ca.pem is one that signed nothing
}

// WriteCertificate writes ca.pem, cert.pem, key.pem and combined.pem (the last
// two together) for localhost and 127.0.0.1 into dir, readable for everyone, and
// returns the roots that trust them for a day.
func WriteCertificate(dir string) (*x509.CertPool, error) { return Certificate{}.Write(dir) }

// Write is WriteCertificate for any certificate. The roots are the authority's.
func (c Certificate) Write(dir string) (*x509.CertPool, error) {
	from, until := c.validity()
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, NotBefore: from, NotAfter: until}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"},
		DNSNames: c.Names, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		NotBefore: from, NotAfter: until}
	if !c.Only {
		leaf.DNSNames, leaf.IPAddresses = append(slices.Clone(c.Names), "localhost"), []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	signer, by := caKey, ca
	if c.SelfSigned {
		signer, by = key, leaf
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, by, key.Public(), signer)
	if err != nil {
		return nil, err
	}
	return writePEM(dir, caDER, leafDER, key)
}

func (c Certificate) validity() (from, until time.Time) {
	from, until = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	switch {
	case c.Life > 0:
		until = time.Now().Add(c.Life)
	case c.Life < 0:
		until = time.Now().Add(c.Life)
		from = until.Add(-24 * time.Hour)
	}
	return from, until
}

func writePEM(dir string, caDER, leafDER []byte, key *ecdsa.PrivateKey) (*x509.CertPool, error) {
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	caPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER})
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(caPEM)
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leafDER})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	for name, b := range map[string][]byte{
		"ca.pem": caPEM, "cert.pem": certPEM, "key.pem": keyPEM, "combined.pem": append(certPEM[:len(certPEM):len(certPEM)], keyPEM...),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			return nil, err
		}
	}
	return roots, nil
}
