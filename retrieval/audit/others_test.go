package audit

import (
	"strings"
	"testing"

	"imapop/account"
	"imapop/account/servertest/courier"
	"imapop/account/servertest/cyrus"
	"imapop/retrieval/check"
	"imapop/retrieval/wire"
)

// TestOtherServers checks Cyrus and Courier as they are installed, message and
// all: the findings are those of an expert, and nothing is left behind. Their
// test certificates hold for a day.
func TestOtherServers(t *testing.T) {
	for name, c := range map[string]struct {
		start func(*testing.T) (account.Account, wire.Options)
		wants string
	}{
		"Cyrus": {func(t *testing.T) (account.Account, wire.Options) {
			s := cyrus.Start(t, cyrus.Options{})
			return s.Account(), wire.Options{Roots: s.CAPool}
		}, "warning certificate-expires IMAP POP3, info password-mechanisms-only IMAP POP3, info same-inbox, info retr-leaves-unseen POP3"},
		"Courier": {func(t *testing.T) (account.Account, wire.Options) {
			s := courier.Start(t, courier.Options{})
			return s.Account(), wire.Options{Roots: s.CAPool}
		}, "warning certificate-expires IMAP POP3, warning tls-old-accepted IMAP POP3, notice login-delay POP3, " +
			"info password-mechanisms-only IMAP POP3, info no-move IMAP, info same-inbox, info retr-sets-seen POP3"},
	} {
		t.Run(name, func(t *testing.T) {
			a, w := c.start(t)
			f, err := Run(t.Context(), Options{Account: a, Password: a.Secret.Literal, Wire: w, Message: true})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(told(check.BuildReport(f)), ", "); got != c.wants {
				t.Errorf("findings: %s\nwant:     %s", got, c.wants)
			}
			if m := f.Message; !m.Stored || !m.Found || !m.Removed || m.Problem != "" || m.SeenQUIT == nil {
				t.Errorf("the message: %+v", m)
			}
		})
	}
}
