// Package style is the look of every screen: the theme, and the few pieces that
// screens share (cells, lines, frames). It knows a terminal's colours and
// nothing of mail.
package style

import (
	"strings"

	"github.com/charmbracelet/bubbles/help"
	"github.com/charmbracelet/lipgloss"
)

// Pen is a style ready to write: what goes before a text and what goes after
// it. It costs two string copies, where lipgloss.Style.Render costs
// microseconds, and a frame has hundreds of cells. The zero Pen is plain.
type Pen struct{ on, off string }

// Ink returns s in the pen's style. s must be one line.
func (p Pen) Ink(s string) string {
	if p.on == "" || s == "" {
		return s
	}
	return p.on + s + p.off
}

func pen(s lipgloss.Style) Pen {
	on, off, _ := strings.Cut(s.Render("x"), "x")
	return Pen{on, off}
}

// Inks are the pens for text on one background.
type Inks struct {
	Text    Pen
	Bold    Pen
	Muted   Pen // holes, reasons, what is of less weight
	IMAP    Pen // the accent of IMAP's side
	POP3    Pen // the accent of POP3's side
	SMTP    Pen
	Good    Pen
	Warn    Pen // pending, soon
	Danger  Pen // leaves the server, plaintext, failed
	Changed Pen // changed by the last action
}

// Styles is the theme, built once for a renderer. It is never changed.
type Styles struct {
	Inks           // on the terminal's own background
	Cursor    Inks // the chosen row, on the side with the focus
	CursorOff Inks // the chosen row, on the other side
	Edge      Pen  // frames
	Key       Pen  // a key's name in help and dialogs
	Chip      Pen  // the name of the open screen
	Renderer  *lipgloss.Renderer
	help      help.Model
}

// New builds the theme for a renderer; its colour profile and background decide
// what the colours become (none at all with termenv.Ascii, as NO_COLOR asks).
func New(r *lipgloss.Renderer) *Styles {
	base := r.NewStyle()
	return &Styles{
		Inks:      inks(base),
		Cursor:    inks(base.Background(cursorGround).Bold(true)),
		CursorOff: inks(base.Background(restGround)),
		Edge:      pen(base.Foreground(edge)),
		Key:       pen(base.Bold(true).Foreground(keyInk)),
		Chip:      pen(base.Bold(true).Underline(true)),
		Renderer:  r,
		help:      helper(base),
	}
}

func inks(base lipgloss.Style) Inks {
	ink := func(c lipgloss.TerminalColor) Pen { return pen(base.Foreground(c)) }
	return Inks{
		Text: pen(base), Bold: pen(base.Bold(true)), Muted: ink(muted),
		IMAP: ink(imap), POP3: ink(pop3), SMTP: ink(smtp),
		Good: ink(good), Warn: ink(warn), Danger: pen(base.Bold(true).Foreground(danger)),
		Changed: pen(base.Bold(true).Foreground(changed)),
	}
}
