package sasl

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"

	_ "crypto/sha256" // tls-server-end-point hashes with what the certificate was signed with
	_ "crypto/sha512"
)

// binding is data that both ends of one TLS connection know and nobody between
// them does, and its registered name.
type binding struct {
	name string
	data []byte
}

// bindingOf finds the binding for a connection: tls-exporter for TLS 1.3 (RFC
// 9266), tls-unique for TLS 1.2 (RFC 5929 section 3) where the extended master
// secret makes it worth something (RFC 7627), and tls-server-end-point (RFC 5929
// section 4) where Go does not give it. ok is false without TLS.
func bindingOf(st *tls.ConnectionState) (b binding, ok bool) {
	if st == nil || !st.HandshakeComplete {
		return b, false
	}
	exported, err := st.ExportKeyingMaterial("EXPORTER-Channel-Binding", nil, 32)
	switch {
	case err == nil && st.Version >= tls.VersionTLS13:
		return binding{"tls-exporter", exported}, true
	case err == nil && len(st.TLSUnique) > 0: // Go exports nothing without the extended master secret
		return binding{"tls-unique", st.TLSUnique}, true
	case len(st.PeerCertificates) > 0:
		return endPoint(st.PeerCertificates[0])
	}
	return b, false
}

// Bindable reports whether -PLUS is possible on a connection.
func Bindable(st *tls.ConnectionState) bool {
	_, ok := bindingOf(st)
	return ok
}

// endPoint hashes the server's certificate with the hash of its signature, but
// with SHA-256 where that is MD5 or SHA-1; a signature without a hash of its own
// (Ed25519) has no such binding.
func endPoint(cert *x509.Certificate) (b binding, ok bool) {
	var hash crypto.Hash
	switch cert.SignatureAlgorithm {
	case x509.MD5WithRSA, x509.SHA1WithRSA, x509.ECDSAWithSHA1,
		x509.SHA256WithRSA, x509.ECDSAWithSHA256, x509.SHA256WithRSAPSS:
		hash = crypto.SHA256
	case x509.SHA384WithRSA, x509.ECDSAWithSHA384, x509.SHA384WithRSAPSS:
		hash = crypto.SHA384
	case x509.SHA512WithRSA, x509.ECDSAWithSHA512, x509.SHA512WithRSAPSS:
		hash = crypto.SHA512
	default:
		return b, false
	}
	h := hash.New()
	h.Write(cert.Raw)
	return binding{"tls-server-end-point", h.Sum(nil)}, true
}
