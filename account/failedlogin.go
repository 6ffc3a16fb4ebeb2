package account

import "time"

// FailedLogin is a login that a server refused, as it is remembered: enough to
// notice somebody guessing, or a password that was changed, and nothing secret.
// What was typed as user or password is never in it.
type FailedLogin struct {
	At        time.Time `json:"at"`
	Account   string    `json:"account"` // the name in the configuration
	Protocol  string    `json:"protocol"`
	Endpoint  string    `json:"endpoint"`  // host:port
	Mechanism string    `json:"mechanism"` // "PLAIN", "SCRAM-SHA-256", "LOGIN", "USER/PASS", "APOP"
	Code      string    `json:"code"`      // the response code without brackets, SMTP's reply code; "" when there was none
}
