package retrieval

import (
	"time"

	"imapop/account"
)

// Door is what one endpoint showed to a caller who never logged in: one
// protocol, one address, one kind of security. Every text in it has been cleaned
// for a terminal. It is plain data; retrieval/probe makes it.
type Door struct {
	Protocol  Protocol         `json:"protocol"`
	Address   string           `json:"address"` // host:port as asked for
	Security  account.Security `json:"security"`
	At        time.Time        `json:"at"` // when the knocking began
	TookMS    int64            `json:"took_ms"`
	Reachable bool             `json:"reachable"`            // a TCP connection came about
	Greeting  string           `json:"greeting,omitempty"`   // as sent, one line; before TLS when the security is starttls
	Before    *Offer           `json:"before_tls,omitempty"` // starttls and plaintext
	TLS       *TLS             `json:"tls,omitempty"`        // nil: no handshake came about
	After     *Offer           `json:"after_tls,omitempty"`  // nil unless the certificate verified: nothing is said otherwise
	Failure   *DoorFailure     `json:"failure,omitempty"`    // what kept the door from being usable; nil: nothing
}

// Open reports whether the asked security is in place, with a certificate that
// verifies, and the server told what it can do.
func (d Door) Open() bool { return d.Failure == nil }

// Offer is what a server says that it can do, at one moment.
type Offer struct {
	Capabilities  []string `json:"capabilities"`       // as sent: IMAP's words, POP3's and SMTP's lines; empty: it has no such list
	Mechanisms    []string `json:"mechanisms"`         // SASL, in upper case, as sent
	LoginCommand  bool     `json:"login_command"`      // IMAP LOGIN without LOGINDISABLED; POP3 USER; always false for SMTP
	LoginDisabled bool     `json:"login_disabled"`     // IMAP LOGINDISABLED (RFC 9051 section 6.2.3)
	StartTLS      bool     `json:"starttls"`           // STARTTLS or STLS is announced
	APOP          bool     `json:"apop"`               // a timestamp in POP3's greeting (RFC 1939 section 7)
	Preauth       bool     `json:"preauth"`            // IMAP greets as if logged in
	Unlisted      bool     `json:"unlisted,omitempty"` // the server refused to list: what it can do is not known
}

// TLS is what a handshake showed.
type TLS struct {
	Version  string        `json:"version"`  // "TLS 1.3"
	Cipher   string        `json:"cipher"`   // as IANA names it
	Verified bool          `json:"verified"` // the chain leads to a root and names the host, at Door.At
	Pinned   bool          `json:"pinned"`   // the account names this key: it counts, whatever the chain is
	Problems []CertProblem `json:"problems"` // empty when Verified
	Detail   string        `json:"detail,omitempty"`
	Chain    []Certificate `json:"chain"` // as the server sent it, its own first
	Old      []string      `json:"old"`   // versions below TLS 1.2 that the server takes too; nil: it was not asked
}

// CertProblem is one thing that is wrong with a certificate.
type CertProblem string

// The problems. A certificate can have several.
const (
	CertExpired     CertProblem = "expired"
	CertNotYetValid CertProblem = "not-yet-valid"
	CertWrongHost   CertProblem = "wrong-host"
	CertUnknown     CertProblem = "unknown-authority"
	CertSelfSigned  CertProblem = "self-signed" // beside unknown-authority
	CertOther       CertProblem = "unacceptable"
)

// Certificate is what one certificate of a chain says.
type Certificate struct {
	Subject   string    `json:"subject"`
	Names     []string  `json:"names"` // DNS names and addresses it is for, at most 20
	Issuer    string    `json:"issuer"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	DaysLeft  int       `json:"days_left"`   // whole days from Door.At; negative: over
	SPKI      string    `json:"spki_sha256"` // SHA-256 of the public key, as account.Pin writes it: "sha256//" and base64
	Key       string    `json:"key"`         // "RSA 2048", "ECDSA P-256"
}

// DoorFailure says why a door is not usable.
type DoorFailure struct {
	Step string      `json:"step"` // "connect", "tls", "starttls", "greeting", "capabilities"
	Kind FailureKind `json:"kind"`
	Text string      `json:"text"` // one line
	Err  error       `json:"-"`
}

// Error gives the text.
func (f *DoorFailure) Error() string { return f.Text }

// Unwrap gives the cause.
func (f *DoorFailure) Unwrap() error { return f.Err }

// FailureKind sorts failures by what a person can do about them.
type FailureKind string

// The kinds.
const (
	FailedName        FailureKind = "name"        // the host name has no address
	FailedConnect     FailureKind = "refused"     // nothing listens there
	FailedUnreachable FailureKind = "unreachable" // no way to the host
	FailedTimeout     FailureKind = "timeout"     // no answer in time
	FailedNotTLS      FailureKind = "not-tls"     // it answers, but not with TLS
	FailedTLS         FailureKind = "tls"         // no handshake: versions or ciphers do not meet
	FailedCertificate FailureKind = "certificate" // TLS.Problems says what is wrong
	FailedNoStartTLS  FailureKind = "no-starttls" // STARTTLS or STLS is missing, refused, or ruled out by PREAUTH
	FailedRejected    FailureKind = "rejected"    // the greeting is a refusal
	FailedProtocol    FailureKind = "protocol"    // what it says is not the protocol
	FailedClosed      FailureKind = "closed"      // it hung up
	FailedCancelled   FailureKind = "cancelled"   // the caller gave up
	FailedOther       FailureKind = "other"
)
