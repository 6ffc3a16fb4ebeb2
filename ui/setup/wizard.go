package setup

import (
	"context"
	"fmt"
	"net/mail"
	"strings"

	"imapop/account"
	"imapop/retrieval"
)

// Given is what is known before anything is asked. Whatever is set is not asked for.
type Given struct {
	Address    string
	Name       string // the account's name in the file
	User       string
	From       string
	Endpoints  map[retrieval.Protocol]account.Endpoint // an empty Address: the account has none
	Secret     account.SecretSource
	Password   account.Password // typed elsewhere
	Prompt     bool             // the password is asked for at each start: there is no source to choose
	OAuth      account.OAuth
	CAFile     string
	Main       bool // it is to open without being named
	Yes        bool // take what is best and ask nothing but a password
	Unverified bool // write the account also when it cannot log in
	Silent     bool // nobody can be asked anything
}

// wizard is one run.
type wizard struct {
	Asker
	back  Backend
	given Given
	names []string
	fixed bool // the file says which account opens by itself

	found  Found
	chosen map[retrieval.Protocol]Candidate // without what the account has not
	acc    account.Account
	pw     account.Password
	kind   sourceKind // the source that was chosen last
	tries  int        // rounds in which a server refused the credentials
}

// maxRefused is after how many refused rounds another password is no longer
// offered: servers lock accounts.
const maxRefused = 3

// Added is an account that was written.
type Added struct {
	Account  account.Account
	Password account.Password // with which it logged in
	Saved    Saved
}

// Run asks, searches, tries and writes. Errors: ErrGivenUp, ErrIncomplete,
// ErrLogin, or what the Backend's methods failed with. Unless it returns nil,
// nothing was written.
func Run(ctx context.Context, ask Asker, back Backend, g Given) (Added, error) {
	w := &wizard{Asker: ask, back: back, given: g}
	saved, err := w.run(ctx)
	return Added{w.acc, w.pw, saved}, err
}

func (w *wizard) run(ctx context.Context) (Saved, error) {
	var err error
	if w.names, w.fixed, err = w.back.Names(); err != nil {
		return Saved{}, err
	}
	for _, step := range []func(context.Context) error{w.address, w.search, w.servers, w.person, w.source} {
		if err := step(ctx); err != nil {
			return Saved{}, err
		}
	}
	if err := w.login(ctx); err != nil {
		return Saved{}, err
	}
	main, err := w.main(ctx)
	if err != nil {
		return Saved{}, err
	}
	return w.back.Save(ctx, w.acc, w.pw, w.found, main)
}

// asks reports whether the person can be asked and wants to be.
func (w *wizard) asks() bool { return !w.given.Silent && !w.given.Yes }

// missing is ErrIncomplete with what would help.
func missing(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrIncomplete, fmt.Sprintf(format, args...))
}

// refuse makes a GivenError of an error.
func refuse(err error) error {
	if err == nil {
		return nil
	}
	return &GivenError{err}
}

func (w *wizard) address(ctx context.Context) error {
	if w.given.Address != "" {
		return refuse(looksLikeAddress(w.given.Address))
	}
	if w.given.Silent {
		return missing("the address of the account is missing")
	}
	s, err := w.Ask(ctx, Question{Title: "Your mail address", Why: "ctrl+c gives up at any time; nothing is written before the account has logged in",
		Short: "Address", Check: looksLikeAddress})
	w.given.Address = s
	return err
}

// looksLikeAddress finds slips early; the search judges for good.
func looksLikeAddress(s string) error {
	_, err := parse(s)
	return err
}

// parse takes an address apart, for when there is nothing to search.
func parse(s string) (Found, error) {
	a, err := mail.ParseAddress(strings.TrimSpace(s))
	if err != nil {
		return Found{}, fmt.Errorf("%q is not a mail address such as alice@example.org", s)
	}
	domain := a.Address[strings.LastIndexByte(a.Address, '@')+1:]
	if !strings.Contains(domain, ".") {
		return Found{}, fmt.Errorf("%q is not a domain such as example.org", domain)
	}
	return Found{Address: a.Address, Name: a.Name, Domain: domain}, nil
}

// search looks for servers, unless all are given, and looks at each.
func (w *wizard) search(ctx context.Context) error {
	all := true
	for _, p := range Sides() {
		_, known := w.given.Endpoints[p]
		all = all && known
	}
	var err error
	if all {
		w.found, err = parse(w.given.Address)
	} else {
		err = w.Work(ctx, "Searching for the mail servers of "+w.given.Address, func(ctx context.Context, told func(string)) (err error) {
			w.found, err = w.back.Search(ctx, w.given.Address, told)
			return err
		})
	}
	if err != nil {
		return err
	}
	if w.found.By == nil {
		w.found.By = map[retrieval.Protocol][]Candidate{}
	}
	for p, ep := range w.given.Endpoints {
		w.found.By[p] = nil
		if ep.Address != "" {
			w.found.By[p] = []Candidate{{Endpoint: ep, From: Named}}
		}
	}
	if len(w.found.By) == 0 {
		return nil
	}
	return w.Work(ctx, "Looking at each server, without logging in", func(ctx context.Context, _ func(string)) error {
		w.knockAll(ctx)
		return ctx.Err()
	})
}
