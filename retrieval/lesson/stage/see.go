package stage

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/lesson"
)

// sight is what came of looking for a condition.
type sight struct {
	ok         bool
	saw        string
	impossible bool // the account has no such thing
	cut        bool // the page would have waited longer
	broken     bool // looking itself failed
	delay      time.Duration
	waited     bool
}

// look once at a condition.
type looker func(context.Context) sight

// see looks for a condition until it holds or the time is over.
func (s *Stage) see(ctx context.Context, st *lesson.Statement) sight {
	c := st.Condition
	if c.Action != nil {
		return s.outcome(ctx, c)
	}
	look := s.looker(c)
	within := st.Within
	if within == 0 {
		within = usualWait
		if s.o.Patience > 0 {
			within = min(within, s.o.Patience) // nobody asked for more
		}
	}
	if s.o.Enough > 0 {
		within = min(within, s.o.Enough)
	}
	cut := false
	if s.o.Patience > 0 && within > s.o.Patience {
		within, cut = s.o.Patience, true
	}
	deadline := time.Now().Add(within)
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, 400*time.Millisecond) {
		r := look(ctx)
		if c.Device != lesson.Here {
			r.saw = c.Device + ": " + r.saw
		}
		if r.ok || r.impossible || r.broken {
			return r
		}
		if !moves(c) || time.Now().Add(pause).After(deadline) {
			r.cut = cut
			return r
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return sight{saw: context.Cause(ctx).Error(), broken: true}
		}
	}
}

// moves reports whether a condition can become true by waiting: what IMAP is
// asked for can. A POP3 session lists what its login found, and measures are made.
func moves(c *lesson.Condition) bool { return c.Side == retrieval.IMAP }

// outcome performs an act and judges what came of it.
func (s *Stage) outcome(ctx context.Context, c *lesson.Condition) sight {
	s.hasty = c.What == "refused" // a refusal that is wanted is not argued with
	err := s.act(ctx, c.Action)
	s.hasty = false
	r := sight{saw: "it went through"}
	if err != nil {
		r.saw = err.Error()
	}
	refused := errors.Is(err, retrieval.ErrRefused) || errors.Is(err, retrieval.ErrGone) || errors.Is(err, retrieval.ErrMarked) ||
		errors.Is(err, retrieval.ErrInUse) || errors.Is(err, retrieval.ErrSysTemp)
	switch c.What {
	case "works":
		r.ok = err == nil
	case "refused":
		r.ok = refused
	case "unsupported":
		r.ok = unsupported(err)
	case "unsafe":
		r.ok = errors.Is(err, retrieval.ErrUnsafe)
	case "offline":
		r.ok = errors.Is(err, errOffline)
	}
	return r
}

func (s *Stage) looker(c *lesson.Condition) looker {
	d := s.device(c.Device)
	return func(ctx context.Context) sight {
		if d == nil {
			return sight{saw: "the stage is not set", broken: true}
		}
		switch c.What {
		case "same":
			return s.same(ctx, d, c)
		case "less":
			return s.less(c)
		}
		switch c.Side {
		case retrieval.IMAP:
			return s.seeIMAP(ctx, d, c)
		case retrieval.POP3:
			return s.seePOP3(ctx, d, c)
		case retrieval.Local:
			return s.seeLocal(d, c)
		}
		if s.o.Submit == nil {
			return sight{impossible: true, saw: "the account has no submission endpoint"}
		}
		return sight{ok: s.accepted != "", saw: s.accepted}
	}
}

func broken(err error) sight { return sight{saw: err.Error(), broken: true} }

// agrees compares two sets of letters: the same, all of want, none of want.
func agrees(what string, have, want []string) bool {
	n := 0
	for _, l := range want {
		if slices.Contains(have, l) {
			n++
		}
	}
	switch what {
	case "lists", "marked":
		return n == len(want) && len(have) == len(want)
	case "lacks":
		return n == 0
	}
	return n == len(want)
}

func list(letters []string) string {
	if len(letters) == 0 {
		return "nothing of the lesson"
	}
	return strings.Join(letters, " ")
}
