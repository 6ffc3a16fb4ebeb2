package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/BurntSushi/toml"

	"imapop/account"
)

// ErrNameTaken says that the file has an account of that name already.
var ErrNameTaken = errors.New("the file has an account of that name already")

// Addition is an account that goes into the file.
type Addition struct {
	Account  account.Account
	Comments Comments
	Default  bool // it is to be the account that opens without --account
}

// Comments stand beside what they are about; each is one line, "" for none.
type Comments struct{ Account, IMAP, POP3, Submission string }

// Add writes one more account into the file, or makes the file and its
// directory. What is there stays as it is, octet for octet: the account comes
// behind it, and a default_account that becomes necessary in front of it. The new
// file takes the old one's place at once or not at all, after it was read back
// and gave the same account; it is readable for its owner only, unless it was
// readable for others before and holds no secret.
//
// It returns the text that was added at the end. Errors: ErrNameTaken, *Error
// when the file has faults, or the file system's.
func Add(path string, add Addition) (string, error) {
	real, before, err := original(path)
	if err != nil {
		return "", err
	}
	a := add.Account
	if a.Maildir == "" {
		a.Maildir = DefaultMaildir(a.Name)
	}
	after, table, err := appended(path, before, a, add)
	if err != nil {
		return "", err
	}
	if err := replace(real, before, after, private(a)); err != nil {
		return "", fmt.Errorf("config: write %s: %w", path, err)
	}
	return table, nil
}

// original reads the file as it is; nil when there is none. A link to a file is
// followed, so that the link stays.
func original(path string) (real string, text []byte, err error) {
	real, err = filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(path); err == nil {
			return "", nil, fmt.Errorf("config: %s is a link to a file that does not exist", path)
		}
		return path, nil, nil
	}
	if err == nil {
		text, err = os.ReadFile(real)
	}
	if err != nil {
		return "", nil, fmt.Errorf("config: %w", err)
	}
	if text == nil {
		text = []byte{}
	}
	return real, text, nil
}

// appended makes the new text and proves that it says what it should.
func appended(path string, before []byte, a account.Account, add Addition) (after []byte, table string, err error) {
	old, err := understood(path, before)
	if err != nil {
		return nil, "", err
	}
	if _, taken := old.Accounts[a.Name]; taken {
		return nil, "", fmt.Errorf("%s: account %q: %w", path, a.Name, ErrNameTaken)
	}
	if err := checkName(a.Name); err != nil {
		return nil, "", err
	}
	wantDefault := old.Default
	if wantDefault == "" {
		wantDefault = chosen(old, a.Name, add.Default)
	}
	table = tableOf(a, add.Comments)
	after = assemble(before, table, old.Default, wantDefault)
	now, err := understood(path, after)
	if err != nil {
		return nil, "", fmt.Errorf("the account cannot be added to %s as it is written: %w", path, err)
	}
	if now.Default != wantDefault {
		return nil, "", fmt.Errorf("the account cannot be added to %s: default_account would be %q", path, now.Default)
	}
	old.Accounts[a.Name] = a
	if !reflect.DeepEqual(now.Accounts, old.Accounts) {
		return nil, "", fmt.Errorf("the account cannot be added to %s: read back it would not be the same", path)
	}
	return after, table, nil
}

// chosen is the account that default_account must name from now on; "" when the
// file needs none. A single account opens without being named, and goes on to
// do so when a second one comes.
func chosen(old *File, name string, wanted bool) string {
	names := old.Names()
	switch {
	case wanted && len(names) > 0:
		return name
	case len(names) == 1:
		return names[0]
	}
	return ""
}

func understood(path string, text []byte) (*File, error) {
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("%s is larger than 1 MiB; is it the right file?", path)
	}
	return decode(path, dir, strings.TrimPrefix(string(text), bom))
}

const bom = "\ufeff"

// assemble puts the parts together, with the line ends that the file has.
func assemble(before []byte, table, oldDefault, newDefault string) []byte {
	var b bytes.Buffer
	text := strings.TrimPrefix(string(before), bom)
	if text != string(before) {
		b.WriteString(bom)
	}
	end := "\n"
	if strings.Contains(text, "\r\n") {
		end = "\r\n"
	}
	if newDefault != oldDefault {
		b.WriteString("default_account = " + quote(newDefault) + end + end)
	}
	b.WriteString(text)
	if text != "" {
		if !strings.HasSuffix(text, "\n") {
			b.WriteString(end)
		}
		b.WriteString(end)
	}
	b.WriteString(strings.ReplaceAll(table, "\n", end))
	return b.Bytes()
}

// CheckName reports whether an account can have that name.
func CheckName(name string) error { return checkName(name) }

// header is the table's header, with the name quoted where TOML wants it.
func header(path ...string) string { return "[" + toml.Key(path).String() + "]" }
