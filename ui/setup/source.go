package setup

import (
	"context"
	"errors"
	"slices"
	"strings"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/safe"
)

// sourceKind is a way to have the secret at each start.
type sourceKind int

const (
	fromPerson sourceKind = iota
	fromKeyring
	fromCommand
	fromEnv
	fromToken
	fromConsent
	fromFile
)

// sources lists the ways, the usual ones first.
func (w *wizard) sources() (kinds []sourceKind, options []string) {
	add := func(k sourceKind, s string) { kinds, options = append(kinds, k), append(options, s) }
	add(fromPerson, "you, at each start: it is kept nowhere")
	add(fromKeyring, "the system's keyring keeps it")
	add(fromCommand, "a command prints it (pass, op, ...)")
	add(fromEnv, "an environment variable holds it")
	if w.takesTokens() {
		if w.found.OAuth != nil {
			add(fromConsent, "no password: your consent in a browser (OAuth 2.0; needs a client id)")
		}
		add(fromToken, "no password: a command prints an OAuth 2.0 token")
	}
	add(fromFile, "the configuration file, for all who can read it (not advised)")
	return kinds, options
}

// takesTokens reports whether the servers were heard to take OAuth tokens.
func (w *wizard) takesTokens() bool {
	for _, p := range []retrieval.Protocol{retrieval.IMAP, retrieval.POP3} {
		if c := w.chosen[p]; c.OAuth || offers(c.Door, account.OAuthBearer, account.XOAuth2) {
			return true
		}
	}
	return false
}

// source settles where the secret comes from, and gets it once.
func (w *wizard) source(ctx context.Context) error {
	g := &w.given
	w.acc.Secret, w.acc.OAuth, w.pw = g.Secret, g.OAuth, g.Password
	if w.acc.Secret.Keyring != "" {
		w.acc.Secret.Keyring = account.KeyringItem(w.acc.Name, w.acc.User)
	}
	known := w.acc.Secret != account.SecretSource{} || w.acc.OAuth.Used() || g.Prompt || !g.Password.Empty()
	if !known && w.asks() {
		return w.choose(ctx)
	}
	return w.secret(ctx)
}

// choose asks which source it is to be.
func (w *wizard) choose(ctx context.Context) error {
	kinds, options := w.sources()
	i, err := w.Choose(ctx, Choice{Title: "Where does the password come from?", Options: options, First: max(slices.Index(kinds, w.kind), 0), Short: "Password"})
	if err != nil {
		return err
	}
	w.acc.Secret, w.acc.OAuth, w.pw = account.SecretSource{}, account.OAuth{}, account.Password{}
	w.kind = kinds[i]
	switch w.kind {
	case fromKeyring:
		if err := w.back.Keyring(ctx); err != nil && ctx.Err() == nil {
			w.Say("  ✗ " + safe.Line(err.Error()))
			return w.choose(ctx)
		}
		w.acc.Secret.Keyring = account.KeyringItem(w.acc.Name, w.acc.User)
	case fromCommand:
		w.acc.Secret.Command, err = w.Ask(ctx, Question{Title: "The command", Why: "run by sh -c; the first line it prints is the password", Short: "Command", Check: notEmpty})
	case fromEnv:
		w.acc.Secret.Env, err = w.Ask(ctx, Question{Title: "The variable's name", Why: "set it before you start imapop; it is read now, too", Short: "Variable", Check: variable})
	case fromToken:
		w.acc.OAuth.TokenCommand, err = w.Ask(ctx, Question{Title: "The command", Why: "run by sh -c; the first line it prints is an access token", Short: "Command", Check: notEmpty})
	case fromConsent:
		err = w.client(ctx)
	case fromFile:
		w.acc.Secret.InFile = true
	}
	if err != nil {
		return err
	}
	return w.secret(ctx)
}

// client asks for what the provider calls the program, and where tokens are kept.
// The endpoints and the scopes are the provider's own, from a file over TLS.
func (w *wizard) client(ctx context.Context) error {
	o := *w.found.OAuth
	var err error
	if o.ClientID, err = w.Ask(ctx, Question{Title: "The client id", Why: "the provider gives one to whoever registers a program there; imapop has none of its own", Short: "Client id", Check: notEmpty}); err != nil {
		return err
	}
	s, err := w.Ask(ctx, Question{Title: "The client secret", Why: "some providers give one to installed programs too; leave it empty otherwise", Short: "Its secret", Hidden: true})
	if err != nil {
		return err
	}
	o.ClientSecret = account.NewPassword(s)
	i, err := w.Choose(ctx, Choice{Title: "Where is the token kept?", Options: []string{"in the system's keyring", "in a file that only you can read"}, First: 1, Short: "Token"})
	if i == 0 {
		w.acc.Secret.Keyring = account.KeyringItem(w.acc.Name, w.acc.User)
	}
	w.acc.OAuth = o
	return err
}

// secret gets the secret for the login that is tried now. What is typed is asked for here.
func (w *wizard) secret(ctx context.Context) error {
	s := w.acc.Secret
	switch {
	case s.Command != "" || s.Env != "" || w.acc.OAuth.Used():
		var err error
		w.pw, err = w.back.Secret(ctx, w.acc)
		if err != nil && w.asks() && ctx.Err() == nil {
			w.Say("  ✗ " + safe.Line(err.Error()))
			return w.choose(ctx)
		}
		return err
	case w.pw.Empty() && w.given.Silent:
		return missing("the password is missing: use --password-command, --password-env or --password-stdin")
	case w.pw.Empty():
		pw, err := w.Secret(ctx, "Password of "+w.acc.User)
		if err != nil {
			return err
		}
		w.pw = pw
	}
	if w.acc.Secret.InFile {
		w.acc.Secret.Literal = w.pw
	}
	return account.CheckCredential("the password", w.pw.Reveal())
}

func notEmpty(s string) error {
	if strings.TrimSpace(s) == "" {
		return errors.New("it is empty")
	}
	return nil
}

func variable(s string) error {
	if s == "" || strings.ContainsAny(s, "=\x00 $") {
		return errors.New("this is not the name of an environment variable; MAIL_PASSWORD would be one")
	}
	return nil
}
