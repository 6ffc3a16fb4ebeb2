package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/oauth2"

	"imapop/account"
	"imapop/account/secret"
)

// Store keeps one account's tokens. String says where, for people.
type Store interface {
	Load(ctx context.Context) (account.Password, error) // no error and empty: there is none
	Save(ctx context.Context, text account.Password) error
	Remove(ctx context.Context) error // none there is no error
	String() string
}

// Keyring keeps tokens in the system's keyring, beside the password of that item.
func Keyring(item string) Store { return keyring(item + "/oauth") }

type keyring string

func (k keyring) Load(ctx context.Context) (account.Password, error) {
	p, err := secret.Stored(ctx, string(k))
	if errors.Is(err, secret.ErrNotStored) {
		return account.Password{}, nil
	}
	return p, err
}

func (k keyring) Save(ctx context.Context, text account.Password) error {
	return secret.Store(ctx, string(k), text)
}

func (k keyring) Remove(ctx context.Context) error { return secret.Forget(ctx, string(k)) }
func (k keyring) String() string                   { return "the keyring" }

// File keeps tokens in a file that only its owner can read. Its directory is made
// when it is needed. A file that others can read is not used.
func File(path string) Store { return file(path) }

type file string

func (f file) String() string { return string(f) }

func (f file) Load(context.Context) (account.Password, error) {
	info, err := os.Stat(string(f))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return account.Password{}, nil
	case err != nil:
		return account.Password{}, err
	case info.Mode().Perm()&0o077 != 0 && private:
		return account.Password{}, fmt.Errorf("%s can be read by others; chmod 600 it, or remove it and consent anew", f)
	}
	b, err := os.ReadFile(string(f))
	return account.NewPassword(string(b)), err
}

// Save writes a new file and puts it in the old one's place, so that a crash
// leaves one of the two: a provider may take a refresh token only once.
func (f file) Save(_ context.Context, text account.Password) error {
	dir := filepath.Dir(string(f))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".token-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(text.Reveal() + "\n")
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), string(f))
}

func (f file) Remove(context.Context) error {
	if err := os.Remove(string(f)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// nowhere forgets.
type nowhere struct{}

func (nowhere) Load(context.Context) (account.Password, error) { return account.Password{}, nil }
func (nowhere) Save(context.Context, account.Password) error   { return nil }
func (nowhere) Remove(context.Context) error                   { return nil }
func (nowhere) String() string                                 { return "memory" }

// read loads a token; an empty one when there is none.
func read(ctx context.Context, s Store) (*oauth2.Token, error) {
	text, err := s.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("oauth: read the token from %s: %w", s, err)
	}
	t := new(oauth2.Token)
	if text.Empty() {
		return t, nil
	}
	if err := json.Unmarshal([]byte(text.Reveal()), t); err != nil {
		return nil, fmt.Errorf("oauth: what %s holds is no token; remove it and consent anew", s)
	}
	return t, nil
}

// write keeps a token. Where it is too long for the keyring, what it can be
// refreshed with is kept: the next run refreshes.
func write(ctx context.Context, s Store, t *oauth2.Token) error {
	text, err := json.Marshal(t)
	if err != nil {
		return err
	}
	err = s.Save(ctx, account.NewPassword(string(text)))
	if errors.Is(err, secret.ErrTooLong) && t.RefreshToken != "" {
		text, _ = json.Marshal(&oauth2.Token{RefreshToken: t.RefreshToken})
		err = s.Save(ctx, account.NewPassword(string(text)))
	}
	return err
}
