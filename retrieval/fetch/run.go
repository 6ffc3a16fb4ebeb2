package fetch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/local"
	"imapop/retrieval/plan"
	"imapop/retrieval/pop3"
)

// Options is how to make a run.
type Options struct {
	Rules
	Now      func() time.Time            // nil: time.Now
	Progress func(Progress)              // told of octets as they come, often; nil: nobody is told
	Stored   func([]local.Stored)        // told of each batch once it is durable; nil: nobody is told
	Refused  func(number int, err error) // told of each message that the server did not give; nil: nobody is told
	Grace    time.Duration               // how long an interrupted run may go on to its clean end; 0: 10 s
}

// grace lets a message of some megabytes come to its end on a slow line.
const grace = 10 * time.Second

// Progress is how far a download is.
type Progress struct {
	Done, Total  int64 // octets; Total as LIST says
	Messages, Of int   // that came whole
	Stored       int   // that are durable
	StoredOctets int64
	JustDurable  bool // a batch became durable just now
}

// ErrInterrupted is what an interrupted run returns. What it downloaded is
// durable; Report says how the session ended.
var ErrInterrupted = errors.New("interrupted")

// Run is a planned run over one session, to be used once and by one goroutine.
type Run struct {
	s    Session
	c    *local.Copy
	o    Options
	drop retrieval.Maildrop
	rep  Report

	durable map[int]bool // by message number, of this session
	short   map[int]bool
}

// Prepare asks the server for its list, shows it to the ledger and plans. An
// error leaves the session open when it still lives: end it by Leave.
func Prepare(ctx context.Context, s Session, c *local.Copy, o Options) (*Run, error) {
	o = o.filled()
	r := &Run{s: s, c: c, o: o, durable: map[int]bool{}, short: map[int]bool{}}
	listed, err := r.list(ctx)
	if err != nil {
		return r, err
	}
	if err := r.reconcile(); err != nil {
		return r, err
	}
	k := known{c: c}
	if o.Removed || o.Leave.Mode == account.LeaveRemoved || len(o.Only) > 0 {
		gone, err := c.Gone()
		if err != nil {
			return r, err
		}
		k.gone = make(map[string]bool, len(gone))
		for _, id := range gone {
			k.gone[id] = true
		}
	}
	if err := r.makePlan(k); err != nil || listed || len(r.rep.Plan.Steps) == 0 {
		return r, err
	}
	if r.drop, err = s.Sizes(ctx, r.drop); err != nil {
		return r, err
	}
	return r, r.makePlan(k)
}

// list asks the server what it has. Where the ledger knows sizes they stand in
// for LIST, so that a run that finds nothing to do never asks for it. listed
// reports that LIST was asked: a plan that does anything is made of its sizes alone.
func (r *Run) list(ctx context.Context) (listed bool, err error) {
	if !r.c.Knows() {
		r.drop, err = r.s.Snapshot(ctx)
		return true, err
	}
	var sure bool
	if r.drop, sure, err = r.s.Names(ctx, r.c.Listed); err != nil {
		return false, err
	}
	if sure {
		return !r.drop.HasUIDL, nil // a server without UIDL was asked at once
	}
	r.drop, err = r.s.Sizes(ctx, r.drop)
	return true, err
}

func (r *Run) makePlan(k known) (err error) {
	r.rep.Plan, err = plan.Make(r.drop, k, r.o.Rules, r.o.Now())
	return err
}

// reconcile shows the whole list to the ledger.
func (r *Run) reconcile() error {
	if !r.drop.HasUIDL {
		if len(r.drop.Entries) > 0 && r.c.Knows() {
			return ErrUniqueIDsLost
		}
		return nil
	}
	ids := make([]string, len(r.drop.Entries))
	for i := range r.drop.Entries {
		ids[i] = r.drop.Entries[i].UniqueID
	}
	var err error
	r.rep.Settled, err = r.c.Reconcile(ids)
	return err
}

// Resume makes a run over a session whose list is known and was shown to the
// ledger already, by a plan that was made of it; use it once, by Work.
func Resume(s Session, c *local.Copy, p Plan, o Options) *Run {
	r := &Run{s: s, c: c, o: o.filled(), durable: map[int]bool{}, short: map[int]bool{}}
	r.rep.Plan = p
	return r
}

func (o Options) filled() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Grace == 0 {
		o.Grace = grace
	}
	return o
}

// Plan is what Do will do.
func (r *Run) Plan() Plan { return r.rep.Plan }

// Leave ends the session without doing anything: nothing is marked, so nothing is deleted.
func (r *Run) Leave(ctx context.Context) error {
	if r.s.Err() != nil {
		return nil
	}
	_, err := r.s.Quit(ctx)
	return err
}

// Do makes the run and ends the session. When ctx ends, the message in hand is
// finished, what is whole is made durable, and the session ends as the policy
// says: by DELE and QUIT when it deletes what is durable, by RSET and QUIT when
// it keeps; the connection is dropped when that takes longer than Options.Grace.
// The report is true also with an error.
func (r *Run) Do(ctx context.Context) (Report, error) {
	hard, stopped, end := r.soften(ctx)
	defer end()
	err := r.download(hard, stopped)
	if errors.Is(err, ErrStopped) {
		err = nil
	}
	r.rep.Interrupted = stopped()
	switch {
	case err != nil:
		return r.abandon(hard, err)
	case stopped() && r.o.Leave.Mode == account.LeaveKeep:
		return r.abandon(hard, ErrInterrupted)
	case !stopped():
		err = r.look(hard)
	}
	if err == nil {
		err = r.delete(hard)
	}
	if err != nil {
		return r.abandon(hard, err)
	}
	if err := r.quit(hard); err != nil {
		return r.rep, err
	}
	if stopped() && len(r.rep.Plan.Retrieve()) > len(r.rep.Stored) {
		return r.rep, ErrInterrupted
	}
	return r.rep, r.rep.Err()
}

// Work makes the run and leaves the session open: what is marked goes at its
// QUIT, which is for the caller to say. When ctx ends, the message in hand is
// finished, what is whole is durable, nothing is marked, and the error is
// ErrInterrupted; the session lives on unless that took longer than
// Options.Grace. The report is true also with an error.
func (r *Run) Work(ctx context.Context) (Report, error) {
	hard, stopped, end := r.soften(ctx)
	defer end()
	err := r.download(hard, stopped)
	r.rep.Interrupted = stopped()
	switch {
	case r.rep.Interrupted:
		return r.rep, ErrInterrupted
	case err != nil:
		return r.rep, err
	}
	if err := r.look(hard); err != nil {
		return r.rep, err
	}
	if err := r.delete(hard); err != nil {
		return r.rep, err
	}
	return r.rep, r.rep.Err()
}

// soften gives a context that outlives ctx by the grace, and a func that tells
// whether ctx has ended.
func (r *Run) soften(ctx context.Context) (hard context.Context, stopped func() bool, end func()) {
	hard, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		t := time.AfterFunc(r.o.Grace, func() { cancel(ErrInterrupted) })
		context.AfterFunc(hard, func() { t.Stop() })
	})
	return hard, func() bool { return ctx.Err() != nil }, func() { stop(); cancel(nil) }
}

func (r *Run) download(ctx context.Context, stopped func() bool) error {
	if stopped() {
		return nil
	}
	var again []string
	for _, s := range r.rep.Plan.Steps {
		if s.Again {
			again = append(again, s.UniqueID)
		}
	}
	if err := r.c.NoteRemoved(again); err != nil { // else what is known would not be stored
		return err
	}
	items := r.rep.Plan.Retrieve()
	byNumber := make(map[int]Item, len(items))
	for _, it := range items {
		byNumber[it.Number] = it
	}
	p := Progress{Of: len(items)}
	tell := func() {
		if r.o.Progress != nil {
			r.o.Progress(p)
		}
		p.JustDurable = false
	}
	return Download(ctx, r.s, r.c, items, Hooks{
		Stop: stopped,
		Stored: func(list []local.Stored) {
			for _, st := range list {
				r.durable[st.Number] = true
				r.rep.Stored = append(r.rep.Stored, Stored{Item: byNumber[st.Number], Got: st.Record.Octets, File: st.Record.File, Existed: st.Existed})
				p.StoredOctets += st.Record.Octets
			}
			p.Stored, p.JustDurable = p.Stored+len(list), true
			if r.o.Stored != nil {
				r.o.Stored(list)
			}
			tell()
		},
		Twin: func(n int) { r.rep.Twins = append(r.rep.Twins, byNumber[n]) },
		Refused: func(n int, err error) {
			r.rep.Refused = append(r.rep.Refused, Left{byNumber[n], err})
			if r.o.Refused != nil {
				r.o.Refused(n, err)
			}
		},
		Short: func(n int, got pop3.Retrieved) {
			r.short[n] = true
			r.rep.Short = append(r.rep.Short, Left{byNumber[n], fmt.Errorf("%w: %d of %d", local.ErrShort, got.Octets, got.Listed)})
		},
		Progress: func(done, total int64, whole int) {
			p.Done, p.Total, p.Messages = done, total, whole
			tell()
		},
	})
}

// look asks for the headers of what is not downloaded.
func (r *Run) look(ctx context.Context) error {
	items := r.rep.Plan.Look()
	if len(items) == 0 {
		return nil
	}
	at := 0
	err := r.s.Top(ctx, numbersOf(items), 0, func(n int, octets []byte, err error) error {
		it := items[at]
		at++
		if err != nil {
			r.rep.Refused = append(r.rep.Refused, Left{it, err})
			return nil
		}
		r.rep.Headers = append(r.rep.Headers, Looked{it, ParseHeader(octets)})
		return nil
	})
	if errors.Is(err, retrieval.ErrUnsupported) && !r.o.HeadersOnly {
		return nil // the message stays all the same, and is named without its header
	}
	return err
}

// delete marks what is to leave and is durable.
func (r *Run) delete(ctx context.Context) error {
	var named, nameless []Item
	var removed []string
	for _, s := range r.rep.Plan.Steps {
		switch {
		case !s.Delete || s.Retrieve && !r.durable[s.Number]:
		case r.short[s.Number]:
		case s.UniqueID == "":
			nameless = append(nameless, s.Item)
		default:
			named = append(named, s.Item)
			if s.Removed {
				removed = append(removed, s.UniqueID)
			}
		}
	}
	if err := r.c.NoteRemoved(removed); err != nil {
		return err
	}
	for _, part := range []func() (Marks, error){
		func() (Marks, error) { return Delete(ctx, r.s, r.c, named) },
		func() (Marks, error) { return deleteNameless(ctx, r.s, nameless) },
	} {
		m, err := part()
		r.rep.marked = append(r.rep.marked, m.Marked...)
		for _, it := range slices.Concat(named, nameless) {
			if no := m.Refused[it.Number]; no != nil {
				r.rep.Kept = append(r.rep.Kept, Left{it, reason(no)})
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// quit ends the session and records what became of the marks.
func (r *Run) quit(ctx context.Context) error {
	_, err := r.s.Quit(ctx)
	r.rep.End = EndQuit
	marked := r.rep.marked
	var ids []string
	for _, it := range marked {
		if it.UniqueID != "" {
			ids = append(ids, it.UniqueID)
		}
	}
	if err == nil {
		r.rep.Deleted = marked
		return r.c.Settle(ids, nil)
	}
	r.rep.End, r.rep.Unknown = EndUnknown, marked
	return errors.Join(err, r.c.Unknown(ids))
}

// abandon ends a run that failed: RSET unmarks everything, then QUIT. A session
// that is over, or out of step, is told nothing more.
func (r *Run) abandon(ctx context.Context, why error) (Report, error) {
	if cause := context.Cause(ctx); cause != nil && errors.Is(cause, ErrInterrupted) {
		why = ErrInterrupted
	}
	r.rep.End = EndDropped
	select {
	case <-r.s.Done():
		return r.rep, why
	default:
	}
	if err := r.s.Reset(ctx); err != nil {
		r.s.Drop()
		return r.rep, why
	}
	var ids []string
	for _, it := range r.rep.marked {
		ids = append(ids, it.UniqueID)
	}
	if len(ids) > 0 {
		_ = r.c.Settle(nil, ids) // the next list of unique-ids settles it otherwise
	}
	if _, err := r.s.Quit(ctx); err == nil {
		r.rep.End = EndReset
	}
	return r.rep, why
}
