package live

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/compare"
	"imapop/retrieval/fetch"
	"imapop/retrieval/local"
	"imapop/retrieval/plan"
	"imapop/retrieval/pop3"
)

// stopGrace is how long a download that was stopped may take to bring the message
// in hand to its end; then the connection is dropped.
const stopGrace = 5 * time.Second

// errOtherPlan is the answer to a plan that no longer holds.
var errOtherPlan = errors.New("other commands would go out now than those that were shown, so nothing was sent; look at the plan again")

// download is one run of retrieval/fetch in the open session, told to the person
// while it goes. QUIT, which makes its deletions final, is not part of it.
func (d *Desk) download(ctx context.Context, s *pop3.Session, a retrieval.Action) error {
	if d.copy() == nil {
		return &retrieval.OpError{Protocol: retrieval.POP3, Op: string(a.Verb), Err: d.noCopy()}
	}
	var p plan.Plan
	var err error
	d.ask(func(b *book) { p, err = compare.Run(b.view(), a, time.Now()) })
	if err == nil && a.Planned != nil && !slices.Equal(a.Planned, p.Open()) {
		err = errOtherPlan
	}
	if err != nil {
		return &retrieval.OpError{Protocol: retrieval.POP3, Op: string(a.Verb), Err: err}
	}
	defer context.AfterFunc(d.ctx, s.Drop)() // the end of the program does not wait for a server
	r := &running{d: d, s: s, a: a, p: p, started: time.Now()}
	defer r.end()
	d.ask(func(b *book) { b.taking(numbersOf(p.Retrieve())) })
	rep, err := fetch.Resume(s, d.copy(), p, fetch.Options{Grace: stopGrace, Stored: r.stored, Refused: r.refused, Progress: r.progress}).Work(ctx)
	r.tell(rep)
	if errors.Is(err, fetch.ErrInterrupted) {
		return &retrieval.StoppedError{What: fmt.Sprintf("%d of %d messages are on this device for good, the rest stays where it is; nothing was marked",
			len(rep.Stored), len(p.Retrieve()))}
	}
	return err
}

func numbersOf(items []plan.Item) []int {
	var numbers []int
	for _, it := range items {
		numbers = append(numbers, it.Number)
	}
	return numbers
}

// running is a download while it runs.
type running struct {
	d       *Desk
	s       *pop3.Session
	a       retrieval.Action
	p       plan.Plan
	started time.Time
}

func (r *running) end() { r.d.post(func(b *book) { b.running = nil }) }

// progress shows how far it is.
func (r *running) progress(p fetch.Progress) {
	now := time.Now()
	r.d.post(func(b *book) {
		b.running = &retrieval.Progress{Action: b.action, Verb: r.a.Verb, Side: retrieval.POP3, What: fmt.Sprintf("%d of %d messages", p.Messages, p.Of),
			Done: p.Done, Total: p.Total, Unit: "octets", Started: r.started, At: now, Whole: p.Messages, Of: p.Of, Stored: p.Stored, CanStop: true}
	})
}

// stored tells of a batch that is durable; only then may a DELE follow.
func (r *running) stored(batch []local.Stored) {
	copies := make(map[int]*retrieval.LocalCopy, len(batch))
	var numbers []int
	var octets int64
	for _, s := range batch {
		c := localCopy(local.State{Record: s.Record})
		if s.UniqueID != "" { // else nothing tells its copy from another's
			c = localCopy(r.d.copy().StateOf(s.UniqueID))
		}
		numbers, copies[s.Number] = append(numbers, s.Number), &c
		octets += s.Record.Octets
	}
	line := r.s.LastLine()
	r.d.ask(func(b *book) {
		b.setEntries(numbers, func(e *retrieval.Entry) { e.Has(copies[e.Number]) })
		b.happen(retrieval.Happening{Side: retrieval.POP3, Kind: retrieval.Retrieved, Numbers: numbers, Octets: octets, Line: line,
			Cause: retrieval.CauseClient, Text: fmt.Sprintf("POP3 downloaded %s, %s: safe on this device's disk", numbered(numbers), retrieval.Octets(octets))})
	})
}

// refused tells of a message that the server did not give.
func (r *running) refused(n int, err error) {
	if errors.Is(err, retrieval.ErrGone) {
		r.d.post(func(b *book) { b.refusedRetr(n, err) })
	}
}

// tell says what came of the run beside its downloads.
func (r *running) tell(rep fetch.Report) {
	heads := map[int]*retrieval.Header{}
	for _, h := range rep.Headers {
		heads[h.Number] = h.Header
	}
	r.d.ask(func(b *book) {
		b.topped(r.s.Number(), heads, nil)
		b.marks(r.s, numbersOf(rep.Marked()))
		for _, left := range slices.Concat(rep.Short, rep.Kept) {
			b.happen(retrieval.Happening{Side: retrieval.POP3, Kind: retrieval.Refused, Numbers: []int{left.Number}, Cause: retrieval.CauseClient,
				Text: fmt.Sprintf("message %d stays on the server: %s", left.Number, plain(left.Err))})
		}
	})
}

// tellDue says how many deletions the policies of earlier downloads make due:
// they are never carried out by themselves.
func (b *book) tellDue() {
	n := compare.Due(b.view(), time.Now())
	if n == 0 {
		return
	}
	b.happen(retrieval.Happening{Side: retrieval.Local, Kind: retrieval.Due, Cause: retrieval.CauseClient,
		Text: fmt.Sprintf("%s downloaded earlier: due to be deleted on the server by the policy of that download; F shows the plan", howMany(n))})
}

func howMany(n int) string {
	if n == 1 {
		return "1 message"
	}
	return fmt.Sprintf("%d messages", n)
}

// deleteByHand marks messages that a person chose. On a real account a message
// without a durable copy here is refused: after QUIT it would be nowhere. On the
// demo account what the ledger will not answer for is marked all the same.
func (d *Desk) deleteByHand(ctx context.Context, s *pop3.Session, numbers []int) error {
	demo := d.o.Account.Demo
	if d.copy() == nil && !demo {
		return &retrieval.OpError{Protocol: retrieval.POP3, Op: "delete", Err: d.noCopy()}
	}
	var listed map[int]retrieval.Entry
	d.ask(func(b *book) { listed = b.entries(numbers) })
	var copied []plan.Item
	var bare []int
	for _, n := range numbers {
		switch e := listed[n]; {
		case e.Here:
			copied = append(copied, plan.Item{Number: n, UniqueID: e.UniqueID, Octets: e.Octets})
		case demo:
			bare = append(bare, n)
		default:
			return &retrieval.OpError{Protocol: retrieval.POP3, Op: fmt.Sprintf("delete message %d", n),
				Err: fmt.Errorf("%w: after QUIT it would be nowhere; download it first", local.ErrNotHere)}
		}
	}
	m, err := d.deleteCopied(ctx, s, copied)
	var refused error
	for _, it := range copied {
		switch no := m.Refused[it.Number]; {
		case no == nil:
		case demo && errors.As(no, new(*local.RefusedError)):
			bare = append(bare, it.Number)
		default:
			refused = errors.Join(refused, fmt.Errorf("message %d stays on the server: %w", it.Number, no))
		}
	}
	if err == nil && len(bare) > 0 {
		err = d.mark(ctx, s, bare)
	}
	return errors.Join(err, refused)
}

// deleteCopied is fetch's deletion, told to the person.
func (d *Desk) deleteCopied(ctx context.Context, s *pop3.Session, items []plan.Item) (fetch.Marks, error) {
	if len(items) == 0 {
		return fetch.Marks{}, nil
	}
	m, err := fetch.Delete(ctx, s, d.copy(), items)
	d.ask(func(b *book) { b.marks(s, numbersOf(m.Marked)) })
	return m, err
}
