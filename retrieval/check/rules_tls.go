package check

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"imapop/retrieval"
)

const (
	soon     = 30 // days left of a certificate that are worth a notice
	verySoon = 14 // and a warning: what renews by itself has done so long before
)

// problems are the findings for what can be wrong with a certificate.
var problems = map[retrieval.CertProblem]kind{
	retrieval.CertExpired: {"certificate-expired", Serious, "The certificate has expired",
		"renew it; a client that is told to accept it accepts anybody's", "8314 4.4"},
	retrieval.CertNotYetValid: {"certificate-not-yet-valid", Serious, "The certificate is not valid yet",
		"check the clocks of the server and of this device; else have it issued anew", "8314 4.4"},
	retrieval.CertWrongHost: {"certificate-wrong-host", Serious, "The certificate is for another host",
		"use the host name that the certificate is for, or have the host's name put into it", "7817 3"},
	retrieval.CertUnknown: {"certificate-unknown-authority", Serious, "The certificate is signed by an authority that this device does not know",
		"use a certificate of a public authority; for one of your own, name its file in ca_file; if the chain is incomplete, have the server send the intermediates", "8314 5.3"},
	retrieval.CertSelfSigned: {"certificate-self-signed", Serious, "The certificate is signed by itself: anybody can make such a one",
		"use a certificate of an authority, a public one or your own named in ca_file", "8314 4.4"},
	retrieval.CertOther: {"certificate-unacceptable", Serious, "The certificate is not acceptable",
		"have it issued anew for a server and with today's algorithms", "8314 4.4"},
}

var (
	certExpires = kind{"certificate-expires", Notice, "The certificate expires soon",
		"renew it now, and let renewal run by itself", "8314 4.4"}
	oldTLSOnly = kind{"tls-old-only", Serious, "The server speaks only a version of TLS that is withdrawn",
		"enable TLS 1.2 and 1.3 on the server, and disable what is older", "8997 3"}
	oldTLSTaken = kind{"tls-old-accepted", Warning, "The server still takes a version of TLS that is withdrawn",
		"disable TLS 1.0 and 1.1 on the server", "8997 3"}
)

// certificates judges the certificates of a side; what is wrong at the account's
// own door weighs in full, elsewhere a step less.
func (s *sights) certificates(side *Side) {
	for i := range side.Doors {
		d := &side.Doors[i]
		if d.TLS == nil || len(d.TLS.Chain) == 0 {
			continue
		}
		leaf := d.TLS.Chain[0]
		for _, p := range d.TLS.Problems {
			k := problems[p]
			if p == retrieval.CertUnknown && slices.Contains(d.TLS.Problems, retrieval.CertSelfSigned) {
				continue // self-signed says it better
			}
			x := sight{kind: k, side: d.Protocol, where: place(d), saw: wrong(p, d, leaf)}
			switch {
			case d.TLS.Pinned:
				x.level, x.saw = Info, x.saw+" (the account pins this key, so it counts)"
			case i > 0:
				x.level = Warning
			}
			s.add(x)
		}
		if leaf.DaysLeft < soon && leaf.DaysLeft >= 0 && !slices.Contains(d.TLS.Problems, retrieval.CertExpired) {
			level := Notice
			if leaf.DaysLeft < verySoon {
				level = Warning
			}
			s.add(sight{kind: certExpires, level: level, side: d.Protocol, where: place(d),
				saw: fmt.Sprintf("valid until %s, %s left", day(leaf.NotAfter), count(leaf.DaysLeft, "day"))})
		}
	}
}

func wrong(p retrieval.CertProblem, d *retrieval.Door, leaf retrieval.Certificate) string {
	switch p {
	case retrieval.CertExpired:
		return "expired on " + day(leaf.NotAfter)
	case retrieval.CertNotYetValid:
		return "valid only from " + day(leaf.NotBefore)
	case retrieval.CertWrongHost:
		if len(leaf.Names) == 0 {
			return "names no host"
		}
		return "is for " + strings.Join(leaf.Names[:min(5, len(leaf.Names))], ", ")
	case retrieval.CertUnknown:
		return "signed by " + leaf.Issuer
	case retrieval.CertSelfSigned:
		return "signed by itself, as " + leaf.Subject
	}
	return d.TLS.Detail
}

// versions judges the versions of TLS.
func (s *sights) versions(side *Side) {
	for i := range side.Doors {
		d := &side.Doors[i]
		if d.TLS == nil {
			continue
		}
		if old(d.TLS.Version) {
			s.at(oldTLSOnly, d, "%s is the newest that it speaks", d.TLS.Version)
			continue
		}
		if len(d.TLS.Old) > 0 {
			s.at(oldTLSTaken, d, "takes %s", strings.Join(d.TLS.Old, " and "))
		}
	}
}

func old(version string) bool {
	return version == "TLS 1.0" || version == "TLS 1.1" || version == "SSLv3"
}

func day(t time.Time) string { return t.Format(time.DateOnly) }

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
