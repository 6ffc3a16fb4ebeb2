package setup

import (
	"context"
	"fmt"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/safe"
)

// login tries the account on every side until it works, or the person insists
// or leaves.
func (w *wizard) login(ctx context.Context) error {
	for {
		trials, err := w.try(ctx)
		if err != nil {
			return err
		}
		failed := failures(trials)
		if len(failed) == 0 {
			return nil
		}
		if w.given.Unverified {
			w.Say("", "  It is written all the same, as you insist.")
			return nil
		}
		if !w.asks() {
			return fmt.Errorf("%w: %w", ErrLogin, failed[0].Err)
		}
		insists, err := w.mend(ctx, failed)
		if err != nil || insists {
			return err
		}
	}
}

// try logs in on each side and tells what came of it. Where IMAP and POP3 both
// refuse the credentials, submission is not bothered with them too.
func (w *wizard) try(ctx context.Context) ([]Trial, error) {
	var trials []Trial
	err := w.Work(ctx, "Logging in as "+w.acc.User, func(ctx context.Context, told func(string)) error {
		for _, p := range Sides() {
			if endpointOf(w.acc, p).Address == "" || p == retrieval.SMTP && refused(trials) == 2 {
				continue
			}
			t := w.back.Login(ctx, p, w.acc, w.pw)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			trials = append(trials, t)
			told(outcome(t))
		}
		return nil
	})
	if err == nil && len(failures(trials)) > 0 {
		w.Say("")
		for _, line := range w.back.Advise(trials, w.found) {
			w.Say("  " + line)
		}
	}
	return trials, err
}

func endpointOf(a account.Account, p retrieval.Protocol) account.Endpoint {
	switch p {
	case retrieval.IMAP:
		return a.IMAP
	case retrieval.POP3:
		return a.POP3
	}
	return a.Submission
}

// outcome says what came of one login.
func outcome(t Trial) string {
	if t.Err == nil {
		return fmt.Sprintf("✓ %-11s %s  logged in%s", label(t.Side), t.Endpoint.Address, comma(t.Saw))
	}
	return fmt.Sprintf("✗ %-11s %s  %s", label(t.Side), t.Endpoint.Address, safe.Line(t.Err.Error()))
}

func comma(s string) string {
	if s == "" {
		return ""
	}
	return ", " + s
}

func failures(trials []Trial) []Trial {
	var list []Trial
	for _, t := range trials {
		if t.Err != nil {
			list = append(list, t)
		}
	}
	return list
}

func refused(trials []Trial) int {
	n := 0
	for _, t := range trials {
		if t.Refused {
			n++
		}
	}
	return n
}

// mend asks what to change after a login failed; true: the person wants the
// account written as it is.
func (w *wizard) mend(ctx context.Context, failed []Trial) (bool, error) {
	if refused(failed) > 0 {
		w.tries++
	}
	type way struct {
		text string
		do   func(context.Context) error
	}
	ways := []way{{"another password, or another place where it comes from", w.choose}}
	if w.tries >= maxRefused {
		w.Say("", fmt.Sprintf("  %d times refused: many servers lock an account after a few more. Find out what is wrong before you try again.", w.tries))
		ways = nil
	}
	ways = append(ways, way{"other servers", w.again}, way{"another user name", w.other}, way{"write the account as it is, although it cannot log in", nil},
		way{"give up; nothing is written", func(context.Context) error { return ErrGivenUp }})
	var options []string
	for _, x := range ways {
		options = append(options, x.text)
	}
	i, err := w.Choose(ctx, Choice{Title: "What shall be changed?", Options: options})
	if err != nil {
		return false, err
	}
	if ways[i].do == nil {
		return true, nil
	}
	return false, ways[i].do(ctx)
}

// again goes back to the choice of servers.
func (w *wizard) again(ctx context.Context) error {
	for {
		w.Say(w.table()...)
		done, err := w.agree(ctx)
		if err != nil {
			return err
		}
		if _, none := w.lacks(); done && !none {
			w.acc.IMAP, w.acc.POP3, w.acc.Submission = w.chosen[retrieval.IMAP].Endpoint, w.chosen[retrieval.POP3].Endpoint, w.chosen[retrieval.SMTP].Endpoint
			return nil
		}
	}
}

// other asks for another user name.
func (w *wizard) other(ctx context.Context) error {
	s, err := w.Ask(ctx, Question{Title: "What do the servers call you?", Default: w.acc.User, Short: "User name",
		Check: func(s string) error { return account.CheckCredential("the user name", s) }})
	if err != nil {
		return err
	}
	w.acc.User = s
	if w.acc.Secret.Keyring != "" {
		w.acc.Secret.Keyring = account.KeyringItem(w.acc.Name, s)
	}
	return nil
}
