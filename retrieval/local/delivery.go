package local

import (
	"bufio"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// A batch is full at so many messages or octets: enough that the syncs cost
// little, few enough that a crash wastes little.
const (
	batchFiles  = 500
	batchOpen   = 200 // when every file must stay open: systems give 256 or 1,024
	batchOctets = 64 << 20
	overfull    = 4 // so many times that much is where a batch must wait for the one before

	// So few are synced one by one: syncing the whole file system would wait for
	// what every other program has to write.
	fewFiles = 16
)

var buffers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, 64<<10) }}

// Delivery is one message on its way to disk. Write its octets, then Stage it;
// Close throws away what was not staged. It belongs to one goroutine.
type Delivery struct {
	c       *Copy
	number  int
	rec     Record
	kind    byte
	digest  string // of the unique-id; for byContent set when staged
	busyKey string
	f       *os.File
	w       *bufio.Writer
	hash    hash.Hash // for byContent
	tmp     string
	octets  int64
	err     error // the first write error: a later Stage must not succeed
	done    bool  // staged or closed: its owner has no more to say
	inTmp   bool  // its file is still in tmp/; guarded by Copy.mu from Stage on
}

// Create starts the delivery of a message into tmp/. number is for errors only,
// octets is what LIST said. ErrHere says that the message was downloaded already
// or is in a batch now; a message whose owner removed its copy is let in again, and
// so is a unique-id that is here with another LIST size: it is another message. A message without unique-id, or with one that
// the server gave twice, is known by its content.
func (c *Copy) Create(number int, uniqueID string, octets int64) (*Delivery, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, ErrClosed
	}
	d := &Delivery{c: c, number: number, kind: byUniqueID}
	d.rec = Record{UniqueID: uniqueID, Listed: max(0, octets), FirstSeen: c.seen[uniqueID], Policy: c.policy}
	if uniqueID == "" || c.twice[uniqueID] {
		d.kind, d.hash, d.rec.UniqueID = byContent, c.digest.content(), ""
	} else if err := c.admit(d); err != nil {
		return nil, err
	}
	d.tmp = filepath.Join(c.dir, "tmp", fmt.Sprintf("%s%d-%d", tmpPrefix, os.Getpid(), c.serial))
	c.serial++
	if err := c.step("create"); err != nil {
		return nil, failed(d.op(), d.tmp, err)
	}
	f, err := os.OpenFile(d.tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, failed(d.op(), d.tmp, err)
	}
	d.f, d.w, d.inTmp = f, buffers.Get().(*bufio.Writer), true
	d.w.Reset(f)
	if d.busyKey != "" {
		c.busy[d.busyKey] = true
	}
	return d, nil
}

// admit decides whether a unique-id is new here and which digest names it. mu is held.
func (c *Copy) admit(d *Delivery) error {
	r, known := c.records.get(d.rec.UniqueID)
	d.digest, d.busyKey = c.digest.uniqueID(d.rec.UniqueID, 0), d.rec.UniqueID
	if known {
		d.rec.FirstSeen = r.FirstSeen
	}
	switch {
	case c.busy[d.busyKey]:
		return ErrHere
	case known && r.Listed == d.rec.Listed && r.Removed.IsZero():
		return ErrHere
	case known && r.Listed == d.rec.Listed: // its owner removed the copy, and wants it again
	case known: // the unique-id was used again, for another message
		d.digest = c.digest.uniqueID(d.rec.UniqueID, d.rec.Listed)
	}
	if c.orphans[d.digest] == "" {
		return nil
	}
	adopted, err := c.adopt(map[string]string{d.digest: d.rec.UniqueID})
	if err == nil && len(adopted) > 0 {
		return ErrHere
	}
	return err
}

func (d *Delivery) op() string { return fmt.Sprintf("store message %d", d.number) }

// Write implements io.Writer; octets are stored as they come.
func (d *Delivery) Write(p []byte) (int, error) {
	if d.done {
		return 0, ErrClosed
	}
	if d.err != nil {
		return 0, d.err
	}
	if err := d.c.step("write"); err != nil {
		d.err = failed(d.op(), d.tmp, err)
		return 0, d.err
	}
	n, err := d.w.Write(p)
	d.octets += int64(n)
	if d.hash != nil {
		d.hash.Write(p[:n])
	}
	if err != nil {
		d.err = failed(d.op(), d.tmp, err)
		return n, d.err
	}
	return n, nil
}

// Octets is how many were written so far.
func (d *Delivery) Octets() int64 { return d.octets }

// Stage says that the message is whole and puts it into the batch. It is durable
// only after Flush returned it.
func (d *Delivery) Stage() error {
	if d.done {
		return ErrClosed
	}
	if d.err != nil {
		return d.err
	}
	err := d.c.step("stage")
	if err == nil {
		err = d.w.Flush()
	}
	if err == nil && !d.c.syncer.keepOpen() && d.c.Staged() >= fewFiles {
		err = d.f.Close()
		d.f = nil
	}
	if err != nil {
		d.err = failed(d.op(), d.tmp, err)
		return d.err
	}
	d.giveBack()
	if d.hash != nil {
		d.digest = short(d.hash)
	}
	c := d.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	d.name(c.now())
	d.done = true
	c.staged = append(c.staged, d)
	c.octets += d.octets
	return nil
}

// name fills the record in.
func (d *Delivery) name(now time.Time) {
	now = now.UTC().Truncate(time.Microsecond)
	d.rec.Downloaded, d.rec.Octets = now, d.octets
	if d.rec.FirstSeen.IsZero() {
		d.rec.FirstSeen = now
	}
	d.rec.File = name{kind: d.kind, digest: d.digest, listed: d.rec.Listed, octets: d.octets, at: now}.String()
}

// Close throws the message away unless it was staged. It may be called always.
func (d *Delivery) Close() error {
	if d.done {
		return nil
	}
	d.done = true
	d.c.mu.Lock()
	defer d.c.mu.Unlock()
	d.discard()
	return nil
}

// discard removes the file in tmp/. mu is held.
func (d *Delivery) discard() {
	d.inTmp = false
	d.giveBack()
	if d.f != nil {
		d.f.Close()
		d.f = nil
	}
	os.Remove(d.tmp) // what cannot be removed now is cleared by the next Open
	delete(d.c.busy, d.busyKey)
}

func (d *Delivery) giveBack() {
	if d.w != nil {
		d.w.Reset(nil)
		buffers.Put(d.w)
		d.w = nil
	}
}
