package cli

import (
	"testing"

	"imapop/account"
	"imapop/retrieval/fetch"
)

// TestFetchRules holds that the account's settings stand in where no flag was
// given, and that what is asked for by name is asked for whatever they say.
func TestFetchRules(t *testing.T) {
	a := account.Account{LeaveOnServer: account.LeaveOnServer{Mode: account.LeaveRemoved}, MaxOctets: 500, HeadersOnly: true}
	for _, c := range []struct {
		name    string
		flags   fetchFlags
		leave   account.LeaveMode
		limit   int64
		headers bool
	}{
		{"the account's", fetchFlags{}, account.LeaveRemoved, 500, true},
		{"--keep", fetchFlags{keep: true}, account.LeaveKeep, 500, true},
		{"--max-size", fetchFlags{maxSize: "2k"}, account.LeaveRemoved, 2000, true},
		{"--max-size none", fetchFlags{maxSize: "none"}, account.LeaveRemoved, 0, true},
		{"--headers-only=false", fetchFlags{headersSet: true}, account.LeaveRemoved, 500, false},
		{"--only", fetchFlags{rules: fetch.Rules{Only: []string{"x"}}}, account.LeaveRemoved, 500, false},
	} {
		if err := c.flags.check(); err != nil {
			t.Fatal(err)
		}
		if got := c.flags.rulesFor(a); got.Leave.Mode != c.leave || got.MaxOctets != c.limit || got.HeadersOnly != c.headers {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}
