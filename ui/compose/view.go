package compose

import (
	"fmt"
	"path/filepath"
	"strings"

	"imapop/account/draft"
	"imapop/retrieval"
	"imapop/retrieval/compare"
	"imapop/retrieval/safe"
	"imapop/ui/style"
)

// labelled is the width of the names before the fields.
const labelled = 9

// maxWidth keeps lines of text readable on a wide terminal.
const maxWidth = 100

// fitted gives the text the room that is left.
func (m Model) fitted() Model {
	if m.at != writing && m.at != leaving || m.w == 0 {
		return m
	}
	m.text.SetWidth(max(min(m.w-2, maxWidth), 4))
	m.text.SetHeight(max(m.h-len(m.head())-3, 1))
	m.text.View() // it scrolls by what it drew last
	m.text, _ = m.text.Update(nil)
	return m
}

// View draws exactly h lines of w cells; nothing before the first size.
func (m Model) View() string {
	if m.w == 0 || m.h == 0 {
		return ""
	}
	var out []string
	switch m.at {
	case writing, leaving:
		out = m.writingLines()
	case planned:
		out = append(m.title("send"), m.planLines()...)
	case sending:
		out = append(m.title("send"), m.lines(m.st.Muted, "  submitting over SMTP; each line of it is in the wire panel. esc stops")...)
	case done:
		out = append(m.title("sent"), m.doneLines()...)
	case loading:
		out = append(m.title(string(m.kind)), m.lines(m.st.Muted, "  fetching the message to answer; esc stops it")...)
	case inDrafts, inOutbox:
		out = append(m.title("write"), m.listLines()...)
	default:
		out = append(m.title("write"), m.menuLines()...)
	}
	for len(out) < m.h-2 {
		out = append(out, style.Spaces(m.w))
	}
	out = append(out[:max(m.h-2, 0)], m.noticeLine(), m.st.Help(m.w, m.short()))
	return strings.Join(out[max(len(out)-m.h, 0):], "\n")
}

// title is the upper edge, with what is done and for whom.
func (m Model) title(what string) []string {
	info := []style.Piece{{Text: m.view.Account, Pen: m.st.Muted}}
	return []string{style.Rule(m.w, m.st.Edge, "─", "─", []style.Piece{{Text: what, Pen: m.st.Bold}}, info), style.Spaces(m.w)}
}

// lines wraps a text; its leading spaces are kept before every line of it.
func (m Model) lines(p style.Pen, s string) (out []string) {
	text := strings.TrimLeft(s, " ")
	indent := len(s) - len(text)
	for _, l := range style.Wrap(safe.Line(text), min(m.w-indent-1, maxWidth), 20) {
		out = append(out, style.NewLine(m.w).Gap(m.st.Text, indent).Put(p, l).End(m.st.Text))
	}
	return out
}

// entry is a label in front and a wrapped text beside it.
func (m Model) entry(lp style.Pen, label string, width int, p style.Pen, text string) (out []string) {
	for i, l := range style.Wrap(safe.Line(text), min(m.w-width-3, maxWidth), 6) {
		if i > 0 {
			label = ""
		}
		out = append(out, style.NewLine(m.w).Gap(m.st.Text, 2).Cell(lp, label, width).Put(p, l).End(m.st.Text))
	}
	return out
}

func (m Model) menuLines() []string {
	out := m.entry(m.st.Key, "n", 4, m.st.Text, "a new message")
	if m.about != "" {
		out = append(out, m.entry(m.st.Key, "r", 4, m.st.Text, "reply to "+m.about)...)
		out = append(out, m.entry(m.st.Key, "a", 4, m.st.Text, "reply to all of its recipients too")...)
		out = append(out, m.entry(m.st.Key, "f", 4, m.st.Text, "forward it: its text, and the whole message as an attachment")...)
	}
	out = append(out, style.Spaces(m.w))
	out = append(out, m.entry(m.st.Key, "d", 4, m.st.Text, count(len(m.drafts), "draft")+" on this device")...)
	pen := m.st.Text
	if len(m.outbox) > 0 {
		pen = m.st.Warn
	}
	out = append(out, m.entry(m.st.Key, "o", 4, pen, count(len(m.outbox), "message")+" in the outbox: not sent, or not for all, or nobody knows")...)
	out = append(out, style.Spaces(m.w))
	return append(out, m.lines(m.st.Muted, "  What is sent goes by SMTP. IMAP then keeps a copy in Sent; POP3 only retrieves.")...)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// listLines are the drafts or the outbox, the cursor's row in sight.
func (m Model) listLines() []string {
	var rows []string
	for _, d := range m.drafts {
		rows = append(rows, fmt.Sprintf("%s  to %s", orNone(d.Subject, "(no subject)"), orNone(d.To, "(nobody yet)")))
	}
	what := "no drafts on this device"
	if m.at == inOutbox {
		rows, what = nil, "the outbox is empty: everything is sent"
		for _, w := range m.outbox {
			rows = append(rows, fmt.Sprintf("%-8s %s  to %s  %s", w.State, orNone(w.Subject, "(no subject)"), w.To, retrieval.Octets(w.Octets)))
		}
	}
	if len(rows) == 0 {
		return m.lines(m.st.Muted, "  "+what)
	}
	room := max(m.h-10, 3)
	first := max(0, min(m.cursor-room/2, len(rows)-room))
	var out []string
	for i := first; i < min(first+room, len(rows)); i++ {
		inks, mark := m.st.Inks, " "
		if i == m.cursor {
			inks, mark = m.st.Cursor, "▌"
		}
		out = append(out, style.NewLine(m.w).Put(inks.Text, mark).Put(inks.Text, safe.Line(rows[i])).End(inks.Text))
	}
	if m.at == inOutbox && m.cursor < len(m.outbox) {
		w := m.outbox[m.cursor]
		out = append(out, style.Spaces(m.w))
		out = append(out, m.lines(m.st.Muted, "  Message-ID "+w.MessageID)...)
		out = append(out, m.lines(m.st.Warn, "  "+orNone(w.LastError, "not tried yet"))...)
		if w.State == "unknown" {
			out = append(out, m.lines(m.st.Text, "  enter looks for it in Sent and INBOX, and sends nothing.")...)
		}
	}
	return out
}

func orNone(s, none string) string {
	if strings.TrimSpace(s) == "" {
		return none
	}
	return s
}

// head is what stands above the text.
func (m Model) head() []string {
	saved := "not on disk yet"
	switch {
	case m.dirty || m.keeping:
		saved = "typed on"
	case !m.kept.IsZero():
		saved = "kept here " + m.kept.Format("15:04:05")
	case m.kind == draft.FromDrafts:
		saved = "kept here"
	}
	out := []string{style.Rule(m.w, m.st.Edge, "─", "─", []style.Piece{{Text: string(m.kind), Pen: m.st.Bold}}, []style.Piece{{Text: saved, Pen: m.st.Muted}})}
	out = append(out, style.NewLine(m.w).Gap(m.st.Text, 1).Cell(m.st.Muted, "From", labelled).Put(m.st.Text, safe.Line(m.draft.From)).End(m.st.Text))
	for i, name := range names {
		l := style.NewLine(m.w).Gap(m.st.Text, 1)
		pen := m.st.Muted
		if i == m.focus {
			pen = m.st.Key
		}
		l.Cell(pen, name, labelled)
		if i == fieldAttach {
			for _, path := range m.draft.Attach {
				l.Put(m.st.Bold, safe.Line(filepath.Base(path))).Put(m.st.Muted, " · ")
			}
		}
		if i == m.focus {
			m.fields[i].Draw(l, m.st.Text, m.st.Key, max(l.Left()-1, 1))
		} else {
			l.Put(m.st.Text, m.fields[i].Text())
		}
		out = append(out, l.End(m.st.Text))
	}
	return append(out, style.NewLine(m.w).Fill(m.st.Edge, "─", 0).End(m.st.Text))
}

func (m Model) writingLines() []string {
	out := m.head()
	body := m.text
	if m.focus != fieldText || m.at == leaving {
		body.Blur()
	}
	drawn := body.View()
	for _, l := range strings.Split(drawn, "\n") {
		w := style.Width(l)
		out = append(out, " "+l+style.Spaces(m.w-w-1))
	}
	return out
}

func (m Model) planLines() []string {
	var out []string
	d := m.Draft()
	out = append(out, m.lines(m.st.Bold, "  "+orNone(d.Subject, "(no subject)"))...)
	out = append(out, style.Spaces(m.w))
	if m.failed != "" {
		out = append(out, m.lines(m.st.Danger, "  It cannot be sent: "+m.failed)...)
		return append(out, m.lines(m.st.Muted, "  What was typed is kept.")...)
	}
	for _, s := range m.steps() {
		out = append(out, m.entry(m.pen(s.Protocol), s.Protocol, 6, m.st.Text, s.Text)...)
	}
	for _, path := range d.Attach {
		out = append(out, m.entry(m.st.Muted, "file", 6, m.st.Text, path)...)
	}
	if len(m.plan.Warnings) > 0 {
		out = append(out, style.Spaces(m.w))
	}
	for _, s := range m.plan.Warnings {
		out = append(out, m.entry(m.st.Warn, "look", 6, m.st.Warn, s)...)
	}
	return out
}

// steps are the plan's, and what follows for the message that is answered.
func (m Model) steps() []draft.Step {
	out := m.plan.Steps
	if (m.kind == draft.Answer || m.kind == draft.AnswerAll) && len(m.action.UIDs) == 1 {
		out = append(out[:len(out):len(out)], draft.Step{Protocol: "IMAP", Text: fmt.Sprintf(`\Answered is set on UID %d, for every device; POP3 has no such mark`, m.action.UIDs[0])})
	}
	return out
}

func (m Model) pen(protocol string) style.Pen {
	switch retrieval.Protocol(protocol) {
	case retrieval.IMAP:
		return m.st.IMAP
	case retrieval.POP3:
		return m.st.POP3
	case retrieval.SMTP:
		return m.st.SMTP
	}
	return m.st.Muted
}

// doneLines tell what came of it, and the message's way as far as it was seen.
func (m Model) doneLines() []string {
	o := m.outcome
	var out []string
	switch o.State {
	case "sent":
		out = m.lines(m.st.Good, "  ✓ accepted for everybody: "+o.Answer)
	case "unknown":
		out = m.lines(m.st.Danger, "  ? nobody knows whether it was delivered: "+o.Error)
		out = append(out, m.lines(m.st.Text, "  It is not sent again by itself. A looks for its Message-ID, "+o.MessageID+", in Sent and INBOX, and sends it a second time only when it is in neither. It stays in the outbox meanwhile.")...)
	default:
		out = m.lines(m.st.Danger, "  ✗ "+orNone(o.Error, "not accepted for everybody"))
		out = append(out, m.lines(m.st.Text, "  It is in the outbox; nothing of it is lost.")...)
	}
	out = append(out, style.Spaces(m.w))
	shown, many := recipients(o.Recipients)
	if many != "" {
		out = append(out, m.entry(m.st.Good, "250", 6, m.st.Text, many)...)
	}
	for _, r := range shown {
		pen, mark := m.st.Good, fmt.Sprintf("%d", r.Code)
		if r.Code/100 != 2 {
			pen = m.st.Danger
		}
		if r.Code == 0 {
			mark = "–"
		}
		out = append(out, m.entry(pen, mark, 6, m.st.Text, strings.TrimSpace(r.Address+"  "+r.Text))...)
	}
	if o.Filed != "" {
		out = append(out, m.entry(m.st.IMAP, "IMAP", 6, m.st.Text, "copy in "+o.Filed)...)
	}
	if o.FileError != "" {
		out = append(out, m.entry(m.st.IMAP, "IMAP", 6, m.st.Warn, "the copy is not in Sent yet: "+o.FileError)...)
	}
	if o.At.IsZero() {
		return out
	}
	out = append(out, m.entry(m.st.POP3, "POP3", 6, m.st.Muted, "has nowhere to put a copy (RFC 1939)")...)
	return append(append(out, style.Spaces(m.w)), m.wayLines()...)
}

// manyAccepted is how many accepted recipients are told one by one.
const manyAccepted = 3

// recipients gathers many accepted ones into a line, so that who was refused is seen.
func recipients(all []draft.Answered) (shown []draft.Answered, many string) {
	var accepted []string
	for _, r := range all {
		if r.Code/100 == 2 {
			accepted = append(accepted, r.Address)
		} else {
			shown = append(shown, r)
		}
	}
	if len(accepted) <= manyAccepted {
		return all, ""
	}
	return shown, fmt.Sprintf("%d recipients: %s", len(accepted), strings.Join(accepted, ", "))
}

// wayLines draw the message's way, a stop for each protocol.
func (m Model) wayLines() []string {
	out := m.lines(m.st.Bold, "  its way, as it was seen on the wire")
	stages := compare.Way(m.view, compare.Submitted{MessageID: m.outcome.MessageID, Began: m.outcome.Began, At: m.outcome.At})
	for i, s := range stages {
		mark, pen, at := "○", m.st.Muted, "            "
		if s.Seen {
			mark, pen = "●", m.st.Text
		}
		if !s.At.IsZero() {
			at = s.At.Format("15:04:05.000")
		}
		text := s.Text + " (" + s.Source + ")"
		edge := "│"
		if i == len(stages)-1 {
			edge = " "
		}
		for n, l := range style.Wrap(safe.Line(text), min(m.w-27, maxWidth), 4) {
			line := style.NewLine(m.w).Gap(m.st.Text, 2)
			if n == 0 {
				line.Put(m.pen(string(s.Side)), mark+" ").Cell(m.st.Muted, at, 13).Cell(m.pen(string(s.Side)), string(s.Side), 6)
			} else {
				line.Put(m.st.Edge, edge).Gap(m.st.Text, 20)
			}
			out = append(out, line.Put(pen, l).End(m.st.Text))
		}
	}
	return out
}

// noticeLine is above the keys: a question, an answer, or completions.
func (m Model) noticeLine() string {
	l := style.NewLine(m.w).Gap(m.st.Text, 1)
	switch {
	case m.at == leaving:
		l.Put(m.st.Warn, "This message is not sent. ").Put(m.st.Text, "Keep it as a draft, discard it, or go on?")
	case m.notice != "":
		l.Put(m.st.Warn, m.notice)
	case m.at == writing && len(m.hints) > 0:
		l.Put(m.st.Key, "tab ")
		for i, h := range m.hints {
			pen := m.st.Muted
			if i == 0 {
				pen = m.st.Text
			}
			if i > 0 {
				l.Put(m.st.Edge, " · ")
			}
			if m.focus == fieldAttach {
				h = shortPath(h)
			}
			l.Put(pen, safe.Line(h))
		}
	case m.at == writing && m.focus == fieldAttach:
		l.Put(m.st.Muted, "a path; tab completes, enter attaches, backspace in the empty field takes the last away")
	}
	return l.End(m.st.Text)
}

// shortPath is the last piece of a path, with the slash of a directory.
func shortPath(p string) string {
	trimmed := strings.TrimSuffix(p, "/")
	return p[strings.LastIndexByte(trimmed, '/')+1:]
}
