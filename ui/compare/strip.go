package compare

import (
	"fmt"
	"strconv"
	"strings"

	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/ui/style"
)

// strip is the last line: the leave-on-server setting, what the next download
// will do, and what each side cost so far.
func (m Model) strip() string {
	st := m.st
	l := style.NewLine(m.lay.Width)
	costs, n := m.costs()
	l.Put(st.Text, " leave on server: ")
	switch p := m.view.Policy; p {
	case "", "keep":
		l.Put(st.Good, "ON")
	case "delete":
		l.Put(st.Danger, "OFF")
	case "until-removed":
		l.Put(st.Warn, "until removed here")
	default:
		l.Put(st.Warn, "ON for "+safe.Line(strings.TrimSuffix(p, "d"))+" days")
	}
	switch n := m.view.Limit; {
	case n == retrieval.HeadersOnly:
		l.Put(st.Warn, ", headers only")
	case n > 0:
		l.Put(st.Warn, ", ≤ "+retrieval.Octets(n))
	}
	if next := m.nextDownload(); l.Left()-n > 8 {
		l.Put(st.Muted, style.Fit(" · "+next, min(style.Width(next)+3, max(l.Left()-n-1, 0))))
	}
	l.Fill(st.Text, " ", n)
	l.Piece(costs, n)
	return l.End(st.Text)
}

// costs draws round trips and octets of both sides and says how wide that is.
func (m Model) costs() (string, int) {
	im, po := cost(m.view.IMAP.Meter, m.lay.Width), cost(m.view.POP3.Meter, m.lay.Width)
	n := style.Width(im) + style.Width(po) + 15
	l := style.NewLine(n)
	l.Put(m.st.Edge, "│ ").Put(m.st.IMAP, "IMAP ").Put(m.st.Text, im)
	l.Gap(m.st.Text, 2).Put(m.st.POP3, "POP3 ").Put(m.st.Text, po)
	return l.End(m.st.Text), n
}

func cost(c retrieval.Meter, w int) string {
	octets := retrieval.Octets(c.In + c.Out)
	if w < 100 {
		return fmt.Sprintf("%d↔ %s", c.Turnarounds, octets)
	}
	return fmt.Sprintf("%s %s", plural(c.Turnarounds, "trip"), octets)
}

// nextDownload says what D would send now.
func (m Model) nextDownload() string {
	p := m.plan
	if m.view.POP3.State != retrieval.POP3Transaction {
		return "no POP3 session"
	}
	if !m.planned {
		return "D downloads"
	}
	if len(p.Retr) == 0 && len(p.Dele) == 0 {
		if m.due > 0 {
			return fmt.Sprintf("%s due on the server: F shows the plan", plural(m.due, "deletion"))
		}
		if p.Have > 0 {
			return "D: nothing, it is here already"
		}
		return "D: nothing to download"
	}
	if m.due > 0 && len(p.Dele) == 0 {
		return fmt.Sprintf("D sends RETR %s · F: %d due", numberList(p.Retr, 3), m.due)
	}
	s := "D sends "
	if len(p.Retr) > 0 {
		s += "RETR " + numberList(p.Retr, 3)
	}
	if len(p.Dele) > 0 {
		if len(p.Retr) > 0 {
			s += ", "
		}
		return s + "DELE " + numberList(p.Dele, 3) + "; gone at QUIT"
	}
	return s + "; nothing leaves"
}

// numberList writes numbers shortly: "1-3, 7 and 4 more".
func numberList(n []int, parts int) string {
	var out []string
	i := 0
	for i < len(n) && len(out) < parts {
		j := i
		for j+1 < len(n) && n[j+1] == n[j]+1 {
			j++
		}
		s := strconv.Itoa(n[i])
		if j > i {
			s += "-" + strconv.Itoa(n[j])
		}
		out = append(out, s)
		i = j + 1
	}
	s := strings.Join(out, ", ")
	if i < len(n) {
		s += fmt.Sprintf(" and %d more", len(n)-i)
	}
	return s
}
