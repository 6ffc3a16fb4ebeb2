package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"imapop/account"
	"imapop/account/discover"
	"imapop/account/oauth"
	"imapop/account/sasl"
	"imapop/account/secret"
	"imapop/account/submission"
	"imapop/config"
	"imapop/retrieval"
	"imapop/retrieval/imap"
	"imapop/retrieval/pop3"
	"imapop/retrieval/probe"
	"imapop/retrieval/safe"
	"imapop/retrieval/wire"
	"imapop/ui/setup"
)

// setupBackend does for the form what needs sockets and files.
type setupBackend struct {
	path     string // the configuration
	database string
	wire     wire.Options
	now      func() time.Time
	password func(context.Context, account.Account) (account.Password, error)
	consent  func(r oauth.Request, kept string)  // nil: nobody can be asked
	store    func(a account.Account) oauth.Store // where the account's tokens are kept

	tokens *oauth.Source // of the account that is tried
	held   *heldTokens
}

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

// knockTime bounds the look at one endpoint: there may be fifteen of them, some silent.
const knockTime = 15 * time.Second

// Knock looks at one endpoint.
func (b *setupBackend) Knock(ctx context.Context, p retrieval.Protocol, ep account.Endpoint) retrieval.Door {
	return probe.Door(ctx, p, ep, probe.Options{Wire: b.wire, Total: knockTime})
}

// Trust reads a PEM file; ~/ is the home directory.
func (b *setupBackend) Trust(path string) (string, error) {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		path = filepath.Join(home, rest)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	roots, err := readRoots(path)
	if err != nil {
		return "", err
	}
	b.wire.Roots = roots
	return path, nil
}

// Secret gets what the account's source gives; with OAuth a token, for which the
// person may have to consent. Until the account is saved the token is kept in memory.
func (b *setupBackend) Secret(ctx context.Context, a account.Account) (account.Password, error) {
	if !a.OAuth.Used() {
		return b.password(ctx, a)
	}
	b.held = &heldTokens{where: b.store(a).String()}
	opts := oauth.Options{Store: b.held}
	if b.consent != nil {
		opts.Show = func(r oauth.Request) { b.consent(r, b.held.where) }
	}
	b.tokens = oauth.New(a, opts)
	return b.tokens.Token(ctx, account.Password{})
}

// Keyring reads an item that nobody stored: a keyring that works says so.
func (b *setupBackend) Keyring(ctx context.Context) error {
	if _, err := secret.Stored(ctx, "setup"); err != nil && !errors.Is(err, secret.ErrNotStored) {
		return err
	}
	return nil
}

// heldTokens keeps tokens until the account is saved.
type heldTokens struct {
	text  account.Password
	where string // where they will be kept
}

func (h *heldTokens) Load(context.Context) (account.Password, error) { return h.text, nil }

func (h *heldTokens) Save(_ context.Context, text account.Password) error {
	h.text = text
	return nil
}

func (h *heldTokens) Remove(context.Context) error {
	h.text = account.Password{}
	return nil
}

func (h *heldTokens) String() string { return h.where }

// trialTime bounds one login that is tried.
const trialTime = time.Minute

// Login logs in and out again. IMAP counts with STATUS, which selects nothing;
// POP3 lists, marks nothing and QUITs.
func (b *setupBackend) Login(ctx context.Context, p retrieval.Protocol, a account.Account, pw account.Password) setup.Trial {
	ctx, cancel := context.WithTimeout(ctx, trialTime)
	defer cancel()
	t := setup.Trial{Side: p}
	switch p {
	case retrieval.IMAP:
		t.Endpoint = a.IMAP
		t.Saw, t.Err = b.loginIMAP(ctx, a, pw)
	case retrieval.POP3:
		t.Endpoint = a.POP3
		t.Saw, t.Err = b.loginPOP3(ctx, a, pw)
	default:
		t.Endpoint = a.Submission
		t.Err = submission.Verify(ctx, a, pw, submission.Options{Roots: b.wire.Roots, Guard: b.guard(a)})
	}
	t.Refused = errors.Is(t.Err, retrieval.ErrAuth) || errors.Is(t.Err, submission.ErrAuth)
	return t
}

// guard has the account's tokens; nil for a password.
func (b *setupBackend) guard(a account.Account) *sasl.Guard {
	if !a.OAuth.Used() || b.tokens == nil {
		return nil
	}
	return &sasl.Guard{Token: b.tokens.Token}
}

func (b *setupBackend) loginIMAP(ctx context.Context, a account.Account, pw account.Password) (string, error) {
	s, err := imap.Open(ctx, imap.Config{Account: a, Password: pw, Wire: b.wire, Guard: b.guard(a)})
	if err != nil {
		return "", err
	}
	defer s.Drop()
	inbox, err := s.Status(ctx, "INBOX")
	if err != nil {
		return "", err
	}
	_ = s.Logout(ctx)
	return fmt.Sprintf("INBOX holds %s", messages(int(inbox.Messages))), nil
}

func (b *setupBackend) loginPOP3(ctx context.Context, a account.Account, pw account.Password) (string, error) {
	s, err := pop3.Open(ctx, pop3.Config{Account: a, Password: pw, Wire: b.wire, Guard: b.guard(a)})
	if err != nil {
		return "", err
	}
	defer s.Drop()
	drop, err := s.Snapshot(ctx)
	if err != nil {
		return "", err
	}
	_, _ = s.Quit(ctx)
	return fmt.Sprintf("the maildrop holds %s", messages(len(drop.Entries))), nil
}

// Names lists the accounts that are there; none when there is no file.
func (b *setupBackend) Names() (names []string, fixed bool, err error) {
	f, err := config.Load(b.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, usageError{err}
	}
	return f.Names(), f.Default != "", nil
}

// CheckName holds the file's rule; the demo account keeps its name.
func (b *setupBackend) CheckName(name string) error {
	if name == demoName {
		return fmt.Errorf("%q is the built-in account; choose another name", name)
	}
	return config.CheckName(name)
}

// Save stores the secret where the account keeps one and writes the account.
// When the account cannot be written, the secret is taken out again.
func (b *setupBackend) Save(ctx context.Context, a account.Account, pw account.Password, f setup.Found, main bool) (setup.Saved, error) {
	forget, err := b.storeSecret(ctx, a, pw)
	if err != nil {
		return setup.Saved{}, err
	}
	if _, err := config.Add(b.path, config.Addition{Account: a, Default: main, Comments: b.comments(a, f)}); err != nil {
		forget(context.WithoutCancel(ctx))
		return setup.Saved{}, err
	}
	file, err := config.Load(b.path)
	if err != nil {
		return setup.Saved{}, err
	}
	opens, err := file.Account("")
	return setup.Saved{Path: b.path, Main: err == nil && opens.Name == a.Name}, nil
}

// storeSecret keeps what the account keeps outside of the file, and returns how
// to take it out again.
func (b *setupBackend) storeSecret(ctx context.Context, a account.Account, pw account.Password) (forget func(context.Context), err error) {
	switch {
	case a.OAuth.Used() && b.held != nil && !b.held.text.Empty():
		store := b.store(a)
		return func(ctx context.Context) { _ = store.Remove(ctx) }, store.Save(ctx, b.held.text)
	case a.OAuth.Used() || a.Secret.Keyring == "":
		return func(context.Context) {}, nil
	}
	return func(ctx context.Context) { _ = secret.Forget(ctx, a.Secret.Keyring) }, secret.Store(ctx, a.Secret.Keyring, pw)
}

// comments say in the file where each endpoint comes from.
func (b *setupBackend) comments(a account.Account, f setup.Found) config.Comments {
	from := func(p retrieval.Protocol, ep account.Endpoint) string {
		for _, c := range f.By[p] {
			if c.Endpoint.Address == ep.Address && c.Endpoint.Security == ep.Security {
				return "found by " + c.From
			}
		}
		return ""
	}
	return config.Comments{
		Account:    fmt.Sprintf("%s, added by imapop setup on %s. docs/config.md explains every key.", f.Address, b.now().Format(time.DateOnly)),
		IMAP:       from(retrieval.IMAP, a.IMAP),
		POP3:       from(retrieval.POP3, a.POP3),
		Submission: from(retrieval.SMTP, a.Submission),
	}
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
