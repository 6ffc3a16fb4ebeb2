package account

// LoginError is a login that came to nothing after the server was asked for it:
// all that a log of failed logins may keep of it. It is also what went wrong, by
// errors.Is and errors.As.
type LoginError struct {
	Protocol  string // the endpoint's name in the configuration: "imap", "pop3", "submission"
	Address   string // host:port
	User      string
	Mechanism Mechanism
	Code      string // of the server: "AUTHENTICATIONFAILED", "AUTH", "535"; "" when it gave none
	Refused   bool   // the server judged the credentials and refused; otherwise the exchange broke
	Err       error  // never nil; names protocol and step
}

// Error gives the line of the cause.
func (e *LoginError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *LoginError) Unwrap() error { return e.Err }
