package secret

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zalando/go-keyring"

	"imapop/account"
)

// Service is the name under which everything of imapop's is kept in the system's
// keyring: the Keychain, the Credential Manager, or what speaks the Secret
// Service interface (GNOME Keyring, KWallet, KeePassXC).
const Service = "imapop"

// keyringTime is long enough for a person to unlock the keyring.
const keyringTime = 2 * time.Minute

// The keyring's failures, found with errors.Is.
var (
	ErrNotStored = errors.New("the keyring has no such item")
	ErrNoKeyring = errors.New("there is no keyring that can be used here")
	ErrTooLong   = errors.New("it is too long for this system's keyring")
)

// Store puts a secret into the system's keyring, over an older one of that
// item's. It may wait for the person to unlock the keyring, until ctx ends.
// Errors are ErrNoKeyring, ErrTooLong, or ctx's cause; none holds the secret.
func Store(ctx context.Context, item string, secret account.Password) error {
	if err := account.CheckCredential("the password", secret.Reveal()); err != nil {
		return err
	}
	_, err := inKeyring(ctx, "store", item, func() (string, error) {
		return "", keyring.Set(Service, item, secret.Reveal())
	})
	return err
}

// Forget removes a secret from the system's keyring; one that is not there is
// no error.
func Forget(ctx context.Context, item string) error {
	_, err := inKeyring(ctx, "remove", item, func() (string, error) { return "", keyring.Delete(Service, item) })
	if errors.Is(err, ErrNotStored) {
		return nil
	}
	return err
}

// Stored reads a secret from the system's keyring. Errors are ErrNotStored,
// ErrNoKeyring, or ctx's cause.
func Stored(ctx context.Context, item string) (account.Password, error) {
	s, err := inKeyring(ctx, "read", item, func() (string, error) { return keyring.Get(Service, item) })
	return account.NewPassword(s), err
}

// inKeyring waits for f, which knows no context: a keyring that asks its owner
// in a window that nobody sees must not hold the program for ever.
func inKeyring(ctx context.Context, verb, item string, f func() (string, error)) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, keyringTime, fmt.Errorf("no answer in %v; is it waiting to be unlocked?", keyringTime))
	defer cancel()
	type answer struct {
		s   string
		err error
	}
	got := make(chan answer, 1)
	go func() {
		s, err := f()
		got <- answer{s, err}
	}()
	var a answer
	select {
	case a = <-got:
	case <-ctx.Done():
		return "", fmt.Errorf("keyring: %s %q: %w", verb, item, context.Cause(ctx))
	}
	switch {
	case a.err == nil:
		return a.s, nil
	case errors.Is(a.err, keyring.ErrNotFound):
		return "", fmt.Errorf("keyring: %w: service %q, user name %q", ErrNotStored, Service, item)
	case errors.Is(a.err, keyring.ErrSetDataTooBig):
		return "", fmt.Errorf("keyring: %s %q: %w", verb, item, ErrTooLong)
	}
	return "", fmt.Errorf("keyring: %s %q: %w (%v); unlock or start one, or use password_command or password_env", verb, item, ErrNoKeyring, a.err)
}
