package compare

// The least terminal that the screen can be drawn in.
const (
	MinWidth  = 60
	MinHeight = 20
)

// State is what the layout depends on besides the size.
type State struct {
	Panel int  // lines a dialog would like to have, its frame included; 0: none is open
	Whole bool // the dialog may cover the panes when it does not fit below them
	Tree  bool // the folder tree has the focus and must be seen
}

// Layout says where everything on the screen is, in cells from the top left.
// Heights include frames. A height of 0 means that the part is not drawn.
type Layout struct {
	Width, Height int
	TooSmall      bool
	Top, Panes    int // first line of the panes and their height
	IMAP, POP3    int // the widths of the panes
	Tree          int // width of the folder tree with its bar; 0: not shown
	Rows          int // messages that fit into a pane
	Boxed         bool
	Message       int // height of the comparison of the chosen message
	Wire          int
	Panel         int // height of the dialog, which stands where Message and Wire were
}

// Compute lays the screen out: a header line, two panes side by side, the chosen
// message, the wire, a help line and the strip.
func Compute(w, h int, s State) Layout {
	l := Layout{Width: w, Height: h, Top: 1}
	if w < MinWidth || h < MinHeight {
		l.TooSmall = true
		return l
	}
	l.IMAP = w / 2
	l.POP3 = w - l.IMAP
	l.Tree = treeWidth(l.IMAP-2, s.Tree)
	room := h - 3 // header, help and strip
	switch {
	case s.Panel > room-leastPanes && s.Whole:
		l.Panel = room
	case s.Panel > 0:
		l.Panel = min(s.Panel, room-leastPanes)
		l.Panes = room - l.Panel
	default:
		l.lower(h)
		l.Panes = room - l.Message - l.Wire
	}
	l.Rows = max(l.Panes-3, 0)
	return l
}

// leastPanes is a frame, the column heads and two messages.
const leastPanes = 5

// lower shares the lines below the panes between the chosen message and the
// wire: the aspects are cut first, the panes keep the largest part.
func (l *Layout) lower(h int) {
	switch {
	case h < 22:
		l.Message, l.Wire = 1+3, 1+2
	case h < 30:
		l.Message, l.Wire = 1+4, 1+3
	case h < 40:
		l.Boxed, l.Message, l.Wire = true, 2+7, 2+5
	default:
		l.Boxed, l.Message, l.Wire = true, 2+7+(h-40)/5, 2+6+(h-40)/4
	}
}

func treeWidth(inner int, focus bool) int {
	switch {
	case inner >= 90:
		return 22
	case inner >= 70:
		return 17
	case inner >= 52:
		return 13
	case focus:
		return min(16, inner/2)
	}
	return 0
}

// column is one column of a pane.
type column struct {
	name  string
	width int
	right bool
}

// head is the column's title: the command's name where the word does not fit.
func (c column) head() string {
	if c.name == "UNIQUE-ID" && c.width < len(c.name) {
		return "UIDL"
	}
	return c.name
}

// flex is the name of the column that takes what the others leave.
const flex = "SUBJECT"

// imapColumns chooses IMAP's columns for w cells; digits is the longest UID.
func imapColumns(w, digits int) []column {
	uid := column{"UID", max(digits, 4), true}
	flags := column{"FLAGS", 5, false}
	switch {
	case w < 34:
		return fill(w, uid, flags, column{name: flex})
	case w < 44:
		return fill(w, uid, flags, column{"FROM", 8, false}, column{name: flex})
	case w < 62:
		return fill(w, uid, flags, column{"FROM", 11, false}, column{name: flex})
	}
	return fill(w, uid, flags, column{"FROM", 17, false}, column{name: flex}, column{"DATE", 6, false}, column{"OCTETS", 8, true})
}

// popColumns chooses POP3's columns for w cells; digits is the longest number.
func popColumns(w, digits int) []column {
	number := column{"#", max(digits, 3), true}
	switch {
	case w < 34:
		return fill(w, number, column{name: flex}, column{"HERE", 4, false}, column{"SERVER", 6, false})
	case w < 46:
		return fill(w, number, column{"UNIQUE-ID", 6, false}, column{name: flex}, column{"HERE", 4, false}, column{"SERVER", 6, false})
	case w < 56:
		return fill(w, number, column{"UNIQUE-ID", 9, false}, column{"FROM", 9, false}, column{name: flex}, column{"HERE", 4, false}, column{"SERVER", 6, false})
	case w < 80:
		return fill(w, number, column{"OCTETS", 8, true}, column{"UNIQUE-ID", 9, false}, column{"FROM", 9, false},
			column{name: flex}, column{"HERE", 4, false}, column{"SERVER", 6, false})
	}
	return fill(w, number, column{"OCTETS", 10, true}, column{"UNIQUE-ID", 17, false}, column{"FROM", 17, false},
		column{name: flex}, column{"HERE", 4, false}, column{"SERVER", 6, false})
}

// fill gives the flexible column what is left of w after the others, a blank
// behind each and the two cells of the cursor before them.
func fill(w int, cols ...column) []column {
	used := 2 + len(cols) - 1
	for _, c := range cols {
		used += c.width
	}
	for i := range cols {
		if cols[i].name == flex {
			cols[i].width = max(w-used, 0)
		}
	}
	return cols
}
