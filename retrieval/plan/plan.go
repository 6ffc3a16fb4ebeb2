// Package plan decides what a POP3 session is asked for: which messages are
// downloaded, which are only looked at, and which are to leave the server. It is
// pure, so that the app's screens, the app's downloads and `imapop fetch` show
// and do the same, command by command.
package plan

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"imapop/account"
	"imapop/retrieval"
)

// Known is what a plan asks of this device.
type Known interface {
	// Copy tells of a message that was downloaded here; false: it was not.
	Copy(e *retrieval.Entry) (retrieval.LocalCopy, bool)
	// Stays says why no DELE may go out for a message whose copy was made here;
	// ErrFileGone when its file is not in place. nil: one may.
	Stays(e *retrieval.Entry) error
	// Settled: it was downloaded with that size and nothing happened to it since.
	// false where that is not known.
	Settled(e *retrieval.Entry) bool
}

// Make plans a run. It changes nothing. now is what days are counted to. An
// error says that the run may not be made.
func Make(drop retrieval.Maildrop, k Known, r Rules, now time.Time) (Plan, error) {
	p := planner{Plan: Plan{Listed: len(drop.Entries)}, rules: r, known: k, now: now, hasUIDL: drop.HasUIDL}
	if !drop.HasUIDL && len(drop.Entries) > 0 && !r.HeadersOnly && len(r.Numbers) == 0 && (r.Leave.Mode != account.LeaveDelete || len(r.Only) > 0) {
		return p.Plan, ErrNoUniqueIDs
	}
	if len(r.Numbers) > 0 {
		p.chosen(drop.Entries)
		return p.Plan, nil
	}
	p.twice, p.only = doubles(drop.Entries), set(r.Only)
	// What is here and settled needs no second look by a run that keeps everything.
	keeps := drop.HasUIDL && r.Leave.Mode == account.LeaveKeep && !r.Removed && !r.HeadersOnly && len(p.only)+len(p.twice) == 0
	found := 0
	for i := range drop.Entries {
		e := &drop.Entries[i]
		if p.only[e.UniqueID] {
			found++
		}
		switch {
		case e.Marked, e.Gone:
		case keeps && k.Settled(e):
			p.Have++
		default:
			p.add(p.step(e))
		}
	}
	if found < len(p.only) {
		return p.Plan, fmt.Errorf("%w: %q", ErrNotListed, p.missing(drop.Entries))
	}
	return p.Plan, nil
}

// chosen plans the messages of Rules.Numbers, and looks at no others: the list
// may be long.
func (p *planner) chosen(entries []retrieval.Entry) {
	numbers := slices.Compact(slices.Sorted(slices.Values(p.rules.Numbers)))
	p.twice = among(entries, numbers)
	for _, n := range numbers {
		s := Step{Item: Item{Number: n}, Why: ErrNoMessage}
		if n >= 1 && n <= len(entries) {
			e := &entries[n-1]
			switch s.Item = item(e); {
			case e.Marked:
				s.Why = ErrMarked
			case e.Gone:
				s.Why = ErrGone
			default:
				s = p.step(e)
			}
		}
		p.add(s)
	}
}

func (p *planner) add(s Step) {
	if s.Retrieve || s.Look || s.Delete || s.Why != nil {
		p.Steps = append(p.Steps, s)
	}
}

type planner struct {
	Plan
	rules   Rules
	known   Known
	now     time.Time
	hasUIDL bool
	twice   map[string]bool
	only    map[string]bool
}

func item(e *retrieval.Entry) Item {
	return Item{Number: e.Number, UniqueID: e.UniqueID, Octets: e.Octets}
}

// step plans one message.
func (p *planner) step(e *retrieval.Entry) Step {
	s := Step{Item: item(e)}
	asked := len(p.rules.Numbers) > 0 || p.only[e.UniqueID]
	c, known := p.known.Copy(e)
	if p.hasUIDL && known && c.Listed == e.Octets && !p.twice[e.UniqueID] {
		if asked && c.Removed {
			s.Again = true
			p.fresh(&s)
			return s
		}
		p.Have++
		if len(p.only) == 0 && (!p.rules.HeadersOnly || asked) {
			p.here(&s, e, c)
		}
		return s
	}
	switch {
	case asked:
	case len(p.only) > 0:
		return s
	case p.rules.HeadersOnly:
		s.Look, s.Why = true, ErrHeaders
		return s
	case p.rules.MaxOctets > 0 && e.Octets > p.rules.MaxOctets:
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
	s.Why = p.fault(s)
	switch {
	case s.Why != nil:
	case p.rules.Leave.Mode == account.LeaveDelete:
		s.Delete = true
	case p.rules.Leave.Mode == account.LeaveDays:
		p.later(p.now.Add(p.rules.Leave.After))
	}
}

// fault says why a message can never be deleted by its unique-id.
func (p *planner) fault(s *Step) error {
	switch {
	case s.UniqueID == "" && (p.hasUIDL || len(p.rules.Numbers) > 0):
		return ErrNameless
	case p.twice[s.UniqueID]:
		return ErrDuplicate
	case p.hasUIDL && !Trusted(s.UniqueID):
		return ErrMalformed
	}
	return nil
}

// here plans a message whose copy was made here.
func (p *planner) here(s *Step, e *retrieval.Entry, c retrieval.LocalCopy) {
	due, at := p.rules.Due(c, p.now)
	switch {
	case due:
	case !at.IsZero():
		p.later(at)
		return
	default:
		if r := p.rules; !r.Earlier && r.Leave != c.Leave {
			r.Earlier = true
			if due, at := r.Due(c, p.now); due || !at.IsZero() {
				p.Held++
			}
		}
		return
	}
	err := p.known.Stays(e)
	if s.Removed = c.Removed; c.Removed && errors.Is(err, ErrFileGone) {
		err = nil // its owner wanted so; the ledger is told before DELE
	}
	s.Delete, s.Why = err == nil, err
	if err == nil {
		p.Due++
	}
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

// doubles finds the unique-ids that more than one message has.
func doubles(entries []retrieval.Entry) map[string]bool {
	if rising(entries) {
		return map[string]bool{} // as most servers list them
	}
	ids := make([]string, 0, len(entries))
	for i := range entries {
		if entries[i].UniqueID != "" {
			ids = append(ids, entries[i].UniqueID)
		}
	}
	slices.Sort(ids)
	twice := map[string]bool{}
	for i := 1; i < len(ids); i++ {
		if ids[i] == ids[i-1] {
			twice[ids[i]] = true
		}
	}
	return twice
}

// rising reports whether each unique-id is greater than the one before, so that
// there can be none twice.
func rising(entries []retrieval.Entry) bool {
	for i := 1; i < len(entries); i++ {
		if entries[i].UniqueID <= entries[i-1].UniqueID {
			return false
		}
	}
	return true
}

// among is doubles for some messages: of the others only the unique-id is read.
func among(entries []retrieval.Entry, numbers []int) map[string]bool {
	times := map[string]int{}
	for _, n := range numbers {
		if n >= 1 && n <= len(entries) && entries[n-1].UniqueID != "" {
			times[entries[n-1].UniqueID] = 0
		}
	}
	twice := map[string]bool{}
	for i := range entries {
		id := entries[i].UniqueID
		if n, asked := times[id]; asked {
			times[id] = n + 1
			twice[id] = n > 0
		}
	}
	return twice
}

func set[K comparable](keys []K) map[K]bool {
	m := make(map[K]bool, len(keys))
	for _, k := range keys {
		m[k] = true
	}
	return m
}
