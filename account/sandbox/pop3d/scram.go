package pop3d

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/emersion/go-sasl"
)

// scramIterations is the least of RFC 7677 section 4. The stored secret is the
// password itself, so that more would protect nothing.
const scramIterations = 4096

// scramServer is SCRAM-SHA-256 (RFC 5802, RFC 7677) without channel binding.
type scramServer struct {
	backend Backend
	proved  *string
	step    int
	salt    []byte
	nonce   string // the server's part

	user       string
	gs2        string // header of the client's first message
	firstBare  string // client-first-message-bare
	serverSays string // server-first-message
}

func newScram(b Backend, proved *string) sasl.Server {
	s := &scramServer{backend: b, proved: proved, salt: make([]byte, 16), nonce: rand.Text()}
	rand.Read(s.salt)
	return s
}

func (s *scramServer) Next(response []byte) ([]byte, bool, error) {
	if response == nil {
		return []byte{}, false, nil // no initial response: ask for it
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
		return nil, false, errMalformed
	}
	*s.proved = s.user
	return nil, true, nil
}

// first takes client-first-message: gs2-header, n=user, r=nonce.
func (s *scramServer) first(message string) ([]byte, bool, error) {
	parts := strings.SplitN(message, ",", 3)
	// "p=" wants channel binding, which only SCRAM-SHA-256-PLUS has; an
	// authorization identity may only be the user's own.
	if len(parts) != 3 || parts[0] != "n" && parts[0] != "y" {
		return nil, false, errMalformed
	}
	s.gs2, s.firstBare = parts[0]+","+parts[1]+",", parts[2]
	fields := strings.Split(s.firstBare, ",")
	if len(fields) < 2 {
		return nil, false, errMalformed
	}
	user, isUser := strings.CutPrefix(fields[0], "n=")
	nonce, isNonce := strings.CutPrefix(fields[1], "r=")
	if !isUser || !isNonce || user == "" || nonce == "" {
		return nil, false, errMalformed
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

// final takes client-final-message: c=gs2-header, r=nonce, p=proof.
func (s *scramServer) final(message string) ([]byte, bool, error) {
	bare, proof64, ok := cutLast(message, ",p=")
	proof, err := base64.StdEncoding.DecodeString(proof64)
	want := "c=" + base64.StdEncoding.EncodeToString([]byte(s.gs2)) + ",r=" + s.nonce
	if !ok || err != nil || bare != want && !strings.HasPrefix(bare, want+",") {
		return nil, false, errMalformed
	}
	secret, known := s.backend.Secret(s.user)
	salted, err := pbkdf2.Key(sha256.New, secret, s.salt, scramIterations, sha256.Size)
	if err != nil {
		return nil, false, err
	}
	signed := s.firstBare + "," + s.serverSays + "," + bare
	clientKey := sum(salted, "Client Key")
	storedKey := sha256.Sum256(clientKey)
	signature := sum(storedKey[:], signed)
	for i := range signature {
		clientKey[i] ^= signature[i]
	}
	if !hmac.Equal(clientKey, proof) || !known {
		return nil, false, ErrAuth
	}
	verifier := sum(sum(salted, "Server Key"), signed)
	return []byte("v=" + base64.StdEncoding.EncodeToString(verifier)), false, nil
}

func sum(key []byte, message string) []byte {
	mac := hmac.New(sha256.New, key)
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
