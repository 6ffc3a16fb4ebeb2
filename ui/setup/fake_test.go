package setup

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"imapop/account"
	"imapop/retrieval"
)

// answers plays the person: one answer for each question, in order. An answer
// is a text, the beginning of an option, or leave.
type answers struct {
	t     *testing.T
	list  []string
	asked []string       // titles
	first map[string]int // where the cursor was, by title
	said  []string
}

const leave = "\x1b"

func (a *answers) next(title string) (string, error) {
	a.t.Helper()
	a.asked = append(a.asked, title)
	if len(a.list) == 0 {
		a.t.Fatalf("nobody expected %q; asked so far: %q\n%s", title, a.asked, strings.Join(a.said, "\n"))
	}
	s := a.list[0]
	a.list = a.list[1:]
	if s == leave {
		return "", ErrGivenUp
	}
	return s, nil
}

func (a *answers) Ask(_ context.Context, q Question) (string, error) {
	for {
		s, err := a.next(q.Title)
		if err != nil {
			return "", err
		}
		if s == "" {
			s = q.Default
		}
		if err := checked(q)(s); err != nil {
			a.said = append(a.said, err.Error())
			continue
		}
		return s, nil
	}
}

func (a *answers) Choose(_ context.Context, c Choice) (int, error) {
	if a.first == nil {
		a.first = map[string]int{}
	}
	a.first[c.Title] = c.First
	s, err := a.next(c.Title)
	for i, o := range c.Options {
		if strings.HasPrefix(o, s) {
			return i, err
		}
	}
	a.t.Fatalf("%q is none of %q", s, c.Options)
	return 0, nil
}

func (a *answers) Secret(_ context.Context, title string) (account.Password, error) {
	s, err := a.next(title)
	return account.NewPassword(s), err
}

func (a *answers) Work(ctx context.Context, title string, work func(context.Context, func(string)) error) error {
	a.said = append(a.said, title)
	return work(ctx, func(s string) { a.said = append(a.said, s) })
}

func (a *answers) Say(lines ...string) { a.said = append(a.said, lines...) }

func (a *answers) text() string { return strings.Join(a.said, "\n") }

// world plays the servers and the file.
type world struct {
	found     Found
	shut      map[string]string // address: why its door is not usable
	names     []string
	fixed     bool
	right     string                          // the password
	refuse    map[retrieval.Protocol]error    // always
	tokens    map[retrieval.Protocol][]string // mechanisms by side
	logins    []string                        // "IMAP imap.example.test:993 user password"
	keyring   error
	searchErr error
	saved     []account.Account
	savedPw   string
	savedTop  bool
}

func newWorld() *world {
	c := func(address, from string) []Candidate {
		return []Candidate{{Endpoint: account.Endpoint{Address: address, Security: account.TLS}, From: from}}
	}
	return &world{right: "wonderland", found: Found{Address: "alice@example.test", Domain: "example.test", By: map[retrieval.Protocol][]Candidate{
		retrieval.IMAP: append(c("imap.example.test:993", "SRV record"), Candidate{Endpoint: account.Endpoint{Address: "imap.example.test:143", Security: account.StartTLS}, From: "SRV record"}),
		retrieval.POP3: c("pop.example.test:995", "SRV record"), retrieval.SMTP: c("smtp.example.test:465", "SRV record"),
	}, Denied: map[retrieval.Protocol]bool{}}, shut: map[string]string{}, refuse: map[retrieval.Protocol]error{}, tokens: map[retrieval.Protocol][]string{}}
}

func (w *world) Search(_ context.Context, address string, told func(string)) (Found, error) {
	told("✓ SRV record")
	if strings.Contains(address, "Alice") {
		w.found.Name = "Alice"
	}
	return w.found, w.searchErr
}

func (w *world) Knock(_ context.Context, p retrieval.Protocol, ep account.Endpoint) retrieval.Door {
	d := retrieval.Door{Protocol: p, Address: ep.Address, After: &retrieval.Offer{Mechanisms: append([]string{"PLAIN"}, w.tokens[p]...)}}
	if why := w.shut[ep.Address]; why != "" {
		d.Failure = &retrieval.DoorFailure{Text: why}
		d.TLS = &retrieval.TLS{Problems: []retrieval.CertProblem{retrieval.CertUnknown}}
	}
	return d
}

func (w *world) Trust(path string) (string, error) {
	if path != "ca.pem" {
		return "", errors.New("ca_file: no such file")
	}
	w.shut = map[string]string{}
	return "/home/alice/ca.pem", nil
}

func (w *world) Secret(_ context.Context, a account.Account) (account.Password, error) {
	if a.Secret.Command == "broken" {
		return account.Password{}, errors.New("password_command: exit status 1")
	}
	return account.NewPassword(w.right), nil
}

func (w *world) Keyring(context.Context) error { return w.keyring }

func (w *world) Login(_ context.Context, p retrieval.Protocol, a account.Account, pw account.Password) Trial {
	ep := endpointOf(a, p)
	w.logins = append(w.logins, fmt.Sprintf("%s %s %s %s", p, ep.Address, a.User, pw.Reveal()))
	t := Trial{Side: p, Endpoint: ep, Saw: "5 messages"}
	switch {
	case w.refuse[p] != nil:
		t.Err = w.refuse[p]
	case pw.Reveal() != w.right:
		t.Err, t.Refused = errors.New("the server refused the credentials"), true
	}
	return t
}

func (w *world) Advise([]Trial, Found) []string { return []string{"an app password"} }

func (w *world) Names() ([]string, bool, error) { return w.names, w.fixed, nil }

func (w *world) CheckName(name string) error {
	if strings.Contains(name, "/") {
		return errors.New("it cannot name an account")
	}
	return nil
}

func (w *world) Save(_ context.Context, a account.Account, pw account.Password, _ Found, main bool) (Saved, error) {
	w.saved, w.savedPw, w.savedTop = append(w.saved, a), pw.Reveal(), main
	return Saved{Path: "config.toml", Main: main}, nil
}
