package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"imapop/account"
	"imapop/account/certificate"
	"imapop/retrieval"
)

// Dial connects, puts the endpoint's security in place and leaves the greeting
// to be read from the Conn (after an upgrade: a neutral one of our own, since
// nothing said before TLS may be used). It blocks until then, for at most the
// sum of the timeouts, or until ctx ends; ctx does not matter afterwards.
// retrieval.ErrUnsafe says that the wanted security cannot be had;
// a *certificate.Error explains a certificate. Until the greeting was read,
// silence is bounded by Timeouts.Answer even outside of an operation.
func Dial(ctx context.Context, p retrieval.Protocol, ep account.Endpoint, o Options) (*Conn, error) {
	if err := ep.Check(); err != nil {
		if ep.Host() == "" {
			return nil, err
		}
		return nil, fmt.Errorf("%w: %w", retrieval.ErrUnsafe, err)
	}
	t := newTap(p, o.Transcript)
	t.address, t.refused = ep.Address, o.LoginRefused
	t.note("connecting to " + ep.Address)
	c, err := dial(ctx, p, ep, o, t)
	if err != nil {
		t.note(err.Error())
		return nil, err
	}
	return c, nil
}

func dial(ctx context.Context, p retrieval.Protocol, ep account.Endpoint, o Options, t *tap) (*Conn, error) {
	start := time.Now()
	raw, err := connect(ctx, ep.Address, o)
	if err != nil {
		return nil, err
	}
	c := newConn(raw, p, o, start, t)
	if err := c.secure(ctx, ep, o); err != nil {
		raw.Close()
		return nil, err
	}
	if len(c.pre) == 0 && p != retrieval.SMTP {
		c.watch.await()
	}
	return c, nil
}

func connect(ctx context.Context, address string, o Options) (net.Conn, error) {
	wait := o.Timeouts.orDefault().Connect
	ctx, cancel := context.WithTimeoutCause(ctx, wait, fmt.Errorf("no connection after %v", wait))
	defer cancel()
	dial := o.Dialer
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	raw, err := dial(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", address, because(ctx, bare(err)))
	}
	return raw, nil
}

// bare is the cause of a failed dial without the address, which net says again.
func bare(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	var sys *os.SyscallError
	if errors.As(err, &sys) {
		err = sys.Err
	}
	return err
}

// secure puts the endpoint's security in place.
func (c *Conn) secure(ctx context.Context, ep account.Endpoint, o Options) error {
	switch {
	case ep.Security == account.Plaintext:
		c.plain = true
		return nil
	case ep.Security == account.TLS:
		return c.handshake(ctx, ep, o)
	}
	if err := c.upgrade(ctx); err != nil {
		return err
	}
	if err := c.handshake(ctx, ep, o); err != nil {
		return err
	}
	c.upgraded = true
	c.pre = neutral[c.side]
	return nil
}

// handshake begins TLS on the socket and checks the server's certificate.
func (c *Conn) handshake(ctx context.Context, ep account.Endpoint, o Options) error {
	wait := o.Timeouts.orDefault().Handshake
	ctx, cancel := context.WithTimeoutCause(ctx, wait, fmt.Errorf("no TLS after %v", wait))
	defer cancel()
	t := tls.Client(c.raw, certificate.Config(ep, o.Roots))
	if err := t.HandshakeContext(ctx); err != nil {
		return explain(ep, because(ctx, err))
	}
	c.Conn, c.pinned = t, len(ep.Pins) > 0
	st := t.ConnectionState()
	leaf := st.PeerCertificates[0]
	c.tap.note(fmt.Sprintf("%s, certificate of %s until %s", tls.VersionName(st.Version), certificate.Subject(leaf), leaf.NotAfter.Format(time.DateOnly)))
	return nil
}

// because prefers the reason of an ended context to the error that it made.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return err
}
