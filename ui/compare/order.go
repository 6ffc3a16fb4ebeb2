package compare

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"imapop/retrieval"
	"imapop/retrieval/query"
	"imapop/retrieval/safe"
	"imapop/ui/style"
	"imapop/ui/wish"
)

// ordering is the order that the lists are in; the zero value is the mailbox's.
// It is of the moment it was asked for: messages that come later stand last.
type ordering struct {
	by    retrieval.Order
	want  retrieval.Order // asked for, and not answered yet
	gen   int
	side  retrieval.Protocol // whose knowledge it is
	asked string             // the command that the server answered; "" when it was made here
	known int                // made here: of how many messages enough was known
	of    int
	place map[rowKey]place
}

// place is where a message stands, and how deep in its thread.
type place struct{ at, depth int }

// orders are what the key goes through.
var orders = []retrieval.Order{retrieval.ByServer, retrieval.ByDate, retrieval.ByFrom, retrieval.BySubject, retrieval.BySize, retrieval.ByUnread}

// nextOrder goes to the next order.
func (m Model) nextOrder() (Model, []wish.Wish) {
	i := slices.Index(orders, m.order.want)
	return m.arrange(orders[(i+1)%len(orders)])
}

// threaded shows threads, or the mailbox's order again.
func (m Model) threaded() (Model, []wish.Wish) {
	if m.order.want == retrieval.ByThread {
		return m.arrange(retrieval.ByServer)
	}
	return m.arrange(retrieval.ByThread)
}

// arrange asks IMAP's server for an order; POP3 has none, and this device does
// it with what it knows.
func (m Model) arrange(by retrieval.Order) (Model, []wish.Wish) {
	m.order.gen++
	m.order.want = by
	switch {
	case by == retrieval.ByServer:
		return m.unordered().say(plainly, "in the order of the mailbox: as the messages came (IMAP's UIDs rise)"), nil
	case m.side == retrieval.POP3:
		return m.ordered(retrieval.POP3, by, query.By(m.full.Rows, retrieval.POP3, by), "").orderText("POP3 has no sort (RFC 1939)"), nil
	}
	return m.say(plainly, "%s: asking the server", by), []wish.Wish{wish.Arrange{By: by, Gen: m.order.gen}}
}

// unordered is the mailbox's order again.
func (m Model) unordered() Model {
	m.order = ordering{gen: m.order.gen}
	return m.rearranged(true)
}

// Arranged brings the server's order, or why there is none.
func (m Model) Arranged(gen int, a retrieval.Arranged, err error) Model {
	box := m.full.IMAP.Mailbox
	switch {
	case gen != m.order.gen || a.By != m.order.want:
		return m
	case err == nil && (a.Mailbox != box.Name || a.Valid != box.UIDValidity):
		return m
	case err == nil:
		m = m.ordered(retrieval.IMAP, a.By, query.As(m.full.Rows, a), a.Asked).orderText("")
	case errors.Is(err, retrieval.ErrUnsupported), errors.Is(err, retrieval.ErrRefused):
		m = m.ordered(retrieval.IMAP, a.By, query.By(m.full.Rows, retrieval.IMAP, a.By), "").orderText(err.Error())
	default:
		m.order.want = m.order.by
		m = m.failed(err)
	}
	return m.chosenAnew()
}

// ordered takes an order over.
func (m Model) ordered(side retrieval.Protocol, by retrieval.Order, p query.Placed, asked string) Model {
	m.order.by, m.order.want, m.order.side, m.order.asked = by, by, side, asked
	m.order.known, m.order.of = p.Known, len(p.Rows)
	m.order.place = make(map[rowKey]place, len(p.Rows))
	for at, row := range p.Rows {
		m.order.place[keyOf(m.full, &m.full.Rows[row]).best()] = place{at, p.Depth[at]}
	}
	m = m.rearranged(true)
	if by == retrieval.BySize || by == retrieval.ByUnread { // what was asked for stands first
		m.cursor, m.follow = 0, false
	}
	return m
}

// orderText says whose order it is; why is the reason that it was made here.
func (m Model) orderText(why string) Model {
	o := m.order
	if o.asked != "" {
		source := "RFC 5256"
		if strings.HasPrefix(o.asked, "UID SEARCH") {
			source = "SORT has no such key"
		}
		return m.say(plainly, "%s: the server's answer to %s (%s)%s", o.by, o.asked, source, m.unplaced())
	}
	return m.say(markedly, "%s, by this device: %s. Enough is known here of %d of %s%s", o.by, why, o.known, plural(o.of, "message"), m.unplaced())
}

func (m Model) unplaced() string {
	if n := m.order.of - m.order.known; n > 0 {
		return fmt.Sprintf("; the other %d stand last", n)
	}
	return ""
}

// orderPiece names the order in a pane's edge.
func (m Model) orderPiece(side retrieval.Protocol) []style.Piece {
	if m.order.by == retrieval.ByServer || side != m.order.side {
		return nil
	}
	name, _, _ := strings.Cut(string(m.order.by), ",")
	if m.order.asked == "" {
		name += fmt.Sprintf(", %d of %d", m.order.known, m.order.of)
	}
	return []style.Piece{{Text: safe.Line(name), Pen: m.st.Changed}}
}

// lead is what stands before a subject in a thread.
func lead(depth int) string {
	if depth <= 0 {
		return ""
	}
	return style.Spaces(min(depth, 5)-1) + "└ "
}
