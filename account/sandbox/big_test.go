package sandbox

import (
	"runtime"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
)

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Generated messages are exactly as long as they say, end in CRLF, and parse.
func TestGeneratedSizes(t *testing.T) {
	for i := uint32(1); i <= 2_000; i++ {
		g := generated{i, 2_000}
		b := g.Bytes()
		if int64(len(b)) != g.Size() {
			t.Fatalf("message %d: %d octets, Size %d", i, len(b), g.Size())
		}
		if string(normalize(b)) != string(b) {
			t.Fatalf("message %d has a bare line end", i)
		}
		if i%100 == 0 && (g.Envelope().Subject == "" || g.Envelope().Date.IsZero()) {
			t.Errorf("message %d: envelope %+v", i, g.Envelope())
		}
	}
}

// slow is the bound for what takes some milliseconds: a busy machine and the
// race detector may be a thousand times slower, going through every message for
// each of them would be slower still. The benchmarks below have the real times.
const slow = 30 * time.Second

// 100,000 messages start at once and stay far under 1 GiB; a window of them
// costs what a window costs.
func TestHundredThousand(t *testing.T) {
	before, begin := heap(), time.Now()
	s := start(t, Options{Messages: many})
	if d := time.Since(begin); d > slow {
		t.Errorf("started after %v", d)
	}
	if used := int64(heap() - before); used > 100<<20 {
		t.Errorf("%d MiB of heap after the start", used>>20)
	}
	c := dialIMAP(t, s, nil)
	if data := selectBox(t, c, "INBOX"); data.NumMessages != many+14 {
		t.Errorf("%d messages", data.NumMessages)
	}
	begin = time.Now()
	var set imap.SeqSet
	set.AddRange(many-15, many+14)
	msgs, err := c.Fetch(set, &imap.FetchOptions{UID: true, Flags: true, Envelope: true, RFC822Size: true}).Collect()
	if err != nil || len(msgs) != 30 {
		t.Fatalf("%d messages, %v", len(msgs), err)
	}
	if d := time.Since(begin); d > slow {
		t.Errorf("a window took %v", d)
	}
	p := loginPOP3(t, s)
	p.send("LIST")
	if n := len(p.multi()); n != many+14 {
		t.Errorf("LIST has %d lines", n)
	}
	p.send("UIDL")
	if n := len(p.multi()); n != many+14 {
		t.Errorf("UIDL has %d lines", n)
	}
}

func BenchmarkStart100k(b *testing.B) {
	for b.Loop() {
		s := start(b, Options{Messages: 100_000})
		s.Close()
	}
}

func BenchmarkWindow(b *testing.B) {
	s := start(b, Options{Messages: 100_000})
	c := dialIMAP(b, s, nil)
	selectBox(b, c, "INBOX")
	var set imap.SeqSet
	set.AddRange(50_000, 50_029)
	for b.Loop() {
		if _, err := c.Fetch(set, &imap.FetchOptions{UID: true, Flags: true, Envelope: true, RFC822Size: true}).Collect(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSelect(b *testing.B) {
	s := start(b, Options{Messages: 100_000})
	c := dialIMAP(b, s, nil)
	for b.Loop() {
		selectBox(b, c, "INBOX")
	}
}
