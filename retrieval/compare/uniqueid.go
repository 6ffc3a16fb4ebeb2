package compare

import "math"

// shape is how a unique-id is written, before it is known what it means.
type shape byte

const (
	shapeOther shape = iota
	shapeHex         // 16 hexadecimal digits: two numbers of 8
	shapeDot         // decimal.decimal
	shapeDash        // decimal-decimal
	shapePlain       // one decimal number
)

// uniqueID is a unique-id taken apart: the two numbers in the order written;
// b is 0 for shapePlain.
type uniqueID struct {
	shape shape
	a, b  uint32
}

// parseUniqueID takes apart what could be made of UID and UIDVALIDITY. Anything
// else, such as Courier's UID108-1795487385 with numbers of its own, is shapeOther.
func parseUniqueID(s string) uniqueID {
	if len(s) == 16 {
		a, okA := hex8(s[:8])
		b, okB := hex8(s[8:])
		if okA && okB && !mixedCase(s) {
			return uniqueID{shapeHex, a, b}
		}
	}
	a, rest, ok := decimal(s)
	if !ok {
		return uniqueID{}
	}
	if rest == "" {
		return uniqueID{shape: shapePlain, a: a}
	}
	kind := shapeDot
	switch rest[0] {
	case '.':
	case '-':
		kind = shapeDash
	default:
		return uniqueID{}
	}
	b, rest, ok := decimal(rest[1:])
	if !ok || rest != "" {
		return uniqueID{}
	}
	return uniqueID{kind, a, b}
}

// decimal reads a number from 1 to 2^32-1 without leading zeros, as UIDs and
// UIDVALIDITY are (RFC 9051 section 9, nz-number).
func decimal(s string) (n uint32, rest string, ok bool) {
	var v uint64
	i := 0
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		if v = v*10 + uint64(s[i]-'0'); v > math.MaxUint32 {
			return 0, "", false
		}
	}
	if i == 0 || s[0] == '0' {
		return 0, "", false
	}
	return uint32(v), s[i:], true
}

// hex8 reads eight hexadecimal digits; zero is neither a UID nor a UIDVALIDITY.
func hex8(s string) (uint32, bool) {
	var v uint32
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		v = v<<4 | uint32(c)
	}
	return v, v != 0
}

func mixedCase(s string) bool {
	lower, upper := false, false
	for i := range len(s) {
		lower = lower || s[i] >= 'a' && s[i] <= 'f'
		upper = upper || s[i] >= 'A' && s[i] <= 'F'
	}
	return lower && upper
}

// format is one way to read a shape: which number is the UID.
type format struct {
	name     string
	shape    shape
	uidFirst bool
	validity bool // whether the other number is UIDVALIDITY
}

const numFormats = 7

// formats are those that servers are known to use or can be set to.
var formats = [numFormats]format{
	{"UID and UIDVALIDITY, 8 hex digits each (Dovecot)", shapeHex, true, true},
	{"UIDVALIDITY and UID, 8 hex digits each", shapeHex, false, true},
	{"UIDVALIDITY.UID (Cyrus)", shapeDot, false, true},
	{"UID.UIDVALIDITY", shapeDot, true, true},
	{"UIDVALIDITY-UID", shapeDash, false, true},
	{"UID-UIDVALIDITY", shapeDash, true, true},
	{"UID alone", shapePlain, true, false},
}

// uid reads a unique-id by the format; 0 when it does not fit or belongs to
// another UIDVALIDITY.
func (f format) uid(id uniqueID, validity uint32) uint32 {
	if id.shape != f.shape {
		return 0
	}
	u, v := id.a, id.b
	if !f.uidFirst {
		u, v = v, u
	}
	if f.validity && v != validity {
		return 0
	}
	return u
}
