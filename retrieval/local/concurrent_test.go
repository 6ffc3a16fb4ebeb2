package local

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
)

// TestDownloadsGoOnDuringFlush holds, under the race detector, that a screen may
// read while one goroutine stores and another flushes.
func TestDownloadsGoOnDuringFlush(t *testing.T) {
	c := open(t, options(scratch(t)))
	const messages = 300
	id := func(i int) string { return fmt.Sprint("id", i) }
	var group sync.WaitGroup
	batches := make(chan struct{}, messages)
	group.Go(func() {
		defer close(batches)
		for i := range messages {
			if err := store(c, i, id(i), id(i)); err != nil {
				t.Error(err)
			}
			if i%10 == 9 {
				batches <- struct{}{}
			}
		}
	})
	durable := map[string]bool{}
	group.Go(func() {
		for range batches {
			got, err := c.Flush()
			if err != nil {
				t.Error(err)
			}
			for _, s := range got {
				if !c.Has(s.UniqueID) {
					t.Errorf("%s was called durable and is not here", s.UniqueID)
				}
				durable[s.UniqueID] = true
			}
		}
	})
	for range 5 {
		group.Go(func() {
			for i := range messages {
				c.Has(id(i))
				c.Flags(id(i))
				if err := c.SetFlags(id(i), "S"); err != nil && !errors.Is(err, ErrNotHere) {
					t.Error(err)
				}
				if r, err := c.OpenMessage(id(i)); err == nil {
					r.Close()
				}
			}
			c.Records()
		})
	}
	group.Wait()
	if _, err := c.Flush(); err != nil || len(durable) != messages {
		t.Errorf("%d durable, want %d; %v", len(durable), messages, err)
	}
}

// TestBatchesGrowOnASlowDisk holds where a batch is flushed, and where it must
// wait for the one before.
func TestBatchesGrowOnASlowDisk(t *testing.T) {
	for _, open := range []bool{false, true} {
		c := &Copy{syncer: keeping(open)}
		full, over := batchFiles, overfull*batchFiles
		if open {
			full, over = batchOpen, batchOpen // systems limit how many files are open
		}
		for n := range over + 1 {
			if c.Full() != (n >= full) || c.Overfull() != (n >= over) {
				t.Fatalf("files kept open %v: %d staged: full %v, overfull %v", open, n, c.Full(), c.Overfull())
			}
			c.staged = append(c.staged, nil)
		}
		c.staged, c.octets = nil, batchOctets
		if !c.Full() || c.Overfull() {
			t.Errorf("%d octets: full %v, overfull %v", c.octets, c.Full(), c.Overfull())
		}
	}
}

// keeping is a syncer that needs its files open, or not.
type keeping bool

func (k keeping) keepOpen() bool      { return bool(k) }
func (keeping) sync([]*os.File) error { return nil }
func (keeping) close() error          { return nil }
