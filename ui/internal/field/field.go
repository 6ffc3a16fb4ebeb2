// Package field is one line of typed text: bubbles' textinput does the editing,
// and this package keeps out what must not be in it and draws it in exact cells.
package field

import (
	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"imapop/retrieval/safe"
	"imapop/ui/style"
)

// Field is the text as typed so far. It is a value: Press returns the next.
// Make one with New.
type Field struct {
	input textinput.Model
	most  int
	takes func(rune) bool
}

// usual is how many octets a field takes when nobody says how many.
const usual = 200

// New makes a field with a text in it, the cursor behind it. most bounds its
// octets (0: 200); takes says which characters may be in it (nil: whatever a
// terminal can show).
func New(text string, most int, takes func(rune) bool) Field {
	if most == 0 {
		most = usual
	}
	in := textinput.New()
	in.KeyMap.Paste = key.NewBinding(key.WithDisabled()) // it would read the clipboard, behind the screen's back
	in.Focus()
	in.SetValue(text)
	in.CursorEnd()
	return Field{input: in, most: most, takes: takes}
}

// Text is what was typed.
func (f Field) Text() string { return f.input.Value() }

// Press takes a key: letters, and the editing keys of a shell. What must not be
// in the text is left out.
func (f Field) Press(k tea.KeyMsg) Field {
	if k.Type == tea.KeyRunes || k.Type == tea.KeySpace {
		k.Runes = f.allowed(k.Runes)
		if len(k.Runes) == 0 {
			return f
		}
	}
	f.input, _ = f.input.Update(k)
	return f
}

func (f Field) allowed(typed []rune) (ok []rune) {
	room := f.most - len(f.Text())
	for _, r := range typed {
		s := string(r)
		if room -= len(s); room < 0 {
			break
		}
		if safe.Line(s) == s && (f.takes == nil || f.takes(r)) {
			ok = append(ok, r)
		} else {
			room += len(s)
		}
	}
	return ok
}

// Draw writes the text with the cursor in it, at most w cells: what is around
// the cursor stays in sight.
func (f Field) Draw(l *style.Line, text, cursor style.Pen, w int) {
	typed := []rune(f.Text())
	at := min(f.input.Position(), len(typed))
	before, behind := string(typed[:at]), string(typed[at:])
	room := w - 1
	before = style.Tail(before, min(style.Width(before), room))
	l.Put(text, before).Put(cursor, "▏")
	l.Put(text, safe.Cut(behind, max(room-style.Width(before), 0)))
}
