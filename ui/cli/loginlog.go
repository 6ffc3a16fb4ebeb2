package cli

import (
	"imapop/account"
	"imapop/account/loginlog"
	"imapop/config"
)

// rememberedLogins is how many failed logins a report and the screen are given.
const rememberedLogins = 200

// remember writes the logins that servers refuse into this device's log. A log
// that cannot be written keeps nobody from his mail.
func remember(a account.Account) func(account.FailedLogin) {
	log := loginlog.At(config.FailedLogins())
	return func(e account.FailedLogin) {
		e.Account = a.Name
		_ = log.Add(e)
	}
}

// failedLogins are those of the account that this device remembers, newest
// first; the demo account has none.
func (op *opened) failedLogins() []account.FailedLogin {
	if op.account.Demo {
		return nil
	}
	all, _ := loginlog.At(config.FailedLogins()).Of(op.account.Name, rememberedLogins)
	return all
}
