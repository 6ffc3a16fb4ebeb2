package compare

import (
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval/compare"
	"imapop/retrieval/safe"
	"imapop/ui/style"
	"imapop/ui/wish"
)

// settleAfter is how long an effect is waited for before "not yet" becomes "not
// seen": Courier tells IDLE of an expunge only after up to 60 s; a person looks
// away sooner, and the line is corrected when it comes.
const settleAfter = 10 * time.Second

// forecastPanel says what an action will do; after it ran, what really happened
// stands beside.
type forecastPanel struct {
	forecast   compare.Forecast
	ran        bool
	running    bool
	failed     error
	after      uint64 // Seq of the last happening before it ran
	endedAt    time.Time
	imap, pop3 []compare.Outcome
}

func (p forecastPanel) title() string {
	if p.ran {
		return "predicted, and what happened: " + safe.Line(p.forecast.Title)
	}
	return "prediction: " + safe.Line(p.forecast.Title)
}

func (p forecastPanel) hint() string {
	if p.ran {
		return "esc closes"
	}
	return "enter runs it · esc does not"
}

// heard settles the forecast against what happened since.
func (p forecastPanel) heard(m Model) panel {
	if !p.ran {
		return p
	}
	late := !p.running && m.now.Sub(p.endedAt) >= settleAfter
	p.imap, p.pop3 = m.rules.Settle(p.forecast, m.view.Happened, p.after, late)
	return p
}

func (p forecastPanel) body(m *Model, w int) []string {
	t := &text{st: m.st, w: w}
	for i, s := range p.forecast.Sends {
		lead := "sends   "
		if i > 0 {
			lead = "        "
		}
		if i == 3 {
			t.line(style.Piece{Text: lead + "…", Pen: m.st.Muted})
			break
		}
		t.line(style.Piece{Text: lead, Pen: m.st.Muted}, style.Piece{Text: safe.Line(s), Pen: m.st.Bold})
	}
	t.effects("IMAP    ", m.st.IMAP, p.forecast.IMAP, p.imap)
	t.effects("POP3    ", m.st.POP3, p.forecast.POP3, p.pop3)
	if p.forecast.Final != "" {
		t.para("final   ", m.st.Warn, safe.Line(p.forecast.Final), 2)
	}
	if p.forecast.Who != "" {
		t.para("notices ", m.st.Text, safe.Line(p.forecast.Who), 2)
	}
	if p.failed != nil {
		t.para("failed  ", m.st.Danger, safe.Line(p.failed.Error()), 2)
	}
	return t.out
}

// effects lists what one side will see, and beside each what it did see.
func (t *text) effects(lead string, pen style.Pen, effects []compare.Effect, seen []compare.Outcome) {
	for i, e := range effects {
		s := e.Text
		if e.Maybe {
			s = "maybe: " + s
		}
		if tag := causeTag(e.Cause, e.Source); tag != "" {
			s += " [" + tag + "]"
		}
		t.para(lead, pen, safe.Line(s), 2)
		if i < len(seen) {
			t.outcome(seen[i])
		}
		lead = style.Spaces(len(lead))
	}
}

func (t *text) outcome(o compare.Outcome) {
	sign, pen := "✗ ", t.st.Danger
	switch {
	case o.Open():
		sign, pen = "… ", t.st.Muted
	case o.OK:
		sign, pen = "✓ ", t.st.Good
	case o.Seen == nil:
		sign, pen = "– ", t.st.Muted
	}
	s := o.As
	if o.Seen != nil {
		s += " · " + o.Seen.Text
	}
	t.para(style.Spaces(8)+sign, pen, safe.Line(s), 1)
}

func (p forecastPanel) key(m Model, k tea.KeyMsg) (Model, []wish.Wish) {
	switch {
	case !p.ran && key.Matches(k, enterKey):
		p.after = lastSeq(m)
		m.panel = nil
		next, wishes := m.careful(p.forecast.Action)
		if len(wishes) == 0 { // it asks first, or cannot now
			return next, nil
		}
		p.ran, p.running = true, true
		next.panel = p
		return next, wishes
	case key.Matches(k, closeKey):
		m.panel = nil
	}
	return m, nil
}

func lastSeq(m Model) uint64 {
	if n := len(m.view.Happened); n > 0 {
		return m.view.Happened[n-1].Seq
	}
	return 0
}
