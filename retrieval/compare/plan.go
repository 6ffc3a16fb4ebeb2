package compare

import (
	"fmt"
	"slices"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/safe"
)

// PlanDownload plans the download of the given message numbers of the open
// session. What is here already is not retrieved again; with the policy
// "delete" it is marked all the same, since it was asked for by number. Never
// marked is a message whose unique-id is missing or not unique: nothing could
// tell its copy from another's.
func PlanDownload(v *retrieval.View, numbers []int) Plan {
	policy, err := account.ParseLeaveOnServer(v.Policy)
	p := planner{v: v, policy: policy, twice: doubles(v.POP3.Drop.Entries, numbers)}
	p.Policy = policy.String()
	if err != nil {
		p.why("the policy %q is not understood: all is kept", safe.Line(v.Policy))
	}
	if v.POP3.State != retrieval.POP3Transaction {
		p.why("no POP3 session is open: message numbers mean nothing (%s)", popDrop)
		p.Who = "nobody: nothing is sent"
		return p.Plan
	}
	seen := map[int]bool{}
	for _, n := range numbers {
		if !seen[n] {
			seen[n] = true
			p.message(n)
		}
	}
	slices.Sort(p.Retr)
	slices.Sort(p.Dele)
	p.finish()
	return p.Plan
}

type planner struct {
	Plan
	v      *retrieval.View
	policy account.LeaveOnServer
	twice  map[string]bool
	fresh  int // downloads whose DELE the policy puts off
}

func (p *planner) why(format string, args ...any) {
	p.Why = append(p.Why, fmt.Sprintf(format, args...))
}

// message plans one message.
func (p *planner) message(n int) {
	e := entry(p.v, n)
	switch {
	case e == nil:
		p.why("message %d: this session has no such message", n)
		return
	case e.Marked:
		p.why("message %d: marked already, no command can reach it (%s)", n, popCommands)
		return
	case e.Gone:
		p.why("message %d: RETR was refused in this session; a new session may have it", n)
		return
	case e.Here:
		p.Have++
	default:
		p.Retr = append(p.Retr, n)
		p.Octets += e.Octets
	}
	switch {
	case p.policy.Mode == account.LeaveKeep:
	case e.UniqueID == "":
		p.why("message %d: stays, it has no unique-id to know its copy by (%s)", n, popOptional)
	case p.twice[e.UniqueID]:
		p.why("message %d: stays, another message has the same unique-id", n)
	case p.policy.Mode == account.LeaveDays:
		p.fresh++
	default:
		p.Dele = append(p.Dele, n)
	}
}

// finish says what leaves, and who will notice.
func (p *planner) finish() {
	p.Leaves = slices.Clone(p.Dele)
	for i := range p.v.POP3.Drop.Entries {
		if p.v.POP3.Drop.Entries[i].Marked {
			p.Leaves = append(p.Leaves, p.v.POP3.Drop.Entries[i].Number)
		}
	}
	slices.Sort(p.Leaves)
	p.Leaves = slices.Compact(p.Leaves)
	p.Removes = len(p.Leaves) > 0
	if p.fresh > 0 {
		p.why("%s: DELE follows %s after the download, not now", count(p.fresh, "message"), p.Policy)
	}
	switch {
	case p.Removes:
		p.Who = "at QUIT: IMAP clients hear EXPUNGE, other POP3 clients miss " + count(len(p.Leaves), "message") + " at their next login"
	case len(p.Retr) > 0:
		p.Who = `nobody misses anything; IMAP clients may see \Seen, where the server sets it on RETR`
	default:
		p.Who = "nobody: nothing changes on the server"
	}
}

// doubles finds the asked-for unique-ids that more than one message has.
func doubles(entries []retrieval.Entry, numbers []int) map[string]bool {
	asked := map[string]int{}
	for _, n := range numbers {
		if n >= 1 && n <= len(entries) && entries[n-1].UniqueID != "" {
			asked[entries[n-1].UniqueID] = 0
		}
	}
	twice := map[string]bool{}
	for i := range entries {
		if c, ok := asked[entries[i].UniqueID]; ok {
			asked[entries[i].UniqueID] = c + 1
			if c > 0 {
				twice[entries[i].UniqueID] = true
			}
		}
	}
	return twice
}
