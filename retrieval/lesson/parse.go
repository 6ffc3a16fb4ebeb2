package lesson

import (
	"errors"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// fence opens and closes a block of statements.
const fence = "```"

// Parse reads one page. file names it in errors, and its leading digits are the
// lesson's number. The errors are *Problem, joined, in the order of lines.
func Parse(file string, text []byte) (*Lesson, error) {
	p := &page{l: &Lesson{File: file, Number: number(file)}, letters: map[string]int{}, folders: map[string]bool{},
		devices: map[string]bool{Here: true}, observed: map[string][]string{}, concluded: map[string]bool{}, measured: map[string]bool{}}
	p.read(strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n"))
	p.whole()
	if len(p.problems) > 0 {
		return nil, errors.Join(p.problems...)
	}
	return p.l, nil
}

var leadingDigits = regexp.MustCompile(`^[0-9]{1,3}`)

func number(file string) int {
	n, _ := strconv.Atoi(leadingDigits.FindString(path.Base(strings.ReplaceAll(file, `\`, "/"))))
	return n
}

// page is a lesson while it is read.
type page struct {
	l        *Lesson
	problems []error

	letters   map[string]int      // where each message is made
	folders   map[string]bool     // that are declared
	devices   map[string]bool     // that are declared
	observed  map[string][]string // values that observe can give, by name
	concluded map[string]bool
	measured  map[string]bool

	para []string // lines of the paragraph that is being read
	note bool     // it is a speaker's note
}

func (p *page) fail(line int, text string) {
	p.problems = append(p.problems, &Problem{p.l.File, line, text})
}

// step is the section that is being read; nil before the first.
func (p *page) step() *Step {
	if len(p.l.Steps) == 0 {
		return nil
	}
	return &p.l.Steps[len(p.l.Steps)-1]
}

func (p *page) read(lines []string) {
	for i := 0; i < len(lines); i++ {
		line := strings.TrimRight(lines[i], " \t")
		switch {
		case strings.HasPrefix(line, fence):
			p.flush()
			end := i + 1
			for end < len(lines) && strings.TrimRight(lines[end], " \t") != fence {
				end++
			}
			if end == len(lines) {
				p.fail(i+1, "the block that begins here has no end: a line of ``` is missing")
				return
			}
			if strings.TrimPrefix(line, fence) == "lesson" {
				p.block(lines[i+1:end], i+2)
			}
			i = end
		case strings.HasPrefix(line, "# "):
			p.flush()
			if p.l.Title != "" {
				p.fail(i+1, "a page has one title; use ## for a step")
			}
			p.l.Title = strings.TrimSpace(line[2:])
		case strings.HasPrefix(line, "## "):
			p.flush()
			p.l.Steps = append(p.l.Steps, Step{Title: strings.TrimSpace(line[3:])})
		case line == "":
			p.flush()
		default:
			p.prose(line)
		}
	}
	p.flush()
}

// prose adds a line of text. A quotation that begins with "Speaker:" is for the
// one who teaches.
func (p *page) prose(line string) {
	if quoted, ok := strings.CutPrefix(line, ">"); ok {
		if !p.note {
			p.flush()
		}
		p.note = true
		line = strings.TrimSpace(quoted)
		if line == "" {
			p.flush()
			p.note = true
			return
		}
		line = strings.TrimPrefix(line, "Speaker: ")
	} else if p.note {
		p.flush()
	}
	if item := strings.TrimSpace(line); strings.HasPrefix(item, "- ") || strings.HasPrefix(item, "* ") {
		note := p.note
		p.flush()
		p.note = note
		line = "• " + strings.TrimSpace(item[2:])
	}
	p.para = append(p.para, strings.TrimSpace(line))
}

// flush ends the paragraph.
func (p *page) flush() {
	text, note := strings.Join(p.para, " "), p.note
	p.para, p.note = nil, false
	if text == "" {
		return
	}
	s := p.step()
	switch {
	case s == nil && !note:
		p.l.Summary = append(p.l.Summary, text)
	case s == nil:
	case note:
		s.Speaker = append(s.Speaker, text)
	case len(s.Do) > 0:
		s.Then = append(s.Then, text)
	default:
		s.Text = append(s.Text, text)
	}
}

// whole checks what only the end can tell.
func (p *page) whole() {
	if p.l.Title == "" {
		p.fail(1, "the page has no title: a line that begins with #")
	}
	runs := false
	for _, s := range p.l.Steps {
		runs = runs || len(s.Do) > 0
		each(s.Do, func(st *Statement) {
			if st.Kind == Ask && st.RightBy != "" {
				p.askedRightly(st)
			}
			if st.Kind == Observe && !p.concluded[st.Name] {
				p.fail(st.Line, "nothing says what it means: conclude "+st.Name+" is missing")
				p.concluded[st.Name] = true // said once
			}
		})
	}
	if !runs && len(p.problems) == 0 {
		p.fail(1, ErrEmpty.Error())
	}
}

// askedRightly holds that a question which the evidence answers has a choice
// for each thing that can be seen.
func (p *page) askedRightly(st *Statement) {
	values := p.observed[st.RightBy]
	if len(values) == 0 {
		p.fail(st.Line, "right by "+st.RightBy+": nothing observes that")
	}
	for _, v := range values {
		if st.choice(v) == nil {
			p.fail(st.Line, "right by "+st.RightBy+": it can be "+v+", and no choice has that key")
		}
	}
}

// each visits statements, also those below a measure.
func each(list []Statement, f func(*Statement)) {
	for i := range list {
		f(&list[i])
		each(list[i].Body, f)
	}
}

// choice finds a choice by its key; nil: there is none.
func (s *Statement) choice(key string) *Choice {
	for i := range s.Choices {
		if s.Choices[i].Key == key {
			return &s.Choices[i]
		}
	}
	return nil
}
