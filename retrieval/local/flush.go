package local

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
)

// Stored is a message that Flush has made durable.
type Stored struct {
	Number   int    // as given to Create
	UniqueID string // "" when the message is known by its content only
	Record   Record
	Existed  bool // the same octets were here already: nothing was added
}

// Full reports whether the batch is large enough to be flushed.
func (c *Copy) Full() bool { return c.filled(1) }

// Overfull reports whether the batch must not grow any more. While a flush runs,
// the next batch may go on to there: the slower the disk, the larger the batches,
// and a larger batch costs hardly more.
func (c *Copy) Overfull() bool { return c.filled(overfull) }

func (c *Copy) filled(times int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	limit := batchFiles * times
	if c.syncer.keepOpen() {
		limit = batchOpen
	}
	return len(c.staged) >= limit || c.octets >= batchOctets*int64(times)
}

// Staged is how many messages wait for a Flush.
func (c *Copy) Staged() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.staged)
}

// Flush makes everything staged durable: files synced, renamed into new/, the
// directory synced, the ledger committed. It returns the messages for which all
// of that succeeded, in the order of Stage; with an error that is none of them.
// Deliveries may go on meanwhile: they are the next batch.
func (c *Copy) Flush() ([]Stored, error) {
	c.flushing.Lock()
	defer c.flushing.Unlock()
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil, ErrClosed
	}
	batch := c.staged
	c.staged, c.octets = nil, 0
	c.mu.Unlock()
	if len(batch) == 0 {
		return nil, nil
	}
	fresh := c.fresh(batch)
	if err := c.persist(fresh); err != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, d := range batch {
			if d.inTmp {
				d.discard()
			}
		}
		return nil, err
	}
	return c.publish(batch, fresh)
}

// fresh takes out of the batch what is here by its content.
func (c *Copy) fresh(batch []*Delivery) []*Delivery {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []*Delivery
	now := map[string]string{} // by content digest, in this batch
	for _, d := range batch {
		if d.kind == byContent {
			here := c.contents[d.digest]
			if _, size, err := c.locate(here); err != nil || size != d.octets {
				here = "" // its owner removed it, and the server still has it
			}
			if base := cmp.Or(here, now[d.digest]); base != "" {
				d.rec.File = base
				d.discard()
				continue
			}
			now[d.digest] = d.rec.File
		}
		list = append(list, d)
	}
	return list
}

// persist brings the files into new/ for good; the ledger comes after. What was
// renamed when a later step failed is whole and on disk: it becomes an orphan,
// which the next list of unique-ids adopts.
func (c *Copy) persist(batch []*Delivery) error {
	c.mu.Lock()
	err := c.mark()
	c.mu.Unlock()
	if err != nil {
		return err
	}
	if err := c.syncFiles(batch); err != nil {
		return err
	}
	for _, d := range batch {
		to := filepath.Join(c.dir, "new", d.rec.File)
		err := c.step("rename")
		if err == nil {
			err = os.Rename(d.tmp, to)
		}
		if err != nil {
			return failed(d.op(), to, err)
		}
		c.mu.Lock()
		d.inTmp = false
		c.files[d.rec.File] = "new/" + d.rec.File
		if d.kind == byUniqueID {
			c.orphans[d.digest] = d.rec.File
		}
		delete(c.busy, d.busyKey)
		c.mu.Unlock()
	}
	dir := filepath.Join(c.dir, "new")
	err = c.step("syncdir")
	if err == nil {
		err = syncDir(dir)
	}
	return failed("sync", dir, err)
}

func (c *Copy) syncFiles(batch []*Delivery) error {
	var open []*os.File
	for _, d := range batch {
		if d.f != nil {
			open = append(open, d.f)
		}
	}
	err := c.step("sync")
	if err == nil {
		if len(open) == len(batch) && len(open) <= fewFiles {
			err = eachFile{}.sync(open)
		} else {
			err = c.syncer.sync(open)
		}
	}
	for _, d := range batch {
		if d.f != nil {
			err = errors.Join(err, d.f.Close())
			d.f = nil
		}
	}
	return failed("sync a batch of messages", filepath.Join(c.dir, "tmp"), err)
}

// publish commits the ledger and tells what is durable now.
func (c *Copy) publish(batch, fresh []*Delivery) ([]Stored, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	put := make([]Record, len(fresh))
	for i, d := range fresh {
		put[i] = d.rec
	}
	if err := c.commit(put, nil); err != nil {
		return nil, err
	}
	added := make(map[*Delivery]bool, len(fresh))
	for _, d := range fresh {
		added[d] = true
		delete(c.orphans, d.digest)
		delete(c.seen, d.rec.UniqueID)
	}
	out := make([]Stored, len(batch))
	for i, d := range batch {
		out[i] = Stored{Number: d.number, UniqueID: d.rec.UniqueID, Record: d.rec, Existed: !added[d]}
	}
	return out, nil
}
