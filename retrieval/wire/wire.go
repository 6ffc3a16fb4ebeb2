// Package wire connects to a mail server, puts the account's security in place
// and lets every octet pass one tap: a masked transcript, meters, deadlines,
// octet budgets and guards against what the libraries above cannot survive.
package wire

import (
	"context"
	"crypto/x509"
	"io"
	"net"
	"time"

	"imapop/account"
	"imapop/retrieval"
)

// Timeouts bound every wait. The zero value means the defaults.
type Timeouts struct {
	Connect   time.Duration // 15 s: TCP
	Handshake time.Duration // 15 s: TLS
	Answer    time.Duration // 30 s: greeting, and silence while an answer is due
	Stall     time.Duration // 60 s: silence inside a literal or a body
}

// Limits bound what a server may send. The zero value means the defaults.
type Limits struct {
	Line     int64 // octets of one line outside literals: 1 MiB
	Response int64 // octets of everything that one operation brings, its literals and bodies apart: 64 MiB
	Literal  int64 // octets of one literal: 1 GiB (bodies are streamed)
	Nesting  int   // parentheses open at once outside quotes and literals: 64
}

// Options is how to connect. The zero value is good for a public server.
type Options struct {
	Roots      *x509.CertPool // nil: the system's
	Timeouts   Timeouts
	Limits     Limits
	Transcript *Transcript                                                          // nil: none is kept
	Dialer     func(ctx context.Context, network, address string) (net.Conn, error) // nil: net.Dialer
}

// Dial connects, puts the endpoint's security in place and leaves the greeting
// to be read from the Conn (after an upgrade: a neutral one of our own, since
// nothing said before TLS may be used).
func Dial(ctx context.Context, p retrieval.Protocol, ep account.Endpoint, o Options) (*Conn, error) {
	panic("being written")
}

// Conn is a net.Conn for go-imap and go-pop3.
type Conn struct {
	net.Conn
}

// Begin starts one operation: the budgets are new, silence is bounded by
// Timeouts.Answer, and when ctx ends the socket is closed (the protocols have no
// safe way to go on). The returned func ends the operation. IDLE and the wait
// between operations run outside of any operation, without a deadline.
func (c *Conn) Begin(ctx context.Context) (end func()) { panic("being written") }

// Body lends the rest of a POP3 multi-line answer, after its status line was
// read: octets untouched but for the dot-stuffing, io.EOF only after CRLF.CRLF.
// It must be read to EOF before anything else is read; folded says whether the
// transcript shows the lines (false: CAPA, LIST, UIDL) or one count (true: RETR, TOP).
func (c *Conn) Body(folded bool) io.Reader { panic("being written") }

// ReadLine reads one POP3 status line, without CRLF, for our own readers; it
// refuses what is neither +OK nor -ERR.
func (c *Conn) ReadLine() ([]byte, error) { panic("being written") }

// Secret says that the next n client lines are secret whole (SASL responses).
// Known commands (LOGIN, AUTHENTICATE, PASS, APOP, AUTH) need no call.
func (c *Conn) Secret(n int) {}

// Note writes a line of our own into the transcript.
func (c *Conn) Note(text string) {}

// Meter reads what this connection cost so far. Safe from any goroutine.
func (c *Conn) Meter() retrieval.Meter { return retrieval.Meter{} }

// Security says what protects the connection.
func (c *Conn) Security() retrieval.Security { return retrieval.Security{} }

// Session is the connection's number on its side, 1-based.
func (c *Conn) Session() int { return 0 }

// LastLine is the Seq of the latest transcript line of this connection; 0 without a transcript.
func (c *Conn) LastLine() uint64 { return 0 }

// Err tells why the connection ended (a limit, a guard, a deadline, the server),
// nil while it lives. The libraries hide it; sessions ask here.
func (c *Conn) Err() error { return nil }

// OnServerText is called, from the reading goroutine, with each untagged
// IMAP status text that the library swallows: BYE, and OK/NO/BAD with [ALERT].
// kind is "BYE" or "ALERT". Set it before anything is read.
func (c *Conn) OnServerText(f func(kind, text string)) {}

// Transcript keeps the latest lines of every connection that shares it, masked
// before they are stored, bounded in lines and octets. Safe from any goroutine.
type Transcript struct{}

// NewTranscript keeps at most lines lines (0: 10,000).
func NewTranscript(lines int) *Transcript { return &Transcript{} }

// Since returns the kept lines with Seq > seq, oldest first, at most max (0: all).
func (t *Transcript) Since(seq uint64, max int) []retrieval.Line { return nil }

// Add appends a line (a note, SMTP) and returns its Seq.
func (t *Transcript) Add(l retrieval.Line) uint64 { return 0 }

// Save writes the kept lines as text, a line each, cleaned for any terminal.
func (t *Transcript) Save(w io.Writer) error { return nil }

// Changed is signalled (never blocks, may coalesce) when lines were added.
func (t *Transcript) Changed() <-chan struct{} { return nil }
