package stage_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"imapop/retrieval/lesson"
)

const (
	behaviourPage  = "../../../docs/behaviour.md"
	tableBegins    = "<!-- what the lessons observed: written by go test ./retrieval/lesson/stage -update -->\n"
	tableEnds      = "<!-- end -->\n"
	demoColumn     = "sandbox"
	tableHeadLines = 2
)

var columns = []string{demoColumn, "Dovecot", "Cyrus", "Courier"}

// observed gathers what a lesson observed, by its number and the name.
func observed(saw map[string]string, r lesson.Result) {
	for _, s := range r.Steps {
		for _, o := range s.Outcomes {
			if o.Meaning != nil {
				saw[fmt.Sprintf("%d %s", r.Number, o.Statement.Name)] = o.Value
			}
		}
	}
}

// behaviour holds the table of docs/behaviour.md against what was observed, or
// with -update writes what was observed into it. What was not waited for stays
// as it stands.
func behaviour(t *testing.T, saw map[string]map[string]string) {
	text, err := os.ReadFile(behaviourPage)
	if err != nil {
		t.Error(err)
		return
	}
	before, rest, ok := strings.Cut(string(text), tableBegins)
	table, after, ok2 := strings.Cut(rest, tableEnds)
	if !ok || !ok2 {
		t.Errorf("%s has no place for the table", behaviourPage)
		return
	}
	cells := readBehaviour(table)
	for server, values := range saw {
		for name, value := range values {
			at := name + " " + server
			if strings.HasSuffix(name, " trips") && cells[at] != "" {
				continue // turnarounds depend on how busy the machine is
			}
			if !*update && cells[at] != shown(value) {
				t.Errorf("docs/behaviour.md: lesson %s on %s: the page says %q, seen: %q", name, server, cells[at], shown(value))
			}
			cells[at] = shown(value)
		}
	}
	if *update {
		if err := os.WriteFile(behaviourPage, []byte(before+tableBegins+behaviourTable(t, cells)+tableEnds+after), 0o644); err != nil {
			t.Error(err)
		}
	}
}

// shown is a value as the page has it: "by-itself" is "by itself".
func shown(value string) string { return strings.ReplaceAll(value, "-", " ") }

// readBehaviour gives the cells by "lesson name server".
func readBehaviour(table string) map[string]string {
	cells := map[string]string{}
	lines := strings.Split(strings.TrimSpace(table), "\n")
	for _, line := range lines[min(tableHeadLines, len(lines)):] {
		f := strings.Split(line, " | ")
		if len(f) < 3+len(columns) {
			continue
		}
		name := strings.TrimSuffix(f[0][strings.LastIndex(f[0], "`")-len(nameIn(f[0])):], "`")
		number := strings.TrimLeft(strings.Trim(f[0][strings.Index(f[0], "[")+1:strings.Index(f[0], "]")], " "), "0")
		for i, c := range columns {
			cells[number+" "+name+" "+c] = strings.TrimSpace(f[2+i])
		}
	}
	return cells
}

// nameIn is the text between the last two back quotes.
func nameIn(s string) string {
	end := strings.LastIndex(s, "`")
	begin := strings.LastIndex(s[:max(end, 0)], "`")
	return s[begin+1 : max(end, begin+1)]
}

// behaviourTable writes a row for each thing that the lessons observe.
func behaviourTable(t *testing.T, cells map[string]string) string {
	var b strings.Builder
	b.WriteString("| lesson | asked | " + strings.Join(columns, " | ") + " | source |\n|" + strings.Repeat(" --- |", len(columns)+3) + "\n")
	for _, l := range lessons(t) {
		for _, s := range l.Steps {
			for _, st := range s.Do {
				if st.Kind != lesson.Conclude {
					continue
				}
				fmt.Fprintf(&b, "| [%d](lessons/%s) `%s` | %s", l.Number, l.File, st.Name, s.Title)
				for _, c := range columns {
					fmt.Fprintf(&b, " | %s", cells[fmt.Sprintf("%d %s %s", l.Number, st.Name, c)])
				}
				fmt.Fprintf(&b, " | %s |\n", st.Source)
			}
		}
	}
	return b.String()
}

// TestTableIsReadAsItIsWritten holds that the two agree.
func TestTableIsReadAsItIsWritten(t *testing.T) {
	cells := map[string]string{"4 told Dovecot": "by itself", "15 seen Courier": "at once", "2 told sandbox": "when asked"}
	back := readBehaviour(behaviourTable(t, cells))
	for at, want := range cells {
		if back[at] != want {
			t.Errorf("%s: %q, want %q", at, back[at], want)
		}
	}
	if !slices.Contains(columns, demoColumn) {
		t.Error("the demo has no column")
	}
}
