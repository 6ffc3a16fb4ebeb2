package check

import (
	"fmt"
	"slices"
	"strings"

	"imapop/retrieval"
)

// kind is what all findings of one id have in common.
type kind struct {
	id     string
	level  Level
	title  string
	remedy string
	source source
}

// sight is one place where a kind was seen.
type sight struct {
	kind  kind
	level Level // "": the kind's
	side  retrieval.Protocol
	where string // "IMAP mail.example.org:993"; "": nowhere in particular
	saw   string // "expired on 2026-11-20"
}

// sights gathers what the rules saw, in their order.
type sights struct{ all []sight }

// at notes something that was seen at one door.
func (s *sights) at(k kind, d *retrieval.Door, format string, args ...any) {
	s.add(sight{kind: k, side: d.Protocol, where: place(d), saw: fmt.Sprintf(format, args...)})
}

// on notes something of a whole side.
func (s *sights) on(k kind, p retrieval.Protocol, format string, args ...any) {
	s.add(sight{kind: k, side: p, where: title(p), saw: fmt.Sprintf(format, args...)})
}

func (s *sights) add(x sight) {
	if x.level == "" {
		x.level = x.kind.level
	}
	s.all = append(s.all, x)
}

// place names a door.
func place(d *retrieval.Door) string { return title(d.Protocol) + " " + d.Address }

// title is a side's name on screen.
func title(p retrieval.Protocol) string {
	if p == retrieval.SMTP {
		return "submission"
	}
	return string(p)
}

// findings makes one finding of all sights of a kind, the worst first and
// otherwise in the order in which they were seen.
func (s *sights) findings() []Finding {
	var order []string
	by := map[string][]sight{}
	for _, x := range s.all {
		if by[x.kind.id] == nil {
			order = append(order, x.kind.id)
		}
		by[x.kind.id] = append(by[x.kind.id], x)
	}
	out := make([]Finding, 0, len(order))
	for _, id := range order {
		out = append(out, merge(by[id]))
	}
	slices.SortStableFunc(out, func(a, b Finding) int { return weights[b.Level] - weights[a.Level] })
	return out
}

func merge(seen []sight) Finding {
	k := seen[0].kind
	f := Finding{ID: k.id, Level: seen[0].level, About: []retrieval.Protocol{}, Title: k.title, Remedy: k.remedy,
		Source: k.source.String(), Link: k.source.link(), OnTheWire: true}
	for _, x := range seen {
		if x.level.Worse(f.Level) {
			f.Level = x.level
		}
		if x.side != "" && !slices.Contains(f.About, x.side) {
			f.About = append(f.About, x.side)
		}
	}
	f.Reason = reason(seen)
	return f
}

// reason says what was seen where; places that showed the same are named together.
func reason(seen []sight) string {
	var said []string
	for i, x := range seen {
		if slices.ContainsFunc(seen[:i], func(y sight) bool { return y.saw == x.saw }) {
			continue
		}
		var places []string
		for _, y := range seen[i:] {
			if y.saw == x.saw && y.where != "" && !slices.Contains(places, y.where) {
				places = append(places, y.where)
			}
		}
		if len(places) == 0 {
			said = append(said, x.saw)
			continue
		}
		said = append(said, strings.Join(places, ", ")+": "+x.saw)
	}
	return strings.Join(said, "; ")
}
