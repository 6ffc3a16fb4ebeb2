package compare

import (
	"slices"
	"strings"
	"time"

	"imapop/retrieval"
)

// keptRuns bounds how many runs the wire panel remembers.
const keptRuns = 100

// scribe puts the transcript together to runs as it grows: each line belongs to
// the command that it answers, or stands for itself. It is a value; read returns
// a new one.
type scribe struct {
	runs    []run
	dropped int    // runs that were before runs[0]
	seen    uint64 // Seq of the last line read
	cut     uint64 // no run goes on beyond this Seq: an action began after it
	sides   [3]scribeSide
}

// scribeSide is where one side's conversation stands.
type scribeSide struct {
	session int
	open    []asked // commands that are not answered yet, in order
	now     int     // the run that the server's further lines belong to, counted from the very first; -1: none
	asking  int     // the run that took the last command
	telling int     // the run that took the last news
}

// asked is a command on its way.
type asked struct {
	tag, verb string // tag: IMAP's
	run       int    // -1: its answer is not shown
}

func newScribe() scribe {
	var s scribe
	for i := range s.sides {
		s.sides[i] = scribeSide{now: -1, asking: -1, telling: -1}
	}
	return s
}

// read takes the lines that are new among lines.
func (s scribe) read(lines []retrieval.Line) scribe {
	from, _ := slices.BinarySearchFunc(lines, s.seen+1, func(l retrieval.Line, seq uint64) int {
		if l.Seq < seq {
			return -1
		}
		return 1
	})
	if from == len(lines) {
		return s
	}
	s.runs = slices.Clone(s.runs)
	for i := range s.sides {
		s.sides[i].open = slices.Clone(s.sides[i].open)
	}
	for i := from; i < len(lines); i++ {
		s.line(&lines[i])
	}
	s.seen = lines[len(lines)-1].Seq
	if n := len(s.runs) - keptRuns; n > 0 {
		s.runs, s.dropped = s.runs[n:], s.dropped+n
	}
	return s
}

// cutHere lets no run go on: what comes next belongs to another action.
func (s scribe) cutHere() scribe {
	s.cut = s.seen
	return s
}

func (s *scribe) line(l *retrieval.Line) {
	side := &s.sides[sideIndex(l.Side)]
	if l.Session != side.session {
		*side = scribeSide{session: l.Session, now: -1, asking: -1, telling: -1}
	}
	switch {
	case l.Text == "":
	case l.Dir == retrieval.Note:
		s.note(side, l)
	case l.Dir == retrieval.ClientSays:
		s.ask(side, l)
	case l.Side == retrieval.IMAP:
		s.imapSays(side, l)
	default:
		s.popSays(side, l)
	}
}

func sideIndex(p retrieval.Protocol) int {
	switch p {
	case retrieval.IMAP:
		return 0
	case retrieval.POP3:
		return 1
	}
	return 2
}

// note files a note of our own: how a connection is made is routine, how it
// ends is not.
func (s *scribe) note(side *scribeSide, l *retrieval.Line) {
	if strings.HasPrefix(l.Text, "connecting to ") || strings.HasPrefix(l.Text, "TLS ") {
		s.command(side, l, "connect", opening, routine, 0)
		return
	}
	s.add(l, "", remark)
}

// keys of routine runs.
const (
	opening = "opening"
	listing = "listing"
)

// ask files a command of ours.
func (s *scribe) ask(side *scribeSide, l *retrieval.Line) {
	verb, tag := verbOf(l)
	if verb == "" { // the rest of a command: AUTH's answer, a literal, a message
		if n := len(side.open); n > 0 {
			s.extend(side.open[n-1].run, l)
		}
		return
	}
	key, kind := classOf(l, verb)
	at := -1
	if key != silent {
		n := 0
		if l.Side == retrieval.POP3 {
			n = number(strings.Fields(l.Text))
		}
		at = s.command(side, l, verb, key, kind, n)
	}
	side.open = append(side.open, asked{tag, verb, at})
}

// command puts a command into the run of its key that is going on, or begins one.
func (s *scribe) command(side *scribeSide, l *retrieval.Line, verb, key string, kind runKind, number int) int {
	at := side.asking
	if r := s.run(at); r == nil || r.key != key || s.over(r, l) || at < side.telling {
		at = s.add(l, key, kind)
		side.asking = at
	}
	r := s.run(at)
	r.last, r.until = l.Seq, l.At
	if l.Dir == retrieval.ClientSays {
		r.count(verb, number)
		if r.ask.Seq == 0 {
			r.ask = *l
		}
	}
	return at
}

// pause ends a run: what comes later came for another reason.
const pause = 2 * time.Second

// over reports whether a run must not go on with a line: an action began, or
// there was a pause.
func (s *scribe) over(r *run, l *retrieval.Line) bool {
	return r.first <= s.cut || l.At.Sub(r.until) > pause
}

// tell files what the server said by itself.
func (s *scribe) tell(side *scribeSide, l *retrieval.Line, word string) {
	if r := s.run(side.telling); word != "" && r != nil && r.key == word && !s.over(r, l) && side.telling > side.asking {
		s.extend(side.telling, l)
		r.count(word, 0)
		return
	}
	at := s.add(l, word, news)
	r := s.run(at)
	r.ask, r.answers, r.octets = *l, 1, l.Octets
	r.count(word, 0)
	side.telling = at
}

// add begins a run.
func (s *scribe) add(l *retrieval.Line, key string, kind runKind) int {
	r := run{side: l.Side, session: l.Session, kind: kind, key: key, first: l.Seq, last: l.Seq, at: l.At, until: l.At}
	if kind == remark {
		r.ask = *l
	}
	s.runs = append(s.runs, r)
	return s.dropped + len(s.runs) - 1
}

// run is the run with a number that counts from the very first; nil: no longer
// kept, or none.
func (s *scribe) run(at int) *run {
	if at -= s.dropped; at < 0 || at >= len(s.runs) {
		return nil
	}
	return &s.runs[at]
}

// extend lets a line belong to a run.
func (s *scribe) extend(at int, l *retrieval.Line) {
	r := s.run(at)
	if r == nil {
		return
	}
	r.last, r.until = max(r.last, l.Seq), l.At
	if l.Dir == retrieval.ServerSays {
		r.answers++
		r.octets += l.Octets
	}
}

// answer lets a line belong to a run as what answers its command.
func (s *scribe) answer(at int, l *retrieval.Line) {
	s.extend(at, l)
	if r := s.run(at); r != nil && r.answer.Seq == 0 {
		r.answer = *l
	}
}
