package cli

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/term"

	"imapop/account"
	"imapop/account/loginlog"
	"imapop/account/oauth"
	"imapop/account/sasl"
	"imapop/account/secret"
	"imapop/config"
	"imapop/retrieval"
	"imapop/retrieval/safe"
)

// credentials gets what the account logs in with, and first says on standard error
// what its owner should be reminded of. With OAuth the password is empty, the
// Guard has the tokens, and consent is asked for here if at all: later on the
// screen is in the way.
func (o *options) credentials(ctx context.Context, a account.Account) (account.Password, *sasl.Guard, error) {
	guard := &sasl.Guard{Failed: rememberSubmission(a)}
	if !a.OAuth.Used() {
		pw, err := o.password(ctx, a)
		return pw, guard, err
	}
	o.remind(a)
	tokens := o.tokens(a)
	if _, err := tokens.Token(ctx, account.Password{}); err != nil {
		return account.Password{}, nil, err
	}
	tokens.Quiet()
	guard.Token = tokens.Token
	return account.Password{}, guard, nil
}

// password gets the account's password, or with OAuth a token.
func (o *options) password(ctx context.Context, a account.Account) (account.Password, error) {
	o.remind(a)
	if a.OAuth.Used() {
		return o.tokens(a).Token(ctx, account.Password{})
	}
	pw, err := secret.Resolve(ctx, a.Secret, o.ask(a))
	if err != nil {
		return pw, fmt.Errorf("password: %w", err)
	}
	return pw, nil
}

func (o *options) remind(a account.Account) {
	for _, w := range a.Warnings() {
		fmt.Fprintf(o.streams.Err, "imapop: %s: %s\n", a.Name, w)
	}
}

// ask prompts on the terminal; nil where there is none. What was typed a moment
// ago to set the account up is not asked for again.
func (o *options) ask(a account.Account) func(context.Context) (string, error) {
	if t := o.typed; t != nil && t.account == a.Name {
		return func(context.Context) (string, error) { return t.secret.Reveal(), nil }
	}
	if !o.canAsk() {
		return nil
	}
	return func(context.Context) (string, error) {
		fmt.Fprintf(o.streams.Err, "Password of %s (account %s): ", a.User, a.Name)
		b, err := term.ReadPassword(int(o.streams.In.Fd()))
		fmt.Fprintln(o.streams.Err)
		return string(b), err
	}
}

func (o *options) canAsk() bool {
	return o.streams.In != nil && term.IsTerminal(int(o.streams.In.Fd()))
}

// tokens are the account's access tokens, from where they are kept.
func (o *options) tokens(a account.Account) *oauth.Source {
	store := tokenStore(a)
	opts := oauth.Options{Store: store}
	if o.canAsk() {
		opts.Show = func(r oauth.Request) { o.showConsent(r, store.String()) }
	}
	return oauth.New(a, opts)
}

// tokenStore is where the account's tokens are kept.
func tokenStore(a account.Account) oauth.Store {
	if a.Secret.Keyring != "" {
		return oauth.Keyring(a.Secret.Keyring)
	}
	return oauth.File(config.TokenFile(a.Name))
}

// showConsent says on the terminal what the owner has to do, and where the token
// will be.
func (o *options) showConsent(r oauth.Request, kept string) {
	w := o.streams.Err
	fmt.Fprintf(w, "\nThe account %s logs in by OAuth, which wants your consent.\n\n", safe.Line(r.Account))
	where := "any browser"
	if r.Here {
		where = "a browser on this machine"
	}
	fmt.Fprintf(w, "  open      %s   (in %s)\n", safe.Line(r.URL), where)
	if r.Code != "" {
		fmt.Fprintf(w, "  and type  %s\n", safe.Line(r.Code))
	}
	if r.Direct != "" {
		fmt.Fprintf(w, "  or open   %s\n", safe.Line(r.Direct))
	}
	until := ""
	if !r.Until.IsZero() {
		until = " until " + r.Until.Local().Format(time.TimeOnly)
	}
	fmt.Fprintf(w, "\nWaiting%s; Ctrl-C gives up. The token will be kept in %s.\n", until, safe.Line(kept))
}

// rememberSubmission writes refused logins of submission into this device's log;
// those of IMAP and POP3 are seen on the wire.
func rememberSubmission(a account.Account) func(*account.LoginError) {
	log := loginlog.At(config.FailedLogins())
	return func(e *account.LoginError) {
		if e.Protocol == "submission" && e.Refused {
			_ = log.Add(account.FailedLogin{At: time.Now(), Account: a.Name, Protocol: string(retrieval.SMTP),
				Endpoint: e.Address, Mechanism: e.Mechanism.In(e.Protocol), Code: e.Code})
		}
	}
}
