package sandbox

import (
	"crypto/subtle"
	"errors"

	"github.com/emersion/go-sasl"
)

// saslMechanisms is what IMAP and submission offer, the better first.
var saslMechanisms = []string{"SCRAM-SHA-256", "PLAIN", "LOGIN"}

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

// saslServer starts a mechanism whose failure is refused; nil for one that is
// not offered.
func (s *Server) saslServer(mech string, refused error) sasl.Server {
	check := func(user, password string) error {
		if s.authenticate(user, password) != nil {
			return refused
		}
		return nil
	}
	switch mech {
	case "PLAIN":
		return sasl.NewPlainServer(func(identity, user, password string) error {
			if identity != "" && identity != user {
				return refused
			}
			return check(user, password)
		})
	case "LOGIN":
		return &loginServer{check: check, refused: refused}
	case "SCRAM-SHA-256":
		return &scramServer{user: s.user, password: s.password, refused: refused}
	}
	return nil
}

// loginServer is LOGIN (draft-murchison-sasl-login): two prompts, two answers.
type loginServer struct {
	check   func(user, password string) error
	refused error
	step    int
	user    string
}

func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if l.step == 0 && response != nil { // an initial response is the user name
		l.step = 1
	}
	l.step++
	switch l.step {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		l.user = string(response)
		return []byte("Password:"), false, nil
	case 3:
		return nil, true, l.check(l.user, string(response))
	}
	return nil, false, l.refused
}
