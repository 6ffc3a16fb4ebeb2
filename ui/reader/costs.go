package reader

import (
	"fmt"

	"imapop/retrieval"
	"imapop/ui/style"
)

// bars compare what this message took over both sides: octets and round trips
// that the two wires' meters counted. What was not read is not drawn as if it
// had been: its bar is empty, and its text says what would come.
func (m Model) bars() []string {
	if m.h < 14 || m.message == nil || m.at == inHelp {
		return nil
	}
	most := max(m.octets(m.costs.IMAP), m.octets(m.costs.POP3), m.costs.IMAP.Whole, m.costs.POP3.Whole, 1)
	return []string{
		m.bar(retrieval.IMAP, m.costs.IMAP, m.st.IMAP, most),
		m.bar(retrieval.POP3, m.costs.POP3, m.st.POP3, most),
	}
}

func (m Model) octets(c retrieval.Cost) int64 { return c.In + c.Out }

func (m Model) bar(side retrieval.Protocol, c retrieval.Cost, pen style.Pen, most int64) string {
	n := m.octets(c)
	l := style.NewLine(m.w).Gap(m.st.Text, 1).Cell(pen, string(side), 5)
	cells := min(max(m.w/5, 8), 40)
	part := float64(n) / float64(most)
	if n > 0 {
		part = max(part, 1/float64(cells)) // something moved, and shows
	}
	l.Put(pen, style.Bar(cells, part)).Gap(m.st.Text, 1)
	what, why := m.took(side, c)
	if c.Read {
		l.Put(m.st.Text, what)
	} else {
		l.Put(m.st.Muted, what)
	}
	if l.Left() > style.Width(why)+3 {
		l.Gap(m.st.Text, 2).Put(m.st.Muted, why)
	}
	return l.End(m.st.Text)
}

// took says what a side needed, and why.
func (m Model) took(side retrieval.Protocol, c retrieval.Cost) (what, why string) {
	moved := retrieval.Octets(m.octets(c)) + ", " + plural(c.Turnarounds, "round trip")
	switch {
	case side == retrieval.POP3 && c.Read && m.octets(c) == 0:
		return "0 B: from the local copy", "downloaded before; RETR is not needed again"
	case side == retrieval.POP3 && c.Read:
		return moved, "all of it by RETR: POP3 knows no parts (RFC 1939 §5)"
	case side == retrieval.POP3 && c.Whole > 0:
		return "not read; RETR would bring " + retrieval.Octets(c.Whole), "tab reads it there"
	case side == retrieval.POP3:
		return "not in this POP3 session", ""
	case c.Read:
		return moved, m.fetched()
	case c.Whole > 0:
		return "not read; it would bring only what is shown", "tab reads it there"
	}
	return "not in IMAP's folder that is open", ""
}

// fetched names what came over IMAP, where that is the side of this reading.
func (m Model) fetched() string {
	if m.action.Side != retrieval.IMAP || m.message == nil {
		return "header, structure, and what was read (RFC 9051 §6.4.5)"
	}
	if m.message.Source != nil {
		return "the whole message"
	}
	here, left := 0, int64(0)
	m.message.Root.Walk(func(p *part, _ int) {
		if len(p.Children) > 0 {
			return
		}
		if p.Here() {
			here++
		} else {
			left += p.Octets
		}
	})
	if left == 0 {
		return "header, structure and every part (RFC 9051 §6.4.5)"
	}
	return fmt.Sprintf("header, structure, %s; %s stay on the server (RFC 9051 §6.4.5)", plural(here, "part"), retrieval.Octets(left))
}
