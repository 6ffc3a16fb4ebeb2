package pop3d

import (
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// TestIdleTimeout: one -ERR line, the end, and nothing deleted, in every place
// where a session waits for its client.
func TestIdleTimeout(t *testing.T) {
	tests := []struct {
		name  string
		limit time.Duration // policy
		want  time.Duration
		until func(r *room) *client
	}{
		{"before login", 0, 10 * time.Minute, func(r *room) *client { return r.dial() }},
		{"after DELE", 0, 10 * time.Minute, func(r *room) *client {
			c := r.login()
			c.want("DELE 1", "+OK")
			return c
		}},
		{"policy", time.Minute, time.Minute, func(r *room) *client { return r.login() }},
		{"half a command", time.Minute, time.Minute, func(r *room) *client {
			c := r.login()
			c.want("DELE 1", "+OK")
			io.WriteString(c.conn, "QUI")
			return c
		}},
		{"half an exchange", time.Minute, time.Minute, func(r *room) *client {
			c := r.dial()
			c.want("AUTH PLAIN", "+ ")
			return c
		}},
		{"inside TLS", time.Minute, time.Minute, func(r *room) *client {
			c := r.dial()
			c.want("STLS", "+OK")
			c.upgrade()
			c.login()
			return c
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			certificate()
			synctest.Test(t, func(t *testing.T) {
				b := three()
				o := tlsOptions()
				o.Policy = func() Policy { return Policy{IdleTimeout: tt.limit} }
				r := newRoom(t, b, o)
				c := tt.until(r)
				start := time.Now()
				if got := c.line(); got != "-ERR idle for too long, closing; nothing was deleted" {
					t.Error(got)
				}
				if d := time.Since(start); d != tt.want {
					t.Errorf("after %v, want %v", d, tt.want)
				}
				c.ended()
				r.s.sessionsEnd()
				if updates, _, locks, unlocks := b.state(); updates != nil || locks != unlocks {
					t.Error(updates, locks, unlocks)
				}
			})
		})
	}
}

// TestIdleTimeoutIsPerCommand: work keeps a session alive; octets that never
// become a command do not; a new policy holds from the next command on.
func TestIdleTimeoutIsPerCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := make(chan time.Duration, 1)
		limits <- time.Minute
		r := newRoom(t, three(), Options{Policy: func() Policy {
			d := <-limits
			limits <- d
			return Policy{IdleTimeout: d}
		}})
		c := r.login()
		for range 5 {
			time.Sleep(50 * time.Second)
			c.want("NOOP", "+OK")
		}
		start, conn := time.Now(), c.conn
		go func() {
			for range 10 {
				time.Sleep(20 * time.Second)
				io.WriteString(conn, "x")
			}
		}()
		c.line()
		c.ended()
		if d := time.Since(start); d != time.Minute {
			t.Errorf("a trickle lived %v", d)
		}
		c = r.login()
		<-limits
		limits <- time.Hour
		c.want("NOOP", "+OK")
		time.Sleep(59 * time.Minute)
		c.want("NOOP", "+OK")
	})
}

// TestClientThatDoesNotRead holds the maildrop only for so long.
func TestClientThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBackend(message(1 << 20))
		r := newRoom(t, b, Options{})
		c := r.login()
		io.WriteString(c.conn, "RETR 1\r\nDELE 1\r\nQUIT\r\n")
		start := time.Now()
		r.s.sessionsEnd()
		if d := time.Since(start); d != writeStall {
			t.Errorf("lived %v", d)
		}
		if updates, retrieved, _, unlocks := b.state(); updates != nil || retrieved != nil || unlocks != 1 {
			t.Error(updates, retrieved, unlocks)
		}
	})
}

// TestSilentHandshake ends after handshakeTimeout, without a word in the open.
func TestSilentHandshake(t *testing.T) {
	certificate()
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, three(), tlsOptions())
		c := r.dial()
		c.want("STLS", "+OK")
		start := time.Now()
		c.ended()
		if d := time.Since(start); d != handshakeTimeout {
			t.Errorf("lived %v", d)
		}
	})
}

// TestCloseIsNotWedged: sessions that wait for a silent client, that write to
// one that does not read, and that are in a handshake all end at once.
func TestCloseIsNotWedged(t *testing.T) {
	certificate()
	synctest.Test(t, func(t *testing.T) {
		b := newBackend(message(1 << 20))
		r := newRoom(t, b, tlsOptions())
		r.dial()
		handshake := r.dial()
		handshake.want("STLS", "+OK")
		inTLS := r.dial()
		inTLS.want("STLS", "+OK")
		inTLS.upgrade()
		stuck := r.login()
		stuck.want("DELE 1", "+OK")
		stuck.want("RSET", "+OK")
		io.WriteString(stuck.conn, "RETR 1\r\nDELE 1\r\nQUIT\r\n")
		synctest.Wait()
		start := time.Now()
		if err := r.s.Close(); err != nil || r.s.Close() != nil {
			t.Error(err)
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("took %v", d)
		}
		if updates, _, _, unlocks := b.state(); updates != nil || unlocks != 1 {
			t.Error(updates, unlocks)
		}
	})
}

// TestCloseWaitsForUpdate: a deletion that has begun is finished.
func TestCloseWaitsForUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := three()
		b.inUpdate = make(chan struct{})
		r := newRoom(t, b, Options{})
		c := r.login()
		c.want("DELE 1", "+OK")
		c.write("QUIT\r\n")
		<-b.inUpdate
		closed := make(chan struct{})
		go func() { r.s.Close(); close(closed) }()
		synctest.Wait()
		select {
		case <-closed:
			t.Error("Close did not wait for Update")
		default:
		}
		b.inUpdate <- struct{}{}
		<-closed
		if updates, _, _, unlocks := b.state(); len(updates) != 1 || unlocks != 1 {
			t.Error(updates, unlocks)
		}
	})
}

// TestQuitBehindClose: a QUIT that waits in the buffer while Close comes does
// not delete.
func TestQuitBehindClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBackend(message(100), message(writeBuffer)) // so big that RETR flushes
		b.inRetrieved = make(chan struct{})
		r := newRoom(t, b, Options{})
		c := r.login()
		c.write("DELE 1\r\nRETR 2\r\nQUIT\r\n")
		go io.Copy(io.Discard, c.conn)
		<-b.inRetrieved
		go r.s.Close()
		synctest.Wait()
		b.inRetrieved <- struct{}{}
		r.s.sessionsEnd()
		if updates, _, _, unlocks := b.state(); updates != nil || unlocks != 1 {
			t.Error(updates, unlocks)
		}
	})
}

// stumbling is a listener that fails in turn, then is closed.
type stumbling struct {
	*pipes
	errs []error
}

func (s *stumbling) Accept() (net.Conn, error) {
	if len(s.errs) == 0 {
		return s.pipes.Accept()
	}
	err := s.errs[0]
	s.errs = s.errs[1:]
	return nil, err
}

// TestAcceptFails: what passes is waited for, what stays ends Serve.
func TestAcceptFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		passing := &net.OpError{Op: "accept", Err: syscall.EMFILE}
		lasting := errors.New("the network is gone")
		s := New(Options{Backend: three()})
		start := time.Now()
		if err := s.Serve(&stumbling{newPipes(), []error{passing, passing, lasting}}, false); err != lasting {
			t.Error(err)
		}
		if d := time.Since(start); d != 2*acceptPause {
			t.Errorf("waited %v", d)
		}
		served := make(chan error)
		go func() { served <- s.Serve(&stumbling{newPipes(), []error{passing}}, false) }()
		synctest.Wait()
		s.Close()
		if err := <-served; err != nil {
			t.Errorf("after Close: %v", err)
		}
	})
}

func TestServeAfterClose(t *testing.T) {
	s := New(Options{Backend: three()})
	s.Close()
	if err := s.Serve(newPipes(), false); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Error(err)
	}
}
