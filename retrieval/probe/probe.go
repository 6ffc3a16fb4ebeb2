// Package probe knocks at one door of a mail server and tells what it shows to
// someone who never logs in: what protects it, whose certificate it is, and what
// it offers before and after TLS. No credential passes through here, and inside
// a TLS whose certificate does not verify nothing is said at all.
package probe

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/retrieval/wire"
)

// Options say how to knock. The zero value is good for a public server.
type Options struct {
	Wire   wire.Options  // zero Timeouts and Limits are the small ones of this package
	Total  time.Duration // bounds the whole; 0: 30 s
	OldTLS bool          // ask too, on connections of their own, whether TLS 1.0 and 1.1 are still taken
}

const (
	total = 30 * time.Second
	wait  = 8 * time.Second // for each step: a greeting that takes longer is worth saying
)

// limits are enough for any honest greeting and list of capabilities.
var limits = wire.Limits{Line: 16 << 10, Response: 256 << 10, Literal: 64 << 10, Nesting: 8}

// Door knocks at one endpoint and always returns what it saw; what went wrong is
// Door.Failure. It blocks for at most Options.Total or until ctx ends. An endpoint
// that asks for STARTTLS is knocked at twice, in plaintext for what it offers
// there and with the upgrade; one whose certificate does not verify once more,
// to look at the certificate. Plaintext needs no Insecure here: nothing secret is said.
func Door(ctx context.Context, p retrieval.Protocol, ep account.Endpoint, o Options) retrieval.Door {
	start := time.Now()
	d := retrieval.Door{Protocol: p, Address: safe.Line(ep.Address), Security: ep.Security, At: start.UTC().Truncate(time.Millisecond)}
	ctx, cancel := context.WithTimeout(ctx, orDefault(o.Total, total))
	defer cancel()
	k := &knock{ctx: ctx, door: &d, ep: ep, o: o.Wire}
	k.ep.Insecure = true
	setWaits(&k.o)
	if err := k.run(); err != nil {
		d.Failure = failure(ctx, k.step, err)
	}
	if o.OldTLS && d.TLS != nil {
		d.TLS.Old = k.oldVersions()
	}
	d.TookMS = time.Since(start).Milliseconds()
	return d
}

func setWaits(o *wire.Options) {
	t := &o.Timeouts
	for _, d := range []*time.Duration{&t.Connect, &t.Handshake, &t.Answer, &t.Stall} {
		*d = orDefault(*d, wait)
	}
	if o.Limits == (wire.Limits{}) {
		o.Limits = limits
	}
	dialer := o.Dialer
	if dialer == nil {
		dialer = new(net.Dialer).DialContext
	}
	o.Dialer = dialer
}

func orDefault(d, def time.Duration) time.Duration {
	if d <= 0 {
		return def
	}
	return d
}

// knock is one endpoint being knocked at.
type knock struct {
	ctx  context.Context
	door *retrieval.Door
	ep   account.Endpoint
	o    wire.Options
	step string // what is being tried, for the failure
}

func (k *knock) run() error {
	k.step = "connect"
	switch k.ep.Security {
	case account.TLS:
		return k.inside()
	case account.StartTLS:
		if err := k.outside(); err != nil {
			return err
		}
		return k.inside()
	case account.Plaintext:
		return k.outside()
	}
	return k.ep.Check()
}

// outside looks at what is offered in plaintext.
func (k *knock) outside() error {
	ep := k.ep
	ep.Security = account.Plaintext
	c, err := wire.Dial(k.ctx, k.door.Protocol, ep, k.reaching())
	if err != nil {
		return err
	}
	defer c.Close()
	greeting, offer, err := k.listen(c)
	k.door.Greeting, k.door.Before = greeting, offer
	return err
}

// inside puts TLS in place and looks at what is offered there.
func (k *knock) inside() error {
	k.step = "tls"
	if k.ep.Security == account.StartTLS {
		k.step = "starttls"
	}
	c, err := wire.Dial(k.ctx, k.door.Protocol, k.ep, k.reaching())
	if err != nil {
		if k.door.Reachable {
			k.examine()
		} else {
			k.step = "connect"
		}
		return err
	}
	defer c.Close()
	if st, ok := c.TLS(); ok {
		k.door.TLS = k.describe(st)
		if k.door.TLS.Pinned = len(k.ep.Pins) > 0; k.door.TLS.Pinned {
			k.verify(st)
		} else {
			k.door.TLS.Verified = true
		}
	}
	greeting, offer, err := k.listen(c)
	if k.ep.Security == account.TLS { // after an upgrade it is the wire's own
		k.door.Greeting = greeting
	}
	k.door.After = offer
	return err
}

// examine looks at a TLS that could not be used.
func (k *knock) examine() {
	st, err := wire.Examine(k.ctx, k.door.Protocol, k.ep, k.o, 0, 0)
	if err != nil {
		return // the failure says why already
	}
	k.door.TLS = k.describe(st)
	k.verify(st)
}

// oldVersions are those below TLS 1.2 that the server takes (RFC 8996).
func (k *knock) oldVersions() []string {
	old := []string{}
	for _, v := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		if _, err := wire.Examine(k.ctx, k.door.Protocol, k.ep, k.o, v, v); err == nil {
			old = append(old, tls.VersionName(v))
		}
	}
	return old
}

// reaching is how to connect, and notes that a connection came about.
func (k *knock) reaching() wire.Options {
	o := k.o
	dial := o.Dialer
	o.Dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err == nil {
			k.door.Reachable = true
		}
		return c, err
	}
	return o
}

// listen reads the greeting, asks what the server can do and takes its leave.
func (k *knock) listen(c *wire.Conn) (string, *retrieval.Offer, error) {
	end := c.Begin(k.ctx)
	defer end()
	t := &talk{c: c, step: &k.step}
	var err error
	switch k.door.Protocol {
	case retrieval.IMAP:
		err = t.imap()
	case retrieval.POP3:
		err = t.pop3()
	case retrieval.SMTP:
		err = t.smtp()
	default:
		return "", nil, fmt.Errorf("no doors are known of protocol %q", k.door.Protocol)
	}
	if cause := c.Err(); err != nil && cause != nil {
		err = cause
	}
	return safe.Cut(t.greeting, 500), t.offer, err
}
