package compare

import (
	"slices"

	"imapop/retrieval"
)

// What stands beside an effect afterwards.
const (
	asPredicted = "as predicted"
	asQuiet     = "nothing so far"
	asNotYet    = "not seen (yet)"
	asNotSeen   = "not seen"
	asNotTried  = "not tried"
	asDoes      = "this server does"
	asDoesNot   = "this server does not"
	asOtherwise = "otherwise: "
)

// Settle compares the forecast with what happened after Seq after. late says
// that the waiting time is over, so that "not yet" becomes "not seen" and
// "nothing happens" is confirmed. Seen points into happened.
func Settle(f Forecast, happened []retrieval.Happening, after uint64, late bool) (imap, pop3 []Outcome) {
	s := settler{f: f, late: late}
	for i := range happened {
		if happened[i].Seq > after {
			s.events = append(s.events, &happened[i])
		}
	}
	return s.side(retrieval.IMAP, f.IMAP), s.side(retrieval.POP3, f.POP3)
}

type settler struct {
	f      Forecast
	events []*retrieval.Happening
	late   bool
}

// side settles one side's effects: first those that a happening shows, then
// those that say that nothing happens, which any other change contradicts.
func (s *settler) side(p retrieval.Protocol, effects []Effect) []Outcome {
	out := make([]Outcome, len(effects))
	explained := map[retrieval.Kind]bool{}
	for i, e := range effects {
		out[i].Effect = e
		if e.Kind == "" {
			continue
		}
		explained[e.Kind] = true
		for _, also := range brings[e.Kind] {
			explained[also] = true
		}
		out[i].Seen = s.find(p, e.Kind)
		s.judge(p, &out[i])
	}
	for i, e := range effects {
		if e.Kind == "" {
			s.quiet(p, &out[i], explained)
		}
	}
	return out
}

// brings tells which happenings may come with another, or stand for it.
var brings = map[retrieval.Kind][]retrieval.Kind{
	retrieval.Moved:    {retrieval.Expunged, retrieval.Copied},
	retrieval.Copied:   {retrieval.Exists},
	retrieval.Exists:   {retrieval.FlagsChanged},
	retrieval.Selected: {retrieval.Exists, retrieval.FlagsChanged},
}

// find gives the first happening of the kind on the side that can be about the
// action's messages; for a move an expunge will do.
func (s *settler) find(p retrieval.Protocol, kind retrieval.Kind) *retrieval.Happening {
	for _, h := range s.events {
		if s.about(p, h) && h.Kind == kind {
			return h
		}
	}
	if kind == retrieval.Moved {
		return s.find(p, retrieval.Expunged)
	}
	return nil
}

// about reports whether a happening can belong to the action: it is on that
// side, and names none but other messages.
func (s *settler) about(p retrieval.Protocol, h *retrieval.Happening) bool {
	local := h.Side == retrieval.Local && (h.Kind == retrieval.PolicySet || h.Kind == retrieval.Retrieved || h.Kind == retrieval.Removed)
	if h.Side != p && !local {
		return false
	}
	if p == retrieval.IMAP {
		return overlap(h.UIDs, s.f.uids)
	}
	return overlap(h.Numbers, s.f.numbers)
}

// overlap reports whether two lists share an element; a list that says nothing shares all.
func overlap[T comparable](a, b []T) bool {
	if len(a) == 0 || len(b) == 0 {
		return true
	}
	return slices.ContainsFunc(a, func(x T) bool { return slices.Contains(b, x) })
}

func (s *settler) judge(p retrieval.Protocol, o *Outcome) {
	switch {
	case o.Seen != nil && o.Effect.Maybe:
		o.As, o.OK = asDoes, true
	case o.Seen != nil:
		o.As, o.OK = asPredicted, true
	case o.Effect.Maybe && s.late:
		o.As, o.OK = asDoesNot, true
	case o.Effect.Maybe:
		o.As, o.OK = asNotYet, true
	default:
		if h := s.failed(); h != nil {
			o.Seen, o.As = h, asOtherwise+h.Text
			return
		}
		o.As = asNotYet
		if s.late {
			o.As = asNotSeen
		}
	}
}

// failed gives the refusal or failure of the action itself.
func (s *settler) failed() *retrieval.Happening {
	for _, h := range s.events {
		switch h.Kind {
		case retrieval.Refused, retrieval.Failed, retrieval.Unsupported:
			if s.about(s.f.Action.Side, h) {
				return h
			}
		}
	}
	return nil
}

// quiet settles an effect that says that nothing happens.
func (s *settler) quiet(p retrieval.Protocol, o *Outcome, explained map[retrieval.Kind]bool) {
	if o.Effect.Maybe {
		o.As, o.OK = asNotYet, true
		if s.late {
			o.As = asNotTried
		}
		return
	}
	for _, h := range s.events {
		if h.Side == p && changes(h.Kind) && !explained[h.Kind] && s.about(p, h) {
			o.Seen, o.As = h, asOtherwise+h.Text
			return
		}
	}
	o.As, o.OK = asQuiet, true
	if s.late {
		o.As = asPredicted
	}
}

// changes reports the kinds that contradict "nothing happens". A new session or
// a lost one does not, nor does new mail: the action changed nothing.
func changes(k retrieval.Kind) bool {
	switch k {
	case retrieval.Expunged, retrieval.FlagsChanged, retrieval.Moved, retrieval.Copied,
		retrieval.Marked, retrieval.Unmarked, retrieval.Updated, retrieval.Retrieved, retrieval.Revalidated:
		return true
	}
	return false
}

// Open reports whether the outcome may still change: nothing was seen so far,
// and the waiting time is not over.
func (o Outcome) Open() bool { return o.As == asNotYet || o.As == asQuiet }
