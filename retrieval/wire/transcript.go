package wire

import (
	"bufio"
	"fmt"
	"io"
	"sync"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/safe"
)

const (
	defaultLines  = 10_000
	keptOctets    = 8 << 20 // of text in all: a server that talks nonsense must not fill the memory
	maxLineOctets = 2_000   // of text in one line; the rest is a count
)

// Transcript keeps the latest lines of every connection that shares it, masked
// before they are stored, bounded in lines and octets. Safe from any goroutine; NewTranscript makes one.
type Transcript struct {
	mu       sync.Mutex
	ring     []retrieval.Line // grows to max, then wraps; oldest at head
	head     int
	count    int
	max      int
	octets   int // of text kept
	seq      uint64
	sessions map[retrieval.Protocol]int
	changed  chan struct{}
	mask     mask // what any connection of this transcript sent in secret
}

// NewTranscript keeps at most lines lines (0: 10,000).
func NewTranscript(lines int) *Transcript {
	if lines <= 0 {
		lines = defaultLines
	}
	return &Transcript{
		max:      lines,
		sessions: make(map[retrieval.Protocol]int),
		changed:  make(chan struct{}, 1),
	}
}

// Since returns the kept lines with Seq > seq, oldest first, at most max (0:
// all). With a max it returns the oldest of them, so that a caller can page on.
func (t *Transcript) Since(seq uint64, max int) []retrieval.Line {
	t.mu.Lock()
	defer t.mu.Unlock()
	first := t.seq - uint64(t.count) // Seq of the line before the oldest; kept lines have no gaps
	skip := 0
	if seq > first {
		skip = int(min(seq-first, uint64(t.count)))
	}
	n := t.count - skip
	if max > 0 {
		n = min(n, max)
	}
	lines := make([]retrieval.Line, 0, n)
	for i := skip; i < skip+n; i++ {
		lines = append(lines, t.ring[(t.head+i)%len(t.ring)])
	}
	return lines
}

// Add appends a line (a note, SMTP) and returns its Seq. Secrets that a
// connection of this transcript has sent are masked in it; a zero At is now.
func (t *Transcript) Add(l retrieval.Line) uint64 {
	l.Text = cut(t.mask.apply([]byte(l.Text), true), 0)
	return t.add(l)
}

// add appends a line that is masked and cut already.
func (t *Transcript) add(l retrieval.Line) uint64 {
	if l.At.IsZero() {
		l.At = time.Now()
	}
	t.mu.Lock()
	t.seq++
	l.Seq = t.seq
	for t.count > 0 && (t.count == t.max || t.octets+len(l.Text) > keptOctets) {
		t.dropOldest()
	}
	t.push(l)
	t.mu.Unlock()
	select {
	case t.changed <- struct{}{}:
	default:
	}
	return l.Seq
}

func (t *Transcript) dropOldest() {
	t.octets -= len(t.ring[t.head].Text)
	t.ring[t.head].Text = ""
	t.head = (t.head + 1) % len(t.ring)
	t.count--
}

func (t *Transcript) push(l retrieval.Line) {
	switch {
	case t.count < len(t.ring):
		t.ring[(t.head+t.count)%len(t.ring)] = l
	case t.head == 0:
		t.ring = append(t.ring, l)
	default: // full and wrapped below the maximum: unroll, then grow
		t.ring = append(append(append(make([]retrieval.Line, 0, 2*len(t.ring)), t.ring[t.head:]...), t.ring[:t.head]...), l)
		t.head = 0
	}
	t.count++
	t.octets += len(l.Text)
}

// NextSession gives the number of a connection whose lines somebody else adds:
// SMTP's (account/submission has its own tap).
func (t *Transcript) NextSession(side retrieval.Protocol) int { return t.session(side) }

// session gives the next connection number of a side, 1-based.
func (t *Transcript) session(side retrieval.Protocol) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sessions[side]++
	return t.sessions[side]
}

// Changed is signalled (never blocks, may coalesce) when lines were added.
func (t *Transcript) Changed() <-chan struct{} { return t.changed }

// Save writes the kept lines as text, a line each, cleaned for any terminal:
//
//	2026-01-02 15:04:05.000 IMAP 1 C T1 LOGIN alice ***
func (t *Transcript) Save(w io.Writer) error {
	b := bufio.NewWriter(w)
	for _, l := range t.Since(0, 0) {
		// The mask is applied again: a secret that one connection sent may have
		// been said by a server before.
		text := t.mask.apply([]byte(l.Text), true)
		fmt.Fprintf(b, "%s %s %d %c %s\n", l.At.Format("2006-01-02 15:04:05.000"), l.Side, l.Session, rune(l.Dir), safe.Line(string(text)))
	}
	return b.Flush()
}

// cut bounds a line's text and says how much is missing, with the octets that
// were dropped before.
func cut(text []byte, dropped int64) string {
	if len(text) <= maxLineOctets && dropped == 0 {
		return string(text)
	}
	shown := min(len(text), maxLineOctets)
	return fmt.Sprintf("%s … %d more octets", text[:shown], int64(len(text)-shown)+dropped)
}
