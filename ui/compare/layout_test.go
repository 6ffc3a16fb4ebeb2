package compare

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// drawing shows a layout at a tenth of its width: P for panes (I and O for the
// two), M message, W wire, D dialog, and the single lines.
func drawing(l Layout) string {
	if l.TooSmall {
		return "too small\n"
	}
	var b strings.Builder
	line := func(s string) { fmt.Fprintln(&b, s) }
	fill := func(sign string, n, rows int) {
		for range rows {
			line(strings.Repeat(sign, n))
		}
	}
	n := l.Width / 10
	line(strings.Repeat("h", n))
	for range l.Panes {
		tree := l.Tree / 10
		left := l.IMAP / 10
		line(strings.Repeat("T", tree) + strings.Repeat("I", left-tree) + strings.Repeat("O", n-left))
	}
	fill("M", n, l.Message)
	fill("W", n, l.Wire)
	fill("D", n, l.Panel)
	line(strings.Repeat("?", n))
	line(strings.Repeat("$", n))
	return b.String()
}

func TestLayoutDrawings(t *testing.T) {
	cases := []struct {
		name string
		w, h int
		s    State
	}{
		{"least", 60, 20, State{}},
		{"usual", 80, 24, State{}},
		{"usual-tree", 80, 24, State{Tree: true}},
		{"usual-dialog", 80, 24, State{Panel: 7}},
		{"usual-long-dialog", 80, 24, State{Panel: 99}},
		{"usual-help", 80, 24, State{Panel: 99, Whole: true}},
		{"wide", 120, 36, State{}},
		{"wider", 160, 45, State{}},
		{"widest", 200, 50, State{}},
		{"small", 59, 20, State{}},
		{"low", 60, 19, State{}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			goldenFile(t, filepath.Join("testdata", "layout", c.name+".txt"), drawing(Compute(c.w, c.h, c.s)))
		})
	}
}

func goldenFile(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run with -update)", err)
	}
	if got != string(want) {
		t.Errorf("differs from %s; got:\n%s", path, got)
	}
}

// TestLayoutAlwaysFits holds for every size and state that the parts add up to
// the height, and that columns never exceed their pane.
func TestLayoutAlwaysFits(t *testing.T) {
	for w := 0; w < 260; w++ {
		for h := 0; h < 90; h++ {
			for _, s := range []State{{}, {Tree: true}, {Panel: 5}, {Panel: 60}, {Panel: 60, Whole: true}} {
				l := Compute(w, h, s)
				if l.TooSmall != (w < MinWidth || h < MinHeight) {
					t.Fatalf("%dx%d: TooSmall is %v", w, h, l.TooSmall)
				}
				if l.TooSmall {
					continue
				}
				if sum := 3 + l.Panes + l.Message + l.Wire + l.Panel; sum != h {
					t.Fatalf("%dx%d %+v: parts take %d lines", w, h, s, sum)
				}
				if l.IMAP+l.POP3 != w || l.Panes > 0 && l.Rows < 2 {
					t.Fatalf("%dx%d %+v: %+v", w, h, s, l)
				}
				checkColumns(t, imapColumns(l.IMAP-2-l.Tree, 6), l.IMAP-2-l.Tree)
				checkColumns(t, popColumns(l.POP3-2, 6), l.POP3-2)
			}
		}
	}
}

func checkColumns(t *testing.T, cols []column, w int) {
	t.Helper()
	used := 2 + len(cols) - 1
	for _, c := range cols {
		used += c.width
		if c.name == flex && c.width < 1 && w >= 20 {
			t.Fatalf("no room for the subject in %d cells: %+v", w, cols)
		}
	}
	if used > w && w >= 20 {
		t.Fatalf("columns take %d of %d cells: %+v", used, w, cols)
	}
}
