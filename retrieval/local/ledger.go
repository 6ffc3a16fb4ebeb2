package local

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"
	"unsafe"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// ledger is the database of records. One file serves every account that was ever
// pointed at the Maildir; each has a bucket of its own.
type ledger struct {
	db     *bbolt.DB
	path   string
	bucket []byte
}

// maxKey bounds what a server can put into the ledger as a key; a longer
// unique-id (RFC 1939 allows 70 octets) goes by its hash.
const maxKey = 512

// key is 'u' and the whole unique-id, 'h' and a hash for one that is too long, or
// 'c' and a content digest.
func key(r Record) []byte {
	switch {
	case r.UniqueID == "":
		n, _ := parseName(r.File)
		return []byte("c" + n.digest)
	case len(r.UniqueID) > maxKey:
		sum := sha256.Sum256([]byte(r.UniqueID))
		return append([]byte{'h'}, sum[:]...)
	}
	return []byte("u" + r.UniqueID)
}

// isKey reports whether k is the record's key.
func (g glance) isKey(k []byte) bool {
	if g.id != "" && len(g.id) <= maxKey {
		return len(k) > 0 && k[0] == 'u' && string(k[1:]) == g.id
	}
	return string(key(Record{UniqueID: g.id, File: g.file})) == string(k)
}

// validName reports whether a record's file is none or one of ours: another name
// could lead out of the Maildir.
func validName(file string) bool {
	_, ok := parseName(file)
	return ok || file == ""
}

// bucketName keeps endpoint and user apart whatever they contain.
func bucketName(endpoint, user string) []byte {
	b := []byte("account")
	for _, s := range []string{endpoint, user} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	return b
}

func openLedger(path, endpoint, user string) (l *ledger, err error) {
	defer guard(path, &err)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		if errors.Is(err, berrors.ErrTimeout) {
			return nil, &BusyError{Path: path}
		}
		var pe *os.PathError
		if !errors.As(err, &pe) {
			err = fmt.Errorf("%w: %w", ErrLedger, err)
		}
		return nil, failed("open the ledger", path, err)
	}
	return &ledger{db: db, path: path, bucket: bucketName(endpoint, user)}, nil
}

// load gives every record of the account to f, with its octets, which are valid
// during the call only, as the texts are.
func (l *ledger) load(f func(g glance, raw []byte)) (err error) {
	defer guard(l.path, &err)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	err = l.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket(l.bucket)
		if b == nil {
			return nil
		}
		return b.ForEach(func(k, v []byte) error {
			text := unsafe.String(unsafe.SliceData(v), len(v))
			g, ok := skim(text)
			if !ok {
				r, err := decode(text)
				g, ok = r.glance(), err == nil
			}
			if !ok || !validName(g.file) || !g.isKey(k) {
				return fmt.Errorf("%w: %w", ErrLedger, errRecord)
			}
			f(g, v)
			return nil
		})
	})
	return failed("read the ledger", l.path, err)
}

// write puts records and removes others in one transaction; when it returns nil
// they are on disk.
func (l *ledger) write(put, remove []Record) (err error) {
	if len(put)+len(remove) == 0 {
		return nil
	}
	defer guard(l.path, &err)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	err = l.db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(l.bucket)
		if err != nil {
			return err
		}
		for _, r := range put {
			if err := b.Put(key(r), r.encode()); err != nil {
				return err
			}
		}
		for _, r := range remove {
			if err := b.Delete(key(r)); err != nil {
				return err
			}
		}
		return nil
	})
	return failed("write the ledger", l.path, err)
}

// size is the file's, in octets; 0 when it is not known.
func (l *ledger) size() int64 {
	info, err := os.Stat(l.path)
	if err != nil {
		return 0
	}
	return info.Size()
}

func (l *ledger) close() error { return failed("close the ledger", l.path, l.db.Close()) }

// guard turns a panic over a damaged database, or a fault in its mapped pages,
// into an error: the library checks little of what it reads.
func guard(path string, err *error) {
	if p := recover(); p != nil {
		*err = failed("read the ledger", path, fmt.Errorf("%w: %v", ErrLedger, p))
	}
}
