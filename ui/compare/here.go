package compare

import (
	"errors"

	"imapop/retrieval"
	"imapop/ui/style"
	"imapop/ui/wish"
)

// onDevice are the chosen messages that have a copy on this device.
func (m Model) onDevice() (numbers []int, rows []int) {
	for _, i := range m.chosen() {
		if e := m.view.Rows[i].Entry; e != nil && e.Here {
			numbers, rows = append(numbers, e.Number), append(rows, i)
		}
	}
	return numbers, rows
}

// toggleHere is toggle on POP3's side. Without a copy the protocol's own answer
// stands; with one, it is the copy that is marked, and the answer says so.
func (m Model) toggleHere(letter byte, set, clear retrieval.Verb) (Model, []wish.Wish) {
	numbers, rows := m.onDevice()
	if len(numbers) == 0 {
		m.predict = false
		err := m.rules.Support(retrieval.POP3, set)
		var no *retrieval.UnsupportedError
		if errors.As(err, &no) {
			return m.say(markedly, "%v; or download it (D): a copy on this device can be marked, for this device only", no), nil
		}
		return m.failed(err), nil
	}
	verb := clear
	for _, i := range rows {
		if !m.view.Rows[i].Entry.Copy.Has(letter) {
			verb = set
		}
	}
	return m.submit(retrieval.Action{Verb: verb, Side: retrieval.Local, Numbers: numbers})
}

// removeHere removes copies from this device.
func (m Model) removeHere() (Model, []wish.Wish) {
	numbers, _ := m.onDevice()
	if len(numbers) == 0 {
		m.predict = false
		return m.say(plainly, "there is no copy on this device to remove; D downloads one over POP3"), nil
	}
	return m.submit(retrieval.Action{Verb: retrieval.VerbRemove, Side: retrieval.Local, Numbers: numbers})
}

// workedHere answers what was done to copies on this device.
func (m Model) workedHere(a retrieval.Action) Model {
	if a.Verb == retrieval.VerbRemove {
		if m.view.Policy == "until-removed" {
			return m.say(warning, "the copy on this device is removed; the server still has the message: F shows what goes there, by the policy of its download")
		}
		return m.say(plainly, "the copy on this device is removed; nothing was said to the server, and D downloads it again")
	}
	no := "POP3 has no flags"
	var un *retrieval.UnsupportedError
	if errors.As(m.rules.Support(retrieval.POP3, a.Verb), &un) {
		no = "POP3 has no " + un.What + " (" + un.Source + ")"
	}
	return m.say(markedly, "%s: marked on this device only; the server and IMAP know nothing of it", no)
}

// here draws whether this device has a copy and, behind it, that copy's own
// signs: unread or read, flagged, answered. No server knows them.
func here(l *style.Line, in *style.Inks, e *retrieval.Entry, w int) {
	c := e.Copy
	switch {
	case e.Here && c == nil:
		l.Cell(in.Good, "✓", w)
	case e.Here:
		l.Put(in.Good, "✓")
		sign(l, in.Muted, "○", in.POP3, "●", c.Has('S'))
		sign(l, in.Warn, "★", in.Text, " ", c.Has('F'))
		sign(l, in.Good, "↩", in.Text, " ", c.Has('R'))
		l.Gap(in.Text, w-4)
	case c != nil:
		l.Cell(in.Muted, "rm", w)
	default:
		l.Cell(in.Muted, "–", w)
	}
}

func sign(l *style.Line, yes style.Pen, on string, no style.Pen, off string, is bool) {
	if is {
		l.Put(yes, on)
		return
	}
	l.Put(no, off)
}
