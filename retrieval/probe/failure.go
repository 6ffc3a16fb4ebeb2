package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/retrieval/wire"
)

// failure sorts what went wrong.
func failure(ctx context.Context, step string, err error) *retrieval.DoorFailure {
	return &retrieval.DoorFailure{Step: step, Kind: kind(ctx, err), Text: safe.Cut(safe.Line(err.Error()), 500), Err: err}
}

func kind(ctx context.Context, err error) retrieval.FailureKind {
	var certificate *wire.CertificateError
	var name *net.DNSError
	var notTLS tls.RecordHeaderError
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return retrieval.FailedCancelled
	case errors.As(err, &certificate):
		return retrieval.FailedCertificate
	case errors.As(err, &notTLS):
		return retrieval.FailedNotTLS
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return retrieval.FailedTimeout
	case errors.As(err, &name) && !name.IsTimeout:
		return retrieval.FailedName
	case errors.Is(err, syscall.ECONNREFUSED):
		return retrieval.FailedConnect
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL):
		return retrieval.FailedUnreachable
	case errors.Is(err, retrieval.ErrRefused):
		return retrieval.FailedRejected
	case errors.Is(err, retrieval.ErrUnsafe) && !errors.Is(err, wire.ErrHandshake):
		return retrieval.FailedNoStartTLS
	case errors.Is(err, retrieval.ErrUnsafe):
		return retrieval.FailedTLS
	case errors.Is(err, retrieval.ErrProtocol), errors.Is(err, retrieval.ErrTooMuch):
		return retrieval.FailedProtocol
	case errors.Is(err, retrieval.ErrClosed), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return retrieval.FailedClosed
	}
	var slow net.Error
	if errors.As(err, &slow) && slow.Timeout() {
		return retrieval.FailedTimeout
	}
	return retrieval.FailedOther
}
