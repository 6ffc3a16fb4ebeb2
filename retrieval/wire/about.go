package wire

import (
	"crypto/tls"
	"time"

	"imapop/retrieval"
)

// Secret says that the next n client lines are secret whole (SASL responses).
// Known commands (LOGIN, AUTHENTICATE, PASS, APOP, AUTH) need no call.
func (c *Conn) Secret(n int) { c.tap.setSecret(n) }

// Note writes a line of our own into the transcript.
func (c *Conn) Note(text string) { c.tap.note(text) }

// Meter reads what this connection cost so far. Safe from any goroutine.
func (c *Conn) Meter() retrieval.Meter { return c.meter.reading() }

// Session is the connection's number on its side, 1-based; always 1 without a transcript.
func (c *Conn) Session() int { return c.tap.session }

// LastLine is the Seq of the latest transcript line of this connection; 0 without a transcript.
func (c *Conn) LastLine() uint64 { return c.tap.last.Load() }

// Err tells why the connection ended (a limit, a guard, a deadline, the server),
// nil while it lives. The libraries hide it; sessions ask here. It is
// retrieval.ErrTooMuch, ErrProtocol or ErrClosed by errors.Is; net.ErrClosed
// too when Close was called here, and the context's cause when that ended it.
func (c *Conn) Err() error {
	c.errMu.Lock()
	defer c.errMu.Unlock()
	return c.err
}

// Hide replaces every secret that was sent by stars, should a server have said
// it back: for errors, which carry a server's words past the transcript.
func (c *Conn) Hide(text string) string { return string(c.tap.mask.apply([]byte(text), true)) }

// OnServerText is called, from the reading goroutine, with each untagged
// IMAP status text that the library swallows: BYE, and OK/NO/BAD with [ALERT].
// kind is "BYE" or "ALERT". The text is masked but not cleaned. Set it before
// anything is read.
func (c *Conn) OnServerText(f func(kind, text string)) { c.tap.text = f }

// Security says what protects the connection.
func (c *Conn) Security() retrieval.Security {
	t, ok := c.Conn.(*tls.Conn)
	if !ok {
		return retrieval.Security{Plaintext: c.plain}
	}
	st := t.ConnectionState()
	return retrieval.Security{
		Protocol: tls.VersionName(st.Version),
		Cipher:   tls.CipherSuiteName(st.CipherSuite),
		Upgraded: c.upgraded,
		Pinned:   c.pinned,
	}
}

// SetDeadline does nothing, but for SMTP.
func (c *Conn) SetDeadline(t time.Time) error {
	if c.side != retrieval.SMTP {
		return nil
	}
	return c.raw.SetDeadline(t)
}

// SetReadDeadline does nothing, but for SMTP.
func (c *Conn) SetReadDeadline(t time.Time) error {
	if c.side != retrieval.SMTP {
		return nil
	}
	return c.raw.SetReadDeadline(t)
}

// SetWriteDeadline does nothing, but for SMTP.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	if c.side != retrieval.SMTP {
		return nil
	}
	return c.raw.SetWriteDeadline(t)
}
