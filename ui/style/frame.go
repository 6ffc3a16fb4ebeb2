package style

// Piece is a text with its pen.
type Piece struct {
	Text string
	Pen  Pen
}

// Frame draws a box of w cells around body, whose lines are w-2 cells wide. The
// title stands in the top edge at the left, info at its right, the caption in
// the bottom edge. Pieces that do not fit are left out, the last ones first.
func Frame(w int, edge Pen, title, info, caption []Piece, body []string) []string {
	out := make([]string, 0, len(body)+2)
	out = append(out, Rule(w, edge, "╭", "╮", title, info))
	bar := edge.Ink("│")
	for _, s := range body {
		out = append(out, bar+s+bar)
	}
	return append(out, Rule(w, edge, "╰", "╯", caption, nil))
}

// Rule draws one horizontal edge with pieces in it.
func Rule(w int, edge Pen, left, right string, title, info []Piece) string {
	l := NewLine(w)
	l.Put(edge, left+"─")
	room := w - 4
	_, must := fitting(info[:min(len(info), 1)], room) // what weighs most is never pushed out by a long title
	title, used := fitting(title, room-must-1)
	info, infoUsed := fitting(info, room-used-1)
	putAll(l, title)
	l.Fill(edge, "─", infoUsed+2)
	putAll(l, info)
	l.Put(edge, "─"+right)
	return l.End(edge)
}

// fitting keeps the leading pieces that fit into w cells, with the blanks
// around them, and says how many cells they take.
func fitting(pieces []Piece, w int) ([]Piece, int) {
	if len(pieces) == 0 {
		return nil, 0
	}
	used := 2
	for i, p := range pieces {
		if n := Width(p.Text); used+n <= w {
			used += n
			continue
		}
		if i == 0 {
			return nil, 0
		}
		return pieces[:i], used
	}
	return pieces, used
}

func putAll(l *Line, pieces []Piece) {
	if len(pieces) == 0 {
		return
	}
	l.Gap(Pen{}, 1)
	for _, p := range pieces {
		l.Put(p.Pen, p.Text)
	}
	l.Gap(Pen{}, 1)
}
