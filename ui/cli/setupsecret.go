package cli

import (
	"context"
	"errors"

	"imapop/account"
	"imapop/account/oauth"
	"imapop/account/sasl"
	"imapop/account/secret"
)

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

// guard has the account's tokens; nil for a password.
func (b *setupBackend) guard(a account.Account) *sasl.Guard {
	if !a.OAuth.Used() || b.tokens == nil {
		return nil
	}
	return &sasl.Guard{Token: b.tokens.Token}
}
