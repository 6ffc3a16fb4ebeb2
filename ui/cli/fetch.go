package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/fetch"
	"imapop/retrieval/local"
	"imapop/retrieval/pop3"
	"imapop/retrieval/safe"
	"imapop/retrieval/wire"
)

const fetchLong = `Downloads what is new over POP3 into the account's Maildir and leaves or deletes
it on the server as the policy says: the account's leave_on_server, unless a flag
says otherwise. A message is deleted only when its copy is on disk for good; a
message is not downloaded twice, however the run before was ended.

A policy holds for what is downloaded from now on. What was downloaded before
keeps the policy of its own download, unless --also-downloaded is given; --keep
deletes nothing at all. Days count from the download, never from the Date header.

Nothing is asked and nothing needs a terminal, so that it fits cron and systemd
timers: see docs/fetch.md, which also documents --json.`

const fetchExample = `  imapop fetch                          as the account's leave_on_server says
  imapop fetch --dry-run --delete       what would be downloaded and deleted, command by command
  imapop fetch --delete-after 7d        delete on the server a week after the download
  imapop fetch --max-size 10MB          larger messages stay; their headers are shown
  imapop fetch --only UNIQUE-ID         that message, whatever its size`

// fetchFlags are the flags of `imapop fetch`.
type fetchFlags struct {
	keep, delete   bool
	after, maxSize string
	rules          fetch.Rules
	headersSet     bool // --headers-only was given, be it =false
	dryRun         bool
	json, quiet    bool
}

func newFetch(o *options) *cobra.Command {
	var f fetchFlags
	cmd := &cobra.Command{
		Use: "fetch", Short: "Download over POP3, and leave or delete on the server", Long: fetchLong, Example: fetchExample,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.headersSet = cmd.Flags().Changed("headers-only")
			if err := f.check(); err != nil {
				return usageError{fmt.Errorf("%w\nsee '%s --help'", err, cmd.CommandPath())}
			}
			return runFetch(cmd.Context(), o, f)
		},
	}
	fl := cmd.Flags()
	fl.BoolVar(&f.keep, "keep", false, "leave everything on the server")
	fl.BoolVar(&f.delete, "delete", false, "delete on the server what was downloaded, in the same session")
	fl.StringVar(&f.after, "delete-after", "", "delete on the server so many `DAYS` after the download: 7d")
	fl.BoolVar(&f.rules.Earlier, "also-downloaded", false, "let the policy hold for what was downloaded before, too")
	fl.BoolVar(&f.rules.Removed, "delete-removed", false, "delete on the server the messages whose files you removed from the Maildir")
	fl.StringVar(&f.maxSize, "max-size", "", "leave messages larger than `SIZE` (500k, 10MB) and show their headers; none: no limit, whatever the account says")
	fl.BoolVar(&f.rules.HeadersOnly, "headers-only", false, "download nothing, show the headers of what is new")
	fl.StringArrayVar(&f.rules.Only, "only", nil, "download the message with this `UNIQUE-ID` and no other; may be repeated")
	fl.BoolVar(&f.dryRun, "dry-run", false, "print the plan and change nothing")
	fl.BoolVar(&f.json, "json", false, "print one JSON document instead of text")
	fl.BoolVar(&f.quiet, "quiet", false, "print failures only")
	return cmd
}

// check reads the flags that need reading.
func (f *fetchFlags) check() error {
	chosen := 0
	for _, set := range []bool{f.keep, f.delete, f.after != ""} {
		if set {
			chosen++
		}
	}
	if chosen > 1 {
		return errors.New("--keep, --delete and --delete-after exclude each other")
	}
	if f.after != "" {
		leave, err := account.ParseLeaveOnServer(f.after)
		if err != nil || leave.Mode != account.LeaveDays {
			return fmt.Errorf("--delete-after %q: whole days such as 7d, from 1d to 3650d", f.after)
		}
	}
	if f.maxSize == "" {
		return nil
	}
	if f.maxSize == "none" {
		return nil
	}
	n, err := account.ParseSize(f.maxSize)
	if err != nil {
		return fmt.Errorf("--max-size %w", err)
	}
	f.rules.MaxOctets = n
	return nil
}

// rulesFor are the rules of this run: the flags', and the account's where no flag
// says otherwise. What is asked for by name is asked for whatever its size.
func (f *fetchFlags) rulesFor(a account.Account) fetch.Rules {
	r := f.rules
	r.Leave = f.leave(a)
	if f.maxSize == "" {
		r.MaxOctets = a.MaxOctets
	}
	if !f.headersSet && len(r.Only) == 0 {
		r.HeadersOnly = a.HeadersOnly
	}
	return r
}

// leave is the policy of this run.
func (f *fetchFlags) leave(a account.Account) account.LeaveOnServer {
	switch {
	case f.keep:
		return account.LeaveOnServer{}
	case f.delete:
		return account.LeaveOnServer{Mode: account.LeaveDelete}
	case f.after != "":
		leave, _ := account.ParseLeaveOnServer(f.after) // check has read it
		return leave
	}
	return a.LeaveOnServer
}

// runFetch makes one run and prints what came of it.
func runFetch(ctx context.Context, o *options, f fetchFlags) error {
	a, demo, err := o.find()
	if err != nil {
		return usageError{err}
	}
	r := &fetchRun{o: o, f: f, account: a}
	r.out = newFetchOutput(o, f)
	if r.passing = demo; demo {
		err = r.demo(ctx)
	} else {
		err = r.real(ctx, a)
	}
	defer r.close()
	if err == nil {
		err = r.run(ctx)
	}
	return r.out.end(r, err)
}

// fetchRun is one run of the command.
type fetchRun struct {
	o       *options
	f       fetchFlags
	account account.Account
	passing bool // the demo account's: what is downloaded goes with it
	cost    retrieval.Meter
	at      time.Time
	report  fetch.Report
	out     *fetchOutput
	session *pop3.Session
	copy    *local.Copy
	closers []func() error
}

func (r *fetchRun) close() {
	if r.session != nil {
		r.session.Drop()
	}
	for i := len(r.closers) - 1; i >= 0; i-- {
		_ = r.closers[i]()
	}
}

// demo starts the demo account. Its downloads go where it goes: nowhere.
func (r *fetchRun) demo(ctx context.Context) error {
	op, err := openDemo(ctx)
	if err != nil {
		return err
	}
	r.account = op.account
	r.closers = append(r.closers, func() error { op.close(); return nil })
	if r.copy, err = op.live.OpenCopy(func() {}); err != nil {
		return err
	}
	r.closers = append(r.closers, r.copy.Close)
	r.copy.SetPolicy(r.f.leave(r.account))
	r.session, err = r.login(ctx, pop3.Config{Account: r.account, Password: op.live.Password, Wire: op.live.Wire})
	return err
}

// real takes the copy's lock, and then logs in while the ledger is being read.
func (r *fetchRun) real(ctx context.Context, a account.Account) error {
	roots, err := readRoots(a.CAFile)
	if err != nil {
		return usageError{err}
	}
	pw, guard, err := r.o.credentials(ctx, a)
	if err != nil {
		return err
	}
	locked, opened := make(chan struct{}), make(chan error, 1)
	go func() {
		var err error
		r.copy, err = local.Open(local.Options{Maildir: a.Maildir, Endpoint: a.POP3.Address, User: a.User,
			Policy: r.f.leave(a), Locked: func() { close(locked) }})
		opened <- err
	}()
	select {
	case <-locked:
	case err := <-opened:
		if err != nil { // before the lock: the server is not bothered
			return err
		}
		opened <- nil // it was quicker than this goroutine
	}
	r.session, err = r.login(ctx, pop3.Config{Account: r.account, Password: pw, Guard: guard, Wire: wire.Options{Roots: roots, LoginRefused: remember(a), Timeouts: r.o.tune.Timeouts, Limits: r.o.tune.Limits}})
	if copyErr := <-opened; copyErr != nil {
		return copyErr
	}
	r.closers = append(r.closers, r.copy.Close)
	return err
}

func (r *fetchRun) login(ctx context.Context, c pop3.Config) (*pop3.Session, error) {
	return fetch.Login{
		Open: func(ctx context.Context) (*pop3.Session, error) { return pop3.Open(ctx, c) },
		Say:  func(text string) { r.out.warn(r.account.Name, text) },
	}.Do(ctx)
}

// run plans and, unless it is a dry run, does.
func (r *fetchRun) run(ctx context.Context) error {
	r.at = time.Now()
	defer func() { r.cost = r.session.Meter() }()
	run, err := fetch.Prepare(ctx, r.session, r.copy, fetch.Options{Rules: r.f.rulesFor(r.account), Progress: r.out.progress})
	r.report.Plan = run.Plan()
	if err != nil {
		_ = run.Leave(ctx)
		return err
	}
	if r.f.dryRun {
		return run.Leave(ctx)
	}
	r.out.begin(r)
	r.report, err = run.Do(ctx)
	return err
}

// failure is the one line that a failed run ends with: account, protocol, step, cause.
func (r *fetchRun) failure(err error) error {
	var usage usageError
	var op *retrieval.OpError
	switch {
	case errors.As(err, &usage):
		return err
	case errors.Is(err, fetch.ErrInterrupted), errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: pop3: fetch: interrupted: %s", r.account.Name, r.sofar())
	case errors.Is(err, retrieval.ErrInUse):
		return fmt.Errorf("%s: mailbox busy: %w", r.account.Name, err)
	case errors.As(err, &op):
		return fmt.Errorf("%s: %w", r.account.Name, err)
	}
	return fmt.Errorf("%s: pop3: fetch: %w", r.account.Name, err)
}

// sofar says what an interrupted run leaves behind.
func (r *fetchRun) sofar() string {
	return fmt.Sprintf("%d of %d messages are downloaded for good, %s deleted on the server; the next run goes on from here",
		len(r.report.Stored), len(r.report.Plan.Retrieve()), none(len(r.report.Deleted)))
}

func none(n int) string {
	if n == 0 {
		return "none"
	}
	return fmt.Sprint(n)
}

// named names a message for a person.
func named(it fetch.Item) string {
	if it.UniqueID == "" {
		return fmt.Sprintf("message %d", it.Number)
	}
	return fmt.Sprintf("message %d (unique-id %s)", it.Number, safe.Line(it.UniqueID))
}
