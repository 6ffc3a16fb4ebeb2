package fetch

import (
	"errors"

	"imapop/retrieval"
	"imapop/retrieval/local"
	"imapop/retrieval/plan"
)

// What a run is planned by; see package plan.
type (
	Rules = plan.Rules
	Plan  = plan.Plan
	Step  = plan.Step
	Item  = plan.Item
)

// ErrUniqueIDsLost says that this server had unique-ids when the copy was made.
var ErrUniqueIDsLost = errors.New("the server gives no unique-ids now, and it did before: what is kept there on purpose could not be told from what is new, so nothing is downloaded or deleted")

// known is what a plan asks of the local copy.
type known struct {
	c    *local.Copy
	gone map[string]bool // unique-ids whose file their owner removed; empty where nobody asks
}

// Copy implements plan.Known.
func (k known) Copy(e *retrieval.Entry) (retrieval.LocalCopy, bool) {
	r, ok := k.c.Lookup(e.UniqueID)
	if !ok || r.Downloaded.IsZero() {
		return retrieval.LocalCopy{}, false
	}
	return retrieval.LocalCopy{Downloaded: r.Downloaded, Listed: r.Listed, Leave: r.Policy, Removed: !r.Removed.IsZero() || k.gone[e.UniqueID]}, true
}

// Settled implements plan.Known.
func (k known) Settled(e *retrieval.Entry) bool { return k.c.Settled(e.UniqueID, e.Octets) }

// Stays implements plan.Known.
func (k known) Stays(e *retrieval.Entry) error { return reason(k.c.Deletable(e.UniqueID, e.Octets)) }

// reason takes a refusal's name off: a step names its message itself.
func reason(err error) error {
	var no *local.RefusedError
	if errors.As(err, &no) {
		return no.Err
	}
	return err
}
