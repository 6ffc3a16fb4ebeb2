package compare

import (
	"fmt"
	"strings"

	"imapop/retrieval"
	"imapop/retrieval/safe"
)

const leastWidth = 60 // columns; below, a table of two sides says nothing

// Text gives the report for a person, in lines of at most width columns (0: 80),
// every string cleaned. It ends with a line break.
func (r Report) Text(width int) string {
	if width <= 0 {
		width = 80
	}
	w := &writer{width: max(width, leastWidth)}
	w.line("%s, %s", r.Account, r.At.Format("2006-01-02 15:04:05 MST"))
	w.line("")
	w.sides(r)
	w.messages(r)
	w.differences(r.Differences)
	return w.b.String()
}

type writer struct {
	b     strings.Builder
	width int
}

// line writes one cleaned line, cut to the width.
func (w *writer) line(format string, args ...any) {
	w.b.WriteString(strings.TrimRight(safe.Cut(fmt.Sprintf(format, args...), w.width), " "))
	w.b.WriteByte('\n')
}

// row writes one line of two sides; long cells go on below.
func (w *writer) row(name, imap, pop3 string) {
	cell := (w.width - nameWidth - 4) / 2
	left, right := wrap(imap, cell), wrap(pop3, cell)
	for i := range max(len(left), len(right), 1) {
		w.line("%s  %s  %s", safe.Pad(name, nameWidth), safe.Pad(at(left, i), cell), safe.Pad(at(right, i), cell))
		name = ""
	}
}

const nameWidth = 12

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// wrap breaks cleaned text into lines of at most width columns, at blanks.
func wrap(s string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(safe.Line(s)) {
		switch {
		case line == "":
			line = word
		case safe.Width(line)+1+safe.Width(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

func (w *writer) sides(r Report) {
	w.row("", "IMAP", "POP3")
	w.row("state", trim(r.IMAP.Revision+" "+r.IMAP.State), r.POP3.State)
	w.row("security", r.IMAP.Security, r.POP3.Security)
	if r.IMAP.Login != "" || r.POP3.Login != "" {
		w.row("login by", r.IMAP.Login, r.POP3.Login)
	}
	snapshot := ""
	if r.POP3.Snapshot != nil {
		snapshot = ", frozen at " + r.POP3.Snapshot.Format("15:04:05")
	}
	w.row("holds", fmt.Sprintf("%s: %s", r.IMAP.Folder, count(int(r.IMAP.Messages), "message")),
		count(r.POP3.Messages, "message")+", "+retrieval.Octets(r.POP3.Octets)+snapshot)
	w.row("folders", folderList(r.IMAP.Folders), "one maildrop")
	w.row("cost", costText(r.IMAP.Cost), costText(r.POP3.Cost))
	if r.IMAP.Problem != "" || r.POP3.Problem != "" {
		w.row("problem", r.IMAP.Problem, r.POP3.Problem)
	}
	w.line("")
}

func trim(s string) string { return strings.TrimSpace(s) }

func folderList(folders []ReportFolder) string {
	names := make([]string, 0, len(folders))
	for _, f := range folders {
		name := f.Name
		if f.Messages != nil {
			name += fmt.Sprintf(" %d", *f.Messages)
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

func costText(c ReportCost) string {
	return count(c.Turnarounds, "round trip") + ", " + retrieval.Octets(c.OctetsIn+c.OctetsOut)
}

func (w *writer) messages(r Report) {
	w.line("%d paired, %d only IMAP, %d only POP3", r.Pairing.Paired, r.Pairing.OnlyIMAP, r.Pairing.OnlyPOP3)
	for _, l := range wrap(r.Pairing.Why, w.width-2) {
		w.line("  %s", l)
	}
	w.line("")
	if len(r.Messages) == 0 {
		return
	}
	flag := 12
	if w.width >= 110 {
		flag = 24
	}
	subject := max(10, w.width-54-flag)
	w.line("%8s  %s  %6s  %10s  %s  %s", "UID", safe.Pad("FLAGS", flag), "NUMBER", "OCTETS", safe.Pad("SUBJECT", subject), "PAIRED BY")
	for _, m := range r.Messages {
		uid, flags, number, octets := "-", "", "-", ""
		if m.IMAP != nil {
			uid, flags = fmt.Sprint(m.IMAP.UID), strings.Join(m.IMAP.Flags, " ")
			if m.IMAP.Octets != nil {
				octets = Thousands(*m.IMAP.Octets)
			}
		}
		if m.POP3 != nil {
			number, octets = fmt.Sprint(m.POP3.Number), Thousands(m.POP3.Octets)
		}
		why := m.Certainty
		if m.Hole != "" {
			why = shortHole(m.Hole)
		}
		w.line("%8s  %s  %6s  %10s  %s  %s", uid, safe.Pad(flags, flag), number, octets, safe.Pad(m.Subject, subject), why)
	}
	w.line("")
}

// shortHole says in a word or two why one side is empty.
func shortHole(hole string) string {
	short := map[retrieval.Hole]string{
		retrieval.HoleArrived: "arrived after POP3's login", retrieval.HoleGone: "left INBOX", retrieval.HoleFolder: "not in INBOX",
		retrieval.HoleHidden: "hidden from POP3", retrieval.HoleUnpaired: "no counterpart", retrieval.HoleNoSession: "no session",
		retrieval.HolePending: "not looked at",
	}
	if s, ok := short[retrieval.Hole(hole)]; ok {
		return s
	}
	return hole
}

func (w *writer) differences(ds []Difference) {
	w.row("difference", "IMAP", "POP3")
	for _, d := range ds {
		w.row(d.Aspect, d.IMAP, d.POP3)
		if d.Source != "" {
			w.line("%s  (%s)", strings.Repeat(" ", nameWidth), d.Source)
		}
	}
}
