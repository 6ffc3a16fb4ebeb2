package discover

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"

	"imapop/account"
)

// srvKind is one service as SRV records name it.
type srvKind struct {
	service  Service
	label    string
	security account.Security
}

// srvKinds lists the records of RFC 6186 section 3 and RFC 8314 section 5.1. The
// labels without the s are of services that begin in plaintext: there imapop
// requires STARTTLS or STLS.
var srvKinds = []srvKind{
	{IMAP, "imaps", account.TLS}, {IMAP, "imap", account.StartTLS},
	{POP3, "pop3s", account.TLS}, {POP3, "pop3", account.StartTLS},
	{Submission, "submissions", account.TLS}, {Submission, "submission", account.StartTLS},
}

func (k srvKind) name(domain string) string { return "_" + k.label + "._tcp." + domain }

// srv asks for one kind of record. A target that does not belong to the address's
// domain is for the person to agree to: without DNSSEC anyone on the way can have
// written it (RFC 6186 section 6).
func (s *search) srv(ctx context.Context, k srvKind) {
	where := k.name(s.address.Domain)
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	_, records, err := s.resolver.LookupSRV(ctx, k.label, "tcp", s.address.Domain+".")
	if len(records) == 0 {
		s.done(Step{Method: SRV, Where: where, Err: unlessNone(err)})
		return
	}
	origin := Origin{Method: SRV, Where: where}
	var list []Candidate
	for i, r := range records { // sorted by priority, and by weight with some chance (RFC 2782)
		target := strings.TrimSuffix(r.Target, ".")
		if target == "" {
			if len(records) == 1 {
				s.deny(where, k)
			}
			continue
		}
		if !hostname(target) {
			continue
		}
		list = append(list, Candidate{
			Service: k.service, Origin: origin, order: [3]int{int(r.Priority), i},
			Endpoint: account.Endpoint{Address: net.JoinHostPort(target, strconv.Itoa(int(r.Port))), Security: k.security},
		})
	}
	s.add(Step{Method: SRV, Where: where}, list)
}

// unlessNone drops the error that only says that there is no such name.
func unlessNone(err error) error {
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return nil
	}
	return err
}
