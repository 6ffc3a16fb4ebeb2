package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"imapop/account"
	"imapop/account/discover"
	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/ui/setup"
)

var services = map[discover.Service]retrieval.Protocol{
	discover.IMAP: retrieval.IMAP, discover.POP3: retrieval.POP3, discover.Submission: retrieval.SMTP,
}

// Search looks for servers and translates what was found for the screen.
func (b *setupBackend) Search(ctx context.Context, address string, told func(string)) (setup.Found, error) {
	f, err := discover.Find(ctx, address, discover.Options{Database: b.database, Progress: func(s discover.Step) {
		if s.Found > 0 {
			told("✓ " + safe.Line(fmt.Sprintf("%s %s", s.Method, s.Where)))
		}
	}})
	if err != nil {
		return setup.Found{}, err
	}
	out := setup.Found{Address: f.Address.Full, Name: f.Address.Name, Domain: safe.Line(f.Address.Unicode()), Provider: safe.Cut(safe.Line(f.Provider), 60),
		By: map[retrieval.Protocol][]setup.Candidate{}, Denied: map[retrieval.Protocol]bool{}, Asked: len(f.Steps)}
	for _, h := range f.Help {
		out.Help = append(out.Help, safe.Line(h))
	}
	if f.OAuth != nil {
		out.OAuth = &account.OAuth{AuthorizationEndpoint: f.OAuth.AuthURL, TokenEndpoint: f.OAuth.TokenURL, Scopes: f.OAuth.Scopes}
	}
	for service, p := range services {
		out.Denied[p] = f.Denies(service)
		for _, c := range f.For(service) {
			out.By[p] = append(out.By[p], candidate(c))
		}
	}
	out.Troubles = troubles(f.Steps)
	if told != nil && len(f.Candidates) == 0 {
		told(fmt.Sprintf("✗ %d places were asked, none knew", len(f.Steps)))
	}
	return out, nil
}

func candidate(c discover.Candidate) setup.Candidate {
	from := []string{c.Origin.String()}
	for _, o := range c.Also {
		from = append(from, o.String())
	}
	return setup.Candidate{Endpoint: c.Endpoint, User: c.User, From: safe.Line(strings.Join(from, "; also ")), Ask: safe.Line(c.Ask), OAuth: c.OAuth}
}

// troubles lists the questions to which there was no answer, those of the
// domain's own records first: refused connections at guessed names are none.
func troubles(steps []discover.Step) []string {
	var list []string
	for _, s := range steps {
		if s.Err != nil && s.Method != discover.Guess {
			list = append(list, safe.Line(fmt.Sprintf("%s %s: %s", s.Method, s.Where, trouble(s.Err))))
		}
	}
	return list
}

// trouble leaves out of a failed look-up what is only about this machine's plumbing.
func trouble(err error) string {
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return "no answer from DNS; is this machine online?"
	}
	return err.Error()
}

// dnsEnv names a DNS server to ask instead of the system's.
const dnsEnv = "IMAPOP_DNS"

// useDNS makes the whole program ask the DNS server that the environment names:
// for administrators who try records before they publish them, and for tests.
func useDNS() error {
	server := os.Getenv(dnsEnv)
	if server == "" {
		return nil
	}
	if _, _, err := net.SplitHostPort(server); err != nil {
		return usageError{fmt.Errorf("%s=%q is not host:port of a DNS server", dnsEnv, server)}
	}
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server)
	}}
	return nil
}

// databaseOr prefers the flag to the environment to the default.
func databaseOr(flag string) string {
	return cmp.Or(flag, os.Getenv("IMAPOP_DATABASE"), discover.DefaultDatabase)
}
