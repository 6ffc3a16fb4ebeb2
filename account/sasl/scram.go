package sasl

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"

	"imapop/account"
)

// How often the server may have the password hashed. Fewer rounds would make a
// proof that is easily guessed from (RFC 7677 section 4); more would be an attack
// on this machine: a million take a second.
const (
	minRounds = 4096
	maxRounds = 2_000_000
)

// scram is SCRAM (RFC 5802, RFC 7677). The server gets a proof that it can use
// nowhere else, and must prove that it knows the password too.
type scram struct {
	mechanism account.Mechanism
	hash      func() hash.Hash
	password  string
	gs2       string // header: binding flag and authorization identity
	bound     binding
	bare      string // client-first-message-bare
	nonce     string
	step      int
	signature []byte // what the server must prove itself with
	proved    bool
	said      string // the server's error, in its words
}

func newScram(m account.Mechanism, id Identity) (*scram, error) {
	s := &scram{mechanism: m, hash: sha256.New, password: prepared(id.Password.Reveal()), gs2: "n,,", nonce: rand.Text()}
	if m == account.ScramSHA1 || m == account.ScramSHA1Plus {
		s.hash = sha1.New
	}
	switch plus := m == account.ScramSHA256Plus || m == account.ScramSHA1Plus; {
	case plus:
		var ok bool
		if s.bound, ok = bindingOf(id.TLS); !ok {
			return nil, fmt.Errorf("%s: the connection has nothing to bind to", m)
		}
		s.gs2 = "p=" + s.bound.name + ",,"
	case id.Unbound && Bindable(id.TLS):
		s.gs2 = "y,,"
	}
	s.bare = "n=" + escapeName(prepared(id.User)) + ",r="
	return s, nil
}

// Start gives client-first-message.
func (s *scram) Start() (string, []byte, error) {
	s.bare += s.nonce
	return string(s.mechanism), []byte(s.gs2 + s.bare), nil
}

// Next answers server-first-message with the proof and checks server-final-message.
func (s *scram) Next(challenge []byte) ([]byte, error) {
	s.step++
	switch s.step {
	case 1:
		return s.prove(string(challenge))
	case 2:
		return []byte{}, s.verify(string(challenge))
	}
	return nil, fmt.Errorf("%w: SCRAM was over", ErrChallenge)
}

func (s *scram) prove(first string) ([]byte, error) {
	nonce, salt, rounds, err := s.parseFirst(first)
	if err != nil {
		return nil, err
	}
	salted, err := pbkdf2.Key(s.hash, s.password, salt, rounds, s.hash().Size())
	if err != nil {
		return nil, err
	}
	s.password = "" // the proof is all that is needed from here on
	binding := base64.StdEncoding.EncodeToString(append([]byte(s.gs2), s.bound.data...))
	final := "c=" + binding + ",r=" + nonce
	message := s.bare + "," + first + "," + final
	clientKey := s.mac(salted, "Client Key")
	stored := s.hash()
	stored.Write(clientKey)
	proof := s.mac(stored.Sum(nil), message)
	for i := range proof {
		proof[i] ^= clientKey[i]
	}
	s.signature = s.mac(s.mac(salted, "Server Key"), message)
	return []byte(final + ",p=" + base64.StdEncoding.EncodeToString(proof)), nil
}

// parseFirst reads "r=nonce,s=salt,i=rounds", with extensions behind them.
func (s *scram) parseFirst(first string) (nonce string, salt []byte, rounds int, err error) {
	if text, failed := strings.CutPrefix(first, "e="); failed {
		s.said = text
		return "", nil, 0, fmt.Errorf("%w: it says %q", ErrChallenge, text[:min(len(text), 100)])
	}
	parts := strings.Split(first, ",")
	if len(parts) < 3 { // "m=" in front is an extension that must be known
		return "", nil, 0, fmt.Errorf("%w: SCRAM's first message has not three parts", ErrChallenge)
	}
	nonce, okR := strings.CutPrefix(parts[0], "r=")
	salt64, okS := strings.CutPrefix(parts[1], "s=")
	count, okI := strings.CutPrefix(parts[2], "i=")
	salt, saltErr := base64.StdEncoding.DecodeString(salt64)
	rounds, countErr := strconv.Atoi(count)
	switch {
	case !okR || !okS || !okI || saltErr != nil || countErr != nil || len(salt) == 0:
		err = fmt.Errorf("%w: SCRAM's first message has no nonce, salt and count", ErrChallenge)
	case !strings.HasPrefix(nonce, s.nonce) || len(nonce) == len(s.nonce):
		err = fmt.Errorf("%w: the nonce is not an extension of ours", ErrChallenge)
	case rounds < minRounds:
		err = fmt.Errorf("%w: %d rounds of hashing are fewer than %d: the password could be guessed from the proof", ErrChallenge, rounds, minRounds)
	case rounds > maxRounds:
		err = fmt.Errorf("%w: %d rounds of hashing are more than %d", ErrChallenge, rounds, maxRounds)
	}
	return nonce, salt, rounds, err
}

// verify reads "v=signature" or "e=error".
func (s *scram) verify(final string) error {
	if text, failed := strings.CutPrefix(final, "e="); failed {
		s.said = text
		return nil // the refusal follows
	}
	field, _, _ := strings.Cut(final, ",")
	signature64, ok := strings.CutPrefix(field, "v=")
	signature, err := base64.StdEncoding.DecodeString(signature64)
	if !ok || err != nil || !hmac.Equal(signature, s.signature) {
		return fmt.Errorf("%w: its signature is wrong", ErrUnproven)
	}
	s.proved = true
	return nil
}

// Finish is ErrUnproven unless the server's signature was seen and right.
func (s *scram) Finish() error {
	if !s.proved {
		return ErrUnproven
	}
	return nil
}

// Refusal names the server's own error, and the one trap of -PLUS: a server that
// offers it and does not know the binding of this version of TLS. It cannot be
// told from a wrong password, and a bound login is not tried again unbound:
// whoever stands between would only have to refuse the first.
func (s *scram) Refusal() string {
	if s.bound.name == "" {
		return s.said
	}
	why := fmt.Sprintf("if user and password are right, the server may not know %s, to which %s is bound: mechanisms = ['%s'] does without",
		s.bound.name, s.mechanism, strings.ToLower(strings.TrimSuffix(string(s.mechanism), "-PLUS")))
	if s.said != "" {
		return s.said + "; " + why
	}
	return why
}

func (s *scram) mac(key []byte, message string) []byte {
	h := hmac.New(s.hash, key)
	h.Write([]byte(message))
	return h.Sum(nil)
}

// escapeName writes a saslname (RFC 5802 section 5.1).
func escapeName(s string) string {
	return strings.NewReplacer("=", "=3D", ",", "=2C").Replace(s)
}

// prepared brings the same text, however it was typed, to the same octets
// (RFC 8265 section 4.2, the heir of RFC 4013). What it does not allow stays as
// it is: a server may have stored it so.
func prepared(s string) string {
	p, err := precis.OpaqueString.String(s)
	if err != nil || !utf8.ValidString(s) {
		return s
	}
	return p
}
