package wire

import (
	"slices"
	"strings"
	"time"

	"imapop/account"
	"imapop/retrieval"
)

// passing are response codes of a login that failed for another reason than the
// credentials (RFC 5530 section 3, RFC 2449 section 8, RFC 3206).
var passing = []string{"UNAVAILABLE", "LIMIT", "INUSE", "SERVERBUG", "CONTACTADMIN", "PRIVACYREQUIRED", "IN-USE", "LOGIN-DELAY", "SYS/TEMP", "SYS/PERM"}

// attempt is a login that was sent and not yet answered.
type attempt struct {
	tag  string // IMAP's
	mech string // "": none is under way
}

// trying notes that a login goes out. The tap's lock must not be held.
func (t *tap) trying(tag, mech string) {
	t.mu.Lock()
	t.try = attempt{tag, strings.ToUpper(mech)}
	t.mu.Unlock()
}

// answered looks whether a server line ends the login that is under way, and
// says whether it was refused. The tap's lock must be held.
func (t *tap) answered(line []byte) (account.FailedLogin, bool) {
	text := string(line[:min(len(line), maxLineOctets)])
	if t.try.mech == "" || t.continues(line) {
		return account.FailedLogin{}, false
	}
	if t.side == retrieval.IMAP {
		rest, ours := strings.CutPrefix(text, t.try.tag+" ")
		if !ours {
			return account.FailedLogin{}, false
		}
		text = rest
	}
	mech := t.try.mech
	t.try = attempt{}
	word, rest, _ := strings.Cut(text, " ")
	word = strings.ToUpper(word)
	code := responseCode(rest)
	if t.side == retrieval.SMTP {
		code = word
	}
	failed := map[retrieval.Protocol]bool{retrieval.IMAP: word == "NO", retrieval.POP3: word == "-ERR",
		retrieval.SMTP: word == "535" || word == "534" || word == "530"}[t.side]
	if !failed || slices.Contains(passing, code) {
		return account.FailedLogin{}, false
	}
	return account.FailedLogin{At: time.Now(), Protocol: string(t.side), Endpoint: t.address, Mechanism: mech, Code: code}, true
}

// refusals are the codes that are remembered (RFC 5530 section 3, RFC 3206
// section 4). What else stands in brackets may be anything, a password said back too.
var refusals = []string{"AUTH", "AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED", "NOPERM", "ALERT"}

// responseCode is the code in brackets at the beginning; "" when it is none that is known.
func responseCode(text string) string {
	inner, _, ok := strings.Cut(strings.TrimPrefix(text, "["), "]")
	if !ok || !strings.HasPrefix(text, "[") {
		return ""
	}
	code, _, _ := strings.Cut(strings.ToUpper(inner), " ")
	if slices.Contains(refusals, code) || slices.Contains(passing, code) {
		return code
	}
	return ""
}
