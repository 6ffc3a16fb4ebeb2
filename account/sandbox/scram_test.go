package sandbox

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

// scramClient is the other side of scramServer.
type scramClient struct {
	user, password string
	step           int
	auth           string
	salted         []byte
}

const clientNonce = "rOprNGfwEbeRWgbNEkqO"

func (c *scramClient) Start() (string, []byte, error) {
	name := strings.NewReplacer("=", "=3D", ",", "=2C").Replace(c.user)
	c.auth = "n=" + name + ",r=" + clientNonce
	return "SCRAM-SHA-256", []byte("n,," + c.auth), nil
}

func (c *scramClient) Next(challenge []byte) ([]byte, error) {
	c.step++
	attrs := scramAttrs(string(challenge))
	if c.step == 2 {
		want := hmacSHA256(hmacSHA256(c.salted, "Server Key"), c.auth)
		if attrs["v"] != base64.StdEncoding.EncodeToString(want) {
			return nil, errors.New("the server does not know the password")
		}
		return nil, nil
	}
	salt, _ := base64.StdEncoding.DecodeString(attrs["s"])
	c.salted, _ = pbkdf2.Key(sha256.New, c.password, salt, 4096, 32)
	without := "c=biws,r=" + attrs["r"]
	c.auth += "," + string(challenge) + "," + without
	key := hmacSHA256(c.salted, "Client Key")
	stored := sha256.Sum256(key)
	signature := hmacSHA256(stored[:], c.auth)
	for i := range key {
		key[i] ^= signature[i]
	}
	return []byte(without + ",p=" + base64.StdEncoding.EncodeToString(key)), nil
}

// Whatever a client says, nobody gets in without the password, and nothing panics.
func FuzzScram(f *testing.F) {
	f.Add("n,,n=alice,r=abc", "c=biws,r=abc,p=AAAA")
	f.Add("p=tls-unique,,n=alice,r=abc", "")
	f.Add("y,a=alice,n=alice,r=", "c=,r=,p=")
	f.Fuzz(func(t *testing.T, first, final string) {
		s := &scramServer{user: "alice", password: "wonderland", refused: errPassword}
		if _, _, err := s.Next([]byte(first)); err != nil {
			return
		}
		final = strings.ReplaceAll(final, "abc", s.nonce)
		if _, done, err := s.Next([]byte(final)); err == nil || done {
			t.Errorf("%q, %q: let in", first, final)
		}
	})
}

func TestScramRefuses(t *testing.T) {
	for _, first := range []string{"", "n", "n,,", "n,,n=alice", "n,,r=abc", "n,,n=bob,r=abc", "p=tls-exporter,,n=alice,r=abc", "n,a=bob,n=alice,r=abc", "n,,m=x,n=alice,r=abc"} {
		s := &scramServer{user: "alice", password: "wonderland", refused: errPassword}
		if _, _, err := s.Next([]byte(first)); !errors.Is(err, errPassword) {
			t.Errorf("%q: %v", first, err)
		}
	}
}
