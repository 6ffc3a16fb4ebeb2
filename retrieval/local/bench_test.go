package local

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkOpen opens a copy of 100,000 messages: ledger and file names.
func BenchmarkOpen(b *testing.B) {
	const messages = 100_000
	o := options(scratch(b))
	c := open(b, o)
	records := make([]Record, messages)
	for i := range records {
		id := fmt.Sprintf("%08x6b04f5a5", i)
		n := name{kind: byUniqueID, digest: c.digest.uniqueID(id, 0), listed: 3000, octets: 3000, at: noon.Add(time.Duration(i) * time.Second)}
		records[i] = Record{UniqueID: id, FirstSeen: n.at, Downloaded: n.at, File: n.String(), Octets: 3000, Listed: 3000}
		if err := os.WriteFile(filepath.Join(o.Maildir, "cur", n.String()+":2,S"), nil, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	if err := c.ledger.write(records, nil); err != nil {
		b.Fatal(err)
	}
	c.Close()
	ids := make([]string, messages)
	for i, r := range records {
		ids[i] = r.UniqueID
	}
	for b.Loop() {
		c, err := Open(o)
		if err != nil {
			b.Fatal(err)
		}
		if got, err := c.Reconcile(ids); err != nil || got.Missing != 0 {
			b.Fatal(got, err)
		}
		for _, id := range ids {
			if !c.Has(id) {
				b.Fatal("lacks ", id)
			}
		}
		c.Close()
	}
}

// BenchmarkStore stores 2,000 messages of 60 kB durably on the disk that TMPDIR
// is on: in batches as imapop does, with fsyncs side by side, and one at a time.
func BenchmarkStore(b *testing.B) {
	body := bytes.Repeat([]byte("0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab\r\n"), 968)
	for _, way := range []struct {
		name   string
		syncer syncer
		batch  int // 0: when Full
	}{{"batches", nil, 0}, {"fsyncs-side-by-side", eachFile{}, 0}, {"fsync-each", eachFile{}, 1}} {
		b.Run(way.name, func(b *testing.B) {
			b.SetBytes(int64(2000 * len(body)))
			for b.Loop() {
				b.StopTimer()
				c := open(b, options(b.TempDir()))
				if way.syncer != nil {
					c.syncer.close()
					c.syncer = way.syncer
				}
				b.StartTimer()
				storeMany(b, c, body, way.batch)
				b.StopTimer()
				c.Close()
				b.StartTimer()
			}
		})
	}
}

func storeMany(b *testing.B, c *Copy, body []byte, batch int) {
	for i := range 2000 {
		d, err := c.Create(i, fmt.Sprint("id", i), int64(len(body)))
		if err != nil {
			b.Fatal(err)
		}
		d.Write(body)
		if err := d.Stage(); err != nil {
			b.Fatal(err)
		}
		if c.Full() || c.Staged() == batch {
			if _, err := c.Flush(); err != nil {
				b.Fatal(err)
			}
		}
	}
	if _, err := c.Flush(); err != nil {
		b.Fatal(err)
	}
}
