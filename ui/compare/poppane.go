package compare

import (
	"fmt"
	"time"

	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/ui/style"
)

// popIdleSoon is when the countdown turns urgent: a presenter who talks for a
// minute loses the session, and with it every mark.
const popIdleSoon = time.Minute

func (m Model) popPane() []string {
	w := m.lay.POP3 - 2
	cols := popColumns(w, digits(len(m.view.POP3.Drop.Entries)))
	lines := m.withDownload(m.list(retrieval.POP3, w, cols, m.view.POP3.Problem, m.popRow), w)
	return style.Frame(m.lay.POP3, m.edge(retrieval.POP3), []style.Piece{m.name(retrieval.POP3, "POP3")}, m.popInfo(), m.popCaption(), lines)
}

// popInfo is, by weight: security, state, what is pending, how old the snapshot is.
func (m Model) popInfo() []style.Piece {
	side := m.view.POP3
	if closedPOP3(side.State) && !m.tiny() {
		return []style.Piece{{Text: "no connection · " + string(retrieval.POP3Closed), Pen: m.st.Danger}}
	}
	out := []style.Piece{m.securityPiece(side.Security)}
	if m.tiny() {
		return out
	}
	out = append(out, m.popState(" · "))
	if side.Pending > 0 && !m.narrow() {
		out = append(out, style.Piece{Text: fmt.Sprintf(" · %d pending", side.Pending), Pen: m.st.Warn})
	}
	if at := side.Drop.At; side.State == retrieval.POP3Transaction && !at.IsZero() && !m.now.IsZero() {
		out = append(out, style.Piece{Text: " · " + span(max(m.now.Sub(at), 0)) + " old", Pen: m.st.Muted})
	}
	return out
}

func (m Model) popState(lead string) style.Piece {
	state := m.view.POP3.State
	if closedPOP3(state) {
		return style.Piece{Text: lead + string(retrieval.POP3Closed), Pen: m.st.Danger}
	}
	return style.Piece{Text: lead + string(state), Pen: m.st.Text}
}

// idleLeft is the countdown to the server's idle timeout; soon says that less
// than a minute is left.
func (m Model) idleLeft() (soon bool, text string) {
	side := m.view.POP3
	if side.State != retrieval.POP3Transaction || side.IdleAfter <= 0 || side.LastSaid.IsZero() || m.now.IsZero() {
		return false, ""
	}
	left := max(side.IdleAfter-m.now.Sub(side.LastSaid), 0)
	about := ""
	if !side.IdleKnown {
		about = "~" // RFC 1939's ten minutes; this server has not said
	}
	return left < popIdleSoon, "times out in " + about + span(left)
}

// popCaption says what is about to be lost and what the frozen list does not hold.
func (m Model) popCaption() []style.Piece {
	side := m.view.POP3
	if side.Drop.At.IsZero() && len(side.Drop.Entries) == 0 {
		return nil
	}
	out := m.asShown(retrieval.POP3)
	add := func(p style.Pen, s string) {
		if len(out) > 0 {
			s = " · " + s
		}
		out = append(out, style.Piece{Text: s, Pen: p})
	}
	soon, timeout := m.idleLeft()
	switch {
	case m.tiny() && len(out) > 0:
		out = append(out, m.popState(" · "))
	case m.tiny():
		out = append(out, m.popState(""))
	case soon:
		add(m.st.Danger, timeout)
	default:
		add(m.st.Muted, plural(len(side.Drop.Entries), "message"))
	}
	if side.Pending > 0 && m.narrow() {
		add(m.st.Warn, fmt.Sprintf("%d pending", side.Pending))
	}
	if m.due > 0 {
		add(m.st.Warn, fmt.Sprintf("%d due (F)", m.due))
	}
	if side.Missed > 0 {
		add(m.st.Warn, fmt.Sprintf("%d arrived since (o)", side.Missed))
	}
	if !side.Drop.HasUIDL {
		add(m.st.Warn, "no UIDL")
	}
	if timeout != "" && !soon {
		add(m.st.Muted, timeout)
	}
	if side.Elsewhere > 0 {
		add(m.st.Muted, fmt.Sprintf("%d in other folders", side.Elsewhere))
	}
	return out
}

// popRow draws one message as POP3 knows it, or the hole and its reason.
func (m Model) popRow(l *style.Line, in *style.Inks, ink style.Pen, cols []column, row *retrieval.Row, depth int) {
	e := row.Entry
	if row.Number == 0 || e == nil {
		l.Put(in.Muted, hole(row, "POP3 does not have it", l.Left()))
		return
	}
	if e.Marked || e.Gone {
		ink = in.Muted
	}
	for i, c := range cols {
		if i > 0 {
			l.Gap(in.Text, 1)
		}
		switch c.name {
		case "#":
			l.Right(in.Muted, fmt.Sprint(e.Number), c.width)
		case "OCTETS":
			l.Right(in.Muted, size(e.Octets, c.width), c.width)
		case "UNIQUE-ID":
			l.Cell(in.Muted, shortID(e.UniqueID, m.sharedTail, c.width), c.width)
		case "FROM":
			l.Cell(ink, entryFrom(e), c.width)
		case flex:
			before := lead(depth)
			l.Put(in.Muted, style.Fit(before, min(style.Width(before), c.width)))
			m.entrySubject(l, in, ink, e, max(c.width-style.Width(before), 0))
		case "HERE":
			here(l, in, e, c.width)
		default: // SERVER
			m.server(l, in, e, c.width)
		}
	}
}

// size is the exact count when the column has room for ten digits, else the short form.
func size(n int64, w int) string {
	if w >= 10 {
		return thousands(n)
	}
	return retrieval.Octets(n)
}

func entryFrom(e *retrieval.Entry) string {
	if e.Header == nil {
		return ""
	}
	return safe.Line(e.Header.From)
}

// entrySubject draws what TOP or the local copy told; POP3 lists no headers.
func (m Model) entrySubject(l *style.Line, in *style.Inks, ink style.Pen, e *retrieval.Entry, w int) {
	if e.Header == nil {
		l.Cell(in.Muted, "… (TOP)", w)
		return
	}
	s := safe.Line(e.Header.Subject)
	if s == "" {
		l.Cell(in.Muted, "(no subject)", w)
		return
	}
	l.Cell(ink, s, w)
}

// server draws whether the message is still on the server, as this session knows.
func (m Model) server(l *style.Line, in *style.Inks, e *retrieval.Entry, w int) {
	switch {
	case e.Gone:
		l.Cell(in.Danger, "gone", w)
	case e.Marked:
		l.Cell(in.Danger, "DELE", w)
	default:
		l.Cell(in.Good, "✓", w)
	}
}
