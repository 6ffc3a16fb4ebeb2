// Package config reads imapop's file and turns it into accounts. The file says
// where a secret comes from and holds none, unless its owner insists. Every fault
// is told with its file and line, and all faults at once.
package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/adrg/xdg"

	"imapop/account"
)

// ErrNoAccount says that the file has no account at all.
var ErrNoAccount = errors.New("no account is configured")

// maxFile bounds the file: what is bigger is not a configuration.
const maxFile = 1 << 20

// File is the configuration, read and checked.
type File struct {
	Path     string // as given to Load
	Default  string // default_account; "": none is named
	Accounts map[string]account.Account
}

// DefaultPath is where the file is looked for when nobody names one:
// imapop/config.toml in the XDG configuration directory. It need not exist.
func DefaultPath() string { return filepath.Join(xdg.ConfigHome, "imapop", "config.toml") }

// FailedLogins is where this device remembers logins that servers refused:
// imapop/failed-logins.jsonl in the XDG state directory.
func FailedLogins() string { return filepath.Join(xdg.StateHome, "imapop", "failed-logins.jsonl") }

// TokenFile is where OAuth's tokens of an account are kept when the file does not
// say keyring = true: in the XDG state directory, for its owner's eyes only.
func TokenFile(name string) string {
	return filepath.Join(xdg.StateHome, "imapop", "tokens", name+".json")
}

// DefaultMaildir is where the downloads of an account go when the file does not
// say: imapop/NAME/Maildir in the XDG data directory.
func DefaultMaildir(name string) string {
	return filepath.Join(xdg.DataHome, "imapop", name, "Maildir")
}

// DefaultOutbox and DefaultDrafts are where messages that are not sent yet are:
// imapop/NAME/outbox and imapop/NAME/drafts in the XDG data directory.
func DefaultOutbox(name string) string { return filepath.Join(xdg.DataHome, "imapop", name, "outbox") }

// DefaultDrafts is where drafts of this device are.
func DefaultDrafts(name string) string { return filepath.Join(xdg.DataHome, "imapop", name, "drafts") }

// Load reads the file and checks every account in it. A file that is not there
// gives an error that is fs.ErrNotExist; a faulty one gives *Error.
func Load(path string) (*File, error) {
	text, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	return decode(path, dir, text)
}

func read(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return "", err
	}
	if len(b) > maxFile {
		return "", fmt.Errorf("%s is larger than 1 MiB; is it the right file?", path)
	}
	return strings.TrimPrefix(string(b), "\ufeff"), nil
}

// Names lists the accounts, sorted.
func (f *File) Names() []string {
	names := make([]string, 0, len(f.Accounts))
	for n := range f.Accounts {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Account finds an account by its name; "" is the default one, or the only one.
func (f *File) Account(name string) (account.Account, error) {
	names := f.Names()
	if len(names) == 0 {
		return account.Account{}, fmt.Errorf("%s: %w", f.Path, ErrNoAccount)
	}
	if name == "" {
		name = f.Default
	}
	if name == "" && len(names) == 1 {
		name = names[0]
	}
	if name == "" {
		return account.Account{}, fmt.Errorf("%s has %d accounts (%s) and no default_account; name one with --account",
			f.Path, len(names), list(names))
	}
	if a, ok := f.Accounts[name]; ok {
		return a, nil
	}
	return account.Account{}, fmt.Errorf("%s: %s", f.Path, unknownAccount(name, names))
}

func unknownAccount(name string, names []string) string {
	s := fmt.Sprintf("there is no account %q", name)
	if n := nearest(name, names); n != "" {
		s += fmt.Sprintf("; did you mean %q?", n)
	}
	if len(names) == 0 {
		return s
	}
	return s + " (accounts: " + list(names) + ")"
}

// list joins names for a message; an odd one is quoted.
func list(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = toml.Key{n}.String()
	}
	return strings.Join(quoted, ", ")
}
