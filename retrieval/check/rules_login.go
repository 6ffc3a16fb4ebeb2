package check

import (
	"fmt"
	"slices"
	"strings"

	"imapop/account"
	"imapop/retrieval"
)

var (
	plaintextLogin = kind{"plaintext-login", Serious, "The server takes passwords before TLS",
		"let the server refuse logins before TLS (Dovecot: disable_plaintext_auth = yes, and ssl = required): a client that is set wrongly, or tricked, sends its password for all to read", "8314 4.1"}
	challengeBefore = kind{"challenge-before-tls", Warning, "The server takes logins by challenge and response before TLS",
		"let the server offer no login before TLS: who listens can guess the password at leisure, and the mail itself is readable", "8314 4.1"}
	anonymous = kind{"anonymous-login", Warning, "The server offers login to anybody, by name of ANONYMOUS",
		"remove ANONYMOUS from the server's mechanisms, unless the public is meant to come in", "4505 2"}
	weakOnly = kind{"weak-mechanisms-only", Warning, "Only outdated mechanisms are offered",
		"offer SCRAM-SHA-256, or PLAIN inside TLS: imapop uses the outdated ones only when it is told to", "6151 2"}
	weakToo = kind{"weak-mechanisms", Notice, "Outdated mechanisms are offered beside better ones",
		"remove them: they make the server keep passwords in a form that can be stolen, and break where a better one is taken away", "6151 2"}
	passwordOnly = kind{"password-mechanisms-only", Info, "Every mechanism shows the server the password itself",
		"inside a TLS that verifies this is usual; SCRAM-SHA-256 or OAUTHBEARER would keep the password from the server", "7677 3"}
	disabledInside = kind{"login-disabled-inside-tls", Serious, "The server forbids login inside TLS too",
		"see the server's authentication settings: no mechanism is left", "9051 6.2.3"}
	loginRefused = kind{"login-refused", Serious, "The server refused the account's credentials",
		"check user and password; some providers want a password made for this application, and IMAP and POP3 each switched on", "5530 3"}
	loginFailed = kind{"login-failed", Warning, "The login did not come about",
		"see the reason; what is said after login is missing in this report", "9051 6.2"}
	brokenAfter = kind{"broken-after-login", Warning, "The login went well, and what came then did not",
		"see the reason; the account may be half set up on the server, or the server broken", "9051 6.3"}
	loginBusy = kind{"login-busy", Notice, "Another session holds the mailbox",
		"close the other program or wait, then check again; what is said after login is missing in this report", "2449 8.1.2"}
)

// Mechanisms that nobody should use: the hash is broken (RFC 6151), or the RFC
// itself was withdrawn (DIGEST-MD5: RFC 6331; NTLM never was one).
var outdated = []string{"CRAM-MD5", "DIGEST-MD5", "NTLM", "LANMAN", "RPA", "SKEY", "KERBEROS_V4", "APOP"}

// Mechanisms that send the password as it is, and those that send what works like one.
var (
	passwords = []string{"PLAIN", "LOGIN", "PLAIN-CLIENTTOKEN"}
	bearers   = []string{"XOAUTH2", "OAUTHBEARER", "XOAUTH"}
)

// beforeTLS judges what a server takes in plaintext. Nothing was sent to find
// out: its own list of capabilities says so.
func (s *sights) beforeTLS(side *Side) {
	for i := range side.Doors {
		d := &side.Doors[i]
		if d.Before == nil || d.Before.Preauth {
			continue
		}
		clear, challenge := taken(d)
		switch {
		case len(clear) > 0:
			x := sight{kind: plaintextLogin, side: d.Protocol, where: place(d), saw: "offers " + strings.Join(clear, ", ") + " before TLS"}
			if side.Loopback {
				x.level, x.saw = Notice, x.saw+" (on this machine, which many servers count as safe)"
			}
			s.add(x)
		case len(challenge) > 0:
			x := sight{kind: challengeBefore, side: d.Protocol, where: place(d), saw: "offers " + strings.Join(challenge, ", ") + " before TLS"}
			if side.Loopback {
				x.level = Notice
			}
			s.add(x)
		case d.Before.StartTLS:
			s.at(plainPort, d, "%s", refusal(d))
		}
	}
}

func refusal(d *retrieval.Door) string {
	if d.Before.LoginDisabled {
		return "LOGINDISABLED until " + upgrade(d.Protocol)
	}
	return "offers no login until " + upgrade(d.Protocol)
}

// taken lists the logins that a door takes before TLS: those that show the
// password or a token, and the others.
func taken(d *retrieval.Door) (clear, challenge []string) {
	if d.Before.LoginCommand {
		clear = append(clear, command(d.Protocol))
	}
	for _, m := range d.Before.Mechanisms {
		switch {
		case slices.Contains(passwords, m), slices.Contains(bearers, m):
			clear = append(clear, "AUTH "+m)
		case m != "ANONYMOUS" && m != "EXTERNAL":
			challenge = append(challenge, "AUTH "+m)
		}
	}
	if d.Before.APOP {
		challenge = append(challenge, "APOP")
	}
	return clear, challenge
}

// command is the login that is no SASL.
func command(p retrieval.Protocol) string {
	if p == retrieval.POP3 {
		return "USER and PASS"
	}
	return "LOGIN"
}

// insideTLS judges the mechanisms where a client would log in.
func (s *sights) insideTLS(side *Side) {
	for i := range side.Doors {
		d := &side.Doors[i]
		offer := d.After
		if offer == nil && i == 0 && d.Security == account.Plaintext {
			offer = d.Before
		}
		if offer == nil {
			continue
		}
		s.mechanisms(d, offer)
	}
}

func (s *sights) mechanisms(d *retrieval.Door, o *retrieval.Offer) {
	var weak, plain, strong []string
	for _, m := range o.Mechanisms {
		switch {
		case m == "ANONYMOUS":
			s.at(anonymous, d, "offers ANONYMOUS")
		case slices.Contains(outdated, m):
			weak = append(weak, m)
		case slices.Contains(passwords, m):
			plain = append(plain, m)
		default:
			strong = append(strong, m)
		}
	}
	if o.LoginCommand && d.Protocol == retrieval.POP3 {
		plain = append(plain, command(d.Protocol))
	}
	switch {
	case len(weak) > 0 && len(plain)+len(strong) == 0:
		s.at(weakOnly, d, "offers only %s", strings.Join(weak, ", "))
	case len(weak) > 0:
		s.at(weakToo, d, "offers %s", strings.Join(weak, ", "))
	}
	if len(plain) > 0 && len(strong)+len(weak) == 0 && d.After != nil {
		s.at(passwordOnly, d, "offers %s", strings.Join(plain, ", "))
	}
	if o.LoginDisabled && d.After != nil && len(o.Mechanisms) == 0 {
		s.at(disabledInside, d, "LOGINDISABLED inside TLS, and no mechanism")
	}
}

// login judges what came of the account's own login.
func (s *sights) login(side *Side) {
	l := side.Login
	switch {
	case l == nil || !l.Tried:
	case l.OK && l.Error != "":
		s.on(brokenAfter, side.Protocol, "%s", l.Error)
	case l.OK:
	case l.Busy:
		s.on(loginBusy, side.Protocol, "%s", l.Error)
	case l.Refused:
		s.on(loginRefused, side.Protocol, "%s", l.Error)
	default:
		s.on(loginFailed, side.Protocol, "%s", l.Error)
	}
}

var failedBefore = kind{"failed-logins", Notice, "Logins to this account failed lately",
	"if that was not you or a wrong password, change the password and see the server's log; this device remembers only its own tries", "5530 3"}

const (
	failedDays = 7 // how far back failed logins are told
	failedMany = 3 // on one day: somebody should look
)

// failedLogins judges what this device remembers.
func (s *sights) failedLogins(f Facts) {
	week, today := 0, 0
	for _, l := range f.Failed {
		switch age := f.At.Sub(l.At).Hours(); {
		case age < 24:
			today++
			week++
		case age < 24*failedDays:
			week++
		}
	}
	if week == 0 {
		return
	}
	last := f.Failed[0]
	x := sight{kind: failedBefore, saw: fmt.Sprintf("%s in %d days, %d of them in the last 24 hours; the latest on %s: %s %s", count(week, "failed login"),
		failedDays, today, last.At.Format("2006-01-02 15:04"), last.Protocol, last.Endpoint)}
	if today >= failedMany {
		x.level = Warning
	}
	s.add(x)
}
