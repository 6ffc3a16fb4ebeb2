package style

import "github.com/charmbracelet/lipgloss"

// tone is one colour on a light and on a dark ground, each as true colour, one
// of 256 and one of 16, so that no terminal has to guess the nearest.
func tone(light, light256, light16, dark, dark256, dark16 string) lipgloss.CompleteAdaptiveColor {
	return lipgloss.CompleteAdaptiveColor{
		Light: lipgloss.CompleteColor{TrueColor: light, ANSI256: light256, ANSI: light16},
		Dark:  lipgloss.CompleteColor{TrueColor: dark, ANSI256: dark256, ANSI: dark16},
	}
}

// The tokens. No other colour is named anywhere in the program.
var (
	imap    = tone("#2456C5", "26", "4", "#7AA2F7", "111", "12")
	pop3    = tone("#96560A", "94", "3", "#E0AF68", "179", "11")
	smtp    = tone("#1B7A78", "30", "6", "#73DACA", "79", "14")
	good    = tone("#3B7A1B", "64", "2", "#9ECE6A", "149", "10")
	warn    = tone("#96560A", "94", "3", "#E0AF68", "179", "11")
	danger  = tone("#C4233C", "160", "1", "#F7768E", "204", "9")
	changed = tone("#7A3EB8", "91", "5", "#BB9AF7", "141", "13")
	muted   = tone("#6A737D", "243", "8", "#7D8799", "245", "8")
	edge    = tone("#B4BCC8", "250", "7", "#454D66", "240", "8")
	keyInk  = tone("#24292E", "235", "0", "#C9D1E0", "252", "15")

	// A 16-colour terminal gets no ground: bold text and the bar mark the row.
	cursorGround = tone("#DCE6FA", "189", "", "#283457", "237", "")
	restGround   = tone("#EEF1F6", "255", "", "#1F2335", "235", "")
)
