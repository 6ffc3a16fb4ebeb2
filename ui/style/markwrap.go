package style

import (
	"strings"
	"unicode/utf8"

	"imapop/retrieval/safe"
)

// wrapper breaks inked text into lines at its spaces. What a word costs does not
// grow with what is behind it.
type wrapper struct {
	room, start int    // cells of a line, and where its text begins
	lead        []span // what begins every line but the first
	line        []span
	at          int // cells of line
	held        []span
	wide        int  // cells of held, the word that has not ended
	gap         bool // a space stands between line and word
	out         []string
}

// text adds text; its spaces are where a line may break.
func (w *wrapper) text(p Pen, s string) {
	for i, part := range strings.Split(s, " ") {
		if i > 0 {
			w.flush()
			w.gap = true
		}
		w.word(p, part)
	}
}

// word adds to the word that has not ended.
func (w *wrapper) word(p Pen, s string) {
	if s != "" {
		w.held = append(w.held, span{p, s})
		w.wide += Width(s)
	}
}

// flush puts the word into a line.
func (w *wrapper) flush() {
	if len(w.held) == 0 {
		return
	}
	space := 0
	if w.gap && w.at > w.start {
		space = 1
	}
	if w.at+space+w.wide > w.room && w.at > w.start {
		w.newline()
		space = 0
	}
	if space > 0 {
		w.put(w.held[0].pen, " ")
	}
	for _, s := range w.held {
		w.long(s.pen, s.text)
	}
	w.held, w.wide, w.gap = nil, 0, false
}

// long puts text that may be longer than a line.
func (w *wrapper) long(p Pen, s string) {
	for s != "" {
		window := s[:whole(s, 8*w.room+64)] // room for piles of marks on a letter
		if len(window) == len(s) && w.at+Width(s) <= w.room {
			w.put(p, s)
			return
		}
		head := safe.Truncate(window, w.room-w.at, "")
		n := len(head)
		if n == 0 {
			if w.at > w.start {
				w.newline()
				continue
			}
			_, n = utf8.DecodeRuneInString(s) // a wide character in one cell
			head = "…"
		}
		w.put(p, head)
		s = s[n:]
	}
}

func (w *wrapper) put(p Pen, s string) {
	w.at += Width(s)
	if last := len(w.line) - 1; last >= 0 && w.line[last].pen == p {
		w.line[last].text += s
		return
	}
	w.line = append(w.line, span{p, s})
}

func (w *wrapper) newline() {
	var b strings.Builder
	for _, s := range w.line {
		b.WriteString(s.pen.Ink(s.text))
	}
	w.out = append(w.out, strings.TrimRight(b.String(), " "))
	w.line, w.at = nil, 0
	for _, l := range w.lead {
		w.put(l.pen, l.text)
	}
	w.start = w.at
}

// end gives the lines.
func (w *wrapper) end() []string {
	w.flush()
	w.newline()
	return w.out
}
