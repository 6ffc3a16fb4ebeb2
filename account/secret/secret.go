// Package secret gets an account's password from where its owner keeps it: the
// system's keyring, an environment variable, a command such as a password
// manager, or the person.
package secret

import (
	"context"
	"errors"
	"fmt"
	"os"

	"imapop/account"
)

// ErrNoSource says that there is no password and no one to ask.
var ErrNoSource = errors.New("no password: set keyring, password_command or password_env for the account, or start imapop in a terminal to be asked")

// Resolve returns the password of a source, checked to fit on the wire. It may
// run a command, open the keyring or call ask, and blocks until they answer or ctx ends. A nil ask
// means that nobody can be asked: ErrNoSource. No error holds the secret.
func Resolve(ctx context.Context, src account.SecretSource, ask func(ctx context.Context) (string, error)) (account.Password, error) {
	if err := ctx.Err(); err != nil {
		return account.Password{}, fmt.Errorf("password: %w", err)
	}
	secret, err := get(ctx, src, ask)
	if err != nil {
		return account.Password{}, err
	}
	if err := account.CheckCredential("the password", secret); err != nil {
		return account.Password{}, err
	}
	return account.NewPassword(secret), nil
}

func get(ctx context.Context, src account.SecretSource, ask func(ctx context.Context) (string, error)) (string, error) {
	switch {
	case !src.Literal.Empty():
		return src.Literal.Reveal(), nil
	case src.Command != "":
		return run(ctx, "password_command", src.Command)
	case src.Env != "":
		return fromEnv(src.Env)
	case src.Keyring != "":
		p, err := Stored(ctx, src.Keyring)
		return p.Reveal(), err
	case ask == nil:
		return "", ErrNoSource
	}
	s, err := ask(ctx)
	if err != nil {
		return "", fmt.Errorf("asking for the password: %w", err)
	}
	return s, nil
}

func fromEnv(name string) (string, error) {
	s, ok := os.LookupEnv(name)
	switch {
	case !ok:
		return "", fmt.Errorf("password_env: the environment variable %s is not set", name)
	case s == "":
		return "", fmt.Errorf("password_env: the environment variable %s is empty", name)
	}
	return s, nil
}
