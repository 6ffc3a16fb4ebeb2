package safe

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Width is how many columns a clean line takes at the most: each character on its
// own, as xterm, tmux and most others count. Terminals that draw clusters count
// less for some scripts (हि is one or two), and none more, so that a line which
// fits by this measure never runs over the edge, which would shift the whole frame.
func Width(s string) int {
	if plain(s) {
		return len(s)
	}
	return ansi.StringWidthWc(s)
}

// Truncate cuts s to width columns by the measure of Width; tail takes the place
// of what was left out. s may be inked: its sequences stay, also behind the cut.
func Truncate(s string, width int, tail string) string {
	if Width(s) <= width {
		return s
	}
	// The library looks first whether s fits by clusters; blanks behind it make sure that it does not.
	return ansi.TruncateWc(s+strings.Repeat(" ", max(width, 0)+1), width, tail)
}

// most bounds, in octets, how much of a hostile line Cut looks at in each frame.
const most = 8 << 10

// Cut cleans s as Line does and cuts it to width columns, with an ellipsis in
// the last one when something was left out. Characters are never cut in two.
// It is for bare text: styles put in before are shown, not obeyed.
func Cut(s string, width int) string {
	if width <= 0 {
		return ""
	}
	if limit := width*64 + most; len(s) > limit {
		s = s[:limit]
	}
	s = Line(s)
	if len(s) <= width && plain(s) {
		return s
	}
	if plain(s) {
		return s[:width-1] + "…"
	}
	// The rest of a very long line cannot show; no cell needs more than 64 octets.
	if limit := width*64 + 64; len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "")
	}
	return Truncate(s, width, "…")
}

// Pad is Cut, filled with spaces to exactly width columns.
func Pad(s string, width int) string {
	s = Cut(s, width)
	if n := width - Width(s); n > 0 {
		s += strings.Repeat(" ", n)
	}
	return s
}
