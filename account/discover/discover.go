// Package discover finds where an address's mail is: from the domain's SRV
// records (RFC 6186, RFC 8314 section 5.1), its own and the public
// autoconfiguration files, names in common use, and by trying ports. It asks
// only for names and files and opens connections; it logs in nowhere and is
// given no credential.
//
// What it finds are candidates. Who says so is part of each of them, and what
// could be a forgery is marked for the person to be asked.
package discover

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"imapop/account"
)

// Service is what an endpoint is for.
type Service string

// The services, in the order in which they are shown.
const (
	IMAP       Service = "IMAP"
	POP3       Service = "POP3"
	Submission Service = "submission"
)

// Services lists them all.
func Services() []Service { return []Service{IMAP, POP3, Submission} }

// Method is a way of finding.
type Method string

// The ways, the one to be trusted first in front.
const (
	SRV        Method = "SRV record"            // RFC 6186, RFC 8314
	Autoconfig Method = "the domain's own file" // autoconfig.DOMAIN or its well-known path
	Database   Method = "public database"       // one file for each provider, kept by others
	Hoster     Method = "the mail host's file"  // as the two above, for the domain that the MX records name
	Guess      Method = "a common name"         // nobody says so: the port answered
)

// Origin is who says where a service is.
type Origin struct {
	Method Method
	Where  string // the record's name, the file's URL, or the host that was tried
	Sure   bool   // it came over TLS from whom it should: nobody on the way can have changed it
}

// String names the origin for a person: "SRV record _imaps._tcp.example.org".
func (o Origin) String() string { return string(o.Method) + " " + o.Where }

// Candidate is an endpoint that may be the right one. Its texts come from
// outside: clean them before a terminal sees them.
type Candidate struct {
	Service  Service
	Endpoint account.Endpoint // never plaintext
	User     string           // what the origin says the server calls the person; "": it does not say
	OAuth    bool             // the origin names OAuth 2.0 among the ways to log in
	Origin   Origin
	Also     []Origin // others that say the same
	Ask      string   // why the person must agree first, in words; "": they need not

	order [3]int // priority within the origin, lower first
}

// OAuth is what a provider's file says about its OAuth 2.0 (RFC 6749). It is
// only ever taken from a file that came over TLS.
type OAuth struct {
	Issuer   string
	Scopes   []string
	AuthURL  string
	TokenURL string
}

// Found is everything that is known of an address.
type Found struct {
	Address    Address
	Provider   string      // the provider's own name, when a file tells it
	Help       []string    // pages on which the provider explains its mail, from a file that came over TLS
	OAuth      *OAuth      // nil: none is known
	Candidates []Candidate // by service; the best of each first
	Denied     []string    // SRV names whose target is ".": the domain says it has no such service (RFC 6186 section 3.4)
	Steps      []Step      // everything that was asked, in the order in which it was answered
}

// For lists the candidates of a service, the best first.
func (f Found) For(s Service) []Candidate {
	var list []Candidate
	for _, c := range f.Candidates {
		if c.Service == s {
			list = append(list, c)
		}
	}
	return list
}

// Denies reports whether the domain says that it has no such service: it names
// it in at least one SRV record, always with the target ".".
func (f Found) Denies(s Service) bool {
	denied := false
	for _, n := range f.Denied {
		for _, k := range srvKinds {
			denied = denied || k.service == s && n == k.name(f.Address.Domain)
		}
	}
	return denied && len(f.For(s)) == 0
}

// Step is one question that was asked and what came of it.
type Step struct {
	Method Method
	Where  string // as in Origin
	Found  int    // how many candidates it brought
	Err    error  // why it brought none; nil with Found 0: the answer was that there is none
}

// Resolver looks names up. *net.Resolver is one.
type Resolver interface {
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
}

// DefaultDatabase is Thunderbird's public database of providers. It is asked
// for the domain only, never for the address.
const DefaultDatabase = "https://autoconfig.thunderbird.net/v1.1/"

// NoDatabase as Options.Database asks no public database.
const NoDatabase = "none"

// Options is how to search. The zero value searches the Internet.
type Options struct {
	Resolver Resolver                                                             // nil: the system's
	HTTP     http.RoundTripper                                                    // nil: one of our own
	Dial     func(ctx context.Context, network, address string) (net.Conn, error) // nil: net.Dialer
	Database string                                                               // URL to which a domain is added; "": DefaultDatabase
	Progress func(Step)                                                           // nil: nobody looks; called by one goroutine at a time
}

// The bounds of a search.
const (
	searchTime = 40 * time.Second // everything
	lookupTime = 8 * time.Second  // one name
	fetchTime  = 10 * time.Second // one file, redirects included
	tryTime    = 5 * time.Second  // one connection
	atOnce     = 8                // questions under way at the same time
	maxPerKind = 5                // candidates of one service that are kept
)

var errSearchTime = fmt.Errorf("the search took longer than %v", searchTime)

// Find searches for the endpoints of an address. It blocks until everything was
// answered or given up, at most 40 seconds. That nothing was found is no error;
// Found.Steps then says what was tried. An error is about the address, or ctx's.
func Find(ctx context.Context, address string, o Options) (Found, error) {
	a, err := ParseAddress(address)
	if err != nil {
		return Found{}, err
	}
	s := newSearch(a, o)
	inner, cancel := context.WithTimeoutCause(ctx, searchTime, errSearchTime)
	defer cancel()
	s.run(inner)
	if ctx.Err() != nil {
		return Found{}, fmt.Errorf("search for the mail servers of %s: %w", a.Domain, context.Cause(ctx))
	}
	return s.found(), nil
}

// ErrAddress says that a text is not a mail address.
var ErrAddress = errors.New("this is not a mail address such as alice@example.org")
