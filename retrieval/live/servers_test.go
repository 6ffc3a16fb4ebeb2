package live

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"imapop/account"
	"imapop/account/sandbox"
	"imapop/account/servertest/courier"
	"imapop/account/servertest/cyrus"
	"imapop/account/servertest/dovecot"
	"imapop/retrieval"
	"imapop/retrieval/wire"
)

// What stands here is for the teaching points on Cyrus, on Courier and on
// Dovecots that are set up differently: their tests are the files
// server_*_test.go, a subject each.

// filled is how many messages are in INBOX at the start.
const filled = 12

// server is a real one that runs.
type server struct {
	account account.Account
	roots   *x509.CertPool
	deliver func(msg []byte) error
}

// startSandbox is the demo server, for what its policies imitate.
func startSandbox(t *testing.T, policies ...string) server {
	t.Helper()
	s, err := sandbox.Start(t.Context(), policy(policies...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return server{s.Account(), s.Roots(), func(msg []byte) error { _, err := s.Deliver(msg); return err }}
}

func startDovecot(t *testing.T, o dovecot.Options) server {
	t.Helper()
	if o.FillInbox == 0 && o.MailFormat == "" {
		o.FillInbox = filled
	}
	s := dovecot.Start(t, o)
	return server{s.Account(), s.CAPool, s.Deliver}
}

func startCyrus(t *testing.T, o cyrus.Options) server {
	t.Helper()
	if o.FillInbox == 0 {
		o.FillInbox = filled
	}
	s := cyrus.Start(t, o)
	return server{s.Account(), s.CAPool, func(msg []byte) error { return s.Deliver(msg) }}
}

// pollSoon makes Courier's IDLE, which looks only once a minute, look every second.
const pollSoon = "IMAP_IDLE_TIMEOUT=1"

func startCourier(t *testing.T, o courier.Options) server {
	t.Helper()
	if o.FillInbox == 0 {
		o.FillInbox = filled
	}
	if o.ExtraConf == "" {
		o.ExtraConf = pollSoon
	}
	s := courier.Start(t, o)
	return server{s.Account(), s.CAPool, s.Deliver}
}

func wireTo(s server) wire.Options { return wire.Options{Roots: s.roots} }

// openServer opens a Desk on a server; change may be nil.
func openServer(t *testing.T, s server, change func(*Options)) *bench {
	t.Helper()
	o := Options{Account: s.account, Password: s.account.Secret.Literal, Wire: wireTo(s)}
	if change != nil {
		change(&o)
	}
	b := openOn(t, o)
	b.name = s.account.Name
	b.deliver = func(subject string) {
		if err := s.deliver(testMail(subject)); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func openCyrus(t *testing.T, o cyrus.Options) *bench {
	t.Helper()
	return openServer(t, startCyrus(t, o), nil)
}

func openCourier(t *testing.T, o courier.Options) *bench {
	t.Helper()
	return openServer(t, startCourier(t, o), nil)
}

// onOthers runs a point on Cyrus and on Courier as they are installed.
func onOthers(t *testing.T, f func(t *testing.T, b *bench)) {
	t.Run("cyrus", func(t *testing.T) { t.Parallel(); f(t, openCyrus(t, cyrus.Options{})) })
	t.Run("courier", func(t *testing.T) { t.Parallel(); f(t, openCourier(t, courier.Options{})) })
}

// onAll runs a point on the demo server and on all three.
func onAll(t *testing.T, f func(t *testing.T, b *bench)) {
	t.Run("sandbox", func(t *testing.T) { t.Parallel(); f(t, openServer(t, startSandbox(t), nil)) })
	onReal(t, f)
}

// onReal runs a point on all three.
func onReal(t *testing.T, f func(t *testing.T, b *bench)) {
	t.Run("dovecot", func(t *testing.T) { t.Parallel(); f(t, openDovecot(t, dovecot.Options{})) })
	onOthers(t, f)
}

// archive is the Archive folder's name on this server.
func (b *bench) archive() string {
	b.t.Helper()
	for _, f := range b.now().IMAP.Folders {
		if strings.HasSuffix(f.Name, "Archive") {
			return f.Name
		}
	}
	b.t.Fatal("no Archive")
	return ""
}

// said lists the transcript's lines of a side and direction after a Seq.
func (b *bench) said(after uint64, side retrieval.Protocol, dir retrieval.Direction) (lines []string) {
	for _, l := range b.Lines(after, 0) {
		if l.Side == side && l.Dir == dir {
			lines = append(lines, l.Text)
		}
	}
	return lines
}

func (b *bench) lastLine() uint64 {
	lines := b.Lines(0, 0)
	if len(lines) == 0 {
		return 0
	}
	return lines[len(lines)-1].Seq
}

func (b *bench) readOverIMAP(uid uint32) ([]byte, error) {
	return b.Octets(b.t.Context(), retrieval.Action{Verb: retrieval.VerbReadAloud, Side: retrieval.IMAP, UIDs: []uint32{uid}})
}

func (b *bench) popOctets(n int) ([]byte, error) {
	return b.Octets(b.t.Context(), retrieval.Action{Verb: retrieval.VerbReadAloud, Side: retrieval.POP3, Numbers: []int{n}})
}

func (b *bench) imapDo(v retrieval.Verb, uid uint32) {
	b.t.Helper()
	b.do(retrieval.Action{Verb: v, Side: retrieval.IMAP, UIDs: []uint32{uid}})
}

func (b *bench) moveTo(folder string, uids ...uint32) {
	b.t.Helper()
	b.do(retrieval.Action{Verb: retrieval.VerbMove, Side: retrieval.IMAP, UIDs: uids, Folder: folder})
}

func (b *bench) open(folder string) {
	b.t.Helper()
	b.do(retrieval.Action{Verb: retrieval.VerbOpen, Side: retrieval.IMAP, Folder: folder})
	b.wait(folder+" is listed", func(bk *book) bool { return bk.imap.Mailbox.Name == folder && bk.whole })
}

// outAndBack moves a message to Archive and back to INBOX, in a new POP3
// session, and returns the row that it then is.
func (b *bench) outAndBack(r retrieval.Row) retrieval.Row {
	b.t.Helper()
	archive := b.archive()
	b.moveTo(archive, r.UID)
	b.open(archive)
	uids := b.uidsNow()
	if len(uids) != 1 {
		b.t.Fatalf("Archive holds %v", uids)
	}
	b.moveTo("INBOX", uids[0])
	b.open("INBOX")
	b.newSession()
	b.paired()
	rows := b.now().Rows
	return rows[len(rows)-1]
}

// paired waits until as many rows as POP3 lists are paired.
func (b *bench) paired() {
	b.t.Helper()
	v, err := b.Survey(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	if len(paired(v)) != len(v.POP3.Drop.Entries) {
		b.t.Errorf("%d of %d messages are paired (%+v)", len(paired(v)), len(v.POP3.Drop.Entries), v.Pairing)
	}
}

// idling waits until IMAP's IDLE is under way.
func (b *bench) idling() {
	b.t.Helper()
	b.wait("IDLE", func(bk *book) bool { return bk.imap.State == retrieval.IMAPIdle })
}

// settled asks both sides until they have n messages: Courier answers QUIT
// before it has deleted.
func (b *bench) settled(n int) {
	b.t.Helper()
	for range 100 {
		b.sync()
		if len(b.now().POP3.Drop.Entries) != n {
			b.newSession()
		} else if len(b.uidsNow()) == n {
			return
		}
	}
	b.t.Fatalf("IMAP has %d messages, POP3 %d, not %d", len(b.uidsNow()), len(b.now().POP3.Drop.Entries), n)
}

func (b *bench) roots() *x509.CertPool { return b.o.Wire.Roots }

// scissors cut the POP3 connection after so many more octets have come.
type scissors struct {
	address string // of POP3
	left    atomic.Int64
}

// after arms them.
func (s *scissors) after(octets int64) { s.left.Store(octets) }

func (s *scissors) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil || address != s.address {
		return conn, err
	}
	conn.(*net.TCPConn).SetReadBuffer(64 << 10) // the kernel must not take the whole message
	return cuttable{conn, s}, nil
}

type cuttable struct {
	net.Conn
	s *scissors
}

func (c cuttable) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if left := c.s.left.Load(); left > 0 {
		if left -= int64(n); left <= 0 {
			c.s.left.Store(0)
			c.Conn.Close()
			return 0, io.ErrUnexpectedEOF
		}
		c.s.left.Store(left)
	}
	return n, err
}

// talk is another client, which says what it is told to and no more.
type talk struct {
	t    *testing.T
	conn io.ReadWriter
	r    *bufio.Reader
	tag  int
}

// otherIMAP is a second IMAP session, logged in, with INBOX selected.
func (b *bench) otherIMAP() *talk {
	b.t.Helper()
	c := b.dial(b.o.Account.IMAP.Address)
	c.imap("LOGIN " + b.o.Account.User + " " + b.o.Password.Reveal())
	c.imap("SELECT INBOX")
	return c
}

func (b *bench) dial(address string) *talk {
	b.t.Helper()
	conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: b.roots(), ServerName: "localhost"})
	if err != nil {
		b.t.Fatal(err)
	}
	return talkOn(b.t, conn)
}

// dialPlain is a client without TLS, which has read the greeting.
func dialPlain(t *testing.T, address string) *talk {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return talkOn(t, conn)
}

func talkOn(t *testing.T, conn net.Conn) *talk {
	t.Helper()
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	c := &talk{t: t, conn: conn, r: bufio.NewReader(conn)}
	c.line()
	return c
}

// capa asks a POP3 server what it can do.
func (c *talk) capa() (lines []string) {
	c.t.Helper()
	fmt.Fprint(c.conn, "CAPA\r\n")
	for l := c.line(); l != "."; l = c.line() {
		lines = append(lines, l)
	}
	return lines
}

func (c *talk) line() string {
	c.t.Helper()
	l, err := c.r.ReadString('\n')
	if err != nil {
		c.t.Fatalf("read: %v after %q", err, l)
	}
	return strings.TrimRight(l, "\r\n")
}

// imap sends a command and returns all that comes up to its tagged answer.
func (c *talk) imap(command string) string {
	c.t.Helper()
	c.tag++
	tag := fmt.Sprintf("t%d ", c.tag)
	fmt.Fprintf(c.conn, "%s%s\r\n", tag, command)
	var all strings.Builder
	for {
		l := c.line()
		all.WriteString(l + "\n")
		if strings.HasPrefix(l, tag) {
			return all.String()
		}
	}
}

// append stores a message of exactly these octets in INBOX.
func (c *talk) append(msg []byte) {
	c.t.Helper()
	fmt.Fprintf(c.conn, "a APPEND INBOX {%d}\r\n", len(msg))
	for l := c.line(); !strings.HasPrefix(l, "+"); l = c.line() {
		if strings.HasPrefix(l, "a ") {
			c.t.Fatalf("APPEND: %s", l)
		}
	}
	c.conn.Write(append(bytes.Clone(msg), "\r\n"...))
	for l := c.line(); ; l = c.line() {
		if strings.HasPrefix(l, "a OK") {
			return
		}
		if strings.HasPrefix(l, "a ") {
			c.t.Fatalf("APPEND: %s", l)
		}
	}
}

// byID finds the POP3 entry that another list had under a unique-id.
func byID(entries []retrieval.Entry, id string) *retrieval.Entry {
	i := slices.IndexFunc(entries, func(e retrieval.Entry) bool { return e.UniqueID == id })
	if i < 0 {
		return nil
	}
	return &entries[i]
}
