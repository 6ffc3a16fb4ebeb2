package pop3d

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// backend is a maildrop in memory for alice, whose password has a space.
type backend struct {
	mu       sync.Mutex
	messages []string
	ids      []string
	gone     map[int]bool
	locked   bool

	locks, unlocks int
	updates        [][]int
	retrieved      []int
	order          []string // of Update and Unlock

	lockErr, readErr, updateErr error
	inUpdate                    chan struct{} // not nil: Update says that it runs, then waits
	inRetrieved                 chan struct{} // the same for Retrieved
	panicIn                     string
	resets                      bool
}

const password = "open sesame"

func newBackend(messages ...string) *backend {
	b := &backend{messages: messages, gone: make(map[int]bool)}
	for i := range messages {
		b.ids = append(b.ids, fmt.Sprintf("1432.%d", i+41))
	}
	return b
}

func (b *backend) maybePanic(in string) {
	if b.panicIn == in {
		panic("in " + in)
	}
}

func (b *backend) Authenticate(user, pass string) error {
	b.maybePanic("Authenticate")
	if user == "broken" {
		return errors.New("the disk is on fire")
	}
	if user != "alice" || pass != password {
		return ErrAuth
	}
	return nil
}

func (b *backend) Secret(user string) (string, bool) {
	if user != "alice" {
		return "", false
	}
	return password, true
}

func (b *backend) Lock(string) (Maildrop, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lockErr != nil {
		return nil, b.lockErr
	}
	if b.locked {
		return nil, ErrInUse
	}
	b.locked = true
	b.locks++
	d := &drop{b: b, messages: slices.Clone(b.messages), ids: slices.Clone(b.ids)}
	if b.resets {
		return resetting{d}, nil
	}
	return d, nil
}

type drop struct {
	b        *backend
	messages []string
	ids      []string
}

func (d *drop) Messages() []Message {
	d.b.maybePanic("Messages")
	var out []Message
	for i, m := range d.messages {
		out = append(out, Message{Octets: int64(len(m)), UniqueID: d.ids[i]})
	}
	return out
}

func (d *drop) Read(i int) ([]byte, error) {
	d.b.maybePanic("Read")
	d.b.mu.Lock()
	defer d.b.mu.Unlock()
	if d.b.gone[i] {
		return nil, fmt.Errorf("store: %w", ErrGone)
	}
	return []byte(d.messages[i]), d.b.readErr
}

func (d *drop) Retrieved(i int) {
	d.b.maybePanic("Retrieved")
	if d.b.inRetrieved != nil {
		d.b.inRetrieved <- struct{}{}
		<-d.b.inRetrieved
	}
	d.b.mu.Lock()
	defer d.b.mu.Unlock()
	d.b.retrieved = append(d.b.retrieved, i)
}

func (d *drop) Update(deleted []int) error {
	if d.b.inUpdate != nil {
		d.b.inUpdate <- struct{}{}
		<-d.b.inUpdate
	}
	d.b.mu.Lock()
	defer d.b.mu.Unlock()
	d.b.order = append(d.b.order, "Update")
	d.b.updates = append(d.b.updates, deleted)
	d.b.maybePanic("Update")
	if d.b.updateErr != nil {
		return d.b.updateErr
	}
	for _, i := range slices.Backward(deleted) {
		at := slices.Index(d.b.ids, d.ids[i])
		d.b.ids = slices.Delete(d.b.ids, at, at+1)
		d.b.messages = slices.Delete(d.b.messages, at, at+1)
	}
	return nil
}

func (d *drop) Unlock() {
	d.b.mu.Lock()
	defer d.b.mu.Unlock()
	d.b.locked = false
	d.b.unlocks++
	d.b.order = append(d.b.order, "Unlock")
	d.b.maybePanic("Unlock")
}

// resetting is a drop that forgets at RSET what was retrieved.
type resetting struct{ *drop }

func (r resetting) Reset() {
	r.b.mu.Lock()
	defer r.b.mu.Unlock()
	r.b.retrieved = nil
}

// state gives what the backend was told, under its lock.
func (b *backend) state() (updates [][]int, retrieved []int, locks, unlocks int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.updates), slices.Clone(b.retrieved), b.locks, b.unlocks
}

// pipes is a listener of net.Pipe connections.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes {
	return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// room is a server on pipes.
type room struct {
	t  *testing.T
	b  *backend
	s  *Server
	ln *pipes
}

func newRoom(t *testing.T, b *backend, o Options) *room {
	t.Helper()
	o.Backend = b
	r := &room{t: t, b: b, s: New(o), ln: newPipes()}
	go r.s.Serve(r.ln, false)
	t.Cleanup(func() {
		r.s.Close()
		if _, _, locks, unlocks := b.state(); locks != unlocks {
			t.Errorf("%d locks, %d unlocks", locks, unlocks)
		}
	})
	return r
}

func withPolicy(p Policy) Options { return Options{Policy: func() Policy { return p }} }

// dial gives a client that has read the greeting.
func (r *room) dial() *client {
	r.t.Helper()
	here, there := net.Pipe()
	r.ln.conns <- there
	c := newClient(r.t, here)
	c.greeting = c.line()
	return c
}

func (r *room) login() *client {
	r.t.Helper()
	c := r.dial()
	c.login()
	return c
}

type client struct {
	t        *testing.T
	conn     net.Conn
	r        *bufio.Reader
	greeting string
}

func newClient(t *testing.T, conn net.Conn) *client {
	t.Cleanup(func() { conn.Close() })
	return &client{t: t, conn: conn, r: bufio.NewReader(conn)}
}

// write sends octets without waiting for them to be taken.
func (c *client) write(s string) {
	go io.WriteString(c.conn, s)
}

// line reads one line, which must end in CRLF, and gives it without.
func (c *client) line() string {
	c.t.Helper()
	line, err := c.r.ReadString('\n')
	if err != nil || !strings.HasSuffix(line, "\r\n") {
		c.t.Fatalf("line %q: %v", line, err)
	}
	return strings.TrimSuffix(line, "\r\n")
}

func (c *client) cmd(s string) string {
	c.t.Helper()
	c.write(s + "\r\n")
	return c.line()
}

// want sends a command and checks how the answer begins.
func (c *client) want(command, prefix string) {
	c.t.Helper()
	if got := c.cmd(command); !strings.HasPrefix(got, prefix) {
		c.t.Fatalf("%s: got %q, want %q", command, got, prefix)
	}
}

// multi sends a command that must have a multi-line answer and gives its raw lines.
func (c *client) multi(command string) []string {
	c.t.Helper()
	c.want(command, "+OK")
	return c.body()
}

func (c *client) body() []string {
	c.t.Helper()
	var lines []string
	for {
		line := c.line()
		if line == "." {
			return lines
		}
		lines = append(lines, line)
	}
}

func (c *client) login() {
	c.t.Helper()
	c.want("USER alice", "+OK")
	c.want("PASS "+password, "+OK")
}

// ended checks that the server says nothing more and closes.
func (c *client) ended() {
	c.t.Helper()
	if rest, err := io.ReadAll(c.r); len(rest) > 0 || err != nil {
		c.t.Fatalf("after the end: %q, %v", rest, err)
	}
}

// certificate makes a server's and a client's TLS configuration.
var certificate = sync.OnceValues(func() (server, client *tls.Config) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0)} // valid in a synctest bubble too
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}},
		&tls.Config{RootCAs: roots, ServerName: "localhost"}
})

// upgrade does the client's side of TLS on the connection.
func (c *client) upgrade() {
	c.t.Helper()
	_, cfg := certificate()
	conn := tls.Client(c.conn, cfg)
	if err := conn.Handshake(); err != nil {
		c.t.Fatal(err)
	}
	c.conn, c.r = conn, bufio.NewReader(conn)
}
