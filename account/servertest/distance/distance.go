// Package distance puts a server further away, for tests and benchmarks: a
// proxy on loopback that holds every octet back for half a round trip each way
// and counts what passes.
package distance

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Proxy stands between a client and a server.
type Proxy struct {
	Addr string       // host:port to connect to
	Down atomic.Int64 // octets from the server, as on the wire (inside TCP, outside TLS)
	Up   atomic.Int64

	ln     net.Listener
	target string
	half   atomic.Int64 // nanoseconds
	mu     sync.Mutex
	conns  map[net.Conn]bool
	wg     sync.WaitGroup
}

// Start listens until the test ends. rtt 0 adds no delay and still counts.
func Start(t testing.TB, target string, rtt time.Duration) *Proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{Addr: ln.Addr().String(), ln: ln, target: target, conns: map[net.Conn]bool{}}
	p.Move(rtt)
	p.wg.Add(1)
	go p.accept()
	t.Cleanup(p.close)
	return p
}

func (p *Proxy) close() {
	p.ln.Close()
	p.Cut()
	p.wg.Wait()
}

// Move changes the distance, for what comes from now on.
func (p *Proxy) Move(rtt time.Duration) { p.half.Store(int64(rtt / 2)) }

// Cut drops every connection that is open now, as a pulled cable does.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.Close()
	}
}

// Reset zeroes the counters.
func (p *Proxy) Reset() { p.Down.Store(0); p.Up.Store(0) }

func (p *Proxy) accept() {
	defer p.wg.Done()
	for {
		c, err := p.ln.Accept()
		if err != nil {
			return
		}
		s, err := net.Dial("tcp", p.target)
		if err != nil {
			c.Close()
			continue
		}
		p.mu.Lock()
		p.conns[c], p.conns[s] = true, true
		p.mu.Unlock()
		p.wg.Add(2)
		go p.pipe(s, c, &p.Up)
		go p.pipe(c, s, &p.Down)
	}
}

// packet is what was read at once, and when it may go on.
type packet struct {
	data []byte
	due  time.Time
}

// pipe carries src to dst. Reading and writing are apart, so that the delay is
// added to every octet once and the bandwidth stays what it is.
func (p *Proxy) pipe(dst, src net.Conn, count *atomic.Int64) {
	defer p.wg.Done()
	queue := make(chan packet, 4096)
	p.wg.Add(1)
	go func() {
		defer p.wg.Done()
		defer dst.Close()
		for k := range queue {
			if wait := time.Until(k.due); wait > 0 {
				time.Sleep(wait) // this is the distance itself, not a wait for something to happen
			}
			if _, err := dst.Write(k.data); err != nil {
				break
			}
		}
		for range queue { // let the reader end
		}
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := src.Read(buf)
		if n > 0 {
			count.Add(int64(n))
			queue <- packet{append([]byte(nil), buf[:n]...), time.Now().Add(time.Duration(p.half.Load()))}
		}
		if err != nil {
			if err != io.EOF {
				src.Close()
			}
			break
		}
	}
	close(queue)
	p.mu.Lock()
	delete(p.conns, src)
	p.mu.Unlock()
}
