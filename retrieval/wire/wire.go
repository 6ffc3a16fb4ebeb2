// Package wire connects to a mail server, puts the account's security in place
// and lets every octet pass one tap: a masked transcript, meters, deadlines,
// octet budgets and guards against what the libraries above cannot survive.
package wire

import (
	"context"
	"crypto/x509"
	"net"
	"time"

	"imapop/account"
)

// Timeouts bound every wait. The zero value means the defaults.
type Timeouts struct {
	Connect   time.Duration // 15 s: TCP
	Handshake time.Duration // 15 s: TLS
	Answer    time.Duration // 30 s: greeting, and silence while an answer is due
	Stall     time.Duration // 60 s: silence inside a literal or a body, and a write that makes no progress
}

// Limits bound what a server may send. The zero value means the defaults.
type Limits struct {
	Line     int64 // octets of one line outside literals: 1 MiB; IMAP literals that no one streams (a subject) count in
	Response int64 // octets of everything that one operation brings, its literals and bodies apart: 64 MiB
	Literal  int64 // octets of one literal or POP3 body: 1 GiB (they are streamed)
	Nesting  int   // parentheses open at once outside quotes and literals: 64
}

// Options is how to connect. The zero value is good for a public server.
type Options struct {
	Roots      *x509.CertPool // nil: the system's
	Timeouts   Timeouts
	Limits     Limits
	Transcript *Transcript                                                          // nil: none is kept
	Dialer     func(ctx context.Context, network, address string) (net.Conn, error) // nil: net.Dialer
	// LoginRefused is told of every login that a server refused, as it was seen on
	// the wire, but for Account, which is not known here. It is called from the
	// goroutine that reads and should not wait. nil: nobody is told.
	LoginRefused func(account.FailedLogin)
}

// statusLimit bounds a POP3 status line and each line before an upgrade, in
// octets. RFC 2449 section 4 allows a status line 512.
const statusLimit = 8 << 10

func (t Timeouts) orDefault() Timeouts {
	set(&t.Connect, 15*time.Second)
	set(&t.Handshake, 15*time.Second)
	set(&t.Answer, 30*time.Second)
	set(&t.Stall, 60*time.Second)
	return t
}

func (l Limits) orDefault() Limits {
	set(&l.Line, 1<<20)
	set(&l.Response, 64<<20)
	set(&l.Literal, 1<<30)
	set(&l.Nesting, 64)
	return l
}

func set[T int | int64 | time.Duration](v *T, def T) {
	if *v <= 0 {
		*v = def
	}
}
