package lesson

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"imapop/retrieval"
)

// written is one line of a block with the indented lines below it.
type written struct {
	line  int
	text  string
	below []written
}

// group puts indented lines below the line that they belong to; comments and
// empty lines are left out.
func group(lines []string, first int) []written {
	var out []written
	for i, s := range lines {
		text := strings.TrimSpace(s)
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		w := written{line: first + i, text: text}
		if indented := s[0] == ' ' || s[0] == '\t'; indented && len(out) > 0 {
			last := &out[len(out)-1]
			last.below = append(last.below, w)
		} else {
			out = append(out, w)
		}
	}
	return out
}

// block reads the statements of one block: declarations before the first step,
// deeds in the steps.
func (p *page) block(lines []string, first int) {
	for _, w := range group(lines, first) {
		words, err := split(w.text)
		if err != nil {
			p.fail(w.line, err.Error())
			continue
		}
		s := p.step()
		if s == nil {
			p.declare(w, words)
			continue
		}
		if st, ok := p.statement(w, words); ok {
			s.Do = append(s.Do, st)
		}
	}
}

var declarations = []string{"minutes", "mail", "folder", "device"}

func (p *page) declare(w written, words []string) {
	switch {
	case words[0] == "minutes" && len(words) == 2:
		n, err := strconv.Atoi(words[1])
		if err != nil || n < 1 || n > 60 {
			p.fail(w.line, "minutes wants a number from 1 to 60")
		}
		p.l.Minutes = n
	case words[0] == "mail" && (len(words) == 3 || len(words) == 5):
		p.mail(w, words)
	case words[0] == "folder" && len(words) == 2:
		p.folders[words[1]] = true
		p.l.Folders = append(p.l.Folders, words[1])
		if !plainName(words[1]) {
			p.fail(w.line, "a folder's name is made of letters, digits and hyphens")
		}
	case words[0] == "device" && len(words) == 3:
		if p.devices[words[1]] || !plainName(words[1]) {
			p.fail(w.line, fmt.Sprintf("device %q is there already, or is not made of letters and digits", words[1]))
		}
		p.devices[words[1]] = true
		p.l.Devices = append(p.l.Devices, Device{words[1], words[2]})
	case slices.Contains(declarations, words[0]):
		p.fail(w.line, `it is one of: minutes 5 / mail A "Subject" [20 kB] / folder Archive / device phone "what it is"`)
	default:
		p.fail(w.line, fmt.Sprintf("%q is nothing that can be said before the first step%s", words[0], oneOf(words[0], declarations)))
	}
}

func plainName(s string) bool {
	return s != "" && len(s) <= 24 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == ""
}

const maxMail = 1 << 20 // octets: a lesson is a small thing on somebody's server

func (p *page) mail(w written, words []string) {
	m := Mail{Letter: words[1], Subject: words[2]}
	if len(words) == 5 {
		unit := map[string]int64{"kB": 1000, "B": 1}[words[4]]
		n, err := strconv.ParseInt(words[3], 10, 64)
		if m.Octets = n * unit; err != nil || m.Octets <= 0 || m.Octets > maxMail {
			p.fail(w.line, "the size is such as 20 kB, at most 1000 kB")
		}
	}
	if p.newLetter(w.line, m.Letter, m.Subject) {
		p.l.Mails = append(p.l.Mails, m)
	}
}

func (p *page) newLetter(line int, letter, subject string) bool {
	if len(letter) != 1 || letter[0] < 'A' || letter[0] > 'Z' {
		p.fail(line, fmt.Sprintf("a message is called by a letter from A to Z, not %q", letter))
		return false
	}
	if at := p.letters[letter]; at != 0 && at != line {
		p.fail(line, fmt.Sprintf("message %s is there already, made in line %d", letter, at))
		return false
	}
	if subject == "" || strings.ContainsAny(subject, "\r\n") || len(subject) > 70 {
		p.fail(line, "a Subject has 1 to 70 characters")
		return false
	}
	p.letters[letter] = line
	return true
}

var verbsOfStatements = []string{"imap", "pop3", "smtp", "device", "expect", "observe", "conclude", "ask", "measure", "later", "reset"}

// statement reads one line of a step.
func (p *page) statement(w written, words []string) (Statement, bool) {
	st := Statement{Line: w.line, Text: w.text}
	if len(w.below) > 0 && !slices.Contains([]string{"ask", "conclude", "measure"}, words[0]) {
		p.fail(w.below[0].line, fmt.Sprintf("nothing stands below %q", words[0]))
		return st, false
	}
	ok := false
	switch words[0] {
	case "imap", "pop3", "smtp", "device":
		st.Kind = Act
		st.Action, ok = p.action(w.line, words)
	case "expect":
		st.Kind = Expect
		ok = p.expect(&st, words[1:])
	case "observe":
		st.Kind = Observe
		ok = p.observe(&st, words[1:])
	case "conclude":
		st.Kind = Conclude
		ok = p.conclude(&st, words, w.below)
	case "ask":
		st.Kind = Ask
		ok = p.ask(&st, words, w.below)
	case "measure":
		st.Kind = Measure
		ok = p.measure(&st, words, w.below)
	case "later":
		st.Kind = Later
		ok = p.later(&st, words)
	case "reset":
		st.Kind = Reset
		if ok = len(words) == 1; !ok {
			p.fail(w.line, "nothing follows reset")
		}
	default:
		p.fail(w.line, fmt.Sprintf("%q is no statement%s", words[0], oneOf(words[0], verbsOfStatements)))
	}
	return st, ok
}

func (p *page) later(st *Statement, words []string) bool {
	st.Device = Here
	if len(words) == 5 && words[3] == "on" {
		st.Device, words = words[4], words[:3]
	}
	n := 0
	if len(words) == 3 && (words[2] == "days" || words[2] == "day") {
		n, _ = strconv.Atoi(words[1])
	}
	st.Days = n
	switch {
	case n < 1 || n > 365:
		p.fail(st.Line, "it is: later 8 days [on DEVICE]")
	case !p.devices[st.Device]:
		p.fail(st.Line, fmt.Sprintf("no device %q was declared", st.Device))
	default:
		return true
	}
	return false
}

func (p *page) measure(st *Statement, words []string, below []written) bool {
	if len(words) != 2 || !plainName(words[1]) || len(below) == 0 {
		p.fail(st.Line, "it is: measure NAME, with indented acts below it")
		return false
	}
	st.Name = words[1]
	p.measured[st.Name] = true
	for _, b := range below {
		words, err := split(b.text)
		if err != nil {
			p.fail(b.line, err.Error())
			return false
		}
		inner, ok := p.statement(b, words)
		if !ok {
			return false
		}
		if inner.Kind != Act {
			p.fail(b.line, "only acts stand below measure")
			return false
		}
		st.Body = append(st.Body, inner)
	}
	return true
}

func (p *page) ask(st *Statement, words []string, below []written) bool {
	if len(words) != 2 {
		p.fail(st.Line, `it is: ask "Question?", with indented choices and right below it`)
		return false
	}
	st.Question = words[1]
	for _, b := range below {
		w, err := split(b.text)
		switch {
		case err != nil:
			p.fail(b.line, err.Error())
		case w[0] == "right" && len(w) == 2:
			st.Right = w[1]
		case w[0] == "right" && len(w) == 3 && w[1] == "by":
			st.RightBy = w[2]
		case len(w) == 2 && st.choice(w[0]) == nil:
			st.Choices = append(st.Choices, Choice{w[0], w[1]})
		default:
			p.fail(b.line, `a choice is: KEY "text", each key once; the last line is: right KEY, or: right by OBSERVATION`)
		}
	}
	if len(st.Choices) < 2 || len(st.Choices) > 6 {
		p.fail(st.Line, "a question has 2 to 6 choices")
		return false
	}
	if st.RightBy == "" && st.choice(st.Right) == nil {
		p.fail(st.Line, fmt.Sprintf("right %s: no choice has that key", st.Right))
		return false
	}
	return true
}

var causes = map[string]retrieval.Cause{"protocol": retrieval.CauseProtocol, "policy": retrieval.CausePolicy, "client": retrieval.CauseClient}

var causeNames = []string{"protocol", "policy", "client"}

func (p *page) conclude(st *Statement, words []string, below []written) bool {
	if len(words) != 2 || len(p.observed[words[1]]) == 0 {
		p.fail(st.Line, "it is: conclude NAME, after observe NAME, with an indented line for each value")
		return false
	}
	st.Name = words[1]
	p.concluded[st.Name] = true
	for _, b := range below {
		w, err := split(b.text)
		switch {
		case err != nil:
			p.fail(b.line, err.Error())
		case w[0] == "source" && len(w) == 2:
			st.Source = w[1]
		case len(w) == 3 && causes[w[2]] != "" && slices.Contains(p.observed[st.Name], w[0]):
			st.Meanings = append(st.Meanings, Meaning{w[0], w[1], causes[w[2]]})
		default:
			p.fail(b.line, `a line is: VALUE "what it says of this server" protocol|policy|client, or: source "RFC ..."; values are `+strings.Join(p.observed[st.Name], ", "))
		}
	}
	for _, v := range p.observed[st.Name] {
		if !slices.ContainsFunc(st.Meanings, func(m Meaning) bool { return m.Value == v }) {
			p.fail(st.Line, "it can be "+v+", and no line says what that means")
			return false
		}
	}
	return true
}
