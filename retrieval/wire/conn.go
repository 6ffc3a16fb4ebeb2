package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"imapop/retrieval"
)

// writePiece is how much is written under one deadline, in octets.
const writePiece = 16 << 10

// goodbye is how long a TLS close_notify may take before the socket is closed under it.
const goodbye = 250 * time.Millisecond

// Conn is a net.Conn for go-imap and go-pop3. One goroutine may read while
// another writes; everything else may be called from any goroutine.
//
// The deadlines that the libraries set are ignored, for they cut off slow but
// living transfers; Begin sets better ones. (On an SMTP connection they hold.)
type Conn struct {
	net.Conn // what is spoken through: TLS, or the socket itself

	raw      net.Conn // the socket
	side     retrieval.Protocol
	limits   Limits
	meter    meter
	watch    watch
	tap      *tap
	upgraded bool
	pinned   bool
	plain    bool
	spent    atomic.Int64 // octets since Begin that count against Limits.Response

	pre     []byte // neutral greeting that no server said
	greeted bool   // the greeting is read; only the reading goroutine looks
	imapIn  imapScanner
	imapOut imapScanner
	heard   imapServer
	popOut  lineSplitter
	smtp    *smtpTap
	in      inbox // POP3
	body    *bodyReader

	errMu sync.Mutex
	err   error
}

func newConn(raw net.Conn, p retrieval.Protocol, o Options, start time.Time, t *tap) *Conn {
	c := &Conn{Conn: raw, raw: raw, side: p, limits: o.Limits.orDefault(), tap: t}
	c.meter.start = start
	c.watch.raw, c.watch.waits = raw, o.Timeouts.orDefault()
	c.heard.tap = t
	c.imapIn = imapScanner{limits: &c.limits, spent: &c.spent, out: &c.heard}
	c.imapOut = imapScanner{limits: &c.limits, spent: new(atomic.Int64), client: true, out: &imapClient{tap: t}, opaque: t.opaque}
	c.popOut.line = t.pop3Client
	if p == retrieval.SMTP {
		c.smtp = newSMTPTap(t)
	}
	return c
}

// Begin starts one operation: the budgets are new, silence is bounded by
// Timeouts.Answer (Stall inside literals and bodies), and when ctx ends the
// socket is closed (the protocols have no safe way to go on). The returned func
// ends the operation. One runs at a time: a second Begin takes the place of the
// first, whose end then does nothing. IDLE and the wait between operations run
// outside of any operation, without a deadline.
func (c *Conn) Begin(ctx context.Context) (end func()) {
	c.spent.Store(0)
	stop := c.watch.begin(ctx, func() {
		c.fail(fmt.Errorf("%w: %w", retrieval.ErrClosed, context.Cause(ctx)))
	})
	return func() {
		stop()
		c.spent.Store(0)
	}
}

// Read gives the library what has passed the guards; for POP3 at most one status line.
func (c *Conn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(c.pre) > 0 {
		n := copy(p, c.pre)
		c.pre = c.pre[n:]
		return n, nil
	}
	switch c.side {
	case retrieval.POP3:
		return c.readStatus(p)
	case retrieval.IMAP:
		return c.readIMAP(p)
	}
	n, err := c.receive(p)
	if c.smtp != nil {
		c.smtp.server.write(p[:n])
	}
	return n, err
}

func (c *Conn) readIMAP(p []byte) (int, error) {
	n, err := c.receive(p)
	if err != nil {
		c.imapIn.flush()
		return 0, err
	}
	good, err := c.imapIn.scan(p[:n])
	c.watch.bulk.Store(c.imapIn.state == inLiteral)
	if err != nil {
		c.imapIn.flush()
		return good, c.fail(err)
	}
	if !c.greeted && c.heard.lines > 0 {
		c.greeted = true
		c.watch.end(0)
	}
	return good, nil
}

// receive reads from the server, under the operation's deadline.
func (c *Conn) receive(p []byte) (int, error) {
	for {
		if err := c.Err(); err != nil {
			return 0, err
		}
		c.watch.reading()
		n, err := c.Conn.Read(p)
		if n > 0 {
			c.watch.read(p[:n])
			c.meter.received(n)
			return n, nil // an error comes again with the next read
		}
		if err == nil {
			continue
		}
		if errors.Is(err, os.ErrDeadlineExceeded) && c.side != retrieval.SMTP {
			wait, expired := c.watch.expired()
			if !expired {
				continue
			}
			return 0, c.fail(fmt.Errorf("%w: the server was silent for %v: %w", retrieval.ErrClosed, wait, err))
		}
		return 0, c.over(err)
	}
}

// over ends the connection because reading or writing failed. It returns what
// the library is to see.
func (c *Conn) over(err error) error {
	if errors.Is(err, io.EOF) {
		if kept := c.fail(fmt.Errorf("%w: the server closed the connection: %w", retrieval.ErrClosed, io.EOF)); !errors.Is(kept, io.EOF) {
			return kept
		}
		return io.EOF
	}
	return c.fail(fmt.Errorf("%w: %w", retrieval.ErrClosed, err))
}

// Write sends what a library says, after the tap has seen it. After anything
// that ended the connection it sends nothing more.
func (c *Conn) Write(p []byte) (int, error) {
	if err := c.Err(); err != nil {
		return 0, err
	}
	c.tapClient(p)
	c.meter.asked.Store(true)
	c.watch.send.Store(true)
	n, err := c.writeAll(p)
	c.watch.send.Store(false)
	if err != nil {
		return n, c.over(err)
	}
	c.watch.touch()
	return n, nil
}

func (c *Conn) writeAll(p []byte) (sent int, err error) {
	for err == nil && sent < len(p) {
		if c.side != retrieval.SMTP {
			c.watch.touch()
			c.raw.SetWriteDeadline(time.Now().Add(c.watch.waits.Stall))
		}
		var n int
		n, err = c.Conn.Write(p[sent:min(len(p), sent+writePiece)])
		c.meter.out.Add(int64(n))
		sent += n
	}
	return sent, err
}

func (c *Conn) tapClient(p []byte) {
	switch {
	case c.side == retrieval.IMAP:
		c.imapOut.scan(p)
	case c.side == retrieval.POP3:
		c.popOut.write(p)
	case c.smtp != nil:
		c.smtp.client.write(p)
	}
}

// record keeps why the connection ends; the first reason stays.
func (c *Conn) record(err error) (kept error, first bool) {
	c.errMu.Lock()
	defer c.errMu.Unlock()
	if c.err == nil {
		c.err, first = err, true
	}
	return c.err, first
}

// fail closes the socket, at once, and returns the reason that is kept.
func (c *Conn) fail(err error) error {
	err, first := c.record(err)
	if first {
		c.raw.Close()
		c.watch.done()
		c.tap.note(err.Error())
	}
	return err
}

// Close closes the connection without a command to the server. Err is
// retrieval.ErrClosed and net.ErrClosed then, unless it had ended before.
func (c *Conn) Close() error {
	_, first := c.record(fmt.Errorf("%w: closed here: %w", retrieval.ErrClosed, net.ErrClosed))
	if !first {
		return nil
	}
	if _, ok := c.Conn.(*tls.Conn); ok { // its close_notify could wait on a peer that does not read
		hurry := time.AfterFunc(goodbye, func() { c.raw.Close() })
		c.Conn.Close()
		hurry.Stop()
	}
	c.raw.Close()
	c.watch.done()
	c.tap.note("closed here")
	return nil
}
