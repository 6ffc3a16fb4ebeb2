package pop3d

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"imapop/account/sandbox/sasld"
)

// canLogin says that a login would be heard now.
func (s *session) canLogin() bool { return s.secure || !s.policy.RefusePlain }

// errNeedTLS has no code: [AUTH] would blame the credentials (RFC 3206 section 4).
var errNeedTLS = refuse("no login before TLS on this server")

func (s *session) userName(arg string) error {
	switch {
	case !s.canLogin():
		return errNeedTLS
	case arg == "":
		return bad("USER wants a name")
	}
	s.user = arg
	s.ok("now the password") // for any name: who has a maildrop here is not told
	return nil
}

func (s *session) pass(arg string) error {
	user := s.user
	s.user = ""
	switch {
	case !s.canLogin():
		return errNeedTLS
	case user == "":
		return bad("PASS comes right after USER")
	}
	if err := s.srv.o.Backend.Authenticate(user, arg); err != nil {
		return s.denied(err)
	}
	return s.enter(user)
}

// apop is RFC 1939 section 7: the MD5 of the greeting's time stamp and the
// password, in small hexadecimal.
func (s *session) apop(arg string) error {
	at := strings.LastIndexByte(arg, ' ')
	switch {
	case s.stamp == "":
		return bad("no APOP on this server")
	case !s.canLogin():
		return errNeedTLS
	case at < 1:
		return bad("APOP wants a name and a digest")
	}
	user, digest := arg[:at], arg[at+1:]
	secret, known := s.srv.o.Backend.Secret(user)
	same := subtle.ConstantTimeCompare([]byte(s.apopDigest(secret)), []byte(digest)) == 1
	if !known || !same {
		return s.denied(ErrAuth)
	}
	return s.enter(user)
}

func (s *session) apopDigest(secret string) string {
	sum := md5.Sum([]byte(s.stamp + secret))
	return hex.EncodeToString(sum[:])
}

// newStamp makes a time stamp that no other session has (RFC 1939 section 7);
// it has the form of a Message-ID.
func newStamp() string {
	return fmt.Sprintf("<%s.%d@imapop.invalid>", rand.Text(), time.Now().Unix())
}

// enter takes the lock for a user who has proved who he is.
func (s *session) enter(user string) error {
	drop, err := s.srv.o.Backend.Lock(user)
	switch {
	case errors.Is(err, ErrAuth): // right, but there is no maildrop
		return s.denied(err)
	case errors.Is(err, ErrInUse):
		return &refusal{code: "IN-USE", text: ErrInUse.Error()}
	case errors.Is(err, ErrDelay):
		return &refusal{code: "LOGIN-DELAY", text: ErrDelay.Error()}
	case err != nil:
		return s.fault("the maildrop cannot be opened", err)
	}
	s.drop = drop
	s.list = newList(drop.Messages())
	s.state = transaction
	s.ok("maildrop locked and ready, %d messages (%d octets)", s.list.count, s.list.octets)
	return nil
}

// denied is the answer to a login that failed; the last one that is allowed
// ends the session. A malformed one counts too: it may be a guess.
func (s *session) denied(err error) error {
	s.failed++
	last := ""
	if s.failed >= maxFailed {
		s.ended = true
		last = "; too many failed logins, closing"
	}
	switch {
	case errors.Is(err, ErrAuth):
		return &refusal{code: "AUTH", text: ErrAuth.Error() + last}
	case errors.Is(err, sasld.ErrMalformed):
		return refuse("malformed response%s", last)
	}
	return s.fault("the password cannot be checked"+last, err)
}
