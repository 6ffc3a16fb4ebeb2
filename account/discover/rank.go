package discover

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"

	"imapop/account"
)

// found puts everything in order.
func (s *search) found() Found {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := Found{Address: s.address, Provider: s.provider, Help: s.help, OAuth: s.oauth, Denied: slices.Sorted(maps.Values(s.refused)), Steps: s.steps}
	for _, service := range Services() {
		f.Candidates = append(f.Candidates, s.ranked(service)...)
	}
	return f
}

// ranked lists the candidates of a service, the best first, each endpoint once.
func (s *search) ranked(service Service) []Candidate {
	var list []Candidate
	for _, c := range s.candidates {
		if c.Service == service && !s.denies(service, c.Endpoint.Security) {
			list = append(list, s.judged(c))
		}
	}
	slices.SortStableFunc(list, better)
	var once []Candidate
	for _, c := range list {
		if i := slices.IndexFunc(once, func(o Candidate) bool { return same(o, c) }); i >= 0 {
			once[i] = merged(once[i], c)
			continue
		}
		once = append(once, c)
	}
	return once[:min(len(once), maxPerKind)]
}

// better sorts: what someone says before what was only guessed, implicit TLS
// before STARTTLS (RFC 8314 section 3), the origin to be trusted more, and its
// own order.
func better(a, b Candidate) int {
	for i := range a.order {
		if c := compareAt(a, b, i); c != 0 {
			return c
		}
	}
	return cmp.Compare(a.Endpoint.Address, b.Endpoint.Address)
}

func compareAt(a, b Candidate, i int) int {
	if i > 0 {
		return cmp.Compare(a.order[i], b.order[i])
	}
	return cmp.Or(
		cmp.Compare(boolean(a.Origin.Method == Guess), boolean(b.Origin.Method == Guess)),
		cmp.Compare(boolean(a.Endpoint.Security != account.TLS), boolean(b.Endpoint.Security != account.TLS)),
		cmp.Compare(trust(a.Origin), trust(b.Origin)),
		cmp.Compare(a.order[0], b.order[0]))
}

// trust ranks origins. A file that came without TLS counts after the database,
// which did.
func trust(o Origin) int {
	if o.Method == Autoconfig && !o.Sure {
		o.Method = Hoster
	}
	return slices.Index([]Method{SRV, Autoconfig, Database, Hoster, Guess}, o.Method)
}

// judged says whether the person must agree to the candidate first.
func (s *search) judged(c Candidate) Candidate {
	host := c.Endpoint.Host()
	switch {
	case under(host, s.address.Domain), c.Origin.Sure:
		return c
	case c.Origin.Method == SRV:
		c.Ask = fmt.Sprintf("%s does not belong to %s, and DNS alone says that it is the right server: an answer without DNSSEC can be forged on the way (RFC 6186 section 6)", host, s.address.Domain)
	case strings.HasPrefix(c.Origin.Where, "http:"):
		c.Ask = fmt.Sprintf("%s does not belong to %s, and the file that names it came without TLS: it can be forged on the way", host, s.address.Domain)
	default:
		c.Ask = fmt.Sprintf("%s does not belong to %s; it is named after the host that receives the domain's mail (MX), which DNS alone says", host, s.address.Domain)
	}
	return c
}

func same(a, b Candidate) bool {
	return a.Endpoint.Security == b.Endpoint.Security && strings.EqualFold(a.Endpoint.Address, b.Endpoint.Address)
}

// merged adds what a second origin says of the same endpoint. One that is sure
// spares the question.
func merged(first, again Candidate) Candidate {
	if !slices.Contains(first.Also, again.Origin) && again.Origin != first.Origin {
		first.Also = append(first.Also, again.Origin)
	}
	if again.Ask == "" {
		first.Ask = ""
	}
	if first.User == "" {
		first.User = again.User
	}
	first.OAuth = first.OAuth || again.OAuth
	return first
}

// endpoint makes an address of a host and a port; "" when either is none.
func endpoint(host string, port int) string {
	host = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(host), "."))
	if !hostname(host) || port < 1 || port > 65535 {
		return ""
	}
	return net.JoinHostPort(host, fmt.Sprint(port))
}
