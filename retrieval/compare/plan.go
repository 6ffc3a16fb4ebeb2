package compare

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/plan"
	"imapop/retrieval/safe"
)

// PlanDownload plans the download of the given message numbers of the open
// session: they are retrieved whatever their size. What is here already is not
// retrieved again, and marked only when the policy of its own download wants it.
func PlanDownload(v *retrieval.View, numbers []int, now time.Time) Plan {
	a := retrieval.Action{Verb: retrieval.VerbDownload, Side: retrieval.POP3, Numbers: numbers}
	if len(numbers) == 0 {
		return describe(v, plan.Plan{}, nil)
	}
	p, err := Run(v, a, now)
	return describe(v, p, err)
}

// PlanFetch plans what imapop fetch would do in the open session: all that is
// new, and what is due on the server.
func PlanFetch(v *retrieval.View, now time.Time) Plan {
	p, err := Run(v, retrieval.Action{Verb: retrieval.VerbFetch, Side: retrieval.POP3}, now)
	return describe(v, p, err)
}

// Run is the run behind a download or a fetch: what is shown of it, and what is
// then done, comes from here. The error says that it may not be made.
func Run(v *retrieval.View, a retrieval.Action, now time.Time) (plan.Plan, error) {
	r, err := Rules(v)
	if err != nil {
		return plan.Plan{}, err
	}
	if v.POP3.State != retrieval.POP3Transaction {
		return plan.Plan{}, fmt.Errorf("no POP3 session is open: message numbers mean nothing (%s)", popDrop)
	}
	if a.Verb == retrieval.VerbDownload {
		r.Numbers = a.Numbers
	}
	p, err := plan.Make(v.POP3.Drop, onView{}, r, now)
	for i := range p.Steps { // a header that was seen is not asked for again
		if s := &p.Steps[i]; s.Look && v.POP3.Drop.Entries[s.Number-1].Header != nil {
			s.Look = false
		}
	}
	return p, err
}

// Rules are the client's settings as a run takes them.
func Rules(v *retrieval.View) (plan.Rules, error) {
	leave, err := account.ParseLeaveOnServer(v.Policy)
	if err != nil {
		err = fmt.Errorf("the policy %q is not understood: nothing is done", safe.Line(v.Policy))
	}
	return plan.Rules{Leave: leave, MaxOctets: max(v.Limit, 0), HeadersOnly: v.Limit == retrieval.HeadersOnly}, err
}

// onView is what the view knows of this device.
type onView struct{}

// Copy implements plan.Known.
func (onView) Copy(e *retrieval.Entry) (retrieval.LocalCopy, bool) {
	if e.Copy == nil {
		return retrieval.LocalCopy{}, false
	}
	return *e.Copy, true
}

// Settled implements plan.Known.
func (onView) Settled(e *retrieval.Entry) bool {
	return e.Copy != nil && e.Copy.Listed == e.Octets && e.Copy.Stays == nil && !e.Copy.Removed
}

// Stays implements plan.Known.
func (onView) Stays(e *retrieval.Entry) error { return e.Copy.Stays }

// Due counts the earlier downloads whose deletion is due in the open session:
// PlanFetch marks as many. It reads every entry, and no more than that.
func Due(v *retrieval.View, now time.Time) int {
	r, err := Rules(v)
	if err != nil || r.HeadersOnly {
		return 0
	}
	return tally(v, func(e *retrieval.Entry) bool {
		due, _ := r.Due(*e.Copy, now)
		return due
	})
}

// Earlier counts the downloads that a policy would delete if it held for them
// too: at once, and later when their days are over. The first is the surprise of
// turning leave-on-server off.
func Earlier(v *retrieval.View, leave account.LeaveOnServer, now time.Time) (at, later int) {
	r := plan.Rules{Leave: leave, Earlier: true}
	from := plan.Rules{Leave: leave}
	var timed []time.Time
	at = tally(v, func(e *retrieval.Entry) bool {
		due, when := r.Due(*e.Copy, now)
		if before, _ := from.Due(*e.Copy, now); before {
			return false // it goes either way
		}
		if !due && !when.IsZero() && e.Copy.Leave != leave {
			timed = append(timed, when)
		}
		return due
	})
	return at, len(timed)
}

// tally counts the listed messages with a copy of which f is true and that may
// leave the server.
func tally(v *retrieval.View, f func(*retrieval.Entry) bool) (n int) {
	for i := range v.POP3.Drop.Entries {
		e := &v.POP3.Drop.Entries[i]
		if e.Copy == nil || e.Marked || e.Gone || e.Copy.Listed != e.Octets || !f(e) {
			continue
		}
		if err := e.Copy.Stays; err == nil || e.Copy.Removed && errors.Is(err, plan.ErrFileGone) {
			n++
		}
	}
	return n
}

// describe puts a run into words.
func describe(v *retrieval.View, run plan.Plan, err error) Plan {
	leave, _ := account.ParseLeaveOnServer(v.Policy)
	p := Plan{Policy: leave.String(), Octets: run.Octets, Have: run.Have, Due: run.Due, Later: run.Later, Next: run.Next, Held: run.Held,
		Commands: run.Open(), Err: err}
	if err != nil {
		p.Commands = nil
		p.Why = append(p.Why, safe.Line(err.Error()))
		p.Who = "nobody: nothing is sent"
		if v.POP3.State != retrieval.POP3Transaction {
			return p
		}
		run.Steps = nil
	}
	for _, s := range run.Steps {
		p.step(v, s)
	}
	p.Leaves = slices.Clone(p.Dele)
	for i := range v.POP3.Drop.Entries {
		if v.POP3.Drop.Entries[i].Marked {
			p.Leaves = append(p.Leaves, v.POP3.Drop.Entries[i].Number)
		}
	}
	slices.Sort(p.Leaves)
	p.Leaves = slices.Compact(p.Leaves)
	p.Removes = len(p.Leaves) > 0
	p.notices()
	return p
}

// step takes in one message.
func (p *Plan) step(v *retrieval.View, s plan.Step) {
	if s.Retrieve {
		p.Retr = append(p.Retr, s.Number)
	}
	if s.Look {
		p.Top = append(p.Top, s.Number)
	}
	if s.Delete {
		p.Dele = append(p.Dele, s.Number)
	}
	keeps := v.Policy == "" || v.Policy == "keep"
	switch {
	case s.Why == nil, s.Retrieve && keeps: // nothing was to leave anyway
	case s.Retrieve:
		p.Why = append(p.Why, fmt.Sprintf("message %d: stays: %v", s.Number, s.Why))
	default:
		p.Why = append(p.Why, fmt.Sprintf("message %d: %v", s.Number, s.Why))
	}
}

// notices says who will notice.
func (p *Plan) notices() {
	switch {
	case p.Removes:
		p.Who = "at QUIT: IMAP clients hear EXPUNGE, other POP3 clients miss " + count(len(p.Leaves), "message") + " at their next login"
	case len(p.Retr) > 0:
		p.Who = `nobody misses anything; IMAP clients may see \Seen, where the server sets it on RETR`
	default:
		p.Who = "nobody: nothing changes on the server"
	}
}
