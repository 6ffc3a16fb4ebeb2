package discover

import (
	"context"
	"net"
	"net/http"
	"sync"

	"imapop/account"
)

// search is one search under way.
type search struct {
	address  Address
	resolver Resolver
	dial     func(ctx context.Context, network, address string) (net.Conn, error)
	client   *http.Client
	database string
	progress func(Step)

	slots chan struct{}
	wg    sync.WaitGroup

	mu         sync.Mutex
	candidates []Candidate
	refused    map[srvKind]string // kinds that the domain says it does not have
	steps      []Step
	hoster     string // registered domain of the host that receives the mail, when it is not the address's own
	provider   string
	help       []string
	oauth      *OAuth
}

func newSearch(a Address, o Options) *search {
	s := &search{address: a, resolver: o.Resolver, dial: o.Dial, database: o.Database, progress: o.Progress,
		slots: make(chan struct{}, atOnce), refused: map[srvKind]string{}}
	if s.resolver == nil {
		s.resolver = net.DefaultResolver
	}
	if s.dial == nil {
		s.dial = new(net.Dialer).DialContext
	}
	if s.database == "" {
		s.database = DefaultDatabase
	}
	s.client = newClient(o.HTTP, s.dial)
	return s
}

// run asks in three rounds: what the domain and the database say; what is said of
// the host that receives the domain's mail; and, for what is still missing, names
// in common use.
func (s *search) run(ctx context.Context) {
	for _, k := range srvKinds {
		s.spawn(func() { s.srv(ctx, k) })
	}
	s.spawn(func() { s.host(ctx) })
	for _, f := range s.ownFiles() {
		s.spawn(func() { s.fetchFirst(ctx, f...) })
	}
	s.wg.Wait()
	if hoster := s.mailHost(); hoster != "" && s.missing(IMAP, POP3) {
		for _, f := range s.hosterFiles(hoster) {
			s.spawn(func() { s.fetchFirst(ctx, f...) })
		}
		s.wg.Wait()
	}
	for _, service := range Services() {
		if !s.missing(service) {
			continue
		}
		s.guess(ctx, service, s.address.Domain, false)
		if hoster := s.mailHost(); hoster != "" {
			s.guess(ctx, service, hoster, true)
		}
	}
	s.wg.Wait()
}

// spawn runs f beside others, at most atOnce of them.
func (s *search) spawn(f func()) {
	s.wg.Go(func() {
		s.slots <- struct{}{}
		defer func() { <-s.slots }()
		f()
	})
}

// add keeps candidates and tells the step that brought them.
func (s *search) add(step Step, list []Candidate) {
	step.Found = len(list)
	s.mu.Lock()
	s.candidates = append(s.candidates, list...)
	s.mu.Unlock()
	s.done(step)
}

// done tells a step. Progress is called under the lock, one at a time.
func (s *search) done(step Step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps = append(s.steps, step)
	if s.progress != nil {
		s.progress(step)
	}
}

func (s *search) deny(name string, k srvKind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused[k] = name
}

// denied reports whether the domain says that it has no such service.
func (s *search) denied(service Service, security account.Security) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.denies(service, security)
}

func (s *search) denies(service Service, security account.Security) bool {
	for k := range s.refused {
		if k.service == service && k.security == security {
			return true
		}
	}
	return false
}

// missing reports whether nothing was found for one of the services.
func (s *search) missing(services ...Service) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, service := range services {
		found := false
		for _, c := range s.candidates {
			found = found || c.Service == service && !s.denies(service, c.Endpoint.Security)
		}
		if !found {
			return true
		}
	}
	return false
}

func (s *search) setHoster(domain string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hoster = domain
}

func (s *search) mailHost() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hoster
}
