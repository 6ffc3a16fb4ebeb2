package discover

import (
	"fmt"
	"net/mail"
	"strings"

	"golang.org/x/net/idna"

	"imapop/account"
)

// Address is a mail address, taken apart.
type Address struct {
	Full   string // as written, with the domain in its ASCII form
	Name   string // the display name; "" when none was written
	Local  string // in front of the @
	Domain string // in ASCII: an internationalised domain as A-labels (RFC 5890)
}

// ParseAddress takes "alice@example.org" or "Alice Example <alice@example.org>".
// The error is ErrAddress.
func ParseAddress(s string) (Address, error) {
	parsed, err := mail.ParseAddress(strings.TrimSpace(s))
	if err != nil {
		return Address{}, fmt.Errorf("%q: %w", s, ErrAddress)
	}
	at := strings.LastIndexByte(parsed.Address, '@')
	local, domain := parsed.Address[:at], strings.TrimSuffix(parsed.Address[at+1:], ".")
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || !hostname(ascii) {
		return Address{}, fmt.Errorf("%q: the part behind the @ is not a domain: %w", s, ErrAddress)
	}
	if err := account.CheckCredential("the address", local); err != nil {
		return Address{}, fmt.Errorf("%q: %w", s, ErrAddress)
	}
	return Address{Full: local + "@" + ascii, Name: parsed.Name, Local: local, Domain: ascii}, nil
}

// Unicode is the domain as people write it; the same as Domain where it is
// plain ASCII or does not translate back.
func (a Address) Unicode() string {
	u, err := idna.Lookup.ToUnicode(a.Domain)
	if err != nil {
		return a.Domain
	}
	return u
}

// hostname reports whether s is a name of at least two labels of letters, digits
// and hyphens (RFC 1123 section 2.1). An IP address is none.
func hostname(s string) bool {
	labels := strings.Split(s, ".")
	if len(s) > 253 || len(labels) < 2 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
		if strings.Trim(strings.ToLower(l), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	last := labels[len(labels)-1]
	return strings.Trim(last, "0123456789") != ""
}

// under reports whether a host belongs to a domain by its name.
func under(host, domain string) bool {
	host, domain = strings.ToLower(host), strings.ToLower(domain)
	return host == domain || strings.HasSuffix(host, "."+domain)
}
