package config

import (
	"fmt"
	"strings"
)

// Problem is one fault of the file.
type Problem struct {
	Path string
	Line int // 1-based; 0: the fault has no line
	Text string
}

// String gives "config.toml:12: unknown key ...".
func (p Problem) String() string {
	if p.Line == 0 {
		return p.Path + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d: %s", p.Path, p.Line, p.Text)
}

// Error is everything that is wrong with the file, in the order of its lines.
type Error struct{ Problems []Problem }

// Error gives one line for each problem.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// nearest returns the candidate that s was most likely meant to be; "" when none
// is near enough to be named.
func nearest(s string, candidates []string) string {
	best, bestCost := "", 1+max(2, len(s)/3)
	for _, c := range candidates {
		if cost := distance(strings.ToLower(s), strings.ToLower(c)); cost < bestCost && cost < len(c) {
			best, bestCost = c, cost
		}
	}
	return best
}

// distance counts the inserted, removed, replaced and swapped letters between
// two words (optimal string alignment).
func distance(a, b string) int {
	var before []int
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			same := 1
			if a[i-1] == b[j-1] {
				same = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+same)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
