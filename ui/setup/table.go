package setup

import (
	"fmt"
	"strings"
	"time"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/safe"
)

// table shows the chosen servers: where, what they showed, and who named them.
func (w *wizard) table() []string {
	lines := []string{""}
	if w.found.Provider != "" {
		lines = append(lines, "  "+w.found.Provider)
	}
	for _, p := range Sides() {
		c, ok := w.chosen[p]
		if !ok {
			lines = append(lines, fmt.Sprintf("  %-11s none", label(p)))
			continue
		}
		lines = append(lines, fmt.Sprintf("  %-11s %s  %s", label(p), c.Endpoint.Address, security(p, c.Endpoint.Security)))
		if c.Door != nil {
			lines = append(lines, "              "+state(c.Door))
		}
		lines = append(lines, "              "+c.From)
		for _, other := range w.found.By[p] {
			if other.Endpoint.Address != c.Endpoint.Address || other.Endpoint.Security != c.Endpoint.Security {
				lines = append(lines, "              "+orElse(p, other))
			}
		}
	}
	return lines
}

// orElse shows a candidate that was not chosen, shortly.
func orElse(p retrieval.Protocol, c Candidate) string {
	how := ""
	switch {
	case c.Door != nil && c.Door.Open():
		how = "✓"
	case c.Door != nil:
		how = "✗ " + safe.Cut(c.Door.Failure.Text, 60)
	}
	return fmt.Sprintf("or %s  %s  %s  %s", c.Endpoint.Address, security(p, c.Endpoint.Security), how, c.From)
}

// security names the protection for a person.
func security(p retrieval.Protocol, s account.Security) string {
	switch {
	case s == account.TLS:
		return "TLS"
	case s == account.StartTLS && p == retrieval.POP3:
		return "STLS"
	case s == account.StartTLS:
		return "STARTTLS"
	}
	return "no TLS"
}

// state says in a few words what a door showed. The mark is not a colour's.
func state(d *retrieval.Door) string {
	switch {
	case d == nil:
		return ""
	case !d.Open():
		return "✗ " + d.Failure.Text
	}
	said := []string{"✓"}
	if d.TLS != nil {
		said = append(said, d.TLS.Version)
		if len(d.TLS.Chain) > 0 {
			said = append(said, "certificate until "+d.TLS.Chain[0].NotAfter.Format(time.DateOnly))
		}
	}
	offer := d.After
	if offer == nil {
		offer = d.Before
	}
	if offer != nil && len(offer.Mechanisms) > 0 {
		said = append(said, "login by "+strings.Join(offer.Mechanisms, " "))
	}
	return strings.Join(said[:1], "") + " " + strings.Join(said[1:], ", ")
}

// offers reports whether an open door offers one of the mechanisms.
func offers(d *retrieval.Door, mechanisms ...account.Mechanism) bool {
	if d == nil || d.After == nil {
		return false
	}
	for _, offered := range d.After.Mechanisms {
		for _, m := range mechanisms {
			if offered == string(m) {
				return true
			}
		}
	}
	return false
}
