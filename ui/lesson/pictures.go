package lesson

import (
	"fmt"
	"strings"

	"imapop/retrieval"
	page "imapop/retrieval/lesson"
	"imapop/ui/style"
)

// pictures draws the two state machines with the present state lit, the way of a
// message, and what each side cost.
func (m Model) pictures(w int) []string {
	if len(m.scene.Devices) == 0 {
		return nil
	}
	d := m.device()
	var out []string
	out = append(out, m.head(w, "The states of the two sessions; [the present one]"))
	out = append(out, m.machine(w, "IMAP", m.st.IMAP, imapStates, imapState(d.IMAP)))
	out = append(out, m.machine(w, "POP3", m.st.POP3, popStates, popState(d.POP3)))
	out = append(out, style.Spaces(w), m.head(w, "The way of a message"))
	out = append(out, m.way(w)...)
	if measured := m.measured(w); len(measured) > 0 {
		return append(append(out, style.Spaces(w), m.head(w, "What was measured")), measured...)
	}
	out = append(out, style.Spaces(w), m.head(w, "What it cost since the lesson began"))
	return append(out, m.bars(w)...)
}

// measured compares what the page measured so far, octets and turnarounds.
func (m Model) measured(w int) []string {
	var list []*page.Outcome
	most := int64(1)
	for _, outs := range m.outcomes {
		for i := range outs {
			if o := &outs[i]; o.Statement.Kind == page.Measure {
				c := o.IMAP.Add(o.POP3)
				list, most = append(list, o), max(most, c.In+c.Out)
			}
		}
	}
	var out []string
	for _, o := range list {
		c := o.IMAP.Add(o.POP3)
		l := style.NewLine(w).Gap(m.st.Text, 1).Cell(m.st.Bold, o.Statement.Name, 13)
		l.Put(m.st.Changed, style.Bar(max(w-45, 8), float64(c.In+c.Out)/float64(most))).Gap(m.st.Text, 1)
		out = append(out, l.Right(m.st.Text, retrieval.Octets(c.In+c.Out), 9).Put(m.st.Text, fmt.Sprintf(", %d turnarounds", c.Turnarounds)).End(m.st.Text))
	}
	return out
}

func (m Model) head(w int, text string) string {
	return style.NewLine(w).Gap(m.st.Text, 1).Put(m.st.Bold, text).End(m.st.Text)
}

var (
	imapStates = []string{"closed", "not authenticated", "authenticated", "selected", "idle", "logout"}
	popStates  = []string{"closed", "AUTHORIZATION", "TRANSACTION", "UPDATE"}
)

func imapState(s retrieval.IMAPState) string {
	switch s {
	case retrieval.IMAPIdle:
		return "idle"
	case retrieval.IMAPConnecting:
		return "not authenticated"
	}
	return string(s)
}

func popState(s retrieval.POP3State) string {
	if s == retrieval.POP3Connecting {
		return "AUTHORIZATION"
	}
	return string(s)
}

// machine draws one state machine on a line; the present state stands in brackets.
func (m Model) machine(w int, name string, pen style.Pen, states []string, now string) string {
	l := style.NewLine(w).Put(pen, " "+name+" ")
	for i, s := range states {
		if i > 0 {
			l.Put(m.st.Muted, " → ")
		}
		if w < 80 {
			s = strings.Replace(s, "not authenticated", "not auth.", 1)
			now = strings.Replace(now, "not authenticated", "not auth.", 1)
			if i == 2 && name == "IMAP" {
				s, now = "auth.", strings.Replace(now, "authenticated", "auth.", 1)
			}
		}
		if s == now {
			l.Put(m.st.Changed, "["+s+"]")
		} else {
			l.Put(m.st.Text, s)
		}
	}
	return l.End(m.st.Text)
}

// way draws who brings a message where, and where the lesson's messages are now.
func (m Model) way(w int) []string {
	st := m.st
	line := func(pieces ...style.Piece) string {
		l := style.NewLine(w).Gap(st.Text, 1)
		for _, p := range pieces {
			l.Put(p.Pen, p.Text)
		}
		return l.End(st.Text)
	}
	text := func(s string) style.Piece { return style.Piece{Text: s, Pen: st.Text} }
	out := []string{
		line(text("writer "), style.Piece{Text: "── SMTP ──▶", Pen: st.SMTP}, text(" the server's INBOX "), style.Piece{Text: "◀── IMAP ──▶", Pen: st.IMAP}, text(" every device looks in")),
		line(text("                                      "), style.Piece{Text: " ── POP3 ──▶", Pen: st.POP3}, text(" one device takes home")),
	}
	for i := range m.scene.Devices {
		d := &m.scene.Devices[i]
		var seen []string
		for _, r := range d.IMAPRows {
			seen = append(seen, r.Letter)
		}
		if d.IMAP == retrieval.IMAPClosed {
			seen = nil
		}
		out = append(out, line(style.Piece{Text: style.Fit(d.Name, 8), Pen: st.Bold},
			text(fmt.Sprintf(" sees over IMAP: %s   has on its disk: %s", orNone(seen), orNone(d.Copies)))))
	}
	return out
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "–"
	}
	return strings.Join(list, " ")
}

// bars compares octets and turnarounds of the two sides, all devices together.
func (m Model) bars(w int) []string {
	var i, p retrieval.Meter
	for n := range m.scene.Devices {
		i, p = i.Add(m.scene.Devices[n].IMAPMeter), p.Add(m.scene.Devices[n].POP3Meter)
	}
	octets := max(i.In+i.Out, p.In+p.Out, 1)
	turns := max(i.Turnarounds, p.Turnarounds, 1)
	bar := func(name string, pen style.Pen, part float64, text string) string {
		l := style.NewLine(w).Put(pen, " "+name+" ").Put(pen, style.Bar(max(w-32, 8), part))
		return l.Gap(m.st.Text, 1).Put(m.st.Text, text).End(m.st.Text)
	}
	side := func(name string, pen style.Pen, c retrieval.Meter) []string {
		return []string{
			bar(name, pen, float64(c.In+c.Out)/float64(octets), retrieval.Octets(c.In+c.Out)),
			bar(name, pen, float64(c.Turnarounds)/float64(turns), fmt.Sprintf("%d turnarounds", c.Turnarounds)),
		}
	}
	return append(side("IMAP", m.st.IMAP, i), side("POP3", m.st.POP3, p)...)
}
