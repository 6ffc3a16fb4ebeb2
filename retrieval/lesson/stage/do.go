package stage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/lesson"
	"imapop/retrieval/safe"
)

// usualWait is how long an expectation may wait when the page says nothing: the
// servers that tell late are asked, and answer at once.
const usualWait = 2 * time.Second

// keptLines bounds the evidence of one statement.
const keptLines = 40

// Do performs one statement. It never fails itself: what went wrong is the
// outcome. It blocks for as long as the statement waits.
func (s *Stage) Do(ctx context.Context, st *lesson.Statement) lesson.Outcome {
	o := lesson.Outcome{Statement: *st}
	from := s.lastLine()
	if st.Kind == lesson.Act && s.listenedFor(st) {
		s.settle(ctx)
	}
	imapBefore, popBefore := s.cost()
	s.perform(ctx, st, &o)
	imapNow, popNow := s.cost()
	o.IMAP, o.POP3 = imapNow.Sub(imapBefore), popNow.Sub(popBefore)
	if st.Kind == lesson.Measure {
		s.measures[st.Name] = o.IMAP.Add(o.POP3)
		o.Saw = costText(o.IMAP, o.POP3)
	}
	o.Lines = s.tr.Since(from, 0)
	if n := len(o.Lines); n > keptLines {
		o.Lines = o.Lines[n-keptLines:]
	}
	o.Saw = safe.Line(o.Saw)
	return o
}

// listenedFor reports whether the page listens, right after an act, for what a
// server tells by itself.
func (s *Stage) listenedFor(st *lesson.Statement) bool {
	for _, step := range s.l.Steps {
		for i := range step.Do {
			if step.Do[i].Line == st.Line && i+1 < len(step.Do) {
				c := step.Do[i+1].Condition
				return c != nil && strings.HasPrefix(c.What, "hears-")
			}
		}
	}
	return false
}

// settle waits until every IMAP session is in IDLE: an act that falls into the
// beginning of IDLE is told of at once, and would be timed too short.
func (s *Stage) settle(ctx context.Context) {
	for _, d := range s.devices {
		for range 100 {
			if st := d.state(); st == retrieval.IMAPClosed || st == retrieval.IMAPIdle {
				break
			}
			select {
			case <-time.After(20 * time.Millisecond):
			case <-ctx.Done():
				return
			}
		}
	}
}

func costText(i, p retrieval.Meter) string {
	m := i.Add(p)
	return fmt.Sprintf("%s, %d turnarounds", retrieval.Octets(m.In+m.Out), m.Turnarounds)
}

func (s *Stage) lastLine() uint64 {
	lines := s.tr.Since(0, 0)
	if len(lines) == 0 {
		return 0
	}
	return lines[len(lines)-1].Seq
}

func (s *Stage) cost() (i, p retrieval.Meter) {
	for _, d := range s.devices {
		di, dp := d.cost()
		i, p = i.Add(di), p.Add(dp)
	}
	return i, p
}

func (s *Stage) perform(ctx context.Context, st *lesson.Statement, o *lesson.Outcome) {
	switch st.Kind {
	case lesson.Act:
		s.acted(ctx, st.Action, o)
	case lesson.Expect:
		s.check(ctx, st, o)
	case lesson.Observe:
		s.observe(ctx, st, o)
	case lesson.Conclude:
		s.conclude(st, o)
	case lesson.Measure:
		o.Verdict = lesson.Done
		for i := range st.Body {
			if inner := (&lesson.Outcome{}); o.Verdict == lesson.Done {
				s.acted(ctx, st.Body[i].Action, inner)
				o.Verdict, o.Saw = inner.Verdict, inner.Saw
			}
		}
	case lesson.Later:
		d := s.device(st.Device)
		d.days.Add(int32(st.Days))
		o.Verdict, o.Saw = lesson.Done, fmt.Sprintf("the clock of %s is %d days ahead", d.name, d.days.Load())
	case lesson.Reset:
		if err := s.Begin(ctx, s.l); err != nil {
			o.Verdict, o.Saw = lesson.Failed, err.Error()
			return
		}
		o.Verdict, o.Saw = lesson.Done, "everything is as at the start"
	default:
		o.Verdict = lesson.Done
	}
}

// acted performs an act for its own sake: it must go through.
func (s *Stage) acted(ctx context.Context, a *lesson.Action, o *lesson.Outcome) {
	err := s.act(ctx, a)
	o.Verdict, o.Saw = lesson.Done, ""
	switch {
	case errors.Is(err, errNoUIDL):
		s.cannot = err.Error()
		o.Verdict, o.Saw = lesson.Impossible, s.cannot
	case err != nil && s.cannot != "":
		o.Verdict, o.Saw = lesson.Impossible, s.cannot
	case err != nil:
		o.Verdict, o.Saw = lesson.Failed, err.Error()
	}
	if a.Side == retrieval.SMTP && s.o.Submit == nil {
		o.Saw = "the account has no submission endpoint: the message was put into INBOX by APPEND"
	}
}

// act performs an act and notes when: effects are timed from its end, and heard from its beginning.
func (s *Stage) act(ctx context.Context, a *lesson.Action) error {
	d := s.device(a.Device)
	if d == nil {
		return fmt.Errorf("the stage is not set")
	}
	s.actBegan = time.Now()
	defer func() { s.actEnded = time.Now() }()
	switch a.Side {
	case retrieval.IMAP:
		return s.onIMAP(ctx, d, a)
	case retrieval.POP3:
		return s.onPOP3(ctx, d, a)
	}
	return s.deliver(ctx, a)
}

// deliver submits a message to the account itself.
func (s *Stage) deliver(ctx context.Context, a *lesson.Action) error {
	msg := s.newMail(a)
	s.accepted = ""
	if s.o.Submit == nil {
		_, err := s.hand.Append(ctx, "INBOX", nil, time.Time{}, msg)
		return err
	}
	session := int(s.lastLine())
	err := s.o.Submit(ctx, s.address(), s.address(), msg, func(dir byte, text string) {
		s.tr.Add(retrieval.Line{Side: retrieval.SMTP, Session: session, Dir: retrieval.Direction(dir), Text: text, Octets: int64(len(text) + 2)})
		if dir == byte(retrieval.ServerSays) && len(text) > 3 && text[:3] == "250" {
			s.accepted = text
		}
	})
	if err != nil {
		s.accepted = ""
	}
	return err
}

// check performs an expectation.
func (s *Stage) check(ctx context.Context, st *lesson.Statement, o *lesson.Outcome) {
	r := s.see(ctx, st)
	o.Saw, o.Delay, o.Waited = r.saw, r.delay, r.waited
	switch {
	case r.ok:
		o.Verdict = lesson.Held
	case r.impossible:
		o.Verdict = lesson.Impossible
	case r.cut:
		o.Verdict = lesson.Unwaited
		o.Saw = fmt.Sprintf("not seen within %s; the page waits for %s", s.o.Patience, st.Within)
	case s.cannot != "":
		o.Verdict, o.Saw = lesson.Impossible, r.saw+"; "+s.cannot
	default:
		o.Verdict = lesson.Failed
	}
}

// observe performs one observe: the first of a name that holds gives its value.
func (s *Stage) observe(ctx context.Context, st *lesson.Statement, o *lesson.Outcome) {
	switch {
	case s.observed[st.Name] != "":
		o.Verdict = lesson.Passed
		return
	case st.Condition == nil && s.unwaited[st.Name]:
		o.Verdict, o.Saw = lesson.Unwaited, "nobody waited long enough to know"
		return
	case st.Condition == nil:
		s.observed[st.Name], o.Value, o.Verdict = st.Value, st.Value, lesson.Held
		return
	}
	r := s.see(ctx, st)
	o.Saw, o.Delay, o.Waited = r.saw, r.delay, r.waited
	switch {
	case r.ok:
		s.observed[st.Name], o.Value, o.Verdict = st.Value, st.Value, lesson.Held
	case r.broken:
		o.Verdict = lesson.Failed
	case r.cut:
		s.unwaited[st.Name] = true
		o.Verdict = lesson.Unwaited
	default:
		o.Verdict = lesson.Passed
	}
}

func (s *Stage) conclude(st *lesson.Statement, o *lesson.Outcome) {
	value := s.observed[st.Name]
	if value == "" {
		o.Verdict, o.Saw = lesson.Unwaited, "it was not waited for"
		if !s.unwaited[st.Name] {
			o.Verdict, o.Saw = lesson.Failed, "nothing that the page knows was seen"
		}
		return
	}
	for i := range st.Meanings {
		if st.Meanings[i].Value == value {
			o.Verdict, o.Value, o.Meaning, o.Saw = lesson.Held, value, &st.Meanings[i], st.Meanings[i].Text
		}
	}
}

// Run performs a whole lesson and cleans nothing up. heard, if not nil, is told
// of each outcome as it comes, and may note in that of a question what was
// answered: what decides it is done after heard returns.
func (s *Stage) Run(ctx context.Context, l *lesson.Lesson, heard func(step int, o *lesson.Outcome)) (r lesson.Result) {
	r = lesson.Result{Number: l.Number, Title: l.Title, File: l.File, Account: s.Account().Name, Demo: s.Account().Demo, At: s.o.Now()}
	began := time.Now()
	s.imapCaps, s.popCaps = nil, nil
	defer func() { r.Took, r.IMAP, r.POP3 = time.Since(began), s.imapCaps, s.popCaps }()
	if r.Err = s.Begin(ctx, l); r.Err != nil {
		return r
	}
	for i := range l.Steps {
		step := lesson.StepResult{Title: l.Steps[i].Title}
		for j := range l.Steps[i].Do {
			if err := ctx.Err(); err != nil {
				r.Err = context.Cause(ctx)
				return r
			}
			o := s.Do(ctx, &l.Steps[i].Do[j])
			step.Outcomes = append(step.Outcomes, o)
			if heard != nil {
				heard(i, &step.Outcomes[len(step.Outcomes)-1])
			}
		}
		r.Steps = append(r.Steps, step)
	}
	return r
}

// unsupported finds the error that says a protocol has no such thing.
func unsupported(err error) bool { return errors.Is(err, retrieval.ErrUnsupported) }
