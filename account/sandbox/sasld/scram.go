package sasld

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
)

// scramIterations is the least of RFC 7677 section 4. The stored secret is the
// password itself, so that more would protect nothing.
const scramIterations = 4096

// The hashes of SCRAM.
var (
	scram256 = sha256.New
	scram1   = sha1.New
)

// scramServer is SCRAM (RFC 5802, RFC 7677), with -PLUS bound to the connection.
type scramServer struct {
	backend Backend
	hash    func() hash.Hash
	plus    bool
	binding []byte // of the connection; nil: it has none, and -PLUS is not offered
	proved  *string
	step    int
	salt    []byte
	nonce   string // the server's part

	user       string
	gs2        string // header of the client's first message
	firstBare  string // client-first-message-bare
	serverSays string // server-first-message
}

func newScram(d Door, h func() hash.Hash, plus bool, proved *string) *scramServer {
	s := &scramServer{backend: d.Backend, hash: h, plus: plus, binding: d.binding(), proved: proved, salt: make([]byte, 16), nonce: rand.Text()}
	rand.Read(s.salt)
	return s
}

func (s *scramServer) Next(response []byte) ([]byte, bool, error) {
	if response == nil {
		return nil, false, nil // no initial response: ask for it
	}
	s.step++
	switch s.step {
	case 1:
		return s.first(string(response))
	case 2:
		return s.final(string(response))
	}
	// RFC 5034 has no room for data beside +OK: the signature went as a
	// challenge, and the client says that it has seen it.
	if len(response) > 0 {
		return nil, false, ErrMalformed
	}
	*s.proved = s.user
	return nil, true, nil
}

// first takes client-first-message: gs2-header, n=user, r=nonce.
func (s *scramServer) first(message string) ([]byte, bool, error) {
	parts := strings.SplitN(message, ",", 3)
	// An authorization identity may only be the user's own.
	if len(parts) != 3 {
		return nil, false, ErrMalformed
	}
	if err := s.checkFlag(parts[0]); err != nil {
		return nil, false, err
	}
	s.gs2, s.firstBare = parts[0]+","+parts[1]+",", parts[2]
	fields := strings.Split(s.firstBare, ",")
	if len(fields) < 2 {
		return nil, false, ErrMalformed
	}
	user, isUser := strings.CutPrefix(fields[0], "n=")
	nonce, isNonce := strings.CutPrefix(fields[1], "r=")
	if !isUser || !isNonce || user == "" || nonce == "" {
		return nil, false, ErrMalformed
	}
	if parts[1] != "" && parts[1] != "a="+user {
		return nil, false, ErrAuth
	}
	s.user = strings.NewReplacer("=2C", ",", "=3D", "=").Replace(user)
	s.nonce = nonce + s.nonce
	s.serverSays = "r=" + s.nonce + ",s=" + base64.StdEncoding.EncodeToString(s.salt) +
		",i=" + strconv.Itoa(scramIterations)
	return []byte(s.serverSays), false, nil
}

// checkFlag holds the client's word on channel binding against ours: "y" says that
// it could and was not offered it, so that somebody took our offer away (RFC 5802 section 6).
func (s *scramServer) checkFlag(flag string) error {
	switch {
	case s.plus && flag == "p=tls-exporter", !s.plus && flag == "n", !s.plus && flag == "y" && s.binding == nil:
		return nil
	case !s.plus && flag == "y":
		return ErrAuth
	}
	return ErrMalformed
}

// final takes client-final-message: c=gs2-header, r=nonce, p=proof.
func (s *scramServer) final(message string) ([]byte, bool, error) {
	bare, proof64, ok := cutLast(message, ",p=")
	proof, err := base64.StdEncoding.DecodeString(proof64)
	bound := []byte(s.gs2)
	if s.plus {
		bound = append(bound, s.binding...)
	}
	want := "c=" + base64.StdEncoding.EncodeToString(bound) + ",r=" + s.nonce
	if !ok || err != nil || bare != want && !strings.HasPrefix(bare, want+",") {
		return nil, false, ErrMalformed
	}
	secret, known := s.backend.Secret(s.user)
	if prepared, err := precis.OpaqueString.String(secret); err == nil && utf8.ValidString(secret) {
		secret = prepared // RFC 8265 section 4.2, as clients do
	}
	salted, err := pbkdf2.Key(s.hash, secret, s.salt, scramIterations, s.hash().Size())
	if err != nil {
		return nil, false, err
	}
	signed := s.firstBare + "," + s.serverSays + "," + bare
	clientKey := s.mac(salted, "Client Key")
	stored := s.hash()
	stored.Write(clientKey)
	signature := s.mac(stored.Sum(nil), signed)
	for i := range signature {
		clientKey[i] ^= signature[i]
	}
	if !hmac.Equal(clientKey, proof) || !known {
		return nil, false, ErrAuth
	}
	verifier := s.mac(s.mac(salted, "Server Key"), signed)
	return []byte("v=" + base64.StdEncoding.EncodeToString(verifier)), false, nil
}

func (s *scramServer) mac(key []byte, message string) []byte {
	mac := hmac.New(s.hash, key)
	mac.Write([]byte(message))
	return mac.Sum(nil)
}

// cutLast is strings.Cut at the last sep.
func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
