package compare

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/ui/style"
)

// said is one line of the wire panel: a line of the transcript or several in
// one, with the happening that they show, or a happening that has none.
type said struct {
	side  retrieval.Protocol
	at    time.Time
	seq   uint64 // of the transcript's line; orders what has the same time
	dir   rune
	text  string // "": the happening stands alone
	event *retrieval.Happening
	fresh bool // since the last action began
	worth int
}

// What a line of the panel is worth when there is room for few.
const (
	worthRoutine = iota
	worthNote
	worthMeaning // a happening that has no room beside its line
	worthAnswer
	worthCommand
	worthNews
)

// wireLead is how many cells stand before a line's text: time, side, direction.
const wireLead = 1 + 12 + 1 + 5 + 2

// leastMeaning is the fewest cells that a happening beside its line is cut to.
const leastMeaning = 40

// room is how many cells of a panel line of w cells the text takes.
func (s *said) room(w int) int {
	all := w - wireLead - 1
	if s.event == nil {
		return all
	}
	return min(style.Width(s.text), max(all-2-style.Width(meaning(s.event)), all-2-max(leastMeaning, all/2)))
}

// meaning is a happening's text with the sign of an effect.
func meaning(h *retrieval.Happening) string {
	s := safe.Line(h.Text)
	if isEffect(h) {
		s = "↳ " + s
	}
	return s
}

// isEffect reports whether a happening followed an act on the other side.
func isEffect(h *retrieval.Happening) bool { return h.CausedBy != 0 || h.Delay > 0 }

// effect says in few cells what an effect followed and when: "↳ 3 ms after
// POP3's QUIT"; "" for what is no effect.
func effect(h *retrieval.Happening) string {
	after := strings.Index(h.Text, " after ")
	if !isEffect(h) || after < 0 {
		return ""
	}
	text := h.Text[strings.LastIndex(h.Text[:after], ", ")+1:]
	text, _, _ = strings.Cut(text, ": ")
	return "↳ " + safe.Line(strings.TrimSpace(text))
}

// telling chooses the n lines that tell most: what came since the last action
// began before what is older, and news, commands and their answers before
// routine. They are in the order of time.
func (m Model) telling(n, w int) []said {
	all := m.sayings(w)
	byWorth := slices.Clone(all)
	slices.SortStableFunc(byWorth, func(a, b said) int {
		if a.fresh != b.fresh {
			if a.fresh {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(b.worth, a.worth), inTime(b, a))
	})
	best := byWorth[:min(n, len(byWorth))]
	slices.SortStableFunc(best, inTime)
	return best
}

func inTime(a, b said) int {
	return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.seq, b.seq))
}

// sayings are all lines that the panel could show.
func (m Model) sayings(w int) []said {
	events := m.view.Happened
	placed := make(map[uint64]bool)
	told := make(map[uint64]bool) // lines that stand for themselves, also within another run
	for i := range m.wire.runs {
		if r := &m.wire.runs[i]; r.kind == news {
			told[r.first] = true
		}
	}
	var out []said
	for i := range m.wire.runs {
		r := &m.wire.runs[i]
		lines := m.standing(r)
		if h := shownBy(events, r, told); h != nil {
			for i := len(lines) - 1; i >= 0; i-- { // beside the answer, or else the command
				if lines[i].takes(h, w) {
					lines[i].event, placed[h.Seq] = h, true
					break
				}
			}
		}
		for _, s := range lines {
			s.fresh = r.last > m.wire.cut
			out = append(out, s)
		}
	}
	for i := range events {
		h := &events[i]
		if placed[h.Seq] {
			continue
		}
		out = append(out, said{side: h.Side, at: h.At, seq: h.Line, dir: '·', event: h, fresh: h.Seq > m.happenedAt, worth: worthMeaning})
	}
	return out
}

// takes reports whether a happening has room beside a line: whole, or as a
// short word of what it followed.
func (s *said) takes(h *retrieval.Happening, w int) bool {
	left := w - wireLead - 1 - 2 - style.Width(s.text)
	if short := effect(h); short != "" && style.Width(short) <= left {
		return true
	}
	return style.Width(meaning(h)) <= left
}

// shownBy is the latest happening that a line of the run shows; nil: none.
func shownBy(events []retrieval.Happening, r *run, told map[uint64]bool) *retrieval.Happening {
	for i := len(events) - 1; i >= 0; i-- {
		h := &events[i]
		if h.Side == r.side && h.Line >= r.first && h.Line <= r.last && (r.kind == news || !told[h.Line]) {
			return h
		}
	}
	return nil
}

// standing are the lines that stand for a run.
func (m Model) standing(r *run) []said {
	one := func(l *retrieval.Line, worth int) said {
		return said{side: l.Side, at: l.At, seq: l.Seq, dir: rune(l.Dir), text: l.Text, worth: worth}
	}
	folded := said{side: r.side, at: r.at, seq: r.first, dir: 'C', text: r.summary(), worth: worthCommand}
	switch {
	case r.kind == remark:
		return []said{one(&r.ask, worthNote)}
	case r.kind == news && r.commands() == 1:
		return []said{one(&r.ask, worthNews)}
	case r.kind == news:
		folded.dir, folded.text, folded.worth = 'S', "* "+r.summary(), worthNews
	case r.kind == routine:
		folded.worth = worthRoutine
		if r.commands() == 0 {
			return nil // a connection that only began: nothing was asked yet
		}
	case r.commands() == 1:
		out := []said{one(&r.ask, worthCommand)}
		if r.answer.Seq != 0 {
			out = append(out, one(&r.answer, worthAnswer))
		}
		return out
	}
	return []said{folded}
}
