package sandbox

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
)

// scramIterations is RFC 7677's least; the demo password is no secret.
const scramIterations = 4096

// scramServer is SCRAM-SHA-256 without channel binding (RFC 5802, RFC 7677).
// The password never crosses the wire.
type scramServer struct {
	user, password string
	refused        error
	step           int
	bare           string // client-first-message-bare
	first          string // server-first-message
	nonce          string
	salted         []byte
}

func (s *scramServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if response == nil && s.step == 0 {
		return []byte{}, false, nil
	}
	s.step++
	switch s.step {
	case 1:
		challenge, err = s.start(string(response))
		return challenge, false, err
	case 2:
		challenge, err = s.finish(string(response))
		return challenge, false, err
	case 3: // the client has seen our signature and answers nothing
		return nil, true, nil
	}
	return nil, false, s.refused
}

// start reads "n,,n=user,r=nonce" and answers nonce, salt and count.
func (s *scramServer) start(msg string) ([]byte, error) {
	gs2, rest, ok := strings.Cut(msg, ",")
	authzid, bare, ok2 := strings.Cut(rest, ",")
	if !ok || !ok2 || gs2 != "n" && gs2 != "y" || authzid != "" && authzid != "a="+s.user {
		return nil, s.refused
	}
	attrs := scramAttrs(bare)
	name := strings.NewReplacer("=2C", ",", "=3D", "=").Replace(attrs["n"])
	if attrs["m"] != "" || name != s.user || attrs["r"] == "" {
		return nil, s.refused
	}
	salt := make([]byte, 18)
	rand.Read(salt)
	own := make([]byte, 18)
	rand.Read(own)
	var err error
	if s.salted, err = pbkdf2.Key(sha256.New, s.password, salt, scramIterations, sha256.Size); err != nil {
		return nil, err
	}
	s.bare = bare
	s.nonce = attrs["r"] + base64.StdEncoding.EncodeToString(own)
	s.first = fmt.Sprintf("r=%s,s=%s,i=%d", s.nonce, base64.StdEncoding.EncodeToString(salt), scramIterations)
	return []byte(s.first), nil
}

// finish checks the client's proof and answers with the server's signature.
func (s *scramServer) finish(msg string) ([]byte, error) {
	attrs := scramAttrs(msg)
	without, _, ok := strings.Cut(msg, ",p=")
	proof, err := base64.StdEncoding.DecodeString(attrs["p"])
	binding, err2 := base64.StdEncoding.DecodeString(attrs["c"])
	if !ok || err != nil || err2 != nil || attrs["r"] != s.nonce || len(proof) != sha256.Size ||
		!strings.HasPrefix(string(binding), "n,") && !strings.HasPrefix(string(binding), "y,") {
		return nil, s.refused
	}
	auth := s.bare + "," + s.first + "," + without
	clientKey := hmacSHA256(s.salted, "Client Key")
	stored := sha256.Sum256(clientKey)
	signature := hmacSHA256(stored[:], auth)
	for i := range proof {
		proof[i] ^= signature[i]
	}
	if !hmac.Equal(proof, clientKey) {
		return nil, s.refused
	}
	verifier := hmacSHA256(hmacSHA256(s.salted, "Server Key"), auth)
	return []byte("v=" + base64.StdEncoding.EncodeToString(verifier)), nil
}

func scramAttrs(s string) map[string]string {
	attrs := make(map[string]string)
	for field := range strings.SplitSeq(s, ",") {
		if k, v, ok := strings.Cut(field, "="); ok {
			attrs[k] = v
		}
	}
	return attrs
}

func hmacSHA256(key []byte, msg string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(msg))
	return h.Sum(nil)
}
