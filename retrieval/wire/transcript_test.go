package wire

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"imapop/retrieval"
)

func TestTranscriptIsBounded(t *testing.T) {
	tr := NewTranscript(10)
	for i := range 25 {
		if seq := tr.Add(retrieval.Line{Text: fmt.Sprint(i + 1)}); seq != uint64(i+1) {
			t.Fatalf("line %d has Seq %d", i+1, seq)
		}
	}
	for _, c := range []struct {
		seq         uint64
		max         int
		first, last uint64
	}{{0, 0, 16, 25}, {3, 0, 16, 25}, {20, 0, 21, 25}, {20, 2, 21, 22}, {24, 0, 25, 25}, {0, 3, 16, 18}} {
		got := tr.Since(c.seq, c.max)
		if len(got) != int(c.last-c.first+1) || got[0].Seq != c.first || got[0].Text != fmt.Sprint(c.first) || got[len(got)-1].Seq != c.last {
			t.Errorf("Since(%d, %d): %d lines from %+v", c.seq, c.max, len(got), got[0])
		}
	}
	for _, seq := range []uint64{25, 26, 1 << 60} {
		if got := tr.Since(seq, 0); len(got) != 0 {
			t.Errorf("Since(%d): %v", seq, got)
		}
	}
}

func TestTranscriptIsBoundedInOctets(t *testing.T) {
	tr := NewTranscript(0)
	long := strings.Repeat("x", maxLineOctets)
	for range keptOctets/maxLineOctets + 500 {
		tr.Add(retrieval.Line{Text: long})
	}
	for i := range 3000 { // short lines again: the ring has wrapped below its maximum
		tr.Add(retrieval.Line{Text: fmt.Sprint(i)})
	}
	got := tr.Since(0, 0)
	octets := 0
	for i, l := range got {
		octets += len(l.Text)
		if l.Seq != got[0].Seq+uint64(i) {
			t.Fatalf("Seq %d at %d", l.Seq, i)
		}
	}
	if octets > keptOctets || octets < keptOctets-2*maxLineOctets || got[len(got)-1].Text != "2999" || octets != tr.octets {
		t.Errorf("%d octets are kept, %d counted, the last %q", octets, tr.octets, got[len(got)-1].Text)
	}
}

func TestTranscriptChanged(t *testing.T) {
	tr := NewTranscript(10)
	tr.Add(retrieval.Line{})
	tr.Add(retrieval.Line{}) // must not block
	<-tr.Changed()
	select {
	case <-tr.Changed():
		t.Error("signalled twice for what one look shows")
	default:
	}
}

func TestTranscriptSave(t *testing.T) {
	tr := NewTranscript(10)
	at := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	tr.Add(retrieval.Line{At: at, Side: retrieval.POP3, Session: 3, Dir: retrieval.ServerSays, Text: "+OK \x1b[31mred\u202e"})
	tr.Add(retrieval.Line{At: at, Side: retrieval.IMAP, Session: 1, Dir: retrieval.Note, Text: "a\nb"})
	var b bytes.Buffer
	if err := tr.Save(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "2026-01-02 03:04:05.678 POP3 3 S +OK ") || strings.ContainsAny(b.String(), "\x1b\u202e") ||
		!strings.HasPrefix(lines[1], "2026-01-02 03:04:05.678 IMAP 1 · a") {
		t.Errorf("saved:\n%s", b.String())
	}
}

func TestTranscriptFromManyGoroutines(t *testing.T) {
	tr := NewTranscript(50)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 500 {
				tr.Add(retrieval.Line{Text: "x"})
				tr.Since(0, 5)
				tr.mask.add("secret")
			}
		})
	}
	wg.Wait()
	if got := tr.Since(0, 0); len(got) != 50 || got[49].Seq != 2000 {
		t.Errorf("%d lines, the last %d", len(got), got[len(got)-1].Seq)
	}
}

func TestLongLinesAreCut(t *testing.T) {
	tr := NewTranscript(0)
	tr.Add(retrieval.Line{Text: strings.Repeat("x", 5000)})
	if got := tr.Since(0, 0)[0].Text; len(got) > maxLineOctets+40 || !strings.HasSuffix(got, "… 3000 more octets") {
		t.Errorf("%d octets: %q", len(got), got[len(got)-30:])
	}
	if got := texts(tr); len(got) != 1 {
		t.Errorf("%d lines", len(got))
	}
}

func TestSessionsAreNumberedPerSide(t *testing.T) {
	tr := NewTranscript(0)
	for i, side := range []retrieval.Protocol{retrieval.IMAP, retrieval.POP3, retrieval.POP3} {
		if got, want := newTap(side, tr).session, []int{1, 1, 2}[i]; got != want {
			t.Errorf("%s has session %d, want %d", side, got, want)
		}
	}
}
