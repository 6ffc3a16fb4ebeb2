package setup

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"imapop/account"
	"imapop/retrieval"
)

// Named is the origin of what the person says.
const Named = "named by you"

// knockers is how many doors are knocked at at once.
const knockers = 6

// knockAll looks at every candidate.
func (w *wizard) knockAll(ctx context.Context) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, knockers)
	for p, list := range w.found.By {
		for i := range list {
			wg.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				list[i].Door = w.knock(ctx, p, list[i].Endpoint)
			})
		}
	}
	wg.Wait()
}

func (w *wizard) knock(ctx context.Context, p retrieval.Protocol, ep account.Endpoint) *retrieval.Door {
	d := w.back.Knock(ctx, p, ep)
	return &d
}

// servers settles which endpoints the account has: those that are given, else
// the best of those found, else what the person says.
func (w *wizard) servers(ctx context.Context) error {
	w.chosen = map[retrieval.Protocol]Candidate{}
	for _, p := range Sides() {
		if list := w.found.By[p]; len(list) > 0 {
			w.chosen[p] = list[best(list)]
		}
	}
	w.Say(w.table()...)
	if !w.asks() {
		return w.settled()
	}
	for {
		if p, none := w.lacks(); none {
			w.Say("", w.why(p))
			if err := w.change(ctx, p); err != nil {
				return err
			}
			w.Say(w.table()...)
			continue
		}
		done, err := w.agree(ctx)
		if err != nil || done {
			return err
		}
	}
}

// best is the first candidate that is open and about which nothing must be
// asked, else the first that is open, else the first.
func best(list []Candidate) int {
	open := func(c Candidate) bool { return c.Door != nil && c.Door.Open() }
	if i := slices.IndexFunc(list, func(c Candidate) bool { return open(c) && c.Ask == "" }); i >= 0 {
		return i
	}
	return max(slices.IndexFunc(list, open), 0)
}

// lacks names a side that an account must have and this one has not.
func (w *wizard) lacks() (retrieval.Protocol, bool) {
	for _, p := range []retrieval.Protocol{retrieval.IMAP, retrieval.POP3} {
		if w.chosen[p].Endpoint.Address == "" {
			return p, true
		}
	}
	return "", false
}

// why says why a side is missing.
func (w *wizard) why(p retrieval.Protocol) string {
	switch {
	case w.found.Denied[p]:
		return fmt.Sprintf("%s says in its DNS that it offers no %s. imapop needs both IMAP and POP3: showing the two is what it does.", w.found.Domain, p)
	case len(w.found.Troubles) > 0:
		return fmt.Sprintf("No %s server was found, and not every question was answered: %s.", p, w.found.Troubles[0])
	}
	return fmt.Sprintf("No %s server was found. If you know it, type it; the provider's help pages name it. Some offer POP3 only after it was switched on.", p)
}

// settled takes what there is without asking, or says what is missing.
func (w *wizard) settled() error {
	if p, none := w.lacks(); none {
		return missing("%s Name it with --%s HOST:PORT/tls", w.why(p), strings.ToLower(label(p)))
	}
	var flags []string
	why := ""
	for _, p := range Sides() {
		if c, ok := w.chosen[p]; ok && c.Ask != "" {
			if why == "" {
				why = c.Ask
			}
			flags = append(flags, fmt.Sprintf("--%s %s/%s", strings.ToLower(label(p)), c.Endpoint.Address, c.Endpoint.Security))
		}
	}
	if len(flags) > 0 {
		return missing("%s; if it is right, say so with %s", why, strings.Join(flags, " "))
	}
	return nil
}

// agree asks whether the servers are the right ones; false: something was changed.
func (w *wizard) agree(ctx context.Context) (bool, error) {
	title, options := "Use these servers?", []string{"yes"}
	ways := []func(context.Context) error{nil}
	if ask := w.toAsk(); len(ask) > 0 {
		title = "Is it right that your password goes there?"
		w.Say("")
		for _, line := range ask {
			w.Say("  ? " + line)
		}
		options[0] = "yes, I know these hosts"
	}
	for _, p := range Sides() {
		options = append(options, "change "+label(p))
		ways = append(ways, func(ctx context.Context) error { return w.change(ctx, p) })
	}
	first := 0
	if len(w.toAsk()) > 0 { // a yes must be meant
		first = len(options)
		options = append(options, "no: give up")
		ways = append(ways, func(context.Context) error { return ErrGivenUp })
	}
	if w.unknownAuthority() {
		options = append(options, "trust an authority of your own, whose certificate is in a PEM file")
		ways = append(ways, w.trust)
	}
	i, err := w.Choose(ctx, Choice{Title: title, Options: options, First: first})
	if err != nil || i == 0 {
		return err == nil, err
	}
	if err := ways[i](ctx); err != nil {
		return false, err
	}
	w.Say(w.table()...)
	return false, nil
}

// unknownAuthority reports whether a chosen server's certificate is signed by
// nobody whom this machine knows.
func (w *wizard) unknownAuthority() bool {
	for _, c := range w.chosen {
		if c.Door != nil && c.Door.TLS != nil && slices.Contains(c.Door.TLS.Problems, retrieval.CertUnknown) {
			return true
		}
	}
	return false
}

// trust asks for the file of an authority and looks at every server again.
func (w *wizard) trust(ctx context.Context) error {
	read := func(s string) error { _, err := w.back.Trust(s); return err }
	s, err := w.Ask(ctx, Question{Title: "The PEM file with the authority's certificate", Why: "whoever runs the servers gives it to you; it becomes ca_file", Short: "Authority", Check: read})
	if err != nil {
		return err
	}
	if w.given.CAFile, err = w.back.Trust(s); err != nil {
		return err
	}
	w.acc.CAFile = w.given.CAFile
	return w.Work(ctx, "Looking at each server again", func(ctx context.Context, _ func(string)) error {
		w.knockAll(ctx)
		for p, c := range w.chosen {
			c.Door = w.knock(ctx, p, c.Endpoint)
			w.chosen[p] = c
		}
		return ctx.Err()
	})
}

// toAsk lists what the person must agree to, each reason once.
func (w *wizard) toAsk() []string {
	var list []string
	for _, p := range Sides() {
		if c := w.chosen[p]; c.Ask != "" && !slices.Contains(list, c.Ask) {
			list = append(list, c.Ask)
		}
	}
	return list
}

// change offers the other candidates of a side, and to type one.
func (w *wizard) change(ctx context.Context, p retrieval.Protocol) error {
	list := w.found.By[p]
	var options []string
	for _, c := range list {
		options = append(options, fmt.Sprintf("%s %s  %s", c.Endpoint.Address, c.Endpoint.Security, state(c.Door)))
	}
	typed := len(options)
	options = append(options, "type another one")
	if p == retrieval.SMTP {
		options = append(options, "none: this account does not send")
	}
	i := typed
	if len(options) > 1 {
		var err error
		if i, err = w.Choose(ctx, Choice{Title: label(p) + ": which server?", Options: options}); err != nil {
			return err
		}
	}
	switch {
	case i < typed:
		w.chosen[p] = list[i]
		return nil
	case i > typed:
		delete(w.chosen, p)
		return nil
	}
	return w.typed(ctx, p)
}

// typed asks for an endpoint and looks at it.
func (w *wizard) typed(ctx context.Context, p retrieval.Protocol) error {
	s, err := w.Ask(ctx, Question{Title: label(p) + ": host:port/security", Why: "security is tls or starttls; imap.example.org alone is enough where the ports are the usual ones",
		Short: label(p), Check: func(s string) error { _, err := ParseEndpoint(p, s); return err }})
	if err != nil {
		return err
	}
	ep, err := ParseEndpoint(p, s)
	if err != nil {
		return err
	}
	c := Candidate{Endpoint: ep, From: Named}
	err = w.Work(ctx, "Looking at "+ep.Address, func(ctx context.Context, _ func(string)) error {
		c.Door = w.knock(ctx, p, ep)
		return ctx.Err()
	})
	w.chosen[p] = c
	return err
}
