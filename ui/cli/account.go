package cli

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"imapop/account"
	"imapop/account/compose"
	"imapop/account/draft"
	"imapop/account/sandbox"
	"imapop/account/submission"
	"imapop/config"
	"imapop/retrieval"
	"imapop/retrieval/audit"
	"imapop/retrieval/live"
	"imapop/retrieval/local"
	"imapop/retrieval/wire"
)

// demoName is the account that needs no configuration.
const demoName = "demo"

// opened is an account with everything around it, ready for a Desk.
type opened struct {
	account account.Account
	live    live.Options
	doors   []audit.Door // beside the account's own and the standard ones
	closers []func() error
}

func (o *opened) close() {
	for i := len(o.closers) - 1; i >= 0; i-- {
		_ = o.closers[i]()
	}
}

// open finds the account, starts the demo server when it is the demo account,
// asks for the password when the account says so, and opens the local copy.
func (o *options) open(ctx context.Context) (*opened, error) {
	a, demo, err := o.find()
	if err != nil {
		return nil, usageError{err}
	}
	if demo {
		return openDemo(ctx)
	}
	return o.openReal(ctx, a)
}

// find reads the configuration. demo is true when none is there, or when it is asked for.
func (o *options) find() (a account.Account, demo bool, err error) {
	if o.account == demoName && o.config == "" { // a configuration may have an account of that name: the sandbox's own has
		return a, true, nil
	}
	path := o.config
	if path == "" {
		path = config.DefaultPath()
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			if o.account == "" {
				return a, true, nil
			}
			return a, false, fmt.Errorf("there is no account %q: %s does not exist; without --account the demo account opens", o.account, path)
		}
	}
	file, err := config.Load(path)
	if errors.Is(err, fs.ErrNotExist) {
		return a, false, fmt.Errorf("config: %s does not exist; 'imapop --config %s setup' writes it", path, path)
	}
	if err != nil {
		return a, false, err
	}
	a, err = file.Account(o.account)
	return a, false, err
}

func openDemo(ctx context.Context) (*opened, error) {
	srv, err := sandbox.Start(ctx, sandbox.Options{})
	if err != nil {
		return nil, fmt.Errorf("start the demo account: %w", err)
	}
	dir, err := os.MkdirTemp("", "imapop-demo-")
	if err != nil {
		_ = srv.Close()
		return nil, fmt.Errorf("make a place for the demo account's downloads: %w", err)
	}
	a := srv.Account()
	a.Maildir = dir + "/Maildir"
	op := &opened{account: a, doors: demoDoors(srv.Info()), closers: []func() error{srv.Close, func() error { return os.RemoveAll(dir) }}}
	op.live = live.Options{
		Account: a, Password: a.Secret.Literal,
		Wire:     wire.Options{Roots: srv.Roots()},
		Switches: func() []retrieval.Switch { return switches(srv) },
		Flip:     srv.SetPolicy,
	}
	op.live.Deliver = deliverer(a, srv.Roots())
	op.live.OpenCopy = copyOpener(a)
	return op, nil
}

// switches lists the demo server's policies with their present values.
func switches(srv *sandbox.Server) []retrieval.Switch {
	now := srv.Policies()
	var list []retrieval.Switch
	for _, p := range sandbox.PolicyNames() {
		list = append(list, retrieval.Switch{Name: p.Name, Value: now[p.Name], Default: p.Default, About: p.Effect + " (" + p.Imitates + ")", Values: p.Values})
	}
	return list
}

func (o *options) openReal(ctx context.Context, a account.Account) (*opened, error) {
	op := &opened{account: a}
	roots, err := readRoots(a.CAFile)
	if err != nil {
		return nil, usageError{err}
	}
	pw, guard, err := o.credentials(ctx, a)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.Name, err)
	}
	op.live = live.Options{Account: a, Password: pw, Guard: guard, Wire: wire.Options{Roots: roots, LoginRefused: remember(a), Timeouts: o.tune.Timeouts, Limits: o.tune.Limits}}
	op.live.OpenCopy = copyOpener(a)
	return op, nil
}

// copyOpener opens the account's local copy. Where it cannot, the app still
// shows both sides and only downloads are refused, with the reason.
func copyOpener(a account.Account) func(locked func()) (*local.Copy, error) {
	return func(locked func()) (*local.Copy, error) {
		return local.Open(local.Options{Maildir: a.Maildir, Endpoint: a.POP3.Address, User: a.User, Policy: a.LeaveOnServer, Locked: locked})
	}
}

// readRoots reads a CA file; nil for the system's roots.
func readRoots(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca_file: %s holds no PEM certificate", path)
	}
	return pool, nil
}

// deliverer submits test mail to the account itself through its own submission port.
func deliverer(a account.Account, roots *x509.CertPool) func(context.Context, *wire.Transcript) (time.Time, string, error) {
	n := 0
	return func(ctx context.Context, t *wire.Transcript) (time.Time, string, error) {
		n++
		m := testMails[(n-1)%len(testMails)]
		now := time.Now()
		msg, err := compose.Build(draft.Draft{From: m.from, To: a.From, Subject: m.subject, Text: m.body},
			compose.Options{Now: now, Random: fmt.Sprintf("demo-%d-%d", n, now.UnixNano())})
		if err != nil {
			return now, "", err
		}
		session := t.NextSession(retrieval.SMTP)
		res, err := submission.Send(ctx, a, a.Secret.Literal, submission.Options{Roots: roots, Line: func(dir byte, text string) {
			t.Add(retrieval.Line{At: time.Now(), Side: retrieval.SMTP, Session: session, Dir: retrieval.Direction(dir), Text: text, Octets: int64(len(text) + 2)})
		}}, submission.Envelope{From: "alan@imapop.example", To: msg.To}, msg.Octets)
		return res.At, fmt.Sprintf("%q from %s", m.subject, m.from), err
	}
}
