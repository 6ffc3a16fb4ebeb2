package lesson

import (
	"fmt"

	"imapop/retrieval"
	page "imapop/retrieval/lesson"
	"imapop/ui/style"
)

// evidenceLines is how much of the wire stands below the latest act.
const evidenceLines = 4

// entry shows one statement: an act with its lines of the wire, or what was seen
// and why. lit marks the latest act and what came of it.
func (m Model) entry(o *page.Outcome, after []page.Outcome, lit bool, w int) []string {
	st := m.st
	switch {
	case o.Statement.Kind == page.Ask:
		return m.answered(o, after, w)
	case o.Verdict == page.Passed, o.Statement.Kind == page.Observe && o.Saw == "":
		return nil
	case o.Verdict == page.Done:
		pen := st.Text
		if lit {
			pen = st.Bold
		}
		out := []string{style.NewLine(w).Gap(st.Text, 1).Put(st.Changed, "› ").Put(pen, command(&o.Statement)).End(st.Text)}
		if o.Saw != "" {
			out = append(out, m.muted(w, "  "+o.Saw))
		}
		if lit {
			out = append(out, m.evidence(o.Lines, w)...)
		}
		return out
	}
	return m.sight(o, w)
}

// sight shows what an expectation or an observation saw.
func (m Model) sight(o *page.Outcome, w int) []string {
	st := m.st
	sign, pen := m.sign(o)
	lines := style.Wrap(sign+" "+m.seen(o), w-3, 3)
	out := make([]string, 0, len(lines))
	for i, line := range lines {
		l := style.NewLine(w)
		if i == 0 {
			l.Gap(st.Text, 1).Put(pen, sign)
			line = line[len(sign):]
		} else {
			l.Gap(st.Text, 3)
		}
		out = append(out, l.Put(st.Text, line).End(st.Text))
	}
	if o.Verdict == page.Failed {
		out = append(out, m.evidence(o.Lines, w)...)
	}
	return out
}

func (m Model) sign(o *page.Outcome) (string, style.Pen) {
	switch {
	case o.Verdict == page.Failed:
		return "✗ not so:", m.st.Danger
	case o.Verdict == page.Impossible:
		return "– cannot be shown here:", m.st.Warn
	case o.Verdict == page.Unwaited:
		return "– not waited for:", m.st.Warn
	case o.Statement.Kind == page.Conclude:
		return "=", m.st.Changed
	}
	return "✓", m.st.Good
}

// seen is what a statement saw, with its cause and source.
func (m Model) seen(o *page.Outcome) string {
	text := o.Saw
	if o.Verdict == page.Failed || o.Verdict == page.Impossible {
		text = command(&o.Statement) + ": " + text
	}
	cause, source := o.Statement.Cause, o.Statement.Source
	if o.Meaning != nil {
		cause = o.Meaning.Cause
	}
	if cause == "" {
		return text
	}
	word := map[retrieval.Cause]string{retrieval.CauseProtocol: "protocol", retrieval.CausePolicy: "this server's policy", retrieval.CauseClient: "the client"}[cause]
	return fmt.Sprintf("%s · %s, %s", text, word, source)
}

// evidence is the end of what went over the wire.
func (m Model) evidence(lines []retrieval.Line, w int) []string {
	st := m.st
	var out []string
	if skip := len(lines) - evidenceLines; skip > 0 {
		lines = lines[skip:]
	}
	for i := range lines {
		t := &lines[i]
		pen := map[retrieval.Protocol]style.Pen{retrieval.IMAP: st.IMAP, retrieval.POP3: st.POP3, retrieval.SMTP: st.SMTP}[t.Side]
		l := style.NewLine(w).Gap(st.Text, 3).Cell(pen, string(t.Side), 4).Gap(st.Text, 1).Put(pen, string(rune(t.Dir))).Gap(st.Text, 1)
		text := st.Text
		if t.Dir != retrieval.ClientSays {
			text = st.Muted
		}
		out = append(out, l.Put(text, plain(t.Text)).End(st.Text))
	}
	return out
}

// answered shows a question with the prediction, and the answer once it is decided.
func (m Model) answered(o *page.Outcome, after []page.Outcome, w int) []string {
	st := m.st
	ask := &o.Statement
	at, ok := m.answers[ask.Line]
	if !ok { // on the way to another step
		return nil
	}
	q := style.NewLine(w).Gap(st.Text, 1).Put(st.Changed, "? ").Put(st.Text, ask.Question).End(st.Text)
	l := style.NewLine(w).Gap(st.Text, 3)
	mine := ask.Choices[at]
	a := page.Right(ask, after)
	switch {
	case !m.settled(ask):
		l.Put(st.Muted, "you say: ").Put(st.Bold, mine.Text)
	case !a.Sure:
		l.Put(st.Warn, "this server does not decide it: ").Put(st.Text, a.Why)
	case a.Key == mine.Key:
		l.Put(st.Good, "✓ right: ").Put(st.Text, mine.Text)
	default:
		l.Put(st.Danger, "✗ you said: ").Put(st.Text, mine.Text)
		return []string{q, l.End(st.Text), style.NewLine(w).Gap(st.Text, 3).Put(st.Good, "  it is: ").Put(st.Bold, textOf(ask, a.Key)).End(st.Text)}
	}
	return []string{q, l.End(st.Text)}
}

func textOf(ask *page.Statement, key string) string {
	for _, c := range ask.Choices {
		if c.Key == key {
			return c.Text
		}
	}
	return key
}
