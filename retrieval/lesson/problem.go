package lesson

import (
	"errors"
	"fmt"
	"strings"
)

// Problem is a fault in a lesson's page.
type Problem struct {
	File string
	Line int // 1-based
	Text string
}

// Error gives "FILE:LINE: what is wrong".
func (p *Problem) Error() string { return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text) }

// ErrEmpty says that a page has nothing to run.
var ErrEmpty = errors.New("there is no step with a lesson block")

// nearest suggests the word that was probably meant: " (did you mean \"retr\"?)", else "".
func nearest(word string, known []string) string {
	best, at := "", 3
	for _, k := range known {
		if d := distance(word, k); d < at && d < len(k) {
			best, at = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}

// oneOf names what could have stood there, and what was probably meant.
func oneOf(word string, known []string) string {
	if s := nearest(word, known); s != "" {
		return s
	}
	return ": it is one of " + strings.Join(known, ", ")
}

// distance is how many letters must be put in, left out, changed or swapped with
// their neighbour to make a of b.
func distance(a, b string) int {
	x, y := []rune(strings.ToLower(a)), []rune(b)
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}
