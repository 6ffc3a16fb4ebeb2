package setup

import (
	"context"
	"fmt"
	"net/mail"
	"slices"
	"strings"

	"imapop/account"
	"imapop/retrieval"
)

// person asks what the server calls the person, and what the account is called here.
func (w *wizard) person(ctx context.Context) error {
	a := &w.acc
	a.CAFile, a.From, a.User, a.Name = w.given.CAFile, w.given.From, w.given.User, w.given.Name
	a.IMAP, a.POP3, a.Submission = w.chosen[retrieval.IMAP].Endpoint, w.chosen[retrieval.POP3].Endpoint, w.chosen[retrieval.SMTP].Endpoint
	if a.User == "" {
		if err := w.user(ctx); err != nil {
			return err
		}
	}
	if a.From == "" {
		a.From = w.found.Address
		if w.found.Name != "" {
			a.From = (&mail.Address{Name: w.found.Name, Address: w.found.Address}).String()
		}
	}
	return w.name(ctx)
}

func (w *wizard) user(ctx context.Context) error {
	w.acc.User = w.found.Address
	for _, p := range Sides() {
		if u := w.chosen[p].User; u != "" {
			w.acc.User = u
			break
		}
	}
	if !w.asks() {
		return nil
	}
	s, err := w.Ask(ctx, Question{Title: "What do the servers call you?", Why: "most take the whole address; some the part before the @",
		Default: w.acc.User, Short: "User name", Check: func(s string) error { return account.CheckCredential("the user name", s) }})
	w.acc.User = s
	return err
}

func (w *wizard) name(ctx context.Context) error {
	if w.acc.Name != "" {
		return refuse(w.taken(w.acc.Name))
	}
	w.acc.Name = free(suggestion(w.found.Domain), w.names)
	if !w.asks() {
		return nil
	}
	s, err := w.Ask(ctx, Question{Title: "What do you want to call this account here?", Why: "'imapop --account NAME' opens it",
		Default: w.acc.Name, Short: "Account", Check: w.taken})
	w.acc.Name = s
	return err
}

func (w *wizard) taken(name string) error {
	if slices.Contains(w.names, name) {
		return fmt.Errorf("the configuration has an account %q already", name)
	}
	return w.back.CheckName(name)
}

// suggestion is a short name made of a domain: "example" for mail.example.co.uk
// would need a list of such endings; the first label does for nearly all.
func suggestion(domain string) string {
	first, _, _ := strings.Cut(domain, ".")
	if first == "" {
		return "mail"
	}
	return first
}

func free(wanted string, taken []string) string {
	name := wanted
	for i := 2; slices.Contains(taken, name); i++ {
		name = fmt.Sprintf("%s-%d", wanted, i)
	}
	return name
}

// main asks whether the account is to open without being named, when there are others.
func (w *wizard) main(ctx context.Context) (bool, error) {
	if w.fixed {
		if w.given.Main {
			w.Say("", "  default_account in the file stays as it is, as everything there does; change it by hand.")
		}
		return false, nil
	}
	if w.given.Main || len(w.names) == 0 || !w.asks() {
		return w.given.Main, nil
	}
	i, err := w.Choose(ctx, Choice{Title: "Which account is 'imapop' to open when none is named?", Options: []string{"the same as now", w.acc.Name}, Short: "Default"})
	return i == 1, err
}
