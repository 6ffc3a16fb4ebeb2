package lesson

import (
	"fmt"
	"slices"
	"strings"

	"imapop/retrieval"
	page "imapop/retrieval/lesson"
	"imapop/retrieval/safe"
	"imapop/ui/style"
)

// panes draws the device that acted last, IMAP beside POP3, and a line for each
// other device.
func (m Model) panes(w int) []string {
	if len(m.scene.Devices) == 0 {
		return nil
	}
	d := m.device()
	left := w / 2
	rows := max(len(d.IMAPRows), len(d.POP3Rows), 2)
	i := style.Frame(left, m.st.Edge, m.title("IMAP", m.st.IMAP, string(d.IMAP)), m.info(d.IMAPTLS, left), nil, m.imapRows(d, left-2, rows))
	p := style.Frame(w-left, m.st.Edge, m.title("POP3", m.st.POP3, string(d.POP3)), m.info(d.POP3TLS, w-left), nil, m.popRows(d, w-left-2, rows))
	var out []string
	for n := range i {
		out = append(out, i[n]+p[n])
	}
	return append(out, m.places(d, w)...)
}

// device is the one that the latest statement was about.
func (m Model) device() *page.DeviceScene {
	name := page.Here
	outs := m.stepOutcomes()
	for i := len(outs) - 1; i >= 0; i-- {
		st := &outs[i].Statement
		if st.Action != nil {
			name = st.Action.Device
			break
		}
		if st.Condition != nil {
			name = st.Condition.Device
			break
		}
	}
	for i := range m.scene.Devices {
		if m.scene.Devices[i].Name == name {
			return &m.scene.Devices[i]
		}
	}
	return &m.scene.Devices[0]
}

func (m Model) title(name string, pen style.Pen, state string) []style.Piece {
	return []style.Piece{{Text: name, Pen: pen}, {Text: " · " + state, Pen: m.st.Text}}
}

// info says what protects the session, where its state leaves room.
func (m Model) info(tls string, w int) []style.Piece {
	if tls == "" || w < 38 {
		return nil
	}
	return []style.Piece{{Text: tls, Pen: m.st.Muted}}
}

func (m Model) subject(letter string) string {
	for _, s := range m.scene.Mails {
		if s.Letter == letter {
			return s.Subject
		}
	}
	return ""
}

func (m Model) imapRows(d *page.DeviceScene, w, rows int) []string {
	st := m.st
	var out []string
	if open := d.IMAP != retrieval.IMAPClosed; open {
		for _, r := range d.IMAPRows {
			l := style.NewLine(w).Put(st.IMAP, " "+r.Letter).Gap(st.Text, 1).Put(st.Muted, fmt.Sprintf("UID %d ", r.UID))
			out = append(out, l.Cell(st.Text, signs(r.Flags), 4).Gap(st.Text, 1).Put(st.Text, m.subject(r.Letter)).End(st.Text))
		}
		if len(out) == 0 {
			out = append(out, m.muted(w, "nothing of the lesson in INBOX"))
		}
	} else {
		out = append(out, m.muted(w, "no session"))
	}
	return fill(out, w, rows)
}

// signs are the main screen's: read, flagged, answered, deleted, keyword.
func signs(flags []string) string {
	has := func(f string) bool {
		return slices.ContainsFunc(flags, func(h string) bool { return strings.EqualFold(h, f) })
	}
	s := "●"
	if has(`\Seen`) {
		s = "○"
	}
	for _, f := range []struct{ flag, sign string }{{`\Flagged`, "★"}, {`\Answered`, "↩"}, {`\Deleted`, "✗"}} {
		if has(f.flag) {
			s += f.sign
		}
	}
	return s
}

func (m Model) popRows(d *page.DeviceScene, w, rows int) []string {
	st := m.st
	var out []string
	for _, r := range d.POP3Rows {
		l := style.NewLine(w).Put(st.POP3, " "+r.Letter).Gap(st.Text, 1).Put(st.Muted, fmt.Sprintf("#%d ", r.Number))
		if r.Marked {
			l.Put(st.Danger, "DELE ")
		}
		l.Put(st.Text, retrieval.Octets(r.Octets)).Gap(st.Text, 1)
		out = append(out, l.Put(st.Muted, strings.TrimSpace(style.Tail(safe.Line(r.UniqueID), 10))).Gap(st.Text, 1).Put(st.Text, m.subject(r.Letter)).End(st.Text))
	}
	switch {
	case d.POP3 == retrieval.POP3Closed:
		out = append(out, m.muted(w, "no session"))
	case len(out) == 0:
		out = append(out, m.muted(w, "nothing of the lesson in the maildrop"))
	}
	return fill(out, w, rows)
}

func (m Model) muted(w int, text string) string {
	return style.NewLine(w).Gap(m.st.Text, 1).Put(m.st.Muted, text).End(m.st.Text)
}

// places are a line each: this device's disk, and the other devices.
func (m Model) places(d *page.DeviceScene, w int) []string {
	st := m.st
	var out []string
	if d.Name != page.Here || len(d.Copies) > 0 || d.Days > 0 {
		text := d.Name
		if d.About != "" {
			text += ", " + d.About
		}
		if len(d.Copies) > 0 {
			text += " · on its disk: " + strings.Join(d.Copies, " ")
		}
		if d.Days > 0 {
			text += fmt.Sprintf(" · its clock: %d days later", d.Days)
		}
		out = append(out, style.NewLine(w).Gap(st.Text, 1).Put(st.Bold, text).End(st.Text))
	}
	for i := range m.scene.Devices {
		o := &m.scene.Devices[i]
		if o.Name == d.Name || o.IMAP == retrieval.IMAPClosed && o.POP3 == retrieval.POP3Closed && len(o.Copies) == 0 {
			continue
		}
		text := o.Name + ":"
		if o.IMAP != retrieval.IMAPClosed {
			text += " IMAP"
			for _, r := range o.IMAPRows {
				text += " " + r.Letter + signs(r.Flags)
			}
		}
		if o.POP3 != retrieval.POP3Closed {
			text += " POP3"
			for _, r := range o.POP3Rows {
				text += " " + r.Letter
			}
		}
		if len(o.Copies) > 0 {
			text += " · disk: " + strings.Join(o.Copies, " ")
		}
		out = append(out, m.muted(w, text))
	}
	return out[:min(len(out), 3)]
}
