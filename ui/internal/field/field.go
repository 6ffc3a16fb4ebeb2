// Package field is one line of typed text. It is a value: Press returns the next.
package field

import (
	"unicode/utf8"

	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval/safe"
	"imapop/ui/style"
)

// Field is the text as typed so far. The zero Field takes whatever a terminal
// can show.
type Field struct {
	Text  string
	Most  int             // octets; 0: 200
	Takes func(rune) bool // nil: any
}

// Press takes a key; what must not be in the text is left out.
func (f Field) Press(k tea.KeyMsg) Field {
	most := f.Most
	if most == 0 {
		most = 200
	}
	switch k.Type {
	case tea.KeyBackspace:
		_, n := utf8.DecodeLastRuneInString(f.Text)
		f.Text = f.Text[:len(f.Text)-n]
	case tea.KeyCtrlU:
		f.Text = ""
	case tea.KeyRunes, tea.KeySpace:
		for _, r := range k.Runes {
			s := f.Text + string(r)
			if len(s) <= most && safe.Line(s) == s && (f.Takes == nil || f.Takes(r)) {
				f.Text = s
			}
		}
	}
	return f
}

// Draw writes the text and the place where the next letter goes, at most w
// cells of them: the end stays in sight.
func (f Field) Draw(l *style.Line, text, cursor style.Pen, w int) {
	l.Put(text, style.Tail(f.Text, min(style.Width(f.Text), w-1))).Put(cursor, "▏")
}
