package wire

import (
	"context"
	"crypto/tls"
	"fmt"
	"time"

	"imapop/account"
	"imapop/retrieval"
)

// Examine does the TLS handshake of an endpoint, with STARTTLS or STLS where it
// asks for that, whatever the certificate may be and at any version of TLS from
// oldest to newest (0: TLS 1.0 and the newest there is), and hangs up. Not one
// octet is said inside TLS: nobody knows yet who would hear it. The chain of the
// state is what the server sent, verified by no one.
func Examine(ctx context.Context, p retrieval.Protocol, ep account.Endpoint, o Options, oldest, newest uint16) (tls.ConnectionState, error) {
	if oldest == 0 {
		oldest = tls.VersionTLS10
	}
	t := newTap(p, o.Transcript)
	t.note("connecting to " + ep.Address + " to look at its TLS; nothing will be said inside")
	st, err := examine(ctx, p, ep, o, t, &tls.Config{
		ServerName: ep.Host(), InsecureSkipVerify: true, // looked at, never spoken to
		MinVersion: oldest, MaxVersion: newest, CipherSuites: allSuites(),
	})
	if err != nil {
		t.note(err.Error())
		return st, err
	}
	t.note(tls.VersionName(st.Version) + " looked at, closed here")
	return st, nil
}

func examine(ctx context.Context, p retrieval.Protocol, ep account.Endpoint, o Options, t *tap, config *tls.Config) (tls.ConnectionState, error) {
	raw, err := connect(ctx, ep.Address, o)
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer raw.Close()
	c := newConn(raw, p, o, time.Now(), t)
	defer c.watch.done()
	if ep.Security == account.StartTLS {
		if err := c.upgrade(ctx); err != nil {
			return tls.ConnectionState{}, err
		}
	}
	wait := o.Timeouts.orDefault().Handshake
	ctx, cancel := context.WithTimeoutCause(ctx, wait, fmt.Errorf("no TLS after %v", wait))
	defer cancel()
	client := tls.Client(raw, config)
	if err := client.HandshakeContext(ctx); err != nil {
		return tls.ConnectionState{}, explain(ep, because(ctx, err))
	}
	return client.ConnectionState(), nil
}

// allSuites are all that Go knows, those that nobody should use among them: an
// old server is to be looked at, not turned away.
func allSuites() []uint16 {
	var ids []uint16
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		ids = append(ids, s.ID)
	}
	return ids
}

// TLS is the state of the connection's TLS; ok is false when nothing protects it.
func (c *Conn) TLS() (st tls.ConnectionState, ok bool) {
	t, ok := c.Conn.(*tls.Conn)
	if !ok {
		return st, false
	}
	return t.ConnectionState(), true
}
