package sandbox

import (
	"crypto/subtle"
	"crypto/tls"
	"errors"

	"github.com/emersion/go-sasl"

	"imapop/account/sandbox/sasld"
)

var errPassword = errors.New("wrong user name or password")

// authenticate compares in constant time.
func (s *Server) authenticate(user, password string) error {
	u := subtle.ConstantTimeCompare([]byte(user), []byte(s.user))
	p := subtle.ConstantTimeCompare([]byte(password), []byte(s.password))
	if u&p != 1 {
		return errPassword
	}
	return nil
}

// backend is who may log in, the same at every door.
type backend struct{ s *Server }

func (b backend) Authenticate(user, password string) error {
	if b.s.authenticate(user, password) != nil {
		return sasld.ErrAuth
	}
	return nil
}

func (b backend) Secret(user string) (string, bool) {
	if user != b.s.user {
		return "", false
	}
	return b.s.password, true
}

// Takes knows the one token that Info tells. OAUTHBEARER need not name a user.
func (b backend) Takes(user, token string) (owner string, ok bool) {
	same := subtle.ConstantTimeCompare([]byte(token), []byte(b.s.info.Token)) == 1
	return b.s.user, same && (user == "" || user == b.s.user)
}

// door is one connection of IMAP or submission as SASL sees it.
func (s *Server) door(secured *tls.ConnectionState) sasld.Door {
	return sasld.Door{Backend: backend{s}, TLS: secured}
}

// judged is a mechanism in the terms of a protocol library: its refusals are
// refused, and it says when it succeeded.
type judged struct {
	sasl.Server
	refused error
	success func()
}

func (j judged) Next(response []byte) ([]byte, bool, error) {
	challenge, done, err := j.Server.Next(response)
	if err != nil {
		return nil, false, j.refused
	}
	if done {
		j.success()
	}
	return challenge, done, nil
}
