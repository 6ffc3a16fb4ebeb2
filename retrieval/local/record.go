package local

import (
	"encoding/binary"
	"errors"
	"strings"
	"time"
	"unsafe"

	"imapop/account"
	"imapop/retrieval/plan"
)

// ServerState is what is known of a message's deletion on the server.
type ServerState byte

// The states. Pending and Unknown are settled by the next list of unique-ids.
const (
	OnServer ServerState = iota // nothing was asked
	Pending                     // DELE may have been sent; QUIT was not answered yet
	Unknown                     // QUIT was sent, and how it ended is not known
	Deleted                     // QUIT was answered +OK, or a later list lacked it
)

// Record is what the ledger knows of one unique-id.
type Record struct {
	UniqueID   string    // "": the message is known by its content only
	FirstSeen  time.Time // in a list of unique-ids
	Downloaded time.Time // when the copy was stored; zero: never
	File       string    // base name in the Maildir, without flags; "" before the download
	Octets     int64     // of the file
	Listed     int64     // what LIST said at the download
	Policy     account.LeaveOnServer
	State      ServerState
	Settled    time.Time // when State became Deleted; zero otherwise
	Missing    time.Time // since when lists lack it although nothing was asked; zero: it is listed
	Removed    time.Time // when its owner removed the local copy; zero: not
	Duplicate  bool      // the server gave this unique-id to more than one message
}

// Short reports whether fewer octets came than LIST announced, beyond the few
// that servers miscount (RFC 1939 section 11 counts line ends as two octets).
func (r Record) Short() bool { return r.Listed-r.Octets > r.Listed/100 }

// DueAt tells when the record's message may be deleted on the server under a
// policy; false: never. Days count from the download, not from the Date header.
func (r Record) DueAt(p account.LeaveOnServer) (time.Time, bool) {
	switch {
	case r.Downloaded.IsZero(), p.Mode == account.LeaveKeep, p.Mode == account.LeaveRemoved:
		return time.Time{}, false
	case p.Mode == account.LeaveDays:
		return r.Downloaded.Add(p.After), true
	}
	return r.Downloaded, true
}

// Due reports whether a policy wants the record's message deleted on the server
// now. It asks for the policy and the record's faults alone: whether the file is
// in place is asked by Copy.MarkDeletePending.
func Due(r Record, p account.LeaveOnServer, now time.Time) bool {
	if r.fault() != nil {
		return false
	}
	if !r.Removed.IsZero() {
		return true
	}
	at, ok := r.DueAt(p)
	return ok && !now.Before(at)
}

// settled reports whether the record is as its download left it: here, on the
// server, and nothing else known of it.
func (r *Record) settled() bool {
	return !r.Downloaded.IsZero() && r.State == OnServer && r.Missing.IsZero() && r.Removed.IsZero() && !r.Duplicate
}

// fault says why the record alone forbids a deletion; nil when it does not.
func (r Record) fault() error {
	switch {
	case r.Downloaded.IsZero():
		return ErrNotHere
	case !plan.Trusted(r.UniqueID):
		return ErrMalformed
	case r.Duplicate:
		return ErrDuplicate
	case r.Short():
		return ErrShort
	case r.State == Deleted:
		return ErrSettled
	}
	return nil
}

// The form of a record in the ledger: a version, then uvarints and length-prefixed texts.
const recordVersion = 1

const maxSeconds = 3650 * 24 * 3600 // of a policy

var errRecord = errors.New("a record in the ledger is damaged")

func (r Record) encode() []byte {
	b := make([]byte, 0, 96+len(r.UniqueID)+len(r.File))
	var duplicate byte
	if r.Duplicate {
		duplicate = 1
	}
	b = append(b, recordVersion, byte(r.State), byte(r.Policy.Mode), duplicate)
	for _, t := range []time.Time{r.FirstSeen, r.Downloaded, r.Settled, r.Missing, r.Removed} {
		b = binary.AppendUvarint(b, stamp(t))
	}
	for _, n := range []int64{r.Octets, r.Listed, int64(r.Policy.After / time.Second)} {
		b = binary.AppendUvarint(b, uint64(n))
	}
	for _, s := range []string{r.UniqueID, r.File} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

// decodeRecord reads what encode wrote, and nothing else.
func decodeRecord(b []byte) (Record, error) {
	r, err := decode(unsafe.String(unsafe.SliceData(b), len(b)))
	if _, ok := parseName(r.File); err != nil || r.File != "" && !ok {
		return Record{}, errRecord // a name that is not ours could lead out of the Maildir
	}
	r.UniqueID, r.File = strings.Clone(r.UniqueID), strings.Clone(r.File)
	return r, nil
}

// decode reads a record; its texts are parts of b. The file's name is not looked at.
func decode(b string) (Record, error) {
	if len(b) < 4 || b[0] != recordVersion || b[1] > byte(Deleted) || b[2] > byte(account.LeaveRemoved) || b[3] > 1 {
		return Record{}, errRecord
	}
	r := Record{State: ServerState(b[1]), Duplicate: b[3] == 1}
	r.Policy.Mode = account.LeaveMode(b[2])
	d := decoder{rest: b[4:]}
	for _, t := range []*time.Time{&r.FirstSeen, &r.Downloaded, &r.Settled, &r.Missing, &r.Removed} {
		*t = d.time()
	}
	r.Octets, r.Listed = d.number(), d.number()
	seconds := d.number()
	if seconds > maxSeconds {
		return Record{}, errRecord
	}
	r.Policy.After = time.Duration(seconds) * time.Second
	r.UniqueID, r.File = d.text(), d.text()
	if d.bad || len(d.rest) > 0 {
		return Record{}, errRecord
	}
	if (r.File == "") != r.Downloaded.IsZero() {
		return Record{}, errRecord
	}
	return r, nil
}

// glance is what a run asks of most records.
type glance struct {
	id, file string // parts of what was read
	listed   int64
	settled  bool // Record.settled
}

// skim reads so much of a record; false for what decode refuses, and for what is
// so rare that it is left to decode. Most runs need no more of most records.
func skim(b string) (g glance, ok bool) {
	if len(b) < 4 || b[0] != recordVersion || b[1] > byte(Deleted) || b[2] > byte(account.LeaveRemoved) || b[3] > 1 {
		return g, false
	}
	d := decoder{rest: b[4:]}
	var has [6]bool // FirstSeen, Downloaded, Settled, Missing, Removed, Octets
	for i := range has {
		has[i] = d.skip()
	}
	g.listed = d.number()
	if d.number() > maxSeconds {
		return g, false
	}
	g.id, g.file = d.text(), d.text()
	g.settled = has[1] && !has[3] && !has[4] && b[1] == byte(OnServer) && b[3] == 0
	return g, !d.bad && d.rest == "" && (g.file != "") == has[1]
}

func (r *Record) glance() glance {
	return glance{id: r.UniqueID, file: r.File, listed: r.Listed, settled: r.settled()}
}

// skip passes over a number and tells whether it is not 0. One that takes nine
// octets is left to number.
func (d *decoder) skip() bool {
	for i := 0; i < len(d.rest) && i < 8; i++ {
		if c := d.rest[i]; c < 0x80 {
			d.bad = d.bad || i > 0 && c == 0
			d.rest = d.rest[i+1:]
			return i > 0 || c != 0
		}
	}
	d.bad, d.rest = true, ""
	return false
}

// stamp is a time in microseconds since 1970; 0 is the zero time.
func stamp(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(max(1, t.UnixMicro()))
}

// decoder reads a record's fields and remembers the first fault.
type decoder struct {
	rest string
	bad  bool
}

// number reads a uvarint of up to 62 bits, in its shortest form.
func (d *decoder) number() int64 {
	var v uint64
	for i := 0; i < len(d.rest) && i < 9; i++ {
		c := d.rest[i]
		v |= uint64(c&0x7f) << (7 * i)
		if c >= 0x80 {
			continue
		}
		if v > 1<<62 || i > 0 && c == 0 {
			break
		}
		d.rest = d.rest[i+1:]
		return int64(v)
	}
	d.bad, d.rest = true, ""
	return 0
}

func (d *decoder) time() time.Time {
	v := d.number()
	if v == 0 {
		return time.Time{}
	}
	return time.UnixMicro(v).UTC()
}

func (d *decoder) text() string {
	n := d.number()
	if n > int64(len(d.rest)) {
		d.bad, d.rest = true, ""
		return ""
	}
	s := d.rest[:n]
	d.rest = d.rest[n:]
	return s
}
