package sasl

import (
	"crypto/hmac"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strings"

	"imapop/account"
)

// cram is CRAM-MD5 (RFC 2195): the server keeps the password readable, does not
// prove itself, and whoever reads along can guess.
type cram struct {
	user, password string
	answered       bool
}

func (c *cram) Start() (string, []byte, error) { return string(account.CramMD5), nil, nil }

func (c *cram) Next(challenge []byte) ([]byte, error) {
	if c.answered || len(challenge) == 0 {
		return nil, fmt.Errorf("%w: CRAM-MD5 has one, and it is not empty", ErrChallenge)
	}
	c.answered = true
	mac := hmac.New(md5.New, []byte(c.password))
	mac.Write(challenge)
	return []byte(c.user + " " + hex.EncodeToString(mac.Sum(nil))), nil
}

func (c *cram) Finish() error {
	if !c.answered {
		return fmt.Errorf("%w: it asked for nothing", ErrUnproven)
	}
	return nil
}

func (c *cram) Refusal() string { return "" }

// APOP is the digest of a greeting's timestamp and the password (RFC 1939
// section 7). ok is false when the greeting has none that is a proper msg-id:
// another could make MD5 collide (RFC 6151, CVE-2007-1558).
func APOP(greeting string, password account.Password) (digest string, ok bool) {
	stamp, ok := Timestamp(greeting)
	if !ok {
		return "", false
	}
	sum := md5.Sum([]byte(stamp + password.Reveal()))
	return hex.EncodeToString(sum[:]), true
}

// Timestamp finds the msg-id in a POP3 greeting.
func Timestamp(greeting string) (stamp string, ok bool) {
	i := strings.IndexByte(greeting, '<')
	if i < 0 {
		return "", false
	}
	end := strings.IndexByte(greeting[i:], '>')
	if end < 0 {
		return "", false
	}
	stamp = greeting[i : i+end+1]
	for _, c := range []byte(stamp) {
		if c <= ' ' || c > '~' {
			return "", false
		}
	}
	return stamp, strings.Count(stamp, "@") == 1
}
