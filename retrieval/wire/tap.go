package wire

import (
	"bytes"
	"encoding/base64"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"imapop/account"
	"imapop/retrieval"
)

// collected bounds how much of a line is kept until it ends, in octets. It is
// more than is shown, so that a secret across the cut is still found whole.
const collected = 4 * maxLineOctets

// tap turns the lines of one connection, of both directions, into masked
// transcript lines. Its methods may be called from the reading and the writing
// goroutine at once.
type tap struct {
	side    retrieval.Protocol
	session int
	to      *Transcript // nil: only masks and server texts are kept
	mask    *mask
	last    atomic.Uint64
	text    func(kind, text string) // OnServerText
	address string                  // host:port
	refused func(account.FailedLogin)

	mu     sync.Mutex
	secret int    // client lines that are secret whole, still to come
	sasl   bool   // a SASL exchange runs: client lines and challenges are secret
	tag    string // IMAP: of the AUTHENTICATE that runs
	mech   string
	step   int // SASL responses so far
	try    attempt
}

func newTap(side retrieval.Protocol, to *Transcript) *tap {
	t := &tap{side: side, session: 1, to: to, mask: new(mask)}
	if to != nil {
		t.session = to.session(side)
		t.mask = &to.mask
	}
	return t
}

// line stores one line whose command-specific secrets are masked already.
func (t *tap) line(dir retrieval.Direction, text string, octets int64) {
	if t.to == nil {
		return
	}
	t.last.Store(t.to.add(retrieval.Line{
		At: time.Now(), Side: t.side, Session: t.session, Dir: dir, Text: text, Octets: octets,
	}))
}

// note stores a line of our own.
func (t *tap) note(text string) {
	t.line(retrieval.Note, cut(t.mask.apply([]byte(text), true), 0), 0)
}

// clean masks what the server may have said back, and cuts; dropped octets of
// the text are missing already.
func (t *tap) clean(text []byte, dropped int64) string {
	return cut(t.mask.apply(text, dropped == 0), dropped)
}

// serverLine stores a server line and follows the SASL exchange. It reports
// nothing back: guards have run before.
func (t *tap) serverLine(text []byte, n extent) {
	t.mu.Lock()
	challenge := t.sasl && t.continues(text)
	if t.sasl && !challenge && t.ends(text) {
		t.sasl = false
	}
	login, failed := t.answered(text)
	t.mu.Unlock()
	if failed && t.refused != nil {
		t.refused(login)
	}
	if challenge {
		t.line(retrieval.ServerSays, hideChallenge(text), n.wire)
		return
	}
	s := t.clean(text, n.dropped)
	t.line(retrieval.ServerSays, s, n.wire)
	if t.text != nil && t.side == retrieval.IMAP {
		t.serverText(s)
	}
}

// continues reports whether a server line asks for more of a SASL exchange.
func (t *tap) continues(text []byte) bool {
	if t.side == retrieval.SMTP {
		return bytes.HasPrefix(text, []byte("334"))
	}
	if t.side == retrieval.POP3 && bytes.HasPrefix(text, []byte("+OK")) {
		return false
	}
	return bytes.HasPrefix(text, []byte("+"))
}

// ends reports whether a server line completes the exchange: any other in POP3
// and SMTP, the tagged one in IMAP.
func (t *tap) ends(text []byte) bool {
	return t.side != retrieval.IMAP || bytes.HasPrefix(text, []byte(t.tag+" "))
}

func hideChallenge(text []byte) string {
	word, rest, _ := bytes.Cut(text, []byte(" "))
	if len(rest) > 0 {
		return string(word) + " " + stars
	}
	if len(word) > 3 { // "+challenge": a server that forgets the space
		return string(word[:1]) + stars
	}
	return string(text)
}

// serverText hands on what the IMAP library swallows.
func (t *tap) serverText(line string) {
	rest, ok := strings.CutPrefix(line, "* ")
	if !ok {
		return
	}
	word, text, _ := strings.Cut(rest, " ")
	switch strings.ToUpper(word) {
	case "BYE":
		t.text("BYE", text)
	case "OK", "NO", "BAD":
		if len(text) >= 7 && strings.EqualFold(text[:7], "[ALERT]") {
			t.text("ALERT", strings.TrimSpace(text[7:]))
		}
	}
}

// saslStarts says that an exchange begins, with its initial response or ""; tag is IMAP's.
func (t *tap) saslStarts(tag, mech, initial string) {
	t.mu.Lock()
	t.tag = tag
	t.sasl, t.mech, t.step = true, strings.ToUpper(mech), 0
	t.mu.Unlock()
	t.trying(tag, mech)
	if initial != "" {
		t.saslResponse(initial)
	}
}

// secretLine reports whether this client line is secret whole, and if so
// remembers what it says.
func (t *tap) secretLine(line string) bool {
	t.mu.Lock()
	sasl, secret := t.sasl, t.secret > 0
	if secret {
		t.secret--
	}
	t.mu.Unlock()
	if sasl || secret {
		t.saslResponse(line)
	}
	return sasl || secret
}

// saslResponse remembers the secrets of one response.
func (t *tap) saslResponse(line string) {
	t.mu.Lock()
	mech, step := t.mech, t.step
	t.step++
	t.mu.Unlock()
	if line == "*" || line == "=" || line == "" || mech == "LOGIN" && step == 0 {
		return // a cancelled exchange, an empty response, a user name
	}
	raw, err := base64.StdEncoding.DecodeString(line)
	if err != nil {
		t.mask.add(line)
		return
	}
	secret := string(raw)
	t.mask.add(secret) // with the line, its base64
	if i := strings.LastIndexByte(secret, 0); mech == "PLAIN" && i >= 0 {
		secret = secret[i+1:] // RFC 4616 section 2
	}
	if i := strings.LastIndexByte(secret, ' '); mech == "CRAM-MD5" && i >= 0 {
		secret = secret[i+1:] // RFC 2195 section 2: the digest
	}
	if i := strings.LastIndex(secret, ",p="); strings.HasPrefix(mech, "SCRAM-") && i >= 0 {
		secret = secret[i+3:] // RFC 5802 section 7: the proof
	}
	t.mask.add(secret)
	for _, part := range strings.Split(secret, "\x01") { // XOAUTH2, OAUTHBEARER (RFC 7628 section 3.1)
		if token, ok := strings.CutPrefix(part, "auth=Bearer "); ok {
			t.mask.add(token)
		}
	}
}

// setSecret says that the next n client lines are secret whole.
func (t *tap) setSecret(n int) {
	t.mu.Lock()
	t.secret, t.mech, t.step = n, "", 0
	t.mu.Unlock()
}

// opaque reports whether the client line that begins is no command.
func (t *tap) opaque() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sasl || t.secret > 0
}
