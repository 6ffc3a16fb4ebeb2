package style

import "strings"

// Line builds one screen line of an exact width from inked pieces. What does
// not fit is cut; nothing can make the line longer than its width.
type Line struct {
	b    strings.Builder
	left int
}

// NewLine starts a line of w cells.
func NewLine(w int) *Line {
	l := &Line{left: max(w, 0)}
	l.b.Grow(w * 2)
	return l
}

// Left is how many cells are still free.
func (l *Line) Left() int { return l.left }

// Put writes s, cut to what is left.
func (l *Line) Put(p Pen, s string) *Line { return l.Cell(p, s, min(Width(s), l.left)) }

// Cell writes s in exactly w cells, or in what is left when that is less.
func (l *Line) Cell(p Pen, s string, w int) *Line {
	w = min(w, l.left)
	if w > 0 {
		l.raw(p, Fit(s, w), w)
	}
	return l
}

// Right writes s at the right of w cells.
func (l *Line) Right(p Pen, s string, w int) *Line {
	w = min(w, l.left)
	if w > 0 {
		l.raw(p, FitRight(s, w), w)
	}
	return l
}

// Gap writes n blanks in the pen's ground.
func (l *Line) Gap(p Pen, n int) *Line { return l.Cell(p, "", n) }

// Piece writes text that is inked already and w cells wide, when it fits whole.
func (l *Line) Piece(s string, w int) *Line {
	if w <= l.left {
		l.b.WriteString(s)
		l.left -= w
	}
	return l
}

// Fill repeats a one-cell sign over all but the last keep cells.
func (l *Line) Fill(p Pen, sign string, keep int) *Line {
	if n := l.left - keep; n > 0 {
		l.raw(p, strings.Repeat(sign, n), n)
	}
	return l
}

// End pads the line with the pen's ground and returns it.
func (l *Line) End(p Pen) string {
	l.Gap(p, l.left)
	return l.b.String()
}

func (l *Line) raw(p Pen, s string, w int) {
	l.b.WriteString(p.on)
	l.b.WriteString(s)
	l.b.WriteString(p.off)
	l.left -= w
}
