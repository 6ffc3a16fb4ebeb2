package lesson

import (
	"strings"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/safe"
)

// Report is what came of a course, for `imapop lesson run --json` and whoever
// reads that. Fields are only ever added.
type Report struct {
	Account string         `json:"account"`
	Demo    bool           `json:"demo"`
	At      time.Time      `json:"at"`
	Lessons []LessonReport `json:"lessons"`
	Total   CountsReport   `json:"total"`
	Score   *ScoreReport   `json:"score,omitempty"`       // of the answers that somebody gave; nil: nobody was asked
	Left    []string       `json:"left_behind,omitempty"` // what could not be removed from the account
	IMAP    []string       `json:"imap_capabilities,omitempty"`
	POP3    []string       `json:"pop3_capabilities,omitempty"`
}

// ScoreReport is how many predictions were right, of those that the evidence decided.
type ScoreReport struct {
	Right   int `json:"right"`
	Decided int `json:"decided"`
}

// score counts the predictions; nil when there is none.
func (r *Report) score() *ScoreReport {
	var s *ScoreReport
	for _, l := range r.Lessons {
		for _, step := range l.Steps {
			for _, st := range step.Statements {
				if st.Question == nil || st.Question.Chosen == "" {
					continue
				}
				if s == nil {
					s = &ScoreReport{}
				}
				if st.Question.Sure {
					s.Decided++
				}
				if st.Question.Sure && st.Question.Chosen == st.Question.Right {
					s.Right++
				}
			}
		}
	}
	return s
}

// CountsReport is Counts.
type CountsReport struct {
	Held       int `json:"held"`
	Failed     int `json:"failed"`
	Impossible int `json:"impossible"`
	Unwaited   int `json:"unwaited"`
	Observed   int `json:"observed"`
}

// LessonReport is one lesson.
type LessonReport struct {
	Number  int          `json:"number,omitempty"`
	Title   string       `json:"title"`
	File    string       `json:"file"`
	Seconds float64      `json:"seconds"`
	Error   string       `json:"error,omitempty"`
	Counts  CountsReport `json:"counts"`
	Steps   []StepReport `json:"steps"`
}

// StepReport is one step.
type StepReport struct {
	Title      string            `json:"title"`
	Statements []StatementReport `json:"statements"`
}

// StatementReport is one statement and what came of it.
type StatementReport struct {
	Line       int             `json:"line"`
	Kind       Kind            `json:"kind"`
	Text       string          `json:"text"`
	Verdict    Verdict         `json:"verdict"`
	Saw        string          `json:"saw,omitempty"`
	Cause      retrieval.Cause `json:"cause,omitempty"`
	Source     string          `json:"source,omitempty"`
	Name       string          `json:"name,omitempty"`  // of an observation or a measure
	Value      string          `json:"value,omitempty"` // of an observation
	DelayMS    *float64        `json:"delay_ms,omitempty"`
	Octets     int64           `json:"octets,omitempty"`
	Turns      int             `json:"turnarounds,omitempty"`
	Question   *QuestionReport `json:"question,omitempty"`
	Transcript []string        `json:"transcript,omitempty"`
}

// QuestionReport is a question with its right answer.
type QuestionReport struct {
	Text    string            `json:"text"`
	Choices map[string]string `json:"choices"`
	Right   string            `json:"right"` // a key; "": the evidence does not decide
	Sure    bool              `json:"sure"`  // the evidence bears it out
	Why     string            `json:"why,omitempty"`
	Chosen  string            `json:"chosen,omitempty"` // what somebody answered before
}

// NewReport gathers results.
func NewReport(results []Result) Report {
	r := Report{Lessons: []LessonReport{}}
	var total Counts
	for i := range results {
		x := &results[i]
		if i == 0 {
			r.Account, r.Demo, r.At = x.Account, x.Demo, x.At
		}
		if len(x.IMAP) > 0 {
			r.IMAP = cleaned(x.IMAP)
		}
		if len(x.POP3) > 0 {
			r.POP3 = cleaned(x.POP3)
		}
		r.Left = x.Left // of the last: the others' was tried again
		total = total.Add(x.Counts())
		r.Lessons = append(r.Lessons, lessonReport(x))
	}
	r.Total, r.Score = CountsReport(total), r.score()
	return r
}

func lessonReport(r *Result) LessonReport {
	l := LessonReport{Number: r.Number, Title: r.Title, File: r.File, Seconds: r.Took.Seconds(), Counts: CountsReport(r.Counts()), Steps: []StepReport{}}
	if r.Err != nil {
		l.Error = safe.Line(r.Err.Error())
	}
	for _, s := range r.Steps {
		step := StepReport{Title: s.Title, Statements: []StatementReport{}}
		for i := range s.Outcomes {
			step.Statements = append(step.Statements, statementReport(&s.Outcomes[i], s.Outcomes[i+1:]))
		}
		l.Steps = append(l.Steps, step)
	}
	return l
}

func statementReport(o *Outcome, after []Outcome) StatementReport {
	st := &o.Statement
	m := o.IMAP.Add(o.POP3)
	r := StatementReport{Line: st.Line, Kind: st.Kind, Text: st.Text, Verdict: o.Verdict, Saw: o.Saw, Cause: st.Cause, Source: st.Source,
		Name: st.Name, Value: o.Value, Octets: m.In + m.Out, Turns: m.Turnarounds}
	if o.Meaning != nil {
		r.Cause = o.Meaning.Cause
	}
	if o.Waited {
		ms := float64(o.Delay.Microseconds()) / 1000
		r.DelayMS = &ms
	}
	if st.Kind == Ask {
		a := Right(st, after)
		r.Question = &QuestionReport{Text: st.Question, Choices: map[string]string{}, Right: a.Key, Sure: a.Sure, Why: a.Why, Chosen: o.Chosen}
		for _, c := range st.Choices {
			r.Question.Choices[c.Key] = c.Text
		}
	}
	for i := range o.Lines {
		r.Transcript = append(r.Transcript, LineText(&o.Lines[i]))
	}
	return r
}

func cleaned(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = safe.Line(s)
	}
	return out
}

// LineText is a transcript line as evidence: "POP3 2 C: DELE 1", cleaned.
func LineText(l *retrieval.Line) string {
	return strings.TrimSpace(string(l.Side) + " " + string(rune(l.Dir)) + ": " + safe.Line(l.Text))
}
