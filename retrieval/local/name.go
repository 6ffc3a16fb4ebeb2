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

// parseName reads a base name (without flags); false when it is not one of ours.
func parseName(base string) (name, bool) {
	var n name
	seconds, rest, ok := strings.Cut(base, ".M")
	if !ok || !strings.Contains(rest, suffix) {
		return n, false
	}
	head, octets, _ := strings.Cut(rest, suffix)
	head, listed, _ := strings.Cut(head, "L")
	if len(head) < 34 {
		return n, false
	}
	micros := head[:len(head)-33]
	n.kind, n.digest = head[len(micros)], head[len(micros)+1:]
	s, err1 := strconv.ParseUint(seconds, 10, 40)
	m, err2 := strconv.ParseUint(micros, 10, 20)
	o, err3 := strconv.ParseUint(octets, 10, 62)
	l, err4 := strconv.ParseUint(listed, 10, 62)
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil || n.kind != byUniqueID && n.kind != byContent || !hexDigits(n.digest) {
		return name{}, false
	}
	n.at, n.listed, n.octets = time.Unix(int64(s), int64(m)*1000).UTC(), int64(l), int64(o)
	return n, n.String() == base
}

func hexDigits(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

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

// Trusted reports whether a unique-id is one that RFC 1939 section 7 permits: 1
// to 70 octets from 0x21 to 0x7E. Another one is stored and never deleted by.
func Trusted(id string) bool {
	if len(id) == 0 || len(id) > 70 {
		return false
	}
	for i := range len(id) {
		if id[i] < 0x21 || id[i] > 0x7e {
			return false
		}
	}
	return true
}
