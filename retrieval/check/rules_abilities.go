package check

import (
	"strings"

	"imapop/retrieval"
)

var (
	noUniqueIDs = kind{"no-unique-ids", Warning, "POP3 gives messages no unique-ids",
		"mail cannot be left on this server and fetched once: use IMAP, or have UIDL switched on", "1939 7"}
	expiresAtOnce = kind{"expire-at-once", Warning, "The server may remove what was downloaded at once",
		"do not count on leave on server here; keep the local copy, or use IMAP", "2449 6.7"}
	expires = kind{"expire-days", Notice, "The server removes mail by itself after some days",
		"leave on server ends there, whatever the setting says; what has to stay belongs into another folder over IMAP, or on this device", "2449 6.7"}
	loginDelay = kind{"login-delay", Notice, "The server wants time between two POP3 logins",
		"do not look for new mail more often than that: earlier logins are refused", "2449 6.5"}
	noTOP = kind{"no-top", Notice, "POP3 cannot show a header without the whole message",
		"lists of senders and subjects cost whole downloads here; use IMAP for them", "1939 7"}
	noCAPA = kind{"no-capa", Info, "The POP3 server does not say what it can do",
		"nothing has to be done: imapop tries, and takes no for an answer", "2449 5"}
	noPipelining = kind{"no-pipelining", Info, "POP3 commands wait for each other",
		"nothing has to be done; downloads of many messages take one round trip each", "2449 6.6"}
	noUIDPLUS = kind{"no-uidplus", Notice, "IMAP cannot expunge by UID",
		"an expunge takes along what other clients have marked; imapop asks before it does that", "4315 2.1"}
	noIDLE = kind{"no-idle", Notice, "IMAP cannot tell of new mail by itself",
		"new mail shows when the client asks; imapop asks every 30 seconds", "2177 3"}
	noMOVE = kind{"no-move", Info, "IMAP has no MOVE",
		"nothing has to be done: moving is a copy, a mark and an expunge, and can stop half way", "6851 1"}
)

func (s *sights) popAbilities(f Facts) {
	if f.POP3 == nil || f.POP3.Login == nil || f.POP3.Login.POP3 == nil {
		return
	}
	p := f.POP3.Login.POP3
	if !p.UIDL {
		s.on(noUniqueIDs, retrieval.POP3, "UIDL is refused")
	}
	switch {
	case p.Expire == "", strings.HasPrefix(p.Expire, "NEVER"):
	case p.Expire == "0" || strings.HasPrefix(p.Expire, "0 "):
		s.on(expiresAtOnce, retrieval.POP3, "EXPIRE 0")
	default:
		s.on(expires, retrieval.POP3, "EXPIRE %s", p.Expire)
	}
	if p.LoginDelay > 0 {
		s.on(loginDelay, retrieval.POP3, "LOGIN-DELAY %d: %s", p.LoginDelay, count(int(p.LoginDelay), "second"))
	}
	if !p.Listed {
		s.on(noCAPA, retrieval.POP3, "CAPA is refused")
		return
	}
	if !p.TOP {
		s.on(noTOP, retrieval.POP3, "TOP is not announced")
	}
	if !p.Pipelining {
		s.on(noPipelining, retrieval.POP3, "PIPELINING is not announced")
	}
}

func (s *sights) imapAbilities(f Facts) {
	if f.IMAP == nil || f.IMAP.Login == nil || !f.IMAP.Login.OK {
		return
	}
	caps := f.IMAP.Login.Capabilities
	if has(caps, "IMAP4rev2") {
		return // all three are part of it (RFC 9051 appendix E)
	}
	for _, c := range []struct {
		word string
		kind kind
	}{{"UIDPLUS", noUIDPLUS}, {"IDLE", noIDLE}, {"MOVE", noMOVE}} {
		if !has(caps, c.word) {
			s.on(c.kind, retrieval.IMAP, "%s is not announced", c.word)
		}
	}
}

func has(list []string, want string) bool {
	for _, s := range list {
		if strings.EqualFold(s, want) {
			return true
		}
	}
	return false
}
