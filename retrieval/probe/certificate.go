package probe

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"time"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/safe"
)

const (
	maxChain = 8
	maxNames = 20
)

// describe makes plain data of a handshake; it judges nothing.
func (k *knock) describe(st tls.ConnectionState) *retrieval.TLS {
	t := &retrieval.TLS{Version: tls.VersionName(st.Version), Cipher: tls.CipherSuiteName(st.CipherSuite), Problems: []retrieval.CertProblem{}}
	for _, c := range st.PeerCertificates[:min(maxChain, len(st.PeerCertificates))] {
		t.Chain = append(t.Chain, certificate(c, k.door.At))
	}
	return t
}

func certificate(c *x509.Certificate, at time.Time) retrieval.Certificate {
	names := []string{}
	for _, n := range c.DNSNames {
		names = append(names, safe.Cut(safe.Line(n), maxWord))
	}
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return retrieval.Certificate{
		Subject: distinguished(c.Subject.CommonName, c.Subject.String()), Issuer: distinguished(c.Issuer.CommonName, c.Issuer.String()),
		Names:     names[:min(maxNames, len(names))],
		NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(),
		DaysLeft: int(math.Floor(c.NotAfter.Sub(at).Hours() / 24)),
		SPKI:     account.PinOf(c.RawSubjectPublicKeyInfo).String(), Key: key(c.PublicKey),
	}
}

func distinguished(common, whole string) string {
	if common == "" {
		common = whole
	}
	return safe.Cut(safe.Line(common), maxWord)
}

func key(k any) string {
	switch k := k.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", k.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA " + k.Curve.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	}
	return "of an unknown kind"
}

// verify says everything that is wrong with a chain, where crypto/x509 stops at the first fault.
func (k *knock) verify(st tls.ConnectionState) {
	t := k.door.TLS
	if len(st.PeerCertificates) == 0 {
		t.Problems = append(t.Problems, retrieval.CertOther)
		return
	}
	leaf, now := st.PeerCertificates[0], k.door.At
	add := func(p retrieval.CertProblem) { t.Problems = append(t.Problems, p) }
	switch {
	case now.After(leaf.NotAfter):
		add(retrieval.CertExpired)
		now = leaf.NotAfter // so that time does not hide who signed it
	case now.Before(leaf.NotBefore):
		add(retrieval.CertNotYetValid)
		now = leaf.NotBefore
	}
	if err := leaf.VerifyHostname(k.ep.Host()); err != nil {
		add(retrieval.CertWrongHost)
	}
	between := x509.NewCertPool()
	for _, c := range st.PeerCertificates[1:] {
		between.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: k.o.Roots, Intermediates: between, CurrentTime: now})
	var authority x509.UnknownAuthorityError
	switch {
	case err == nil:
	case errors.As(err, &authority):
		add(retrieval.CertUnknown)
		if bytes.Equal(leaf.RawIssuer, leaf.RawSubject) && leaf.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature) == nil {
			add(retrieval.CertSelfSigned)
		}
	default:
		add(retrieval.CertOther)
		t.Detail = safe.Cut(safe.Line(err.Error()), 200)
	}
	t.Verified = len(t.Problems) == 0
}
