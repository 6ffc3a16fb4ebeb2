package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"imapop/account"
	"imapop/account/discover"
	"imapop/config"
	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/ui/setup"
)

const setupLong = `Asks for a mail address, finds its IMAP, POP3 and submission servers, shows what
was found and who says so, tries to log in on each, and only then writes the
account into the configuration. What is in the file already stays as it is.

Servers are looked for in the domain's SRV records (RFC 6186, RFC 8314), in the
autoconfiguration files of the domain and of a public database, under names in
common use, and by trying ports. No password is sent while searching; what only
DNS says of a host outside of your domain is for you to agree to.

Every answer can be given as a flag. With --yes nothing is asked but a password
that nobody else gives; without a terminal --yes is needed.`

const setupExample = `  imapop setup                                    ask for everything
  imapop setup alice@example.org                  ask for the rest
  imapop setup alice@example.org --yes --password-command 'pass mail/alice'
  imapop setup alice@example.org --imap imap.example.org:993/tls --pop3 pop.example.org:995/tls --submission none`

// setupFlags are the flags of `imapop setup`.
type setupFlags struct {
	user, from, caFile         string
	endpoints                  map[retrieval.Protocol]*string
	command, env, tokenCommand string
	keyring, prompt, stdin     bool
	database                   string
	main, yes, plain           bool
	unverified                 bool
}

func newSetup(o *options) *cobra.Command {
	f := setupFlags{endpoints: map[retrieval.Protocol]*string{}}
	cmd := &cobra.Command{
		Use: "setup [ADDRESS]", Short: "Add an account: find its servers, try them, write the configuration", Long: setupLong, Example: setupExample,
		Args: usageArgs(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			given, err := f.given(o, args)
			if err != nil {
				return usageError{fmt.Errorf("%w\nsee '%s --help'", err, cmd.CommandPath())}
			}
			return runSetup(cmd.Context(), o, f, given)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.user, "user", "", "`NAME` that the servers know you by (default: what is found, else the address)")
	fl.StringVar(&f.from, "from", "", "`ADDRESS` for mail that you send, with or without a name (default: the address)")
	for _, p := range setup.Sides() {
		name := map[retrieval.Protocol]string{retrieval.IMAP: "imap", retrieval.POP3: "pop3", retrieval.SMTP: "submission"}[p]
		usage := "the " + map[retrieval.Protocol]string{retrieval.IMAP: "IMAP", retrieval.POP3: "POP3", retrieval.SMTP: "submission"}[p] + " server, `HOST:PORT/tls` or HOST:PORT/starttls"
		if p == retrieval.SMTP {
			usage += "; none: the account does not send"
		}
		f.endpoints[p] = fl.String(name, "", usage)
	}
	fl.StringVar(&f.command, "password-command", "", "a `COMMAND` prints the password, at each start")
	fl.StringVar(&f.env, "password-env", "", "the environment variable `NAME` holds the password")
	fl.StringVar(&f.tokenCommand, "token-command", "", "a `COMMAND` prints an OAuth 2.0 access token; there is no password")
	fl.BoolVar(&f.keyring, "keyring", false, "the system's keyring keeps the password")
	fl.BoolVar(&f.prompt, "prompt", false, "the password is asked for at each start")
	fl.BoolVar(&f.stdin, "password-stdin", false, "read the password for the first login, or for the keyring, from standard input")
	fl.StringVar(&f.caFile, "ca-file", "", "PEM `FILE` of the certificates that may sign the servers' (default: the system's)")
	fl.StringVar(&f.database, "database", "", "`URL` of the public database of providers; none: ask no database (default: $IMAPOP_DATABASE, else Thunderbird's)")
	fl.BoolVar(&f.main, "default", false, "the account opens when none is named")
	fl.BoolVar(&f.yes, "yes", false, "take the best of what is found and ask nothing but a password")
	fl.BoolVar(&f.plain, "plain", false, "ask line by line, without drawing forms")
	fl.BoolVar(&f.unverified, "unverified", false, "write the account even if it cannot log in")
	return cmd
}

// given reads the flags into what needs not be asked.
func (f *setupFlags) given(o *options, args []string) (setup.Given, error) {
	g := setup.Given{Name: o.account, User: f.user, From: f.from, Main: f.main, Yes: f.yes, Unverified: f.unverified, Prompt: f.prompt,
		Secret: account.SecretSource{Command: f.command, Env: f.env}, OAuth: account.OAuth{TokenCommand: f.tokenCommand},
		Endpoints: map[retrieval.Protocol]account.Endpoint{}}
	if len(args) > 0 {
		g.Address = args[0]
	}
	sources := 0
	for _, set := range []bool{f.command != "", f.env != "", f.tokenCommand != "", f.keyring, f.prompt} {
		if set {
			sources++
		}
	}
	if sources > 1 {
		return g, errors.New("--password-command, --password-env, --token-command, --keyring and --prompt exclude each other")
	}
	if f.stdin && (f.command != "" || f.env != "" || f.tokenCommand != "") {
		return g, errors.New("--password-stdin is for --keyring and --prompt; the other sources give the password themselves")
	}
	if f.keyring {
		g.Secret.Keyring = "to be named" // after the account's name and user, which are not known yet
	}
	if err := f.servers(g.Endpoints); err != nil {
		return g, err
	}
	g.CAFile = f.caFile
	return g, nil
}

func (f *setupFlags) servers(to map[retrieval.Protocol]account.Endpoint) error {
	for p, s := range f.endpoints {
		switch {
		case *s == "":
		case *s == "none" && p == retrieval.SMTP:
			to[p] = account.Endpoint{}
		default:
			ep, err := setup.ParseEndpoint(p, *s)
			if err != nil {
				return err
			}
			to[p] = ep
		}
	}
	return nil
}

// runSetup asks, tries and writes, and says how to go on.
func runSetup(ctx context.Context, o *options, f setupFlags, g setup.Given) error {
	terminal := o.onTerminal()
	g.Silent = !terminal
	if g.Silent && !g.Yes {
		return usageError{errors.New("setup: this is no terminal: give the address and --yes, and --password-command, --password-env or --password-stdin; see 'imapop setup --help'")}
	}
	if f.stdin {
		pw, err := readPassword(o.streams.In)
		if err != nil {
			return usageError{err}
		}
		g.Password = pw
	}
	back := o.backend(f.database)
	if g.CAFile != "" {
		path, err := back.Trust(g.CAFile)
		if err != nil {
			return usageError{err}
		}
		g.CAFile = path
	}
	added, err := setup.Run(ctx, o.asker(terminal, f.plain), back, g)
	if err != nil {
		return setupError(err)
	}
	return o.written(added.Account, added.Saved)
}

func (o *options) backend(database string) *setupBackend {
	b := &setupBackend{path: o.configPath(), database: databaseOr(database), now: time.Now, password: o.password, store: tokenStore}
	if o.canAsk() {
		b.consent = o.showConsent
	}
	return b
}

// configPath is the file that is read, and written by setup.
func (o *options) configPath() string {
	if o.config != "" {
		return o.config
	}
	return config.DefaultPath()
}

func (o *options) onTerminal() bool {
	return o.streams.In != nil && term.IsTerminal(int(o.streams.In.Fd())) && isTerminal(o.streams.Out)
}

// setupInApp adds an account while the app has lent its terminal. When it fails
// the person reads why before the app comes back.
func (o *options) setupInApp(ctx context.Context) (name string, err error) {
	ask := o.asker(true, false)
	ask.Say("", "Add an account of your own: first its address, then what is found.")
	added, err := setup.Run(ctx, ask, o.backend(""), setup.Given{})
	if errors.Is(err, setup.ErrGivenUp) {
		return "", setupError(err)
	}
	if err != nil {
		ask.Say("", "  ✗ "+safe.Line(err.Error()))
		_, _ = ask.Choose(ctx, setup.Choice{Title: "No account was added.", Options: []string{"back to where you were"}})
		return "", setupError(err)
	}
	o.typed = &typed{added.Account.Name, added.Password}
	return added.Account.Name, nil
}

// typed is a password that was typed for an account in this run.
type typed struct {
	account string
	secret  account.Password
}

// setupError sorts: what was not said is wrong use, the rest is failure.
func setupError(err error) error {
	err = fmt.Errorf("setup: %w", err)
	var given *setup.GivenError
	if errors.Is(err, setup.ErrIncomplete) || errors.Is(err, discover.ErrAddress) || errors.As(err, &given) {
		return usageError{err}
	}
	return err
}

// asker draws forms where the terminal can and the person wants them.
func (o *options) asker(terminal, plain bool) setup.Asker {
	out, isFile := o.streams.Out.(*os.File)
	if plain || !terminal || !isFile || os.Getenv("TERM") == "dumb" || os.Getenv("TERM") == "" {
		return setup.Lines{In: o.streams.In, Out: o.streams.Out}
	}
	return setup.Forms{In: o.streams.In, Out: out}
}

// readPassword takes the first line of standard input.
func readPassword(in io.Reader) (account.Password, error) {
	line, err := bufio.NewReader(io.LimitReader(in, 64<<10)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return account.Password{}, fmt.Errorf("--password-stdin: %w", err)
	}
	line = strings.TrimRight(line, "\r\n")
	if err := account.CheckCredential("--password-stdin: the password", line); err != nil {
		return account.Password{}, err
	}
	return account.NewPassword(line), nil
}

// written says where the account is and what opens it.
func (o *options) written(a account.Account, s setup.Saved) error {
	command := "imapop"
	if o.config != "" {
		command += " --config " + o.config
	}
	if !s.Main {
		command += " --account " + a.Name
	}
	check := strings.Replace(command, "imapop", "imapop check", 1)
	_, err := fmt.Fprintf(o.streams.Out, "\nThe account %q is in %s.\n\n  %-*s  opens it\n  %-*s  says how safe its servers are\n", safe.Line(a.Name), safe.Line(s.Path),
		len(check), safe.Line(command), len(check), safe.Line(check))
	return err
}
