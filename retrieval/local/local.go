// Package local is POP3's local copy: a Maildir that any mail program can read,
// and a ledger of unique-ids that knows what was downloaded, what became of it on
// the server, and what may be deleted there.
//
// Two promises rest on it. No message is lost: MarkDeletePending lets a DELE go
// out only for a message whose file and ledger entry are on disk. No message is
// stored twice: a file's name carries the digest of its unique-id, so that a
// crash between file and ledger heals itself. The order of every batch is: write,
// sync the files, rename tmp/ to new/, sync the directory, commit the ledger.
package local

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"imapop/account"
)

// The names of our own files in the Maildir, beside cur/, new/ and tmp/. They
// move with it, and a mail program takes them for nothing.
const (
	ledgerFile = "imapop-ledger.db"
	lockFile   = "imapop.lock"
	markFile   = "imapop.downloading"
)

// tombstone is how long the ledger remembers a message that the server no longer
// lists: long enough that a server's bad month forgets nothing.
const tombstone = 90 * 24 * time.Hour

// Options is which copy to open.
type Options struct {
	Maildir  string                // made when it is not there
	Ledger   string                // "": in the Maildir
	Endpoint string                // host:port of the POP3 server
	User     string                // what the server calls the person
	Policy   account.LeaveOnServer // what applies to messages downloaded from now on
	Now      func() time.Time      // nil: time.Now
	Locked   func()                // called once the lock is held, before anything is read; nil: nobody is told
}

// Copy is an open local copy. One process at a time has it; its methods may be
// called from any goroutine. They block on the disk.
type Copy struct {
	dir    string
	now    func() time.Time
	digest digester
	lock   *lock
	ledger *ledger
	syncer syncer
	fault  func(step string) error // tests only: fails or kills at a step

	flushing  sync.Mutex // held by Flush for its whole length, before mu
	mu        sync.Mutex
	closed    bool
	policy    account.LeaveOnServer
	records   *table               // by unique-id, as committed
	contents  map[string]string    // content digest → base name, of messages without a unique-id to trust
	files     map[string]string    // base name → "new/..." or "cur/..." as last seen
	looked    bool                 // files is from a scan; without one a message is looked for in new/ first
	marked    bool                 // the mark of a download under way is on disk
	scannedAt time.Time            // by the clock that files are dated by
	scanned   [2]time.Time         // the times of new/ and cur/ that files is from
	orphans   map[string]string    // digest of a unique-id → base name: on disk, not in the ledger
	twice     map[string]bool      // unique-ids that the latest list had more than once
	seen      map[string]time.Time // when a list first had what is not downloaded yet
	busy      map[string]bool      // keys of deliveries that are not durable yet
	staged    []*Delivery
	octets    int64 // staged
	serial    int   // of the next file in tmp/
}

// Open locks the copy, makes what is missing of its Maildir, removes what a
// killed download left in tmp/ and reads the ledger. A second Open, here or in
// another process, gives *BusyError.
func Open(o Options) (*Copy, error) {
	if o.Maildir == "" || o.Endpoint == "" || o.User == "" {
		return nil, errors.New("local copy: Maildir, endpoint and user must be given")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Ledger == "" {
		o.Ledger = filepath.Join(o.Maildir, ledgerFile)
	}
	c := &Copy{dir: o.Maildir, now: o.Now, policy: o.Policy, digest: digester{o.Endpoint, o.User},
		records: newTable(), contents: map[string]string{}, files: map[string]string{}, orphans: map[string]string{},
		twice: map[string]bool{}, seen: map[string]time.Time{}, busy: map[string]bool{}}
	if err := makeMaildir(o.Maildir); err != nil {
		return nil, err
	}
	var err error
	if c.lock, err = takeLock(filepath.Join(o.Maildir, lockFile), o.Now()); err != nil {
		return nil, err
	}
	if o.Locked != nil {
		o.Locked()
	}
	if err := c.load(o); err != nil {
		c.release()
		return nil, err
	}
	return c, nil
}

// load reads everything, under the lock.
func (c *Copy) load(o Options) error {
	if err := c.removeLeftovers(); err != nil {
		return err
	}
	var err error
	if c.syncer, err = newSyncer(c.dir); err != nil {
		return failed("open", c.dir, err)
	}
	if c.ledger, err = openLedger(o.Ledger, o.Endpoint, o.User); err != nil {
		return err
	}
	l := newLoader(c.ledger.size())
	if err := c.ledger.load(func(g glance, raw []byte) {
		if g.id == "" {
			c.remember(decoded(string(raw)))
		} else {
			l.add(g, raw)
		}
	}); err != nil {
		return err
	}
	c.records = l.table()
	c.marked = exists(filepath.Join(c.dir, markFile))
	if !c.marked && len(c.records.base) > 0 {
		return nil // the run before ended well, so every file has its entry: 100,000 names need not be read
	}
	if err := c.scan(); err != nil {
		return err
	}
	c.findOrphans()
	return nil
}

// mark notes on disk, before the first file of a run is named, that files may
// be there which the ledger does not know. Close takes it off again.
func (c *Copy) mark() error {
	if c.marked {
		return nil
	}
	path := filepath.Join(c.dir, markFile)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err == nil {
		err = errors.Join(f.Close(), syncDir(c.dir))
	}
	if err != nil {
		return failed("mark the beginning of a download", path, err)
	}
	c.marked = true
	return nil
}

// remember takes a committed record into memory.
func (c *Copy) remember(r Record) {
	if r.UniqueID == "" {
		n, _ := parseName(r.File)
		c.contents[n.digest] = r.File
		return
	}
	c.records.put(r)
}

// findOrphans notes the files whose ledger entry was lost with a crash.
func (c *Copy) findOrphans() {
	known := make(map[string]bool, len(c.files))
	for r := range c.records.all() {
		known[r.File] = true
	}
	for base := range c.files {
		if known[base] {
			continue
		}
		n, ok := parseName(base)
		switch {
		case !ok:
		case n.kind == byUniqueID:
			c.orphans[n.digest] = base
		case c.contents[n.digest] == "":
			c.contents[n.digest] = base
		}
	}
}

// Close lets go of the copy. What was staged and not flushed is thrown away.
func (c *Copy) Close() error {
	c.flushing.Lock()
	defer c.flushing.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	for _, d := range c.staged {
		d.discard()
	}
	c.staged = nil
	if c.marked && len(c.orphans) == 0 {
		os.Remove(filepath.Join(c.dir, markFile)) // one that stays costs the next Open a scan
	}
	return c.release()
}

func (c *Copy) release() error {
	var errs []error
	if c.ledger != nil {
		errs = append(errs, c.ledger.close())
	}
	if c.syncer != nil {
		errs = append(errs, c.syncer.close())
	}
	return errors.Join(append(errs, c.lock.release())...)
}

// step is a place where tests make the disk fail or the process die.
func (c *Copy) step(name string) error {
	if c.fault == nil {
		return nil
	}
	return c.fault(name)
}
