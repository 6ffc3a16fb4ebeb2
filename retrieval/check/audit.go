package check

import "imapop/retrieval"

// Audit says everything that is to be said about the account, the worst first.
// The same facts always give the same findings.
func Audit(f Facts) []Finding {
	s := &sights{}
	for _, side := range f.sides() {
		s.doors(side)
		s.certificates(side)
		s.versions(side)
		s.ways(side)
		s.beforeTLS(side)
		s.insideTLS(side)
		s.login(side)
	}
	s.differences(f)
	s.popAbilities(f)
	s.imapAbilities(f)
	s.message(f)
	s.failedLogins(f)
	return append(s.findings(), advice()...)
}

// sides are those that the account has, in the order of the columns.
func (f Facts) sides() []*Side {
	var out []*Side
	for _, s := range []*Side{f.IMAP, f.POP3, f.Submission} {
		if s != nil && len(s.Doors) > 0 {
			out = append(out, s)
		}
	}
	return out
}

// Worst is the weightiest level among findings; Info when there are none.
func Worst(fs []Finding) Level {
	worst := Info
	for _, f := range fs {
		if f.Level.Worse(worst) {
			worst = f.Level
		}
	}
	return worst
}

// Good reports whether nothing is of level warning or worse.
func Good(fs []Finding) bool { return Notice == Worst(fs) || Info == Worst(fs) }

// upgrade is what a protocol calls its upgrade to TLS.
func upgrade(p retrieval.Protocol) string {
	if p == retrieval.POP3 {
		return "STLS"
	}
	return "STARTTLS"
}
