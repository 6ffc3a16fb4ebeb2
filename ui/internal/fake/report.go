package fake

import (
	"time"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/check"
)

// Report is of an account with something of every level to say: POP3's
// certificate expires, IMAP takes passwords before TLS, and somebody guessed.
func Report() check.Report {
	cert := func(days int) *retrieval.TLS {
		return &retrieval.TLS{Version: "TLS 1.3", Cipher: "TLS_AES_128_GCM_SHA256", Verified: true,
			Chain: []retrieval.Certificate{{Subject: "mail.example.org", Names: []string{"mail.example.org"}, Issuer: "An Authority", NotAfter: Now.AddDate(0, 0, days), DaysLeft: days}}}
	}
	inside := func(m ...string) *retrieval.Offer { return &retrieval.Offer{Mechanisms: m} }
	door := func(p retrieval.Protocol, port string, sec account.Security, t *retrieval.TLS, before, after *retrieval.Offer) retrieval.Door {
		return retrieval.Door{Protocol: p, Address: "mail.example.org:" + port, Security: sec, Reachable: true, TookMS: 24, TLS: t, Before: before, After: after}
	}
	side := func(p retrieval.Protocol, port string, doors ...retrieval.Door) *check.Side {
		return &check.Side{Protocol: p, Address: "mail.example.org:" + port, Security: account.TLS, Doors: doors}
	}
	f := check.Facts{At: Now, Account: "alice@work", LeaveOnServer: "keep",
		IMAP: side(retrieval.IMAP, "993", door(retrieval.IMAP, "993", account.TLS, cert(80), nil, inside("SCRAM-SHA-256", "PLAIN")),
			door(retrieval.IMAP, "143", account.StartTLS, cert(80), &retrieval.Offer{StartTLS: true, LoginCommand: true, Mechanisms: []string{"PLAIN"}}, inside("SCRAM-SHA-256", "PLAIN"))),
		POP3:       side(retrieval.POP3, "995", door(retrieval.POP3, "995", account.TLS, cert(20), nil, inside("PLAIN"))),
		Submission: side(retrieval.SMTP, "465", door(retrieval.SMTP, "465", account.TLS, cert(80), nil, inside("SCRAM-SHA-256", "PLAIN"))),
		Failed: []account.FailedLogin{{At: Now.Add(-time.Hour), Account: "work", Protocol: "IMAP", Endpoint: "mail.example.org:993", Mechanism: "PLAIN", Code: "AUTHENTICATIONFAILED"},
			{At: Now.Add(-2 * time.Hour), Account: "work", Protocol: "POP3", Endpoint: "mail.example.org:995", Mechanism: "USER/PASS", Code: "AUTH"},
			{At: Now.Add(-3 * time.Hour), Account: "work", Protocol: "POP3", Endpoint: "mail.example.org:995", Mechanism: "USER/PASS"}}}
	f.IMAP.Login = &check.Login{Tried: true, OK: true, Mechanism: "SCRAM-SHA-256", Server: "Dovecot", Capabilities: []string{"IMAP4rev1", "IDLE", "UIDPLUS", "MOVE", "AUTH=PLAIN"}}
	f.POP3.Login = &check.Login{Tried: true, OK: true, Mechanism: "PLAIN", Capabilities: []string{"TOP", "UIDL", "PIPELINING", "EXPIRE 30"},
		POP3: &check.POP3Promises{Listed: true, UIDL: true, TOP: true, Pipelining: true, Expire: "30"}}
	f.Submission.Login = &check.Login{Tried: true, OK: true, Mechanism: "SCRAM-SHA-256"}
	return check.BuildReport(f)
}
