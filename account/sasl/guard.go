package sasl

import (
	"context"
	"sync"

	"imapop/account"
)

// Guard is what one run of the program remembers of an account's logins, for all
// its sessions: they share one. The zero value and nil are ready: no tokens, and
// nobody is told. Safe from any goroutine.
type Guard struct {
	// Token gives an access token that is good now; it may ask the provider for a
	// new one, and blocks until then or until ctx ends. refused is a token that a
	// server did not take: another one is wanted. nil: the account has a password.
	Token func(ctx context.Context, refused account.Password) (account.Password, error)
	// Failed is told of every login that failed. It must not block. nil: nobody is.
	Failed func(*account.LoginError)

	mu      sync.Mutex
	refused map[string]account.Mechanism // by address
}

// OAuth reports whether logins are by token.
func (g *Guard) OAuth() bool { return g != nil && g.Token != nil }

// NotBelow is the mechanism that a server refused at an address, or "".
func (g *Guard) NotBelow(address string) account.Mechanism {
	if g == nil {
		return ""
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.refused[address]
}

// Failure remembers and tells a login that failed.
func (g *Guard) Failure(e *account.LoginError) {
	if g == nil {
		return
	}
	g.mu.Lock()
	if e.Refused && !weaker(e.Mechanism, g.refused[e.Address]) {
		if g.refused == nil {
			g.refused = map[string]account.Mechanism{}
		}
		g.refused[e.Address] = e.Mechanism
	}
	g.mu.Unlock()
	if g.Failed != nil {
		g.Failed(e)
	}
}

// Success forgets what was refused at an address.
func (g *Guard) Success(address string) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.refused, address)
}
