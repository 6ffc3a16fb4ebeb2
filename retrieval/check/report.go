package check

import (
	"imapop/account"
	"imapop/retrieval"
)

// Schema names the format of the report's JSON.
const Schema = "imapop.check/1"

// Report is everything that `imapop check` says. Its JSON is described in
// docs/check-json.md and only ever added to.
type Report struct {
	Schema       string                              `json:"schema"`
	Good         bool                                `json:"good"`  // nothing is of level warning or worse
	Worst        Level                               `json:"worst"` // of the findings
	Findings     []Finding                           `json:"findings"`
	Promises     []Promise                           `json:"leave_on_server_promises"`
	Capabilities map[retrieval.Protocol][]Capability `json:"capabilities"`
	Facts        Facts                               `json:"facts"`
}

// BuildReport judges the facts.
func BuildReport(f Facts) Report {
	if f.Failed == nil {
		f.Failed = []account.FailedLogin{}
	}
	r := Report{Schema: Schema, Findings: Audit(f), Promises: promises(f), Facts: f, Capabilities: map[retrieval.Protocol][]Capability{}}
	r.Worst, r.Good = Worst(r.Findings), Good(r.Findings)
	for _, s := range f.sides() {
		r.Capabilities[s.Protocol] = Explain(s.Protocol, s.latest())
	}
	return r
}

// latest are the capabilities as the server told them last: after login, else
// inside TLS, else before.
func (s *Side) latest() []string {
	if s.asked() {
		return s.Login.Capabilities
	}
	for _, d := range s.Doors {
		if d.After != nil {
			return d.After.Capabilities
		}
	}
	for _, d := range s.Doors {
		if d.Before != nil {
			return d.Before.Capabilities
		}
	}
	return nil
}

// moment says when that was.
func (s *Side) moment() string {
	if s.asked() {
		return "after login"
	}
	for _, d := range s.Doors {
		if d.After != nil {
			return "inside TLS"
		}
	}
	for _, d := range s.Doors {
		if d.Before != nil {
			return "before TLS"
		}
	}
	return "not seen"
}

// asked reports whether the capabilities were told anew after login: submission's are not.
func (s *Side) asked() bool { return s.Login != nil && s.Login.OK && s.Protocol != retrieval.SMTP }
