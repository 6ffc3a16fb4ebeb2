// Package draft is a message while a person writes it: what was typed, the rules
// of answering and forwarding, and the form in which it is edited and kept. It is
// plain data and rules; it opens no file and asks no clock.
package draft

import (
	"fmt"
	"net/mail"
	"strings"
)

// Draft is an unsent message as typed. Address fields are lists as people write
// them, separated by commas.
type Draft struct {
	ID                         string // names it among the drafts of this device; "" before it was first kept
	From, To, Cc, Bcc, ReplyTo string
	Subject                    string
	Text                       string   // lines end in LF
	Attach                     []string // paths of files
	// InReplyTo and References are message identifiers with their angle brackets
	// (RFC 5322 section 3.6.4); empty for a message that answers nothing.
	InReplyTo  string
	References []string
	Stored     bool // the server has a copy in its Drafts folder
}

// Empty reports whether nothing would be lost without it.
func (d Draft) Empty() bool {
	return d.To == "" && d.Cc == "" && d.Bcc == "" && d.Subject == "" && strings.TrimSpace(d.Text) == "" && len(d.Attach) == 0
}

// Recipients returns the bare addresses of To, Cc and Bcc, each once, in order.
// The error names the field that is no list of addresses.
func (d Draft) Recipients() ([]string, error) {
	var out []string
	seen := map[string]bool{}
	for _, f := range []struct{ name, list string }{{"To", d.To}, {"Cc", d.Cc}, {"Bcc", d.Bcc}} {
		list, err := Addresses(f.name, f.list)
		if err != nil {
			return nil, err
		}
		for _, a := range list {
			if key := folded(a.Address); !seen[key] {
				seen[key] = true
				out = append(out, a.Address)
			}
		}
	}
	return out, nil
}

// Check says what keeps the draft from being sent; nil when it can be. That
// attachments can be read is not looked at.
func (d Draft) Check() error {
	if d.From == "" {
		return fmt.Errorf("there is no sender: the account has no from address")
	}
	if from, err := Addresses("From", d.From); err != nil || len(from) != 1 {
		return fmt.Errorf("the sender %q is not one address", d.From)
	}
	if _, err := Addresses("Reply-To", d.ReplyTo); err != nil {
		return err
	}
	to, err := d.Recipients()
	if err == nil && len(to) == 0 {
		err = fmt.Errorf("there is no recipient: To, Cc and Bcc are empty")
	}
	return err
}

// Addresses reads a list of addresses (RFC 5322 section 3.4); an empty list is
// none. A trailing comma, as completion leaves one, is no fault.
func Addresses(field, list string) ([]*mail.Address, error) {
	list = strings.TrimRight(strings.TrimSpace(list), ", ")
	if list == "" {
		return nil, nil
	}
	out, err := mail.ParseAddressList(list)
	if err != nil { // what net/mail says of it are the names of its grammar
		return nil, fmt.Errorf("%s: %q is not a list of addresses; write name@host, with commas between several", field, list)
	}
	for _, a := range out {
		if strings.ContainsFunc(a.Address, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
			return nil, fmt.Errorf("%s: the address %q has a space or a control character", field, a.Address)
		}
	}
	return out, nil
}

// folded makes two spellings of an address compare equal: the domain has no case
// (RFC 5321 section 2.4); that local parts differ by case only does not happen.
func folded(address string) string { return strings.ToLower(address) }
