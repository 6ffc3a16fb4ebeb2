package discover

import (
	"context"
	"net"
	"strings"

	"golang.org/x/net/publicsuffix"

	"imapop/account"
)

// commonNames are what servers are most often called, the likeliest first.
var commonNames = map[Service][]string{
	IMAP:       {"imap", "mail"},
	POP3:       {"pop", "pop3", "mail"},
	Submission: {"smtp", "submission", "mail"},
}

// ports are where each service listens (RFC 8314 section 3), implicit TLS first.
// Port 25 is not among them: it is where servers talk to servers.
var ports = map[Service][]struct {
	port     string
	security account.Security
}{
	IMAP:       {{"993", account.TLS}, {"143", account.StartTLS}},
	POP3:       {{"995", account.TLS}, {"110", account.StartTLS}},
	Submission: {{"465", account.TLS}, {"587", account.StartTLS}},
}

// host asks who receives the domain's mail and remembers that host's own domain.
func (s *search) host(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	records, err := s.resolver.LookupMX(ctx, s.address.Domain+".")
	for _, r := range records { // the most preferred first
		target := strings.ToLower(strings.TrimSuffix(r.Host, "."))
		if !hostname(target) {
			continue // RFC 7505: "." says that the domain takes no mail
		}
		if d, err := publicsuffix.EffectiveTLDPlusOne(target); err == nil && !under(target, s.address.Domain) {
			s.setHoster(d)
		}
		return
	}
	if err := unlessNone(err); err != nil {
		s.done(Step{Method: Hoster, Where: "MX " + s.address.Domain, Err: err})
	}
}

// guess tries the common names of a service in a domain, each on its two ports.
// Whoever accepts the connection is a candidate; nothing is said to them.
func (s *search) guess(ctx context.Context, service Service, domain string, far bool) {
	for i, label := range commonNames[service] {
		for j, p := range ports[service] {
			if s.denied(service, p.security) {
				continue
			}
			s.spawn(func() { s.try(ctx, service, label+"."+domain, p.port, p.security, [3]int{boolean(far), i, j}) })
		}
	}
}

func (s *search) try(ctx context.Context, service Service, host, port string, security account.Security, order [3]int) {
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	address := net.JoinHostPort(host, port)
	step := Step{Method: Guess, Where: address}
	conn, err := s.dial(ctx, "tcp", address)
	if err != nil {
		step.Err = unlessNone(err)
		s.done(step)
		return
	}
	conn.Close()
	s.add(step, []Candidate{{
		Service: service, Origin: Origin{Method: Guess, Where: address}, order: order,
		Endpoint: account.Endpoint{Address: address, Security: security},
	}})
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}
