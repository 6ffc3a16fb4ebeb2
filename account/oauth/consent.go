package oauth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/oauth2"

	"imapop/account"
)

// consent asks the owner. The device flow goes first: it works on every
// terminal, also where no browser is.
func (s *Source) consent(ctx context.Context) error {
	if s.o.Show == nil {
		return fmt.Errorf("oauth: %w: start imapop in a terminal, which asks for it", account.ErrConsent)
	}
	var t *oauth2.Token
	var err error
	if s.a.OAuth.DeviceEndpoint != "" {
		t, err = s.byDevice(ctx)
	} else {
		t, err = s.byBrowser(ctx)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("oauth: ask for consent: %w", context.Cause(ctx))
	case err != nil:
		return s.failed("ask for consent", err)
	}
	return s.keep(ctx, t)
}

// byDevice is the device flow: a code is typed into a browser anywhere, while
// we ask again and again whether that was done.
func (s *Source) byDevice(ctx context.Context) (*oauth2.Token, error) {
	c := s.config("")
	d, err := c.DeviceAuth(s.context(ctx))
	if err != nil {
		return nil, err
	}
	if d.UserCode == "" || d.DeviceCode == "" || checkPage(d.VerificationURI) != nil {
		return nil, errors.New("the provider's answer has no code and no address to open")
	}
	r := Request{Account: s.a.Name, URL: d.VerificationURI, Code: d.UserCode, Until: d.Expiry}
	if checkPage(d.VerificationURIComplete) == nil {
		r.Direct = d.VerificationURIComplete
	}
	s.o.Show(r)
	t, err := c.DeviceAccessToken(s.context(ctx), d)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil, errors.New("the code was not used in time")
	}
	return t, err
}

// answer is what the browser brought back.
type answer struct {
	code string
	err  error
}

// byBrowser is the authorization code flow with PKCE: the provider sends the
// browser back to a port of this machine.
func (s *Source) byBrowser(ctx context.Context) (*oauth2.Token, error) {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := s.config("http://" + ln.Addr().String() + "/")
	state, verifier := rand.Text(), oauth2.GenerateVerifier()
	got := make(chan answer, 1)
	srv := &http.Server{Handler: landing(state, got), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = srv.Serve(ln) }()
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = srv.Shutdown(ctx) // lets the browser have its page
		_ = srv.Close()
	}()
	s.o.Show(Request{Account: s.a.Name, Here: true,
		URL: c.AuthCodeURL(state, oauth2.AccessTypeOffline, oauth2.S256ChallengeOption(verifier))})
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case a := <-got:
		if a.err != nil {
			return nil, a.err
		}
		return c.Exchange(s.context(ctx), a.code, oauth2.VerifierOption(verifier))
	}
}

// landing is the page to which the browser comes back. Only who knows the state
// is heard, and only once (RFC 6749 section 10.12).
func landing(state string, got chan<- answer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if r.Method != http.MethodGet || r.URL.Path != "/" || subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(state)) != 1 {
			http.NotFound(w, r)
			return
		}
		a := answer{code: q.Get("code")}
		page := "imapop has your consent. You can close this window."
		if a.code == "" {
			a.err = fmt.Errorf("the provider said %q", cut(q.Get("error")+" "+q.Get("error_description")))
			page = "imapop did not get your consent. You can close this window."
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = fmt.Fprintln(w, page)
		select {
		case got <- a:
		default:
		}
	})
}

// checkPage refuses what a person should not be sent to: only addresses that
// could stand in the configuration, without control characters.
func checkPage(address string) error {
	for _, r := range address {
		if r <= ' ' || r > '~' {
			return fmt.Errorf("%q is not an address", cut(address))
		}
	}
	return account.CheckAddress(address)
}
