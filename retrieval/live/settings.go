package live

import (
	"fmt"

	"imapop/account"
	"imapop/retrieval"
)

// setPolicy changes what downloads from now on do to the server, and with
// Action.Earlier what those before do, as far as the server lists them.
func (d *Desk) setPolicy(a retrieval.Action) error {
	p, err := account.ParseLeaveOnServer(a.Policy)
	if err != nil {
		return err
	}
	text := policyText(p)
	if c := d.copy(); c != nil {
		c.SetPolicy(p)
		if a.Earlier {
			n, err := d.applyEarlier(p)
			if err != nil {
				return &retrieval.OpError{Protocol: retrieval.Local, Op: "change the policy of earlier downloads", Err: err}
			}
			text += fmt.Sprintf("; that holds for %s downloaded earlier, too", howMany(n))
		}
	}
	d.ask(func(b *book) {
		b.policy = p.String()
		b.happen(retrieval.Happening{Side: retrieval.POP3, Kind: retrieval.PolicySet, Cause: retrieval.CauseClient, Text: text})
		if a.Earlier {
			b.tellDue()
		}
	})
	return nil
}

func policyText(p account.LeaveOnServer) string {
	switch p.Mode {
	case account.LeaveDelete:
		return "leave on server is OFF from now on: a download is followed by DELE"
	case account.LeaveDays:
		return fmt.Sprintf("leave on server for %d days, counted from the download", p.Days())
	case account.LeaveRemoved:
		return "leave on server until the copy on this device is removed"
	}
	return "leave on server is ON: a download keeps the message on the server"
}

// applyEarlier gives what was downloaded before, and is listed, another policy.
func (d *Desk) applyEarlier(p account.LeaveOnServer) (int, error) {
	var ids []string
	var numbers []int
	d.ask(func(b *book) {
		for i := range b.pop.Drop.Entries {
			if e := &b.pop.Drop.Entries[i]; e.Copy != nil && e.Copy.Leave != p {
				ids, numbers = append(ids, e.UniqueID), append(numbers, e.Number)
			}
		}
	})
	if err := d.copy().ApplyPolicy(ids, p); err != nil {
		return 0, err
	}
	d.renewHere(numbers)
	return len(ids), nil
}

// setLimit changes what is downloaded without being asked for.
func (d *Desk) setLimit(octets int64) error {
	if octets < retrieval.HeadersOnly {
		return fmt.Errorf("a limit of %d octets means nothing", octets)
	}
	text := "downloads have no size limit"
	switch {
	case octets == retrieval.HeadersOnly:
		text = "headers only: nothing is downloaded by itself; D downloads the chosen messages"
	case octets > 0:
		text = fmt.Sprintf("messages above %s stay, and only their headers are looked at; D downloads the chosen ones", retrieval.Octets(octets))
	}
	d.ask(func(b *book) {
		b.limit = octets
		b.happen(retrieval.Happening{Side: retrieval.POP3, Kind: retrieval.PolicySet, Cause: retrieval.CauseClient, Text: text})
	})
	return nil
}

// limitOf is an account's limit as a View has it.
func limitOf(a account.Account) int64 {
	if a.HeadersOnly {
		return retrieval.HeadersOnly
	}
	return a.MaxOctets
}
