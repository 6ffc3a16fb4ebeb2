// Package retrieval holds the words that the two protocols share: what was said
// on the wire, what each side knows, what can be asked of it and what came of
// it. It is plain data and rules: no socket, no file, no clock of its own, so
// that screens, reports and lessons can all import it.
package retrieval

import (
	"fmt"
	"time"
)

// Protocol names one side.
type Protocol string

// The sides. SMTP only delivers; it is not retrieval. Local is this device.
const (
	IMAP  Protocol = "IMAP"
	POP3  Protocol = "POP3"
	SMTP  Protocol = "SMTP"
	Local Protocol = "local"
)

// Cause says what an effect comes from. Half of what POP3 is blamed for is the
// server's policy or the client's setting, so every effect carries one.
type Cause string

// The causes.
const (
	CauseProtocol Cause = "protocol" // an RFC says so
	CausePolicy   Cause = "server"   // this server does so; another may not
	CauseClient   Cause = "client"   // a setting or an act of this program
	CauseUnknown  Cause = ""         // seen, but who caused it was not
)

// Direction of a transcript line.
type Direction byte

// Directions: client to server, server to client, and a note of our own.
const (
	ClientSays Direction = 'C'
	ServerSays Direction = 'S'
	Note       Direction = '·'
)

// Line is one line of the transcript. Text has passed the masks and carries no
// secret; it is raw otherwise and must be cleaned before a terminal sees it.
type Line struct {
	Seq     uint64    // 1-based, rising over all sessions of one transcript
	At      time.Time // when its last octet was read or written
	Side    Protocol
	Session int // 1-based number of the connection on this side
	Dir     Direction
	Text    string // without its CRLF; literals and bodies are folded to a count
	Octets  int64  // on the wire (inside TLS), CRLF and folded octets included
}

// Meter is what one side's connections cost so far.
type Meter struct {
	In, Out     int64         // octets inside TLS
	Turnarounds int           // waits for the other side: a write after a read, then a read
	Connections int           // how many were opened
	FirstOctet  time.Duration // from the start of dialing to the first octet of the latest connection; 0: none yet
}

// Add returns the sum of two meters; FirstOctet is the later one's (n's, when it has any).
func (m Meter) Add(n Meter) Meter {
	m.In += n.In
	m.Out += n.Out
	m.Turnarounds += n.Turnarounds
	m.Connections += n.Connections
	if n.FirstOctet != 0 {
		m.FirstOctet = n.FirstOctet
	}
	return m
}

// Sub returns what m cost beyond an earlier reading.
func (m Meter) Sub(earlier Meter) Meter {
	m.In -= earlier.In
	m.Out -= earlier.Out
	m.Turnarounds -= earlier.Turnarounds
	m.Connections -= earlier.Connections
	return m
}

// Security is what protects a connection, for the title of a pane.
type Security struct {
	Protocol  string // "TLS 1.3", "TLS 1.2", or "" when nothing protects it
	Cipher    string
	Upgraded  bool   // by STARTTLS or STLS
	Plaintext bool   // nothing protects it, and the account says so
	Pinned    bool   // the server showed the key that the account pins; its certificate was not asked
	Mechanism string // how the login was proved: "SCRAM-SHA-256", "PLAIN"; "" before it, or without one (PREAUTH)
}

// String gives the short form for a title: "TLS 1.3", "TLS 1.3 (STARTTLS)", "PLAINTEXT", "".
func (s Security) String() string {
	switch {
	case s.Plaintext:
		return "PLAINTEXT"
	case s.Upgraded:
		return s.Protocol + " (upgraded)"
	}
	return s.Protocol
}

// WithLogin gives the protection and how the login was proved: "TLS 1.3, SCRAM-SHA-256".
func (s Security) WithLogin() string {
	if s.Mechanism == "" {
		return s.String()
	}
	return s.String() + ", " + s.Mechanism
}

// Octets formats a count of octets in the unit a person reads: "512 B", "4.1 kB", "2.0 MB" (powers of 1000).
func Octets(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1_000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1000)
	case n < 1_000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1_000_000)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1_000_000_000)
}
