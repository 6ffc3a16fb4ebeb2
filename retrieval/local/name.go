package local

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"strconv"
	"strings"
	"time"
)

// A message's file is named
//
//	SECONDS.MMICROS{U|C}DIGESTLLISTED.imapop,S=OCTETS
//
// with ":2,FLAGS" behind it in cur/, as Maildir wants. DIGEST (32 hex digits)
// says which message it is, so that a file whose ledger entry was lost with a
// crash is recognised and not downloaded twice; LISTED is the size that LIST told
// of it, by which a reused unique-id is found out. U: it was made from endpoint,
// user and unique-id. C: from the message's octets, when there was no unique-id
// to trust. Nothing a server says ever becomes a part of a path.

const (
	byUniqueID = 'U'
	byContent  = 'C'
	suffix     = ".imapop,S="
)

// name is what a file name says.
type name struct {
	kind   byte
	digest string
	listed int64
	octets int64
	at     time.Time
}

func (n name) String() string {
	b := make([]byte, 0, 96)
	b = strconv.AppendInt(b, n.at.Unix(), 10)
	b = append(b, ".M"...)
	b = strconv.AppendInt(b, int64(n.at.Nanosecond()/1000), 10)
	b = append(b, n.kind)
	b = append(b, n.digest...)
	b = append(b, 'L')
	b = strconv.AppendInt(b, n.listed, 10)
	b = append(b, suffix...)
	return string(strconv.AppendInt(b, n.octets, 10))
}

// parseName reads a base name (without flags); false when it is not what String
// writes. It is asked of every record of a ledger, so it reads once from left to right.
func parseName(base string) (name, bool) {
	r := nameReader{rest: base}
	seconds := r.number(1 << 40)
	r.skip(".M")
	micros := r.number(1e6)
	var n name
	if len(r.rest) > 32 {
		n.kind, n.digest, r.rest = r.rest[0], r.rest[1:33], r.rest[33:]
	}
	r.skip("L")
	n.listed = r.number(1 << 62)
	r.skip(suffix)
	n.octets = r.number(1 << 62)
	if r.bad || r.rest != "" || n.kind != byUniqueID && n.kind != byContent || !hexDigits(n.digest) {
		return name{}, false
	}
	n.at = time.Unix(seconds, micros*1000).UTC()
	return n, true
}

// nameReader reads the parts of a name and remembers a fault.
type nameReader struct {
	rest string
	bad  bool
}

// number reads digits without a leading zero, below limit.
func (r *nameReader) number(limit uint64) int64 {
	var n uint64
	i := 0
	for ; i < len(r.rest) && i < 20; i++ {
		c := r.rest[i] - '0'
		if c > 9 {
			break
		}
		n = n*10 + uint64(c)
	}
	r.bad = r.bad || i == 0 || i == 20 || n >= limit || i > 1 && r.rest[0] == '0' // 19 digits fit
	r.rest = r.rest[i:]
	return int64(n)
}

func (r *nameReader) skip(word string) {
	rest, ok := strings.CutPrefix(r.rest, word)
	r.rest, r.bad = rest, r.bad || !ok
}

// splitFlags cuts a name in cur/ into base and flags.
func splitFlags(file string) (base, flags string) {
	base, flags, _ = strings.Cut(file, ":2,")
	return base, flags
}

// digester makes the digests of one account.
type digester struct{ endpoint, user string }

// uniqueID gives the digest of a unique-id. listed is 0, or the size that told a
// reused unique-id from the message that had it before.
func (d digester) uniqueID(id string, listed int64) string {
	h := sha256.New()
	for _, s := range []string{"imapop unique-id", d.endpoint, d.user, id} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(s))))
		h.Write([]byte(s))
	}
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(listed)))
	return short(h)
}

// content gives a digest of a message's octets.
func (d digester) content() hash.Hash {
	h := sha256.New()
	h.Write([]byte("imapop content\x00" + d.endpoint + "\x00" + d.user + "\x00"))
	return h
}

func short(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)[:16]) }

func hexDigits(s string) bool {
	var other byte
	for i := range len(s) {
		other |= noHexDigit[s[i]]
	}
	return other == 0
}

// noHexDigit is 0 for the digits that a digest is written with.
var noHexDigit = func() (no [256]byte) {
	for i := range no {
		if strings.IndexByte("0123456789abcdef", byte(i)) < 0 {
			no[i] = 1
		}
	}
	return no
}()
