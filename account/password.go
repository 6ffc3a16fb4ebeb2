package account

import "fmt"

// Password is a secret that prints as stars. Reveal it only where it goes on
// the wire. The zero value is no password.
type Password struct{ s string }

// NewPassword wraps a secret.
func NewPassword(s string) Password { return Password{s} }

// Reveal returns the secret itself.
func (p Password) Reveal() string { return p.s }

// Empty reports whether there is no secret.
func (p Password) Empty() bool { return p.s == "" }

// Format prints stars for every verb, so that no log or error can show the secret.
func (p Password) Format(f fmt.State, _ rune) { fmt.Fprint(f, "***") }

// MarshalText gives stars, so that no JSON or TOML can hold the secret.
func (p Password) MarshalText() ([]byte, error) { return []byte("***"), nil }
