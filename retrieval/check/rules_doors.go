package check

import (
	"imapop/account"
	"imapop/retrieval"
)

var (
	unreachable = kind{"unreachable", Serious, "The account's own endpoint cannot be used",
		"check the host name, the port and the security in the configuration, and whether the server runs and a firewall lets you through", "8314 3"}
	noTLS = kind{"no-tls", Serious, "There is no way in that TLS protects",
		"have the server offer implicit TLS: IMAP on port 993, POP3 on 995, submission on 465", "8314 3"}
	accountPlaintext = kind{"account-plaintext", Serious, "The account is set to speak without TLS",
		`set security = "tls" for this endpoint`, "8314 4.1"}
	startTLSMissing = kind{"starttls-missing", Warning, "The plain port offers no upgrade to TLS",
		"enable STARTTLS (IMAP, submission) or STLS (POP3) on the plain port, or close the port; if the server does offer it, somebody on the way takes it out", "8314 4.1"}
	startTLSBroken = kind{"starttls-broken", Warning, "The upgrade to TLS is announced and does not work",
		"see the server's log: mostly its certificate or key cannot be read", "8314 3"}
	startTLSOnly = kind{"starttls-only", Notice, "TLS is only to be had by upgrading a plain connection",
		"offer implicit TLS too and prefer it: nothing is said before it that could be tampered with", "8314 3"}
	preferTLS = kind{"prefer-implicit-tls", Notice, "The account upgrades a plain connection though implicit TLS is offered",
		`set security = "tls" and the port of implicit TLS in the configuration`, "8314 3"}
	plainPort = kind{"plain-port", Info, "A plain port is open, and takes no login before TLS",
		"nothing has to be done; where no client needs the upgrade any more, the port can be closed", "8314 4.1"}
	preauth = kind{"preauth", Serious, "The server treats anybody as logged in",
		"do not let the server greet with PREAUTH on a network: it rules out STARTTLS as well", "9051 7.1.4"}
)

// usable reports whether a door of this security can be used.
func (s *Side) usable(sec account.Security) bool {
	for i := range s.Doors {
		if d := &s.Doors[i]; d.Security == sec && d.Open() {
			return true
		}
	}
	return false
}

// doors judges whether the account can be used at all, and how.
func (s *sights) doors(side *Side) {
	own := side.own()
	if f := own.Failure; f != nil && !ruledElsewhere(own) {
		s.at(unreachable, own, "%s", f.Text)
	}
	if own.Security == account.Plaintext {
		k := accountPlaintext
		if side.Loopback {
			k.level = Info
		}
		s.at(k, own, "%s", plaintextOf(side))
	}
	for i := range side.Doors {
		d := &side.Doors[i]
		if d.Before != nil && d.Before.Preauth {
			s.at(preauth, d, "greets with PREAUTH")
		}
		s.upgrade(side, d, i == 0)
	}
}

func plaintextOf(side *Side) string {
	if side.Loopback {
		return `security = "plaintext", on this machine: nobody else can listen`
	}
	return `security = "plaintext": passwords and mail can be read on the way`
}

// ruledElsewhere reports failures that rules of their own explain better.
func ruledElsewhere(d *retrieval.Door) bool {
	switch d.Failure.Kind {
	case retrieval.FailedCertificate, retrieval.FailedNoStartTLS:
		return true
	case retrieval.FailedTLS:
		return d.TLS != nil // it could be looked at: the version is the reason
	}
	return false
}

// upgrade judges STARTTLS and STLS of one door.
func (s *sights) upgrade(side *Side, d *retrieval.Door, own bool) {
	if d.Security != account.StartTLS || d.Before == nil {
		return
	}
	level := Warning
	if own {
		level = Serious
	}
	switch {
	case !d.Before.StartTLS && d.Failure != nil:
		s.add(sight{kind: startTLSMissing, level: level, side: d.Protocol, where: place(d), saw: "offers no " + upgrade(d.Protocol)})
	case d.Failure != nil && (d.Failure.Kind == retrieval.FailedNoStartTLS || d.Failure.Step == "starttls" && d.TLS == nil):
		s.add(sight{kind: startTLSBroken, level: level, side: d.Protocol, where: place(d), saw: "announces " + upgrade(d.Protocol) + "; " + d.Failure.Text})
	}
}

// ways judges which kinds of TLS a side offers.
func (s *sights) ways(side *Side) {
	own := side.own()
	implicit, upgraded := side.usable(account.TLS), side.usable(account.StartTLS)
	switch {
	case own.Security != account.StartTLS && implicit, !own.Reachable:
	case implicit:
		s.at(preferTLS, own, `security = "starttls"; implicit TLS works here too`)
	case upgraded && !side.tlsSeen(account.TLS):
		s.on(startTLSOnly, side.Protocol, "no door with implicit TLS answers; %s works", upgrade(side.Protocol))
	case plainSeen(side) && !side.tlsSeen(account.TLS) && !side.tlsSeen(account.StartTLS) && !(side.Loopback && own.Security == account.Plaintext):
		s.on(noTLS, side.Protocol, "neither implicit TLS nor %s was found", upgrade(side.Protocol))
	}
}

// tlsSeen reports whether TLS came about at a door of this security, be its certificate good or not.
func (s *Side) tlsSeen(sec account.Security) bool {
	for i := range s.Doors {
		if d := &s.Doors[i]; d.Security == sec && d.TLS != nil {
			return true
		}
	}
	return false
}
