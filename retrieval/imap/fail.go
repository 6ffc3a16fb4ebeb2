package imap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	goimap "github.com/emersion/go-imap/v2"

	"imapop/retrieval"
	"imapop/retrieval/safe"
)

// fail makes the error of an operation. After anything but a clean NO or BAD the
// connection is closed: what the server says next could belong to anything.
func (s *Session) fail(ctx context.Context, op string, err error) error {
	out := &retrieval.OpError{Protocol: retrieval.IMAP, Op: op}
	if typed := (*retrieval.OpError)(nil); errors.As(err, &typed) {
		return err
	}
	if typed := (*retrieval.UnsupportedError)(nil); errors.As(err, &typed) {
		return err
	}
	var no *goimap.Error
	if errors.As(err, &no) && no.Type != goimap.StatusResponseTypeBye {
		out.Code, out.Text, out.Err = safe.Line(s.conn.Hide(string(no.Code))), safe.Line(s.conn.Hide(no.Text)), retrieval.ErrRefused
		if e, known := sentinels[no.Code]; known {
			out.Err = e
		}
		return out
	}
	s.conn.Close()
	out.Err = s.cause(ctx, err)
	out.Text = s.lastWords()
	return out
}

// cause tells why the connection is of no use any more: ErrClosed, and what
// closed it. err is what the library said, which hides most of it.
func (s *Session) cause(ctx context.Context, err error) error {
	s.mu.Lock()
	fault := s.fault
	s.mu.Unlock()
	var why error
	switch readErr := s.tap.why(); {
	case ctx != nil && ctx.Err() != nil:
		why = context.Cause(ctx)
	case fault != nil:
		why = fault
	case s.conn.Err() != nil && !errors.Is(s.conn.Err(), net.ErrClosed):
		why = s.conn.Err()
	case s.byUs.Load():
		return retrieval.ErrClosed
	case errors.Is(readErr, io.EOF), bye(err):
		why = fmt.Errorf("the server closed the connection: %w", io.EOF)
	case readErr != nil && !errors.Is(readErr, net.ErrClosed) && !errors.Is(readErr, io.ErrClosedPipe):
		why = readErr
	case err != nil:
		why = fmt.Errorf("%w (%s)", retrieval.ErrProtocol, safe.Cut(s.conn.Hide(err.Error()), 200))
	default:
		return retrieval.ErrClosed
	}
	if errors.Is(why, retrieval.ErrClosed) {
		return why
	}
	return fmt.Errorf("%w: %w", retrieval.ErrClosed, why)
}

// bye says that the server took its leave, which it may at any time, also in
// place of a greeting (RFC 9051 section 7.1.5).
func bye(err error) bool {
	var said *goimap.Error
	return errors.As(err, &said) && said.Type == goimap.StatusResponseTypeBye
}

// lastWords is what the server said in BYE, cleaned.
func (s *Session) lastWords() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return safe.Line(s.bye)
}

// guard runs f and makes a panic of the library an error of the session.
func guard(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the IMAP library failed: %v", v)
		}
	}()
	return f()
}

// gone says that a message is not in the mailbox.
func gone(op, why string) error {
	return &retrieval.OpError{Protocol: retrieval.IMAP, Op: op, Err: retrieval.ErrGone, Text: why}
}

// refused is a refusal of our own, before anything was sent.
func refused(op, why string) error {
	return &retrieval.OpError{Protocol: retrieval.IMAP, Op: op, Err: retrieval.ErrRefused, Text: why}
}

// need says that a mailbox must be selected.
func (s *Session) need(op string) error {
	if s.Mailbox().Name == "" {
		return refused(op, fmt.Sprintf("no mailbox is selected (%s)", s.State()))
	}
	return nil
}

// describe names messages for an operation's error: "message 7", "3 messages".
func describe(uids []uint32) string {
	if len(uids) == 1 {
		return fmt.Sprintf("message %d", uids[0])
	}
	return fmt.Sprintf("%d messages", len(uids))
}

// sentinels by response code (RFC 5530, RFC 9051 section 7.1).
var sentinels = map[goimap.ResponseCode]error{
	goimap.ResponseCodeAuthenticationFailed: retrieval.ErrAuth,
	goimap.ResponseCodeAuthorizationFailed:  retrieval.ErrAuth,
	goimap.ResponseCodeExpired:              retrieval.ErrAuth,
	goimap.ResponseCodePrivacyRequired:      retrieval.ErrUnsafe,
	goimap.ResponseCodeUnavailable:          retrieval.ErrSysTemp,
	goimap.ResponseCodeLimit:                retrieval.ErrInUse,
	goimap.ResponseCodeInUse:                retrieval.ErrInUse,
	goimap.ResponseCodeServerBug:            retrieval.ErrSysPerm,
	goimap.ResponseCodeContactAdmin:         retrieval.ErrSysPerm,
	goimap.ResponseCodeCorruption:           retrieval.ErrSysPerm,
	"EXPUNGEISSUED":                         retrieval.ErrGone,
}
