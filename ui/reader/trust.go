package reader

import (
	"imapop/retrieval/safe"
	"imapop/ui/style"
)

// trustLines draw what is known of who sent the message, and by whom.
func (m Model) trustLines(w int) []string {
	p := &page{st: m.st, w: w}
	if m.trust == nil {
		p.put(style.Piece{}, m.st.Muted, "fetching the whole message and asking the DNS for its keys; esc stops it")
		return p.out
	}
	own := "it has said nothing in this message under a name that is known to be its own"
	if m.trust.Own != "" {
		own = m.trust.Own + ": " + m.trust.OwnWhy
	}
	p.put(style.Piece{}, m.st.Muted, "your server")
	p.put(style.Piece{Text: "  "}, m.st.Text, safe.Line(own))
	p.blank()
	for _, l := range m.trust.Lines {
		pen := m.st.Text
		switch l.Result {
		case "pass", "aligned":
			pen = m.st.Good
		case "fail", "softfail", "not aligned", "permerror", "policy":
			pen = m.st.Danger
		}
		head := ""
		for _, s := range []string{l.By, l.Method, l.Result} {
			if s != "" {
				head += s + "  "
			}
		}
		text := l.Text
		if l.Source != "" {
			text += " (" + l.Source + ")"
		}
		indent := style.Piece{}
		if head != "" {
			p.put(indent, pen, head)
			indent.Text = "  "
		}
		p.put(indent, m.st.Text, safe.Line(text))
		p.blank()
	}
	return p.out
}
