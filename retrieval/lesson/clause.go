package lesson

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"imapop/retrieval"
)

// split cuts a line into words; a quoted text is one word.
func split(s string) ([]string, error) {
	var words []string
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		if s[0] != '"' {
			end := strings.IndexAny(s, " \t")
			if end < 0 {
				end = len(s)
			}
			words, s = append(words, s[:end]), s[end:]
			continue
		}
		end := strings.IndexByte(s[1:], '"')
		if end < 0 {
			return nil, errors.New(`a quotation is not closed: " is missing`)
		}
		words, s = append(words, s[1:1+end]), s[end+2:]
	}
	return words, nil
}

// maxWithin is the longest that a statement may wait: Courier's IDLE looks once a minute.
const maxWithin = 2 * time.Minute

// tail takes "within 5s" and "-- cause, source" off the end of a clause.
func (p *page) tail(st *Statement, words []string) ([]string, bool) {
	if i := slices.Index(words, "--"); i >= 0 {
		cause, source, _ := strings.Cut(strings.Join(words[i+1:], " "), ", ")
		if st.Cause = causes[cause]; st.Cause == "" {
			p.fail(st.Line, fmt.Sprintf("%q is no cause%s", cause, oneOf(cause, causeNames)))
			return nil, false
		}
		st.Source, words = source, words[:i]
	}
	if n := len(words); n >= 2 && words[n-2] == "within" {
		d, err := time.ParseDuration(words[n-1])
		if err != nil || d <= 0 || d > maxWithin {
			p.fail(st.Line, "within wants a time such as 5s, at most 120s")
			return nil, false
		}
		st.Within, words = d, words[:n-2]
	}
	return words, true
}

func (p *page) expect(st *Statement, words []string) bool {
	words, ok := p.tail(st, words)
	if ok {
		st.Condition, ok = p.condition(st.Line, words)
	}
	return ok
}

// observe reads "NAME VALUE if CONDITION" and "NAME VALUE otherwise".
func (p *page) observe(st *Statement, words []string) bool {
	words, ok := p.tail(st, words)
	if !ok {
		return false
	}
	if len(words) < 3 || words[2] != "if" && (words[2] != "otherwise" || len(words) != 3) {
		p.fail(st.Line, "it is: observe NAME VALUE if CONDITION [within TIME], or: observe NAME VALUE otherwise")
		return false
	}
	st.Name, st.Value = words[0], words[1]
	if !slices.Contains(p.observed[st.Name], st.Value) {
		p.observed[st.Name] = append(p.observed[st.Name], st.Value)
	}
	if words[2] == "if" {
		st.Condition, ok = p.condition(st.Line, words[3:])
	}
	return ok
}

// device takes "device NAME" off the front.
func (p *page) device(line int, words []string) (string, []string, bool) {
	if len(words) < 3 || words[0] != "device" {
		return Here, words, true
	}
	if !p.devices[words[1]] {
		p.fail(line, fmt.Sprintf("no device %q was declared before the first step", words[1]))
		return "", nil, false
	}
	return words[1], words[2:], true
}

var sides = map[string]retrieval.Protocol{"imap": retrieval.IMAP, "pop3": retrieval.POP3, "smtp": retrieval.SMTP, "local": retrieval.Local}

func (p *page) action(line int, words []string) (*Action, bool) {
	device, words, ok := p.device(line, words)
	if !ok {
		return nil, false
	}
	if len(words) == 0 || len(actions[sides[words[0]]]) == 0 {
		p.fail(line, "an act begins with imap, pop3 or smtp, or with device NAME before them")
		return nil, false
	}
	a := &Action{Device: device, Side: sides[words[0]]}
	list := actions[a.Side]
	if len(words) < 2 {
		p.fail(line, fmt.Sprintf("%s what? It is one of %s", words[0], strings.Join(names(list), ", ")))
		return nil, false
	}
	v := find(list, words[1])
	if v == nil {
		p.fail(line, fmt.Sprintf("%s has no verb %q here%s", words[0], words[1], oneOf(words[1], names(list))))
		return nil, false
	}
	a.Verb = v.name
	args := arguments{p: p, line: line, verb: words[0] + " " + v.name, shape: v.shape}
	if !args.read(words[2:]) {
		return nil, false
	}
	a.Letters, a.Flags, a.Folder, a.Subject, a.Policy = args.letters, args.flags, args.folder, args.subject, args.policy
	return a, true
}

func (p *page) condition(line int, words []string) (*Condition, bool) {
	if len(words) == 0 {
		p.fail(line, "what must be seen?")
		return nil, false
	}
	if find(outcomes, words[0]) != nil {
		a, ok := p.action(line, words[1:])
		if !ok {
			return nil, false
		}
		return &Condition{Device: a.Device, Side: a.Side, What: words[0], Action: a}, true
	}
	switch words[0] {
	case "same":
		return p.same(line, words[1:])
	case "less":
		return p.less(line, words[1:])
	}
	device, words, ok := p.device(line, words)
	if !ok {
		return nil, false
	}
	list := conditions[sides[words[0]]]
	if len(list) == 0 {
		known := append([]string{"imap", "pop3", "smtp", "local", "device", "same", "less"}, names(outcomes)...)
		p.fail(line, fmt.Sprintf("%q is nothing that can be seen%s", words[0], oneOf(words[0], known)))
		return nil, false
	}
	c := &Condition{Device: device, Side: sides[words[0]]}
	if len(words) < 2 || find(list, words[1]) == nil {
		word := ""
		if len(words) > 1 {
			word = words[1]
		}
		p.fail(line, fmt.Sprintf("%s: %q is nothing that can be seen there%s", words[0], word, oneOf(word, names(list))))
		return nil, false
	}
	return c, p.fillCondition(line, c, words)
}

func (p *page) fillCondition(line int, c *Condition, words []string) bool {
	v := find(conditions[c.Side], words[1])
	c.What = v.name
	args := arguments{p: p, line: line, verb: words[0] + " " + v.name, shape: v.shape}
	if !args.read(words[2:]) {
		return false
	}
	c.Letters, c.Flags, c.Folder, c.Unit = args.letters, args.flags, args.folder, args.word
	return true
}

// same reads "octets A" and "bytes A".
func (p *page) same(line int, words []string) (*Condition, bool) {
	if len(words) != 2 || find(sames, words[0]) == nil || p.letters[words[1]] == 0 {
		p.fail(line, "it is: same octets LETTER, or: same bytes LETTER")
		return nil, false
	}
	return &Condition{Device: Here, What: "same", Unit: words[0], Letters: words[1:]}, true
}

// less reads "octets X than Y": two measures.
func (p *page) less(line int, words []string) (*Condition, bool) {
	if len(words) != 4 || words[2] != "than" || words[0] != "octets" && words[0] != "turnarounds" {
		p.fail(line, "it is: less octets|turnarounds MEASURE than MEASURE")
		return nil, false
	}
	for _, name := range []string{words[1], words[3]} {
		if !p.measured[name] {
			p.fail(line, fmt.Sprintf("nothing measured %q before", name))
			return nil, false
		}
	}
	return &Condition{Device: Here, What: "less", Unit: words[0], Less: words[1], More: words[3]}, true
}
