package check

import (
	"fmt"
	"slices"
	"strings"

	"imapop/account"
	"imapop/retrieval"
)

// table shows the sides beside each other.
func (w *writer) table(f Facts) {
	sides := f.sides()
	if len(sides) == 0 {
		return
	}
	row := func(label string, cell func(*Side) string) {
		cells := make([]string, len(sides))
		for i, s := range sides {
			cells[i] = cell(s)
		}
		w.row(label, cells...)
	}
	heads := len(w.lines)
	row("", func(s *Side) string { return strings.ToUpper(title(s.Protocol)) })
	w.lines[heads].Head = true
	row("set up as", func(s *Side) string { return s.Address + " " + string(s.Security) })
	row("implicit TLS", func(s *Side) string { return s.doorsOf(account.TLS) })
	row("upgrade", func(s *Side) string { return s.doorsOf(account.StartTLS) })
	row("before TLS", func(s *Side) string { return s.offeredBefore() })
	row("TLS", func(s *Side) string { return s.tls() })
	row("certificate", func(s *Side) string { return s.certificate() })
	row("inside TLS", func(s *Side) string { return s.offeredInside() })
	row("login", func(s *Side) string { return s.loginText() })
	if slices.ContainsFunc(sides, func(s *Side) bool { return s.Login != nil && s.Login.Server != "" }) {
		row("server says", func(s *Side) string {
			if s.Login == nil {
				return ""
			}
			return s.Login.Server
		})
	}
	w.blank()
}

// doorsOf says how the doors of one security are.
func (s *Side) doorsOf(sec account.Security) string {
	var parts []string
	for i := range s.Doors {
		d := &s.Doors[i]
		if d.Security != sec {
			continue
		}
		port := d.Address[strings.LastIndexByte(d.Address, ':')+1:]
		parts = append(parts, "port "+port+": "+doorState(d))
	}
	if len(parts) == 0 {
		return "not looked for"
	}
	return strings.Join(parts, "; ")
}

func doorState(d *retrieval.Door) string {
	if d.Failure == nil {
		return fmt.Sprintf("works, %d ms", d.TookMS)
	}
	switch d.Failure.Kind {
	case retrieval.FailedConnect:
		return "nobody listens"
	case retrieval.FailedName:
		return "no such host"
	case retrieval.FailedUnreachable:
		return "no way there"
	case retrieval.FailedTimeout:
		return "no answer"
	case retrieval.FailedNotTLS:
		return "answers, but not with TLS"
	case retrieval.FailedTLS:
		if d.TLS != nil {
			return d.TLS.Version + " only"
		}
		return "no TLS comes about"
	case retrieval.FailedCertificate:
		return "certificate " + strings.Join(problemWords(d), ", ")
	case retrieval.FailedNoStartTLS:
		if d.Before != nil && !d.Before.StartTLS {
			return "open, offers no TLS"
		}
		return "announced, refused"
	case retrieval.FailedRejected:
		return "turns us away"
	case retrieval.FailedClosed:
		return "hangs up"
	case retrieval.FailedProtocol:
		return "does not speak " + string(d.Protocol)
	case retrieval.FailedCancelled:
		return "not finished"
	}
	return "does not work"
}

func problemWords(d *retrieval.Door) []string {
	if d.TLS == nil || len(d.TLS.Problems) == 0 {
		return []string{"refused"}
	}
	words := make([]string, len(d.TLS.Problems))
	for i, p := range d.TLS.Problems {
		words[i] = strings.ReplaceAll(string(p), "-", " ")
	}
	return words
}

func (s *Side) offeredBefore() string {
	seen := false
	for i := range s.Doors {
		d := &s.Doors[i]
		if d.Before == nil {
			continue
		}
		seen = true
		clear, challenge := taken(d)
		if all := append(clear, challenge...); len(all) > 0 {
			return strings.Join(all, ", ")
		}
	}
	if seen {
		return "no login"
	}
	return "no plain port answers"
}

func (s *Side) tls() string {
	for i := range s.Doors {
		t := s.Doors[i].TLS
		if t == nil {
			continue
		}
		text := t.Version + ", " + strings.TrimPrefix(t.Cipher, "TLS_")
		if len(t.Old) > 0 {
			text += "; takes " + strings.Join(t.Old, ", ") + " too"
		}
		return text
	}
	return "none"
}

func (s *Side) certificate() string {
	for i := range s.Doors {
		t := s.Doors[i].TLS
		if t == nil || len(t.Chain) == 0 {
			continue
		}
		c := t.Chain[0]
		name := c.Subject
		if len(c.Names) > 0 {
			name = c.Names[0]
		}
		text := fmt.Sprintf("%s, by %s, until %s (%s)", name, c.Issuer, day(c.NotAfter), left(c.DaysLeft))
		if len(t.Problems) > 0 {
			text += "; " + strings.Join(problemWords(&s.Doors[i]), ", ")
		}
		return text
	}
	return "none"
}

func left(days int) string {
	if days < 0 {
		return "over"
	}
	return count(days, "day")
}

func (s *Side) offeredInside() string {
	for i := range s.Doors {
		o := s.Doors[i].After
		if o == nil {
			continue
		}
		all := slices.Clone(o.Mechanisms)
		if o.LoginCommand {
			all = append(all, strings.Replace(command(s.Protocol), "LOGIN", "LOGIN command", 1))
		}
		if len(all) == 0 {
			return "no login"
		}
		return strings.Join(all, ", ")
	}
	return "nothing was said"
}

func (s *Side) loginText() string {
	l := s.Login
	switch {
	case l == nil:
		return "not tried"
	case l.OK:
		return "as " + l.Mechanism
	case l.Busy:
		return "mailbox busy"
	case l.Refused:
		return "refused"
	case !l.Tried:
		return "not tried: " + l.Error
	}
	return "failed: " + l.Error
}
