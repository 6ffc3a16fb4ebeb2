package fetch

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/local"
)

// Rules is what a run may do. The zero value downloads everything that is new
// and deletes nothing.
type Rules struct {
	// Leave is the policy for what is downloaded from now on. What was downloaded
	// before keeps the policy of its own download; LeaveKeep deletes none of it.
	Leave account.LeaveOnServer
	// Earlier makes Leave hold for what was downloaded before, too.
	Earlier bool
	// Removed deletes on the server what its owner removed from the Maildir.
	Removed bool
	// MaxOctets: a larger message stays on the server and only its header is looked at; 0: no limit.
	MaxOctets int64
	// HeadersOnly downloads nothing and looks at the headers of what is new.
	HeadersOnly bool
	// Only names the unique-ids to download, whatever their size; nil: all.
	Only []string
}

// Errors of a plan: the run may not be made at all.
var (
	// ErrNoUniqueIDs: without UIDL nothing could tell tomorrow what was downloaded today.
	ErrNoUniqueIDs error = &retrieval.UnsupportedError{Protocol: retrieval.POP3, What: "unique-ids on this server",
		Source:  "UIDL is optional, RFC 1939 section 7",
		Instead: "so mail cannot be kept there: every run would download all of it again; only the policy \"delete\" works here"}
	// ErrUniqueIDsLost: this server had unique-ids when the copy was made.
	ErrUniqueIDsLost = errors.New("the server gives no unique-ids now, and it did before: what is kept there on purpose could not be told from what is new, so nothing is downloaded or deleted")
	// ErrNotListed: Rules.Only names a message that the server does not list.
	ErrNotListed = errors.New("the server lists no message with this unique-id")
)

// Reasons why a message is left alone.
var (
	ErrLarge   = errors.New("it is larger than the limit, so only its header is looked at")
	ErrHeaders = errors.New("only headers were asked for")
)

// Step is what a run does with one message.
type Step struct {
	Item
	Retrieve bool  // RETR
	Look     bool  // TOP n 0
	Delete   bool  // DELE, when its copy is durable
	Why      error // why less is done than the policy asks for; nil: nothing is left undone
}

// Plan is what a run does, message by message.
type Plan struct {
	Steps  []Step // in message-number order; messages that need nothing are not among them
	Listed int    // messages on the server
	Octets int64  // of all downloads, as LIST says
	Have   int    // listed messages whose copy is here
	Later  int    // messages whose DELE the policy puts off
	Next   time.Time
	Held   int // downloaded earlier under another policy: they stay, and Rules.Earlier would delete them
}

// Known is what a plan asks of the local copy; *local.Copy has it.
type Known interface {
	Lookup(uniqueID string) (local.Record, bool)
	Deletable(uniqueID string, listed int64) error
	// Settled: it was downloaded with that size and nothing happened to it since.
	Settled(uniqueID string, listed int64) bool
}

// MakePlan plans a run. It changes nothing. gone are the unique-ids whose file
// their owner removed; now is what days are counted to. An error says that the
// run may not be made.
func MakePlan(drop retrieval.Maildrop, k Known, gone []string, r Rules, now time.Time) (Plan, error) {
	p := planner{Plan: Plan{Listed: len(drop.Entries)}, rules: r, known: k, now: now, hasUIDL: drop.HasUIDL}
	if !drop.HasUIDL && len(drop.Entries) > 0 && !r.HeadersOnly && (r.Leave.Mode != account.LeaveDelete || len(r.Only) > 0) {
		return p.Plan, ErrNoUniqueIDs
	}
	p.twice = doubles(drop.Entries)
	p.removed, p.only = set(gone), set(r.Only)
	p.keeps = drop.HasUIDL && r.Leave.Mode == account.LeaveKeep && !r.Removed && !r.HeadersOnly && len(p.only)+len(p.twice) == 0
	found := 0
	for i := range drop.Entries {
		e := &drop.Entries[i]
		if p.keeps && k.Settled(e.UniqueID, e.Octets) {
			p.Have++
			continue
		}
		if p.only[e.UniqueID] {
			found++
		}
		if s := p.step(e); s.Retrieve || s.Look || s.Delete || s.Why != nil {
			p.Steps = append(p.Steps, s)
		}
	}
	if found < len(p.only) {
		return p.Plan, fmt.Errorf("%w: %q", ErrNotListed, p.missing(drop.Entries))
	}
	return p.Plan, nil
}

type planner struct {
	Plan
	rules   Rules
	known   Known
	now     time.Time
	hasUIDL bool
	twice   map[string]bool
	removed map[string]bool
	only    map[string]bool
	keeps   bool // what is here and settled needs no second look
}

// step plans one message.
func (p *planner) step(e *retrieval.Entry) Step {
	s := Step{Item: Item{Number: e.Number, UniqueID: e.UniqueID, Octets: e.Octets}}
	rec, known := p.known.Lookup(e.UniqueID)
	if p.hasUIDL && known && !rec.Downloaded.IsZero() && rec.Listed == e.Octets && !p.twice[e.UniqueID] {
		p.Have++
		if len(p.only) == 0 && !p.rules.HeadersOnly {
			p.here(&s, rec)
		}
		return s
	}
	switch {
	case len(p.only) > 0 && !p.only[e.UniqueID]:
		return s
	case p.rules.HeadersOnly:
		s.Look, s.Why = true, ErrHeaders
		return s
	case len(p.only) == 0 && p.rules.MaxOctets > 0 && e.Octets > p.rules.MaxOctets:
		s.Look, s.Why = true, ErrLarge
		return s
	}
	p.fresh(&s)
	return s
}

// fresh plans a message that is not here.
func (p *planner) fresh(s *Step) {
	s.Retrieve = true
	p.Octets += s.Octets
	switch {
	case p.twice[s.UniqueID]:
		s.Why = local.ErrDuplicate
	case p.hasUIDL && !local.Trusted(s.UniqueID):
		s.Why = local.ErrMalformed
	case p.rules.Leave.Mode == account.LeaveDelete:
		s.Delete = true
	case p.rules.Leave.Mode == account.LeaveDays:
		p.later(p.now.Add(p.rules.Leave.After))
	}
}

// here plans a message whose copy is here.
func (p *planner) here(s *Step, rec local.Record) {
	removed := p.rules.Removed && (p.removed[s.UniqueID] || !rec.Removed.IsZero())
	policy := rec.Policy
	if p.rules.Earlier {
		policy = p.rules.Leave
	}
	if !removed && p.rules.Leave.Mode == account.LeaveKeep {
		return
	}
	if at, ok := rec.DueAt(policy); !removed {
		if !ok {
			p.Held++
			return
		}
		if p.now.Before(at) {
			p.later(at)
			return
		}
	}
	err := p.known.Deletable(s.UniqueID, s.Octets)
	if removed && errors.Is(err, local.ErrFileGone) {
		err = nil // its owner wanted so; the ledger is told before DELE
	}
	s.Delete, s.Why = err == nil, reason(err)
}

// reason takes a refusal's name off: a step names its message itself.
func reason(err error) error {
	var no *local.RefusedError
	if errors.As(err, &no) {
		return no.Err
	}
	return err
}

func (p *planner) later(at time.Time) {
	p.Later++
	if p.Next.IsZero() || at.Before(p.Next) {
		p.Next = at
	}
}

func (p *planner) missing(entries []retrieval.Entry) string {
	for i := range entries {
		delete(p.only, entries[i].UniqueID)
	}
	for id := range p.only {
		return id
	}
	return ""
}

// Commands are the lines that go over the wire when nothing goes wrong, in their
// order. Where the server offers PIPELINING they are written ahead of their answers.
func (p Plan) Commands() []string {
	lines := make([]string, 0, len(p.Steps)+1)
	each := func(verb, rest string, wanted func(Step) bool) {
		for _, s := range p.Steps {
			if wanted(s) {
				lines = append(lines, verb+" "+strconv.Itoa(s.Number)+rest)
			}
		}
	}
	each("RETR", "", func(s Step) bool { return s.Retrieve })
	each("TOP", " 0", func(s Step) bool { return s.Look })
	each("DELE", "", func(s Step) bool { return s.Delete })
	return append(lines, "QUIT")
}

// Retrieve, Look and Delete list the messages of each kind.
func (p Plan) Retrieve() []Item { return p.items(func(s Step) bool { return s.Retrieve }) }

// Look lists the messages whose header alone is looked at.
func (p Plan) Look() []Item { return p.items(func(s Step) bool { return s.Look }) }

// Delete lists the messages that are to leave the server.
func (p Plan) Delete() []Item { return p.items(func(s Step) bool { return s.Delete }) }

func (p Plan) items(wanted func(Step) bool) []Item {
	var list []Item
	for _, s := range p.Steps {
		if wanted(s) {
			list = append(list, s.Item)
		}
	}
	return list
}

// doubles finds the unique-ids that more than one message has.
func doubles(entries []retrieval.Entry) map[string]bool {
	ids := make([]string, 0, len(entries))
	for i := range entries {
		if entries[i].UniqueID != "" {
			ids = append(ids, entries[i].UniqueID)
		}
	}
	if !slices.IsSorted(ids) {
		slices.Sort(ids)
	}
	twice := map[string]bool{}
	for i := 1; i < len(ids); i++ {
		if ids[i] == ids[i-1] {
			twice[ids[i]] = true
		}
	}
	return twice
}

func set(ids []string) map[string]bool {
	m := make(map[string]bool, len(ids))
	for _, id := range ids {
		m[id] = true
	}
	return m
}
