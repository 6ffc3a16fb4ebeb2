package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/BurntSushi/toml"

	"imapop/account"
)

// The keys of each kind of table. docs/config.md explains each.
var (
	rootKeys     = []string{"default_account", "accounts"}
	accountKeys  = []string{"user", "from", "password_command", "password_env", "keyring", "password", "password_in_file", "mechanisms", "ca_file", "leave_on_server", "max_size", "headers_only", "maildir", "downloads", "mark_seen_after", "authserv_id", "oauth", "imap", "pop3", "submission"}
	endpointKeys = []string{"address", "security", "insecure", "pin", "mechanisms"}
	oauthKeys    = []string{"client_id", "client_secret", "authorization_endpoint", "token_endpoint", "device_authorization_endpoint", "scopes", "token_command"}
)

// decoder walks a document and gathers accounts and problems.
type decoder struct {
	path string // for messages
	dir  string // absolute; relative paths in the file start here
	doc  *document
	errs []Problem
}

// decode turns the text of a file into accounts.
func decode(path, dir, text string) (*File, error) {
	doc, p := parse(text)
	if p != nil {
		p.Path = path
		return nil, &Error{Problems: []Problem{*p}}
	}
	d := &decoder{path: path, dir: dir, doc: doc}
	f := &File{Path: path, Accounts: map[string]account.Account{}}
	root := table{d: d, values: doc.values}
	root.known(rootKeys)
	root.str("default_account", &f.Default)
	if accounts, ok := root.sub("accounts"); ok {
		for name := range accounts.values {
			if t, ok := accounts.sub(name); ok {
				f.Accounts[name] = d.account(name, t)
			}
		}
	}
	if _, ok := f.Accounts[f.Default]; f.Default != "" && !ok {
		d.problem("default_account: "+unknownAccount(f.Default, f.Names()), "default_account")
	}
	if len(d.errs) > 0 {
		slices.SortStableFunc(d.errs, func(a, b Problem) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Text, b.Text))
		})
		return nil, &Error{Problems: d.errs}
	}
	return f, nil
}

func (d *decoder) problem(text string, at ...string) {
	d.errs = append(d.errs, Problem{Path: d.path, Line: d.doc.line(at...), Text: text})
}

func (d *decoder) account(name string, t table) account.Account {
	a := account.Account{Name: name, Maildir: DefaultMaildir(name)}
	before := len(d.errs)
	if err := checkName(name); err != nil {
		d.problem(err.Error(), t.path...)
	}
	t.known(accountKeys)
	t.str("user", &a.User)
	t.str("from", &a.From)
	if a.From != "" {
		if _, err := mail.ParseAddress(a.From); err != nil {
			t.problem("from", "%q is not an address such as \"Alice Example <alice@example.org>\"", a.From)
		}
	}
	t.secret(&a)
	t.oauth(&a)
	t.file("ca_file", &a.CAFile)
	t.file("maildir", &a.Maildir)
	t.file("downloads", &a.Reading.Downloads)
	t.str("authserv_id", &a.AuthservID)
	var seen string
	if t.str("mark_seen_after", &seen) {
		after, err := account.ParseMarkSeen(seen)
		if err != nil {
			t.problem("mark_seen_after", "%v", err)
		}
		a.Reading.MarkSeen = after
	}
	var leave string
	if t.str("leave_on_server", &leave) {
		policy, err := account.ParseLeaveOnServer(leave)
		if err != nil {
			d.problem(err.Error(), append(slices.Clone(t.path), "leave_on_server")...)
		}
		a.LeaveOnServer = policy
	}
	var size string
	if t.str("max_size", &size) {
		n, err := account.ParseSize(size)
		if err != nil {
			t.problem("max_size", "%v", err)
		}
		a.MaxOctets = n
	}
	t.boolean("headers_only", &a.HeadersOnly)
	mechanisms := t.mechanisms()
	t.endpoint("imap", &a.IMAP, mechanisms)
	t.endpoint("pop3", &a.POP3, mechanisms)
	t.endpoint("submission", &a.Submission, mechanisms)
	if len(d.errs) == before { // else its owner would read of the same slip twice
		d.check(a, t)
	}
	return a
}

// check runs the account's own rules and tells each fault at the line of the
// table that it is about.
func (d *decoder) check(a account.Account, t table) {
	err := a.Check()
	if err == nil {
		return
	}
	faults := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		faults = joined.Unwrap()
	}
	for _, fault := range faults {
		text, at := fault.Error(), t.path
		for _, side := range []string{"imap", "pop3", "submission", "oauth"} {
			if strings.HasPrefix(text, side+": ") {
				at = append(slices.Clone(t.path), side)
				if t.values[side] == nil {
					text = fmt.Sprintf("there is no [%s] (it needs address and security)", toml.Key(at))
				}
			}
		}
		if strings.HasPrefix(text, "user ") {
			at = append(slices.Clone(t.path), "user")
		}
		d.problem(fmt.Sprintf("account %q: %s", a.Name, text), at...)
	}
}

// checkName keeps the name usable as a directory and on a command line.
func checkName(name string) error {
	odd := func(r rune) bool { return !unicode.IsPrint(r) || strings.ContainsRune(`/\:`, r) }
	if name == "" || len(name) > 64 || name[0] == '.' || name[0] == '-' || strings.ContainsFunc(name, odd) {
		return fmt.Errorf("%q cannot name an account: use up to 64 letters, digits and the like, without / \\ : and not starting with . or -", name)
	}
	return nil
}

// expand makes a path absolute: ~/ is the home directory, everything else
// relative starts where the file is.
func (d *decoder) expand(p string) (string, error) {
	if p == "~" || strings.HasPrefix(p, "~/") {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", errors.New("~ cannot be used: the home directory is not known")
		}
		return filepath.Join(home, p[1:]), nil
	}
	if filepath.IsAbs(p) {
		return filepath.Clean(p), nil
	}
	return filepath.Join(d.dir, p), nil
}
