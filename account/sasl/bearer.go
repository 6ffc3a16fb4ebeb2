package sasl

import (
	"encoding/json"
	"fmt"
	"strconv"

	"imapop/account"
)

// bearer is OAUTHBEARER (RFC 7628) or XOAUTH2, its forerunner. Both say a refusal
// as a challenge in JSON, which has to be answered before the server refuses.
type bearer struct {
	mechanism account.Mechanism
	first     string
	refused   bool
	why       struct {
		Status string `json:"status"`
		Scope  string `json:"scope"`
	}
}

func newBearer(m account.Mechanism, id Identity) *bearer {
	b := &bearer{mechanism: m}
	token := "\x01auth=Bearer " + id.Token.Reveal() + "\x01\x01"
	if m == account.XOAuth2 {
		b.first = "user=" + id.User + token
		return b
	}
	b.first = "n,a=" + escapeName(id.User) + ","
	if host, port := hostPort(id.Address); host != "" {
		b.first += "\x01host=" + host
		if port != 0 {
			b.first += "\x01port=" + strconv.Itoa(port)
		}
	}
	b.first += token
	return b
}

func (b *bearer) Start() (string, []byte, error) {
	return string(b.mechanism), []byte(b.first), nil
}

// Next takes the refusal: RFC 7628 section 3.2.3 answers it with one %x01,
// XOAUTH2 with nothing.
func (b *bearer) Next(challenge []byte) ([]byte, error) {
	if b.refused || len(challenge) == 0 {
		return nil, fmt.Errorf("%w: %s has no more to say", ErrChallenge, b.mechanism)
	}
	b.refused = true
	_ = json.Unmarshal(challenge, &b.why) // what cannot be read is a refusal all the same
	if b.mechanism == account.XOAuth2 {
		return []byte{}, nil
	}
	return []byte{1}, nil
}

// Finish does not believe a success behind a refusal.
func (b *bearer) Finish() error {
	if b.refused {
		return fmt.Errorf("%w: it refused the token and then did not", ErrChallenge)
	}
	return nil
}

// Refusal is the status of RFC 7628 section 3.2.2, "invalid_token" or another.
func (b *bearer) Refusal() string {
	switch {
	case b.why.Status == "":
		return ""
	case b.why.Scope == "":
		return "status " + b.why.Status
	}
	return fmt.Sprintf("status %s, scope %s", b.why.Status, b.why.Scope)
}
