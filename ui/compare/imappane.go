package compare

import (
	"fmt"
	"strings"

	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/ui/style"
)

func (m Model) imapPane() []string {
	w := m.lay.IMAP - 2
	list := w - m.lay.Tree
	cols := imapColumns(list, digits(m.lastUID()))
	lines := m.list(retrieval.IMAP, list, cols, m.view.IMAP.Problem, m.imapRow)
	if m.lay.Tree > 0 {
		for i, t := range m.folders(m.lay.Tree-1, len(lines)) {
			lines[i] = t + m.st.Edge.Ink("│") + lines[i]
		}
	}
	return style.Frame(m.lay.IMAP, m.edge(retrieval.IMAP), m.imapTitle(), m.imapInfo(), m.imapCaption(), lines)
}

// lastUID bounds the width of the UID column.
func (m Model) lastUID() int {
	if n := m.view.IMAP.Mailbox.UIDNext; n != 0 {
		return int(n)
	}
	for i := len(m.view.Rows) - 1; i >= 0; i-- {
		if u := m.view.Rows[i].UID; u != 0 {
			return int(u)
		}
	}
	return 0
}

func (m Model) imapTitle() []style.Piece {
	rev := m.view.IMAP.Revision
	if rev == "" || m.narrow() {
		rev = "IMAP"
	}
	out := []style.Piece{m.name(retrieval.IMAP, safe.Line(rev))}
	if box := m.view.IMAP.Mailbox; box.Name != "" {
		out = append(out, style.Piece{Text: " " + safe.Line(box.Name), Pen: m.st.Bold})
	}
	return out
}

// imapInfo is security, state and whether the server may speak by itself.
func (m Model) imapInfo() []style.Piece {
	side := m.view.IMAP
	if closedIMAP(side.State) {
		return []style.Piece{{Text: "no connection · " + string(retrieval.IMAPClosed), Pen: m.st.Danger}}
	}
	out := []style.Piece{m.securityPiece(side.Security)}
	switch {
	case side.State == retrieval.IMAPIdle && m.lay.IMAP < 56: // IDLE is only possible while a mailbox is selected (RFC 2177)
		return append(out, style.Piece{Text: " · idle ●", Pen: m.st.Good})
	case side.State == retrieval.IMAPIdle:
		return append(out, style.Piece{Text: " · selected", Pen: m.st.Text}, style.Piece{Text: " · idle ●", Pen: m.st.Good})
	}
	return append(out, style.Piece{Text: " · " + string(side.State), Pen: m.st.Text})
}

// narrow says that a pane's edges have room for little.
func (m Model) narrow() bool { return m.lay.IMAP < 50 }

// tiny says that not even the state fits beside the security.
func (m Model) tiny() bool { return m.lay.IMAP < 36 }

func (m Model) imapCaption() []style.Piece {
	box := m.view.IMAP.Mailbox
	if box.Name == "" {
		return nil
	}
	at := ""
	if m.tiny() {
		at = string(m.view.IMAP.State)
	}
	if n := len(m.view.Rows); n > 0 && !m.tiny() {
		at = fmt.Sprintf("row %s of %s", thousands(int64(m.cursor+1)), thousands(int64(n)))
	}
	if n := len(m.selected); n > 0 {
		at += fmt.Sprintf(" · %d chosen", n)
	}
	out := m.asShown(retrieval.IMAP)
	add := func(pen style.Pen, text string) {
		if len(out) > 0 {
			text = " · " + text
		}
		out = append(out, style.Piece{Text: text, Pen: pen})
	}
	if at != "" { // an empty list has no row
		add(m.st.Muted, at)
	}
	if box.ReadOnly {
		add(m.st.Warn, "read-only")
	}
	add(m.st.Muted, plural(int(box.Messages), "message"))
	add(m.st.Muted, fmt.Sprintf("UIDVALIDITY %d", box.UIDValidity))
	return out
}

// imapRow draws one message as IMAP knows it, or the hole and its reason.
func (m Model) imapRow(l *style.Line, in *style.Inks, ink style.Pen, cols []column, row *retrieval.Row, depth int) {
	if row.UID == 0 {
		l.Put(in.Muted, hole(row, "IMAP does not have it", l.Left()))
		return
	}
	for i, c := range cols {
		if i > 0 {
			l.Gap(in.Text, 1)
		}
		msg := row.Message
		switch {
		case c.name == "UID":
			l.Right(in.Muted, fmt.Sprint(row.UID), c.width)
		case msg == nil && c.name == flex:
			l.Cell(in.Muted, "…", c.width)
		case msg == nil:
			l.Gap(in.Text, c.width)
		case c.name == "FLAGS":
			m.flags(l, in, msg)
		case c.name == "FROM":
			l.Cell(ink, safe.Line(msg.Header.From), c.width)
		case c.name == flex:
			before := lead(depth)
			l.Put(in.Muted, style.Fit(before, min(style.Width(before), c.width)))
			subject(l, in, ink, msg, max(c.width-style.Width(before), 0))
		case c.name == "DATE":
			l.Cell(in.Muted, day(msg.Header), c.width)
		case c.name == "OCTETS":
			l.Right(in.Muted, retrieval.Octets(msg.Octets), c.width)
		}
	}
}

// flags draws five cells, one flag each, so that they line up in columns:
// unread, flagged, answered, deleted, keywords.
func (m Model) flags(l *style.Line, in *style.Inks, msg *retrieval.Message) {
	glyph := func(on bool, sign string, p style.Pen) {
		if !on {
			sign = " "
		}
		l.Put(p, sign)
	}
	if msg.Has(`\Seen`) {
		l.Put(in.Muted, "○")
	} else {
		l.Put(in.IMAP, "●")
	}
	glyph(msg.Has(`\Flagged`), "★", in.Warn)
	glyph(msg.Has(`\Answered`), "↩", in.Good)
	glyph(msg.Has(`\Deleted`), "✗", in.Danger)
	glyph(len(keywords(msg)) > 0, "#", in.Muted)
}

// subject draws the subject and, when there is room, the keywords behind it.
func subject(l *style.Line, in *style.Inks, ink style.Pen, msg *retrieval.Message, w int) {
	s := safe.Line(msg.Header.Subject)
	pen := ink
	if s == "" {
		s, pen = "(no subject)", in.Muted
	}
	words := ""
	if k := keywords(msg); len(k) > 0 {
		words = " #" + safe.Line(strings.Join(k, " #"))
	}
	n := style.Width(s)
	if words == "" || n+style.Width(words) > w {
		l.Cell(pen, s, w)
		return
	}
	l.Cell(pen, s, n).Cell(in.Muted, words, w-n)
}

func keywords(msg *retrieval.Message) []string {
	var out []string
	for _, f := range msg.Flags {
		if !strings.HasPrefix(f, `\`) {
			out = append(out, f)
		}
	}
	return out
}

func day(h retrieval.Header) string {
	if h.Date.IsZero() {
		return ""
	}
	return h.Date.Format("02 Jan")
}

// shortHole says in few cells why a row is empty.
var shortHole = map[retrieval.Hole]string{
	retrieval.HoleArrived: "came after the snapshot", retrieval.HoleGone: "left INBOX; POP3 lists it still",
	retrieval.HoleFolder: "POP3 has only INBOX", retrieval.HoleHidden: "hidden by the server",
	retrieval.HoleUnpaired: "no counterpart", retrieval.HoleNoSession: "no session", retrieval.HolePending: "not looked at yet",
}

// hole says in w cells why a row is empty on a side.
func hole(row *retrieval.Row, otherwise string, w int) string {
	s := string(row.Hole)
	switch {
	case row.Hole == retrieval.HoleNone:
		s = otherwise
	case len(s)+2 > w && shortHole[row.Hole] != "":
		s = shortHole[row.Hole]
	}
	return "– " + s
}
