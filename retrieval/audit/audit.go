// Package audit looks at everything of an account that retrieval/check judges:
// it knocks at the doors of its hosts without a credential, then logs in at the
// account's own doors, over IMAP and POP3, as far as those are safe.
package audit

import (
	"context"
	"net"
	"slices"
	"sync"
	"time"

	"imapop/account"
	"imapop/account/sasl"
	"imapop/retrieval"
	"imapop/retrieval/check"
	"imapop/retrieval/probe"
	"imapop/retrieval/safe"
	"imapop/retrieval/wire"
)

// Options say what to look at.
type Options struct {
	Account  account.Account
	Password account.Password
	Guard    *sasl.Guard  // tokens, with OAuth; nil: a password
	Wire     wire.Options // Transcript nil: one is made
	// More are doors beside the account's own and the standard ones of its hosts.
	More []Door
	// Message stores a message of our own over IMAP, retrieves it over POP3 and
	// removes it, to see what one protocol does to the other. It is the only thing
	// here that changes the mailbox.
	Message bool
	// Seen is what an open desk knows after its logins: then none is made here,
	// since servers count sessions. Its transcript's lines name the mechanism.
	Seen      *retrieval.View
	SeenLines []retrieval.Line
	Failed    []account.FailedLogin // that this device remembers, newest first
	Progress  func(Progress)        // called from any goroutine; nil: nobody listens
	probe     probe.Options
}

// Door is one more door to knock at.
type Door struct {
	Protocol retrieval.Protocol
	Endpoint account.Endpoint
}

// Progress is how far the audit is.
type Progress struct {
	Done, Total int
	What        string // what was just done: "IMAP imap.example.org:993"
}

// Run looks at the account and returns the facts. It blocks until all is seen or
// ctx ends, which is its only error: everything else that goes wrong is a fact.
func Run(ctx context.Context, o Options) (check.Facts, error) {
	r := newRun(o)
	r.knock(ctx)
	if ctx.Err() == nil {
		r.logins(ctx)
	}
	return r.facts, context.Cause(ctx)
}

// run is one audit under way.
type run struct {
	o     Options
	facts check.Facts

	mu    sync.Mutex
	done  int
	total int
}

func newRun(o Options) *run {
	if o.Wire.Transcript == nil {
		o.Wire.Transcript = wire.NewTranscript(0)
	}
	a := o.Account
	r := &run{o: o, facts: check.Facts{At: time.Now().Truncate(time.Second), Account: safe.Line(a.User + "@" + a.Name),
		LeaveOnServer: a.LeaveOnServer.String(), Failed: o.Failed}}
	r.facts.IMAP = side(retrieval.IMAP, a.IMAP, o.More)
	r.facts.POP3 = side(retrieval.POP3, a.POP3, o.More)
	r.facts.Submission = side(retrieval.SMTP, a.Submission, o.More)
	for _, s := range r.sides() {
		r.total += len(s.Doors)
	}
	r.total += 3 // logins
	if o.Message {
		r.total++
	}
	return r
}

func (r *run) sides() []*check.Side {
	return slices.DeleteFunc([]*check.Side{r.facts.IMAP, r.facts.POP3, r.facts.Submission}, func(s *check.Side) bool { return s == nil })
}

func (r *run) tell(what string) {
	r.mu.Lock()
	r.done++
	p := Progress{r.done, r.total, what}
	r.mu.Unlock()
	if r.o.Progress != nil {
		r.o.Progress(p)
	}
}

// standard are the ports of each protocol (RFC 8314 section 7.3, RFC 1939, RFC
// 9051, RFC 6409).
var standard = map[retrieval.Protocol][]struct {
	port string
	sec  account.Security
}{
	retrieval.IMAP: {{"993", account.TLS}, {"143", account.StartTLS}},
	retrieval.POP3: {{"995", account.TLS}, {"110", account.StartTLS}},
	retrieval.SMTP: {{"465", account.TLS}, {"587", account.StartTLS}},
}

// side plans the doors of one protocol; nil when the account does not have it.
// On this machine an unusual port is one server among others: the standard ones
// would be somebody else's.
func side(p retrieval.Protocol, ep account.Endpoint, more []Door) *check.Side {
	if ep.Address == "" {
		return nil
	}
	s := &check.Side{Protocol: p, Address: safe.Line(ep.Address), Security: ep.Security, Loopback: ep.Loopback()}
	add := func(e account.Endpoint) {
		if !slices.ContainsFunc(s.Doors, func(d retrieval.Door) bool { return d.Address == e.Address && d.Security == e.Security }) {
			s.Doors = append(s.Doors, retrieval.Door{Protocol: p, Address: e.Address, Security: e.Security})
		}
	}
	add(ep)
	_, port, _ := net.SplitHostPort(ep.Address)
	usual := slices.ContainsFunc(standard[p], func(d struct {
		port string
		sec  account.Security
	}) bool {
		return d.port == port
	})
	if usual || !s.Loopback {
		for _, d := range standard[p] {
			if d.port == port && ep.Security != d.sec && ep.Security != account.Plaintext {
				continue // the account says what speaks there
			}
			add(account.Endpoint{Address: net.JoinHostPort(ep.Host(), d.port), Security: d.sec})
		}
	}
	for _, d := range more {
		if d.Protocol == p {
			add(d.Endpoint)
		}
	}
	return s
}

// knock looks at all doors at once.
func (r *run) knock(ctx context.Context) {
	var wg sync.WaitGroup
	for _, s := range r.sides() {
		for i := range s.Doors {
			d := &s.Doors[i]
			wg.Go(func() {
				o := r.o.probe
				o.Wire, o.OldTLS = r.o.Wire, true
				ep := account.Endpoint{Address: d.Address, Security: d.Security}
				if i == 0 {
					ep = r.endpoint(d.Protocol)
				}
				*d = probe.Door(ctx, d.Protocol, ep, o)
				r.tell(string(d.Protocol) + " " + d.Address)
			})
		}
	}
	wg.Wait()
}

// endpoint is the account's own.
func (r *run) endpoint(p retrieval.Protocol) account.Endpoint {
	switch p {
	case retrieval.IMAP:
		return r.o.Account.IMAP
	case retrieval.POP3:
		return r.o.Account.POP3
	}
	return r.o.Account.Submission
}
