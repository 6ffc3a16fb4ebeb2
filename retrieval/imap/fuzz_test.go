package imap

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2/imapclient"

	"imapop/retrieval"
)

// chunked is a connection that gives its octets in pieces.
type chunked struct {
	fakeConn
	data []byte
	size int
}

func (c *chunked) Read(p []byte) (int, error) {
	if len(c.data) == 0 {
		return 0, net.ErrClosed
	}
	n := copy(p[:min(len(p), c.size)], c.data)
	c.data = c.data[n:]
	return n, nil
}
func (c *chunked) Close() error { return nil }

// through gives what the library would read of data.
func through(s *Session, data []byte, size int) []byte {
	t := &tap{conn: &chunked{data: bytes.Clone(data), size: size}, see: s.see, said: s.said}
	var out []byte
	buf := make([]byte, 777)
	for {
		n, err := t.Read(buf)
		out = append(out, buf[:n]...)
		if err != nil {
			return out
		}
	}
}

func deaf() *Session {
	s := &Session{conn: &fakeConn{}}
	s.events = newQueue(nil, nil)
	s.box.Name, s.view.exists = "INBOX", 5
	return s
}

// Whatever a server sends and however it is cut: no panic, the same result for
// any cut, and nothing made up.
func FuzzTap(f *testing.F) {
	for _, seed := range []string{
		"* 5 EXISTS\r\n* 1 FETCH (UID 5 FLAGS (\\Seen) BODY[] {5}\r\nab\r\nc)\r\nT1 OK done\r\n",
		"* LIST (\\Sent) \"/\" {3}\r\nabc\r\n* LIST () \"/\" R&D\r\n", "* X {9}\r\n123", "* OK {5}\r\n* 1 EXPUNGE\r\n",
		"* 0 EXPUNGE\r\n", "\r\n\r\n* CAPABILITY IMAP4rev1 IMAP4rev2\r\n", "* STATUS {3}\r\nabc (MESSAGES 1)\r\n", "+ go\r\n", "* FETCH (\r\n",
		"* LIST )\r\n* LIST (\r\n* LIST\r\n* STATUS\r\n* 1 FETCH (FLAGS (a\r\n* 1 FETCH\r\n* 1 FETCH ( \r\n",
	} {
		f.Add([]byte(seed), 3)
	}
	f.Fuzz(func(t *testing.T, data []byte, size int) {
		size = 1 + max(size, -size-1)%500
		a, b := deaf(), deaf()
		whole, cut := through(a, data, len(data)+1), through(b, data, size)
		if !bytes.Equal(whole, cut) {
			t.Errorf("whole %q, in pieces of %d %q", whole, size, cut)
		}
		if a.view.exists != b.view.exists || !slices.Equal(a.view.uids, b.view.uids) || len(a.view.uids) > int(a.view.exists) {
			t.Errorf("views differ or are impossible: %v, %v", a.view, b.view)
		}
		for _, s := range []*Session{a, b} {
			s.events.last(Event{})
		}
	})
}

// Any folder name that a server can put into quotes leaves the library alive.
func FuzzFolderName(f *testing.F) {
	for _, seed := range []string{"INBOX", "R&D", "&-", "&", "Entw&APw-rfe", "&APw-&APw-", "&AGE-", "&2D3eCg-", "&2D0-", "caf\xe9", "日本", "a\x01b", "&A-", "x/&ZeVnLIqe-"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if strings.ContainsAny(name, "\r\n\"\\\x00") || len(name) > 200 {
			return
		}
		here, there := net.Pipe()
		s := &Session{conn: &fakeConn{Conn: here}}
		tp := &tap{conn: s.conn, see: s.see, said: s.said}
		go fmt.Fprint(there, "* PREAUTH [CAPABILITY IMAP4rev1] hello\r\n")
		client := imapclient.New(tp, nil)
		defer client.Close()
		defer there.Close()
		if err := client.WaitGreeting(); err != nil {
			t.Fatal(err)
		}
		go func() {
			buf := make([]byte, 100)
			there.Read(buf)
			fmt.Fprintf(there, "* LIST () \"/\" \"%s\"\r\nT1 OK done\r\n", name)
		}()
		list, err := client.List("", "*", nil).Collect()
		if err != nil || len(list) != 1 {
			t.Fatalf("%q: %v", name, err)
		}
	})
}

// The view is compared with the plainest way to do the same.
func FuzzView(f *testing.F) {
	f.Add(uint64(1), 20)
	f.Add(uint64(2), 300)
	f.Fuzz(func(t *testing.T, seed uint64, steps int) {
		r := rand.New(rand.NewPCG(seed, 1))
		var v view
		var plain []uint32 // UID of each message, 0: not known
		next := uint32(1)
		for range min(max(steps, 0), 1000) {
			switch seq := r.Uint32N(uint32(len(plain)) + 2); r.IntN(4) {
			case 0:
				plain = append(plain, make([]uint32, r.IntN(5))...)
				v.grow(uint32(len(plain)))
			case 1:
				if seq > 0 && int(seq) <= len(plain) {
					plain[seq-1] = next
				}
				v.learn(seq, next)
				next++
			default:
				uid, ok := v.expunge(seq)
				if exists := seq > 0 && int(seq) <= len(plain); ok != exists {
					t.Fatalf("expunge %d of %d: %v", seq, len(plain), ok)
				} else if exists {
					if uid != plain[seq-1] {
						t.Fatalf("expunge %d named %d, want %d", seq, uid, plain[seq-1])
					}
					plain = slices.Delete(plain, int(seq)-1, int(seq))
				}
			}
			for seq := range uint32(len(plain)) + 2 {
				want := uint32(0)
				if seq > 0 && int(seq) <= len(plain) {
					want = plain[seq-1]
				}
				if v.uid(seq) != want {
					t.Fatalf("number %d is %d, want %d", seq, v.uid(seq), want)
				}
			}
		}
	})
}

func TestEventsOfOneKindAreMerged(t *testing.T) {
	block, got := make(chan bool), []Event{}
	q := newQueue(func(e Event) { <-block; got = append(got, e) }, nil)
	q.push(Event{Kind: retrieval.Alert})
	for i := range uint32(1000) {
		q.push(Event{Kind: retrieval.Expunged, UIDs: []uint32{i}})
	}
	q.push(Event{Kind: retrieval.FlagsChanged, UIDs: []uint32{1}, Flags: map[uint32][]string{1: {"a"}}})
	q.push(Event{Kind: retrieval.FlagsChanged, UIDs: []uint32{1}, Flags: map[uint32][]string{1: {"b"}}})
	q.push(Event{Kind: retrieval.FlagsChanged, UIDs: []uint32{2}, Flags: map[uint32][]string{2: {"c"}}, ByUs: true})
	q.last(Event{Kind: retrieval.Closed})
	close(block)
	<-q.ended
	n := 0
	for _, e := range got {
		n += len(e.UIDs)
	}
	if n != 1002 || len(got) > 7 || got[len(got)-1].Kind != retrieval.Closed {
		t.Errorf("%d events with %d UIDs", len(got), n)
	}
}
