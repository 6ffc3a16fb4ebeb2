package compare

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"imapop/retrieval"
)

// run is what the wire panel shows in one place: lines of one side that belong
// together, such as the fourteen TOP commands of a list and their answers. What
// is said of it is counted from those lines.
type run struct {
	side        retrieval.Protocol
	session     int
	kind        runKind
	key         string    // runs of one key that follow each other are one
	first, last uint64    // Seqs of its lines
	at, until   time.Time // of its first line and of its last
	verbs       []tally
	ask, answer retrieval.Line // the first command, and what answers it; zero: none
	answers     int            // lines of the server
	octets      int64          // of those
}

// runKind says how a run is shown.
type runKind int

const (
	routine runKind = iota // one line for all of it, where there is room
	command                // a command and its answer; one line when it is many
	news                   // said by the server by itself, or a refusal
	remark                 // a note of our own
)

// tally counts one command of a run.
type tally struct {
	verb  string
	n     int
	spans [][2]int // the message numbers of POP3's commands, first and last of each row of them
}

// count adds a command to the run; number 0 names no message.
func (r *run) count(verb string, number int) {
	r.verbs = slices.Clone(r.verbs) // an older run may share them
	i := slices.IndexFunc(r.verbs, func(t tally) bool { return t.verb == verb })
	if i < 0 {
		i = len(r.verbs)
		r.verbs = append(r.verbs, tally{verb: verb})
	}
	t := &r.verbs[i]
	t.n++
	if number == 0 {
		return
	}
	t.spans = slices.Clone(t.spans)
	if n := len(t.spans); n > 0 && t.spans[n-1][1]+1 == number {
		t.spans[n-1][1] = number
		return
	}
	t.spans = append(t.spans, [2]int{number, number})
}

// commands is how many commands the run holds.
func (r *run) commands() int {
	n := 0
	for _, t := range r.verbs {
		n += t.n
	}
	return n
}

// summary is the run in one line: "TOP 1-14; S 28 lines, 3.8 kB".
func (r *run) summary() string {
	var parts []string
	for _, t := range r.verbs {
		s := t.verb
		switch {
		case len(t.spans) > 0 && len(t.spans) <= 3:
			s += " " + spans(t.spans)
		case t.n > 1:
			s += fmt.Sprintf(" ×%d", t.n)
		}
		parts = append(parts, s)
	}
	s := strings.Join(parts, ", ")
	if r.answers > 0 {
		s += fmt.Sprintf("; S %s, %s", plural(r.answers, "line"), retrieval.Octets(r.octets))
	}
	return s
}

// spans writes message numbers: "1-3, 7".
func spans(of [][2]int) string {
	var out []string
	for _, s := range of {
		if s[0] == s[1] {
			out = append(out, strconv.Itoa(s[0]))
			continue
		}
		out = append(out, fmt.Sprintf("%d-%d", s[0], s[1]))
	}
	return strings.Join(out, ", ")
}

// number is the message that a POP3 command names first; 0: none.
func number(fields []string) int {
	if len(fields) < 2 {
		return 0
	}
	n, err := strconv.Atoi(fields[1])
	if err != nil || n < 1 {
		return 0
	}
	return n
}
