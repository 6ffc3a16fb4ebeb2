package compare

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/ui/style"
)

// panes draws both panes beside each other, line by line.
func (m Model) panes() []string {
	left := m.imapPane()
	right := m.popPane()
	for i := range left {
		left[i] += right[i]
	}
	return left
}

// edge is the pen of a pane's frame: its accent when it has the focus.
func (m Model) edge(side retrieval.Protocol) style.Pen {
	if side != m.side {
		return m.st.Edge
	}
	return m.accent(side)
}

func (m Model) accent(side retrieval.Protocol) style.Pen {
	switch side {
	case retrieval.IMAP:
		return m.st.IMAP
	case retrieval.POP3:
		return m.st.POP3
	case retrieval.SMTP:
		return m.st.SMTP
	}
	return m.st.Muted
}

// name is a pane's title; the focus shows without colour too.
func (m Model) name(side retrieval.Protocol, text string) style.Piece {
	if side == m.side {
		text = "▸ " + text
	}
	return style.Piece{Text: text, Pen: m.accent(side)}
}

func (m Model) securityPiece(s retrieval.Security) style.Piece {
	if s.Plaintext {
		return style.Piece{Text: "PLAINTEXT", Pen: m.st.Danger}
	}
	if s.Protocol == "" {
		return style.Piece{Text: "no connection", Pen: m.st.Muted}
	}
	return style.Piece{Text: safe.Line(s.String()), Pen: m.st.Good}
}

// draw draws one row of one side into a line.
type draw func(l *style.Line, in *style.Inks, ink style.Pen, cols []column, row *retrieval.Row, depth int)

// emptiness says why a side lists nothing; nothing before it has been asked.
func (m Model) emptiness(side retrieval.Protocol) string {
	switch v := m.view; {
	case m.search.on:
		return "nothing found; esc shows all"
	case side == retrieval.IMAP && v.IMAP.Mailbox.Name != "" && v.IMAP.Mailbox.Messages == 0:
		return "no messages in this folder"
	case side == retrieval.POP3 && v.POP3.State == retrieval.POP3Transaction && len(v.POP3.Drop.Entries) == 0:
		return "no messages in the maildrop"
	}
	return ""
}

// list draws the rows of a pane below its column heads: n lines of w cells.
func (m Model) list(side retrieval.Protocol, w int, cols []column, p *retrieval.Problem, draw draw) []string {
	out := make([]string, 0, m.lay.Rows+1)
	out = append(out, m.heads(w, cols))
	for i := m.top; i < m.top+m.lay.Rows; i++ {
		l := style.NewLine(w)
		if i == 0 && len(m.view.Rows) == 0 {
			out = append(out, l.Gap(m.st.Text, 2).Put(m.st.Muted, m.emptiness(side)).End(m.st.Text))
			continue
		}
		if i >= len(m.view.Rows) {
			out = append(out, l.End(m.st.Text))
			continue
		}
		row := &m.view.Rows[i]
		in := m.rowInks(i)
		ink := in.Text
		changed := row.Changed > m.since && m.changedOn(side, i, row)
		if changed {
			ink = in.Changed
		}
		m.prefix(l, in, i, row, changed, side)
		draw(l, in, ink, cols, row, m.depthOf(i))
		out = append(out, l.End(in.Text))
	}
	return m.withProblem(out, w, p)
}

func (m Model) heads(w int, cols []column) string {
	l := style.NewLine(w)
	l.Gap(m.st.Text, 2)
	for i, c := range cols {
		if i > 0 {
			l.Gap(m.st.Text, 1)
		}
		if c.right {
			l.Right(m.st.Muted, c.name, c.width)
		} else {
			l.Cell(m.st.Muted, c.head(), c.width)
		}
	}
	return l.End(m.st.Text)
}

// rowInks are the pens for row i: on the cursor's ground when it is chosen.
func (m Model) rowInks(i int) *style.Inks {
	if i == m.cursor {
		return &m.st.Cursor
	}
	return &m.st.Inks
}

// prefix draws the two cells before a row: the cursor's bar, then whether the
// row is selected or changed in the last action, or was found on the other side only.
func (m Model) prefix(l *style.Line, in *style.Inks, i int, row *retrieval.Row, changed bool, side retrieval.Protocol) {
	bar := " "
	if i == m.cursor {
		bar = "▌"
	}
	l.Put(m.barPen(in), bar)
	switch {
	case m.isSelected(row):
		l.Put(in.Bold, "▪")
	case changed:
		l.Put(in.Changed, "»")
	case m.search.on && !m.search.hit(side, m.full, row):
		l.Put(in.Muted, "·")
	default:
		l.Gap(in.Text, 1)
	}
}

func (m Model) barPen(in *style.Inks) style.Pen {
	if m.side == retrieval.POP3 {
		return in.POP3
	}
	return in.IMAP
}

// withProblem lays what is wrong with a side over the last lines of its list,
// so that what was known stays in sight above. Where nothing was, a long reason
// has the room: of a certificate that was refused everything is to be read.
func (m Model) withProblem(lines []string, w int, p *retrieval.Problem) []string {
	if p == nil {
		return lines
	}
	var say []string
	why, do := 2, 2 // lines
	if len(m.view.Rows) == 0 {
		do = max(do, min(4, len(lines)/3))
		why = max(why, len(lines)-do-4)
	}
	add := func(pen style.Pen, lead, s string, most int) {
		for i, t := range style.Wrap(safe.Line(s), w-3, most) {
			if i > 0 {
				lead = "  "
			}
			say = append(say, style.NewLine(w).Gap(m.st.Text, 1).Put(pen, lead).Put(pen, t).End(m.st.Text))
		}
	}
	act := p.Do
	if m.devices > 1 && errors.Is(p.Err, retrieval.ErrInUse) {
		act = "the other device's session may hold it: t, then ! ends that one; o tries again here"
	}
	add(m.st.Danger, "✗ ", p.What, 2)
	add(m.st.Text, "  ", p.Why, why)
	if act != "" {
		add(m.st.Warn, "→ ", act, do)
	}
	if !p.Retry.IsZero() && !m.now.IsZero() {
		again := "trying again now"
		if left := p.Retry.Sub(m.now); left >= time.Second {
			again = fmt.Sprintf("tries again in %s, at %s", span(left), p.Retry.Format("15:04:05"))
		}
		add(m.st.Muted, "↻ ", again, 2)
	}
	say = say[:min(len(say), len(lines))]
	copy(lines[len(lines)-len(say):], say)
	return lines
}

// span formats a duration for a title: "41 s", "9:12" (minutes), "2 h".
func span(d time.Duration) string {
	switch d = d.Round(time.Second); {
	case d < 100*time.Second:
		return fmt.Sprintf("%d s", int(d/time.Second))
	case d < time.Hour:
		return fmt.Sprintf("%d:%02d", d/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%d h", int(d/time.Hour))
}

// thousands formats a count: "88,112".
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func digits(n int) int { return len(fmt.Sprint(n)) }

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	if strings.HasSuffix(one, "s") {
		return fmt.Sprintf("%d %s", n, one)
	}
	return fmt.Sprintf("%d %ss", n, one)
}
