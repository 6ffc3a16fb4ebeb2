package account

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

// Pin is the SHA-256 of a server's public key, as its certificate holds it (the
// SubjectPublicKeyInfo, RFC 7469 section 2.4). A renewed certificate keeps it as
// long as the server keeps its key.
type Pin [sha256.Size]byte

// PinOf is the pin of a SubjectPublicKeyInfo in DER.
func PinOf(spki []byte) Pin { return sha256.Sum256(spki) }

// String gives the form "sha256//" and base64, which curl knows too.
func (p Pin) String() string { return "sha256//" + base64.StdEncoding.EncodeToString(p[:]) }

// ParsePin reads 32 octets in base64 or, with or without colons, in
// hexadecimal; "sha256//" or "sha256:" may stand before them.
func ParsePin(s string) (Pin, error) {
	body := strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(s), "sha256//"), "sha256:")
	var p Pin
	for _, decode := range []func(string) ([]byte, error){
		func(s string) ([]byte, error) { return hex.DecodeString(strings.ReplaceAll(s, ":", "")) },
		base64.StdEncoding.DecodeString,
	} {
		if b, err := decode(body); err == nil && len(b) == len(p) {
			return Pin(b), nil
		}
	}
	return p, fmt.Errorf("%q is not the SHA-256 of a key: 32 octets in base64 or hexadecimal, as \"sha256//…\"", s)
}
