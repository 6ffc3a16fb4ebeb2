package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"imapop/account"
	"imapop/account/oauth"
	"imapop/account/submission"
	"imapop/config"
	"imapop/retrieval"
	"imapop/retrieval/imap"
	"imapop/retrieval/pop3"
	"imapop/retrieval/probe"
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

func foundBy(from string) string {
	if from == setup.Named {
		return from
	}
	return "found by " + from
}

// comments say in the file where each endpoint comes from.
func (b *setupBackend) comments(a account.Account, f setup.Found) config.Comments {
	from := func(p retrieval.Protocol, ep account.Endpoint) string {
		for _, c := range f.By[p] {
			if c.Endpoint.Address == ep.Address && c.Endpoint.Security == ep.Security {
				return foundBy(c.From)
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
