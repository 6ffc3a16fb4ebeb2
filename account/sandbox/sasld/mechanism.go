package sasld

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"strings"

	"github.com/emersion/go-sasl"
)

// newPlain is PLAIN (RFC 4616).
func newPlain(b Backend, proved *string) sasl.Server {
	return &plainServer{sasl.NewPlainServer(func(identity, user, password string) error {
		if identity != "" && identity != user {
			return ErrAuth // nobody may act for another here
		}
		return authenticate(b, user, password, proved)
	})}
}

func authenticate(b Backend, user, password string, proved *string) error {
	err := b.Authenticate(user, password)
	if err == nil {
		*proved = user
	}
	return err
}

// plainServer tells a malformed response of go-sasl's server from a wrong password.
type plainServer struct{ sasl.Server }

func (p *plainServer) Next(response []byte) ([]byte, bool, error) {
	if strings.Count(string(response), "\x00") != 2 && response != nil {
		return nil, false, ErrMalformed
	}
	return p.Server.Next(response)
}

// loginServer is LOGIN (draft-murchison-sasl-login), which go-sasl has for
// clients only.
type loginServer struct {
	backend Backend
	proved  *string
	asked   int
	user    string
}

func (l *loginServer) Next(response []byte) ([]byte, bool, error) {
	if l.asked == 0 && response == nil {
		l.asked = 1
		return []byte("Username:"), false, nil
	}
	if l.asked < 2 {
		l.asked = 2
		l.user = string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, authenticate(l.backend, l.user, string(response), l.proved)
}

// cramServer is CRAM-MD5 (RFC 2195).
type cramServer struct {
	backend   Backend
	proved    *string
	challenge string
}

func (c *cramServer) Next(response []byte) ([]byte, bool, error) {
	if c.challenge == "" {
		c.challenge = stamp()
		return []byte(c.challenge), false, nil
	}
	at := strings.LastIndexByte(string(response), ' ')
	if at < 0 {
		return nil, false, ErrMalformed
	}
	user, digest := string(response[:at]), string(response[at+1:])
	secret, known := c.backend.Secret(user)
	if !hmac.Equal([]byte(cramDigest(secret, c.challenge)), []byte(digest)) || !known {
		return nil, false, ErrAuth
	}
	*c.proved = user
	return nil, true, nil
}

func cramDigest(secret, challenge string) string {
	mac := hmac.New(md5.New, []byte(secret))
	mac.Write([]byte(challenge))
	return hex.EncodeToString(mac.Sum(nil))
}

// stamp is a challenge that no other session has, in the form of a Message-ID.
func stamp() string { return "<" + rand.Text() + "@imapop.invalid>" }
