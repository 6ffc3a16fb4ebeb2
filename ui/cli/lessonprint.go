package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/term"

	"imapop/retrieval"
	"imapop/retrieval/lesson"
	"imapop/retrieval/lesson/stage"
	"imapop/ui/style"
)

// agree says what lessons will do to a real account, and asks.
func (r *lessonRun) agree(ctx context.Context, st *stage.Stage, op *opened) error {
	n, folders, err := st.Leftovers(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", op.account.Name, err)
	}
	say := r.o.streams.Err
	fmt.Fprintf(say, `The lessons work on %s (IMAP %s, POP3 %s), which is not the demo account.
They put a few messages of their own into INBOX, make folders named %s…,
read, flag, move and delete these, and remove them at the end.
They touch no other message. They log in to POP3 several times.
`, op.account.Name, op.account.IMAP.Address, op.account.POP3.Address, lesson.FolderPrefix)
	if op.account.Submission.Address != "" {
		fmt.Fprintf(say, "Some send a message to the account itself through %s.\n", op.account.Submission.Address)
	}
	if n > 0 || len(folders) > 0 {
		fmt.Fprintf(say, "An earlier lesson left %d messages and %d folders; they are removed first.\n", n, len(folders))
	}
	if r.yes {
		return nil
	}
	in := r.o.streams.In
	if in == nil || !term.IsTerminal(int(in.Fd())) {
		return usageError{errors.New("nobody is there to say yes: give --yes")}
	}
	fmt.Fprint(say, "Go on? [y/N] ")
	line, err := r.typed().ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if a := strings.ToLower(strings.TrimSpace(line)); a != "y" && a != "yes" {
		return errors.New("nothing was done")
	}
	return nil
}

// lessonPrinter prints a lesson while it runs; a question waits for its answer
// until its step has come that far.
type lessonPrinter struct {
	r    *lessonRun
	l    *lesson.Lesson
	step int
	outs []lesson.Outcome // of the step, since the last question
	ask  *lesson.Statement

	chosen string // the prediction; "": none
}

func newLessonPrinter(r *lessonRun, l *lesson.Lesson) *lessonPrinter {
	p := &lessonPrinter{r: r, l: l, step: -1}
	p.print("Lesson %d: %s\n", l.Number, l.Title)
	return p
}

func (p *lessonPrinter) print(format string, args ...any) {
	if !p.r.asJSON && !p.r.quiet {
		fmt.Fprintf(p.r.o.streams.Out, format, args...)
	}
}

// para prints text wrapped, with an indentation.
func (p *lessonPrinter) para(indent, text string) {
	for _, line := range style.Wrap(text, max(p.r.o.width()-len(indent)-1, 40), 100) {
		p.print("%s%s\n", indent, line)
	}
}

func (p *lessonPrinter) heard(step int, o *lesson.Outcome) {
	if step != p.step {
		p.answer()
		p.step = step
		p.print("\n  %d. %s\n", step+1, p.l.Steps[step].Title)
	}
	if o.Statement.Kind == lesson.Ask {
		p.answer()
		st := o.Statement
		p.ask = &st
		p.question(&st)
		o.Chosen = p.predict(&st)
		p.chosen = o.Chosen
		return
	}
	p.outs = append(p.outs, *o)
	p.statement(o)
}

func (p *lessonPrinter) question(st *lesson.Statement) {
	show := p.print
	if p.r.ask { // whoever is asked must see it, whatever form the report has
		show = func(format string, args ...any) { fmt.Fprintf(p.r.o.streams.Err, format, args...) }
	}
	show("     ? %s\n", st.Question)
	for i, c := range st.Choices {
		if p.r.ask {
			show("         %c  %s\n", 'a'+i, c.Text)
		} else {
			show("         %-9s %s\n", c.Key, c.Text)
		}
	}
}

// predict asks for the answer, where that is wanted; "": none was given.
func (p *lessonPrinter) predict(st *lesson.Statement) string {
	if !p.r.ask {
		return ""
	}
	for {
		fmt.Fprintf(p.r.o.streams.Err, "       your answer (a-%c, enter: none): ", 'a'+len(st.Choices)-1)
		line, err := p.r.typed().ReadString('\n')
		line = strings.ToLower(strings.TrimSpace(line))
		if line == "" || err != nil && line == "" {
			return ""
		}
		if n := int(line[0] - 'a'); len(line) == 1 && line[0] >= 'a' && n < len(st.Choices) {
			return st.Choices[n].Key
		}
		if err != nil {
			return ""
		}
	}
}

// typed reads what is typed; one reader, since it reads ahead.
func (r *lessonRun) typed() *bufio.Reader {
	if r.in == nil {
		r.in = bufio.NewReader(r.o.streams.In)
	}
	return r.in
}

var verdictSigns = map[lesson.Verdict]string{lesson.Done: "›", lesson.Held: "✓", lesson.Failed: "✗ FAILED", lesson.Impossible: "– impossible here",
	lesson.Unwaited: "– not waited for", lesson.Passed: " "}

func (p *lessonPrinter) statement(o *lesson.Outcome) {
	if o.Verdict == lesson.Passed {
		return
	}
	text, _, _ := strings.Cut(o.Statement.Text, " -- ")
	p.print("     %s %s%s\n", verdictSigns[o.Verdict], text, p.delay(o))
	if o.Saw != "" {
		p.para("         ", o.Saw)
	}
	cause, source := o.Statement.Cause, o.Statement.Source
	if o.Meaning != nil {
		cause = o.Meaning.Cause
	}
	if cause != "" {
		p.print("         cause: %s (%s)\n", causeText(cause), source)
	}
	p.evidence(o)
}

func (p *lessonPrinter) delay(o *lesson.Outcome) string {
	if !o.Waited {
		return ""
	}
	return fmt.Sprintf("  [%s]", lesson.DelayText(o.Delay))
}

func causeText(c retrieval.Cause) string {
	switch c {
	case retrieval.CausePolicy:
		return "this server's policy"
	case retrieval.CauseClient:
		return "the client"
	}
	return string(c)
}

// shownLines is how much of the wire a statement shows without --wire.
const shownLines = 4

func (p *lessonPrinter) evidence(o *lesson.Outcome) {
	lines := o.Lines
	if skip := len(lines) - shownLines; skip > 0 && !p.r.wire {
		p.print("         … %d lines\n", skip)
		lines = lines[skip:]
	}
	for i := range lines {
		text := lines[i].At.Format("15:04:05.000") + "  " + lesson.LineText(&lines[i])
		if w := p.r.o.width() - 10; !p.r.wire && style.Width(text) > w {
			text = style.Fit(text, w)
		}
		p.print("         %s\n", text)
	}
}

// answer prints the right answer of the question that is open.
func (p *lessonPrinter) answer() {
	if p.ask != nil {
		a := lesson.Right(p.ask, p.outs)
		switch {
		case a.Key == "":
			p.print("     = no answer: %s\n", a.Why)
		case !a.Sure:
			p.print("     = it should be %q, and the evidence does not bear it out: %s\n", a.Key, a.Why)
		default:
			p.print("     = %s: %s\n", a.Key, a.Why)
		}
		p.judge(a)
	}
	p.ask, p.outs = nil, nil
}

// judge tells whoever was asked how the prediction did.
func (p *lessonPrinter) judge(a lesson.Answer) {
	for _, c := range p.ask.Choices {
		if p.chosen == "" || !a.Sure || c.Key != a.Key {
			continue
		}
		word := "✗ it is"
		if p.chosen == a.Key {
			word = "✓ right"
		}
		fmt.Fprintf(p.r.o.streams.Err, "       %s: %s (%s)\n", word, c.Text, a.Why)
	}
	p.chosen = ""
}

func (p *lessonPrinter) end(res *lesson.Result) {
	p.answer()
	if res.Err != nil {
		p.print("     ✗ the lesson ended: %v\n", res.Err)
	}
	c := res.Counts()
	p.print("\n  %s\n\n", countsText(lesson.CountsReport(c)))
}

func countsText(c lesson.CountsReport) string {
	return fmt.Sprintf("%d held, %d failed, %d impossible here, %d not waited for; %d observed", c.Held, c.Failed, c.Impossible, c.Unwaited, c.Observed)
}

func (r *lessonRun) total(rep lesson.Report) {
	if len(rep.Lessons) > 1 {
		fmt.Fprintf(r.o.streams.Out, "%d lessons on %s: %s\n", len(rep.Lessons), rep.Account, countsText(rep.Total))
	}
	if rep.Score != nil {
		fmt.Fprintf(r.o.streams.Out, "%d of %d predictions were right\n", rep.Score.Right, rep.Score.Decided)
	}
	if len(rep.Left) > 0 {
		fmt.Fprintf(r.o.streams.Out, "left behind on the account: %s\n", strings.Join(rep.Left, ", "))
	}
}
