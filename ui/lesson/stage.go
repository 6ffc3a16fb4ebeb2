package lesson

import (
	"fmt"
	"strings"

	page "imapop/retrieval/lesson"
	"imapop/ui/style"
)

// stage lays out the player: the text beside the panes where there is room, else
// above them; below the panes what is done and what was seen.
func (m Model) stage(h int) []string {
	if m.w >= wide {
		left := m.w * 2 / 5
		text := fill(m.text(left-1, h), left-1, h)
		right := fill(m.scenery(m.w-left, h), m.w-left, h)
		out := make([]string, h)
		for i := range out {
			out[i] = text[i] + m.st.Edge.Ink("│") + right[i]
		}
		return out
	}
	t := m.textHeight(h)
	out := fill(m.text(m.w, t), m.w, t)
	return append(out, m.scenery(m.w, h-t)...)
}

// textHeight is how many lines the text has when it stands above the panes.
func (m Model) textHeight(h int) int {
	least := 6
	if len(m.stepOutcomes()) == 0 && m.asked() == nil && !m.paused {
		least = h - 9 // before the step begins there is only the text to read
	}
	return min(max(h*2/7, least), len(m.textLines(m.w))+1, h-9)
}

// text is the step's title and its paragraphs, or the speaker's notes.
func (m Model) text(w, h int) []string {
	lines := m.textLines(w)
	top := min(m.top, max(len(lines)-h, 0))
	shown := lines[top:]
	if len(shown) > h {
		more := style.NewLine(w).Gap(m.st.Text, 1).Put(m.st.Muted, fmt.Sprintf("… %d lines more: pgdn", len(shown)-h+1)).End(m.st.Text)
		shown = append(append([]string(nil), shown[:h-1]...), more)
	}
	return shown
}

// lastTop is how far the text can be scrolled.
func (m Model) lastTop() int {
	w, h := m.w, m.textHeight(m.h-2)
	if m.w >= wide {
		w, h = m.w*2/5-1, m.h-2
	}
	return max(len(m.textLines(w))-h, 0)
}

func (m Model) textLines(w int) []string {
	st := m.st
	s := &m.lesson().Steps[m.step]
	out := []string{style.NewLine(w).Gap(st.Text, 1).Put(st.Bold, plain(s.Title)).End(st.Text)}
	text, pen := s.Text, st.Text
	switch {
	case m.done() && len(s.Then) > 0: // the answer is not given away before
		text = s.Then
	case m.step == 0:
		text = append(append([]string(nil), m.lesson().Summary...), text...)
	}
	if m.notes {
		text, pen = s.Speaker, st.Changed
		out[0] = style.NewLine(w).Gap(st.Text, 1).Put(st.Changed, "for the speaker · ").Put(st.Bold, plain(s.Title)).End(st.Text)
		if len(text) == 0 {
			text = []string{"There is no note for this step."}
		}
	}
	return append(out, m.paras(text, pen, w-2, 1000)...)
}

// scenery is the panes and what was done; or the pictures.
func (m Model) scenery(w, h int) []string {
	if m.picture {
		return fill(m.pictures(w), w, h)
	}
	out := m.panes(w)
	if room := h - 5; len(out) > room {
		out = out[:room]
	}
	pictures := m.pictures(w)
	if log := m.log(w, 0); m.w >= wide && len(out)+len(log)+len(pictures)+1 <= h {
		out = append(append(out, fill(log, w, h-len(out)-len(pictures)-1)...), style.Rule(w, m.st.Edge, "─", "─", nil, nil))
		return append(out, pictures...)
	}
	return append(out, m.log(w, h-len(out))...)
}

func (m Model) stepOutcomes() []page.Outcome {
	if m.step >= len(m.outcomes) {
		return nil
	}
	return m.outcomes[m.step]
}

// log is what was done in this step and what came of it, the latest at the
// bottom; then the question, or what comes next. h 0: all of it.
func (m Model) log(w, h int) []string {
	var out []string
	outs := m.stepOutcomes()
	act, ask := -1, -1 // the latest
	for i := range outs {
		if k := outs[i].Statement.Kind; k == page.Act || k == page.Measure {
			act = i
		}
		if m.done() && outs[i].Statement.Kind == page.Ask {
			ask = i // it stands below, with its answer
		}
	}
	for i := range outs {
		if i == ask {
			continue
		}
		out = append(out, m.entry(&outs[i], outs[i+1:], i == act, w)...)
	}
	out = append(out, m.prompt(w)...)
	if h == 0 {
		return out
	}
	if len(out) > h {
		out = out[len(out)-h:]
	}
	return fill(out, w, h)
}

// prompt is the line or the question at which the lesson stands.
func (m Model) prompt(w int) []string {
	st := m.st
	one := func(pen style.Pen, text string) []string {
		return []string{style.NewLine(w).Gap(st.Text, 1).Put(pen, text).End(st.Text)}
	}
	switch next := m.statement(); {
	case m.paused:
		return one(st.Warn, "Free play: the main screen had the maildrop. enter sets the stage again, up to this step.")
	case m.asked() != nil:
		return m.question(m.asked(), w)
	case m.running && next != nil:
		return one(st.Changed, "▶ "+command(next)+" …")
	case m.over():
		return append(m.verdict(w), m.summary(w)...)
	case next == nil:
		return append(m.verdict(w), one(st.Muted, "· enter: the next step")...)
	case len(m.stepOutcomes()) == 0 && next.Kind != page.Ask:
		return one(st.Changed, "· enter: "+command(next))
	}
	return one(st.Muted, "· enter goes on")
}

// verdict repeats, at the end of a step, what became of its last prediction: the
// question itself may have gone out of sight.
func (m Model) verdict(w int) []string {
	outs := m.stepOutcomes()
	for i := len(outs) - 1; i >= 0; i-- {
		if outs[i].Statement.Kind == page.Ask {
			return m.answered(&outs[i], outs[i+1:], w)
		}
	}
	return nil
}

// command is a statement as it is shown: without its cause and source.
func command(s *page.Statement) string {
	text, _, _ := strings.Cut(s.Text, " -- ")
	return text
}

func (m Model) question(ask *page.Statement, w int) []string {
	st := m.st
	var out []string
	for i, line := range style.Wrap(ask.Question, w-4, 3) {
		mark := "  "
		if i == 0 {
			mark = "? "
		}
		out = append(out, style.NewLine(w).Gap(st.Text, 1).Put(st.Changed, mark).Put(st.Bold, line).End(st.Text))
	}
	for i, c := range ask.Choices {
		for j, line := range style.Wrap(c.Text, w-8, 2) {
			l := style.NewLine(w).Gap(st.Text, 3)
			if j == 0 {
				l.Put(st.Key, string(rune('a'+i)))
			} else {
				l.Gap(st.Text, 1)
			}
			out = append(out, l.Gap(st.Text, 2).Put(st.Text, line).End(st.Text))
		}
	}
	return out
}

// summary is the end of a lesson.
func (m Model) summary(w int) []string {
	right, decided := m.Score()
	c := m.counts()
	text := fmt.Sprintf("The end. You predicted %d of %d. Claims of the page on this server: %d held, %d did not; observations: %d",
		right, decided, c.Held, c.Failed, c.Observed)
	if c.Impossible > 0 {
		text += fmt.Sprintf("; not possible on this account: %d", c.Impossible)
	}
	return m.paras([]string{text + "."}, m.st.Bold, w-2, 4)
}
