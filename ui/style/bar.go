package style

import (
	"github.com/charmbracelet/bubbles/progress"
	"github.com/muesli/termenv"
)

// Bar is a progress bar of w cells, without colour of its own: part of it, 0 to
// 1, is full.
func Bar(w int, part float64) string {
	bar := progress.New(progress.WithWidth(w), progress.WithoutPercentage(), progress.WithColorProfile(termenv.Ascii))
	return bar.ViewAs(min(max(part, 0), 1))
}
