// Package handout writes what lessons showed as something to take home: one
// self-contained page of HTML, or Markdown. It is plain: a report in, text out.
package handout

import (
	"cmp"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"

	_ "embed"

	"imapop/retrieval"
	"imapop/retrieval/lesson"
)

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"cause": causeText, "delay": delayText, "verdict": verdictText, "octets": retrieval.Octets, "keys": keys, "right": rightText,
}).Parse(pageHTML))

// Chart is a comparison of what a lesson measured.
type Chart struct {
	Lesson string
	Bars   []Bar
}

// Bar is one measure.
type Bar struct {
	Name   string
	Octets int64
	Turns  int
	Width  int // of 400, by octets
	TurnsW int // of 400, by turnarounds
	Y      int
}

// Height is the drawing's, in its own units.
func (c Chart) Height() int { return 50*len(c.Bars) + 10 }

// Words says the chart for whoever cannot see it.
func (c Chart) Words() string {
	var out []string
	for _, b := range c.Bars {
		out = append(out, fmt.Sprintf("%s: %s and %d turnarounds", b.Name, retrieval.Octets(b.Octets), b.Turns))
	}
	return strings.Join(out, "; ")
}

type content struct {
	lesson.Report
	Date    string
	Seen    []Observation
	Charts  []Chart
	Version string
}

// Observation is one row of the behaviour table.
type Observation struct {
	Lesson, Step, Text string
	Cause              retrieval.Cause
	Source             string
	Delay              *float64
}

// HTML writes one page that needs nothing else: no script, no font, no network.
func HTML(r lesson.Report, version string) (string, error) {
	var b strings.Builder
	err := page.Execute(&b, content{Report: r, Date: r.At.Format("2 January 2006, 15:04 MST"), Seen: observations(r), Charts: charts(r), Version: version})
	return b.String(), err
}

// observations gathers what the lessons say of this server.
func observations(r lesson.Report) []Observation {
	var out []Observation
	for _, l := range r.Lessons {
		for _, s := range l.Steps {
			delay := map[string]*float64{}
			for _, st := range s.Statements {
				if st.Kind == lesson.Observe && st.Value != "" {
					delay[st.Name] = st.DelayMS
				}
				if st.Kind == lesson.Conclude && st.Value != "" {
					out = append(out, Observation{title(l), s.Title, st.Saw, st.Cause, st.Source, delay[st.Name]})
				}
			}
		}
	}
	return out
}

func title(l lesson.LessonReport) string {
	if l.Number == 0 {
		return l.Title
	}
	return fmt.Sprintf("%d. %s", l.Number, l.Title)
}

// charts draws what was measured, a chart a lesson.
func charts(r lesson.Report) []Chart {
	var out []Chart
	for _, l := range r.Lessons {
		c := Chart{Lesson: title(l)}
		most, turns := int64(1), 1
		for _, s := range l.Steps {
			for _, st := range s.Statements {
				if st.Kind == lesson.Measure {
					c.Bars = append(c.Bars, Bar{Name: st.Name, Octets: st.Octets, Turns: st.Turns, Y: 50 * len(c.Bars)})
					most, turns = max(most, st.Octets), max(turns, st.Turns)
				}
			}
		}
		for i := range c.Bars {
			b := &c.Bars[i]
			b.Width, b.TurnsW = int(400*b.Octets/most), 400*b.Turns/turns
		}
		if len(c.Bars) > 0 {
			out = append(out, c)
		}
	}
	return out
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

func delayText(ms *float64) string {
	switch {
	case ms == nil:
		return ""
	case *ms < 1:
		return "less than 1 ms later"
	case *ms < 1000:
		return fmt.Sprintf("%.0f ms later", *ms)
	}
	return fmt.Sprintf("%.1f s later", *ms/1000)
}

func verdictText(v lesson.Verdict) string {
	switch v {
	case lesson.Held:
		return "held"
	case lesson.Failed:
		return "FAILED"
	case lesson.Impossible:
		return "cannot be shown on this account"
	case lesson.Unwaited:
		return "not waited for"
	}
	return string(v)
}

func keys(m map[string]string) []string { return slices.SortedFunc(maps.Keys(m), cmp.Compare[string]) }

func rightText(q *lesson.QuestionReport) string {
	switch {
	case q.Right == "":
		return "not decided: it was not waited for"
	case !q.Sure:
		return "not borne out on this server: " + q.Why
	}
	return q.Choices[q.Right]
}

// Markdown writes the same for a repository or a wiki; no drawings.
func Markdown(r lesson.Report) string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	p("# What IMAP and POP3 did on %s\n\n%s. %s\n", md(r.Account), r.At.Format("2 January 2006, 15:04 MST"), countsText(r.Total)+scoreText(r.Score))
	if len(r.IMAP)+len(r.POP3) > 0 {
		p("\n## What the servers offer\n\n| IMAP | POP3 |\n| --- | --- |\n")
		for i := range max(len(r.IMAP), len(r.POP3)) {
			p("| %s | %s |\n", md(at(r.IMAP, i)), md(at(r.POP3, i)))
		}
	}
	if seen := observations(r); len(seen) > 0 {
		p("\n## What this server does\n\n| lesson | observed | evidence | cause | source |\n| --- | --- | --- | --- | --- |\n")
		for _, o := range seen {
			p("| %s | %s | %s | %s | %s |\n", md(o.Lesson), md(o.Text), md(o.Step+"; "+delayText(o.Delay)), causeText(o.Cause), md(o.Source))
		}
	}
	for _, c := range charts(r) {
		p("\n## Measured in %s\n\n| way | octets | turnarounds |\n| --- | ---: | ---: |\n", md(c.Lesson))
		for _, m := range c.Bars {
			p("| %s | %s | %d |\n", md(m.Name), retrieval.Octets(m.Octets), m.Turns)
		}
	}
	for _, l := range r.Lessons {
		p("\n## %s\n", md(title(l)))
		if l.Error != "" {
			p("\nThe lesson ended: %s\n", md(l.Error))
		}
		for _, s := range l.Steps {
			p("\n### %s\n", md(s.Title))
			stepMarkdown(p, s)
		}
	}
	return b.String()
}

func stepMarkdown(p func(string, ...any), s lesson.StepReport) {
	for _, st := range s.Statements {
		switch {
		case st.Question != nil:
			predicted := ""
			if c := st.Question.Chosen; c != "" {
				predicted = "\n  **Predicted:** " + md(st.Question.Choices[c])
			}
			p("\n- **Question:** %s%s\n  **Answer:** %s\n", md(st.Question.Text), predicted, md(rightText(st.Question)))
		case st.Kind == lesson.Expect:
			p("\n- %s: %s (%s, %s)\n", verdictText(st.Verdict), md(st.Saw), causeText(st.Cause), md(st.Source))
		case st.Kind == lesson.Act:
			p("\n- `%s`\n", strings.ReplaceAll(st.Text, "`", "'"))
			if len(st.Transcript) > 0 {
				p("\n  ```text\n  %s\n  ```\n", strings.ReplaceAll(strings.Join(st.Transcript, "\n  "), "```", "'''"))
			}
		}
	}
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// md takes the meaning from what Markdown would read as marks.
func md(s string) string {
	return strings.NewReplacer("|", `\|`, "*", `\*`, "_", `\_`, "<", "&lt;", "[", `\[`, "`", "'", "\n", " ").Replace(s)
}

func scoreText(s *lesson.ScoreReport) string {
	if s == nil {
		return ""
	}
	return fmt.Sprintf(" %d of %d predictions were right.", s.Right, s.Decided)
}

func countsText(c lesson.CountsReport) string {
	return fmt.Sprintf("%d expectations held, %d failed, %d cannot be shown on this account, %d were not waited for; observations: %d.",
		c.Held, c.Failed, c.Impossible, c.Unwaited, c.Observed)
}
