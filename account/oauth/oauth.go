// Package oauth gets the access tokens by which an account logs in instead of a
// password (RFC 6749): with its owner's consent the first time, by the device
// flow (RFC 8628) or in a browser on this machine (RFC 8252, PKCE by RFC 7636),
// and by refreshing from then on. A token is kept like a password: in the
// system's keyring, or in a file that only its owner can read.
package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"imapop/account"
	"imapop/account/secret"
)

// Options is what stands around an account's tokens.
type Options struct {
	Store Store // nil: nothing outlives this run
	// Show tells the account's owner where to consent; it must not block. It is
	// called again only for another consent. nil: nobody can be asked.
	Show   func(Request)
	Client *http.Client     // nil: one with a time limit that follows no redirection
	Now    func() time.Time // nil: time.Now
}

// Request is what the owner has to do.
type Request struct {
	Account string
	URL     string    // to open in a browser
	Code    string    // to type there; "": nothing
	Direct  string    // another address, with the code in it; may be ""
	Here    bool      // the browser must run on this machine
	Until   time.Time // zero: the provider sets no limit
}

// Source gives one account's tokens. Safe from any goroutine: who comes second
// waits for what the first one gets.
type Source struct {
	a account.Account
	o Options

	mu    sync.Mutex
	token *oauth2.Token // nil: not loaded yet
}

// early is how long before its end a token is not used any more: a login takes time.
const early = time.Minute

// requestTime bounds one answer of the provider.
const requestTime = 30 * time.Second

// New makes the source; it does nothing yet.
func New(a account.Account, o Options) *Source {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Store == nil {
		o.Store = nowhere{}
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: requestTime}
	}
	client := *o.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // a refresh token goes to the address in the configuration, and nowhere else
	}
	o.Client = &client
	return &Source{a: a, o: o}
}

// Token gives an access token that is good now, for sasl.Guard. It refreshes one
// that has run out, or that is the refused one, and asks for consent where there
// is nothing to refresh and somebody to ask; else that is account.ErrConsent. It
// blocks until then or until ctx ends. No error holds a token.
func (s *Source) Token(ctx context.Context, refused account.Password) (account.Password, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.a.OAuth.TokenCommand; c != "" {
		return secret.Command(ctx, "token_command", c)
	}
	if err := s.load(ctx); err != nil {
		return account.Password{}, err
	}
	if !s.good(refused) {
		if err := s.renew(ctx, refused); err != nil {
			return account.Password{}, err
		}
	}
	return account.NewPassword(s.token.AccessToken), nil
}

// Consented reports whether there is a token, without asking anybody.
func (s *Source) Consented(ctx context.Context) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.a.OAuth.TokenCommand != "" {
		return true, nil
	}
	err := s.load(ctx)
	return err == nil && s.token.AccessToken+s.token.RefreshToken != "", err
}

// Consent asks for consent anew and keeps what comes of it. Options.Show must be set.
func (s *Source) Consent(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.load(ctx); err != nil {
		s.token = new(oauth2.Token) // what cannot be read is about to be replaced
	}
	return s.consent(ctx)
}

// Quiet has nobody be asked from here on: what would need consent is
// account.ErrConsent.
func (s *Source) Quiet() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.o.Show = nil
}

// Forget removes the tokens from where they are kept. The provider is not told:
// consent is withdrawn there.
func (s *Source) Forget(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = nil
	return s.o.Store.Remove(ctx)
}

// load reads what is kept, once; what another run kept is read at renew.
func (s *Source) load(ctx context.Context) error {
	if s.token != nil {
		return nil
	}
	t, err := read(ctx, s.o.Store)
	if err == nil {
		s.token = t
	}
	return err
}

// good reports whether the token can be used.
func (s *Source) good(refused account.Password) bool {
	t := s.token
	return t.AccessToken != "" && t.AccessToken != refused.Reveal() &&
		(t.Expiry.IsZero() || s.o.Now().Add(early).Before(t.Expiry))
}

// renew takes what another run may have got meanwhile, else refreshes, else asks.
func (s *Source) renew(ctx context.Context, refused account.Password) error {
	if t, err := read(ctx, s.o.Store); err == nil && t.AccessToken+t.RefreshToken != "" {
		if s.token = t; s.good(refused) {
			return nil
		}
	}
	if s.token.RefreshToken == "" {
		return s.consent(ctx)
	}
	t, err := s.config("").TokenSource(s.context(ctx), &oauth2.Token{RefreshToken: s.token.RefreshToken}).Token()
	var said *oauth2.RetrieveError
	switch {
	case err == nil:
		return s.keep(ctx, t)
	case errors.As(err, &said) && (said.ErrorCode == "invalid_grant" || said.ErrorCode == "interaction_required"):
		return s.consent(ctx)
	}
	return s.failed("refresh the token", err)
}

// keep remembers a token here and in the store.
func (s *Source) keep(ctx context.Context, t *oauth2.Token) error {
	if err := account.CheckCredential("the access token", t.AccessToken); err != nil {
		return fmt.Errorf("oauth: %w", err)
	}
	s.token = t
	if err := write(ctx, s.o.Store, t); err != nil {
		return fmt.Errorf("oauth: keep the token in %s: %w", s.o.Store, err)
	}
	return nil
}

func (s *Source) config(redirect string) *oauth2.Config {
	o := s.a.OAuth
	return &oauth2.Config{ClientID: o.ClientID, ClientSecret: o.ClientSecret.Reveal(), Scopes: o.Scopes, RedirectURL: redirect,
		Endpoint: oauth2.Endpoint{AuthURL: o.AuthorizationEndpoint, TokenURL: o.TokenEndpoint, DeviceAuthURL: o.DeviceEndpoint,
			AuthStyle: oauth2.AuthStyleInParams}} // a public client has no secret for a header (RFC 6749 section 3.2.1)
}

func (s *Source) context(ctx context.Context) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, s.o.Client)
}

// failed makes an error of what the library says. Its own holds the whole answer
// of the provider, which may repeat what was sent.
func (s *Source) failed(what string, err error) error {
	var said *oauth2.RetrieveError
	if !errors.As(err, &said) {
		return fmt.Errorf("oauth: %s: %w", what, err)
	}
	text := said.Response.Status
	if said.ErrorCode != "" {
		text = fmt.Sprintf("%q", cut(strings.TrimSpace(said.ErrorCode+" "+said.ErrorDescription)))
	}
	for _, secret := range []string{s.a.OAuth.ClientSecret.Reveal(), s.token.RefreshToken, s.token.AccessToken} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	return fmt.Errorf("oauth: %s: the provider refused: %s", what, text)
}

// cut bounds foreign text.
func cut(s string) string { return s[:min(len(s), 200)] }
