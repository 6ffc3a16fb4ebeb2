package stage_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"imapop/account"
	"imapop/account/sandbox"
	"imapop/retrieval/imap"
	"imapop/retrieval/lesson"
	"imapop/retrieval/lesson/stage"
	"imapop/retrieval/pop3"
	"imapop/retrieval/wire"
)

var update = flag.Bool("update", false, "try every fault on every lesson, and write the table anew")

const brokenTable = "testdata/broken.txt"

// unbreakable are expectations that no server can make false: they are about this
// program and this device. Each is held by a test elsewhere.
var unbreakable = map[string]string{
	"unsupported": "the protocol has no such command, and nothing is sent",
	"unsafe":      "imapop refuses by itself: TestTheMiddleHearsLeaks",
	"offline":     "there is no session: nothing is sent",
	"less":        "a sum of what was counted: TestLessIsNotAlwaysTrue",
	"closed":      "the state of a session of ours",
}

// worlds are the servers on which lessons are expected to fail: one fault each,
// and an account without TLS.
func worlds() []string {
	var all []string
	for _, f := range sandbox.Faults() {
		all = append(all, f.Name)
	}
	return append(all, "no-tls", "policy:deleted-hidden=yes")
}

// broken runs a lesson in a world and lists the lines whose expectation failed.
func broken(t *testing.T, l *lesson.Lesson, world string) []int {
	srv := demo(t, sandbox.Options{Empty: true, Policies: policiesOf(world)})
	a := srv.Account()
	if world == "no-tls" {
		a.IMAP = account.Endpoint{Address: srv.Info().IMAP, Security: account.Plaintext}
		a.POP3 = account.Endpoint{Address: srv.Info().POP3, Security: account.Plaintext}
	}
	w := wire.Options{Roots: srv.Roots()}
	st := stage.New(stage.Options{IMAP: imap.Config{Account: a, Password: a.Secret.Literal, Wire: w},
		POP3: pop3.Config{Account: a, Password: a.Secret.Literal, Wire: w}, Dir: t.TempDir(), Enough: 40 * time.Millisecond, Submit: submitter(srv)})
	r := st.Run(t.Context(), l, nil)
	st.Pause()
	var lines []int
	for _, s := range r.Steps {
		for _, o := range s.Outcomes {
			c := o.Statement.Condition
			if o.Verdict == lesson.Failed && o.Statement.Kind == lesson.Expect && c.What != "less" { // sums differ from run to run
				lines = append(lines, o.Statement.Line)
			}
		}
	}
	return lines
}

func policiesOf(world string) map[string]string {
	if rest, ok := strings.CutPrefix(world, "policy:"); ok {
		name, value, _ := strings.Cut(rest, "=")
		return map[string]string{name: value}
	}
	if world == "no-tls" {
		return nil
	}
	return map[string]string{"fault": world}
}

// TestEachLessonFailsWhereItsClaimIsFalse runs lessons on servers that break one
// rule each, and holds that exactly those expectations fail which the table names
// for it: an expectation that cannot fail says nothing.
func TestEachLessonFailsWhereItsClaimIsFalse(t *testing.T) {
	all := lessons(t)
	table := readTable(t)
	if *update {
		table = everyWorld(t, all)
		writeTable(t, all, table)
	}
	breaks := map[string][]string{} // "lesson:line": the worlds that break it
	var mu sync.Mutex
	t.Run("worlds", func(t *testing.T) {
		for _, l := range all {
			for _, world := range slices.Sorted(maps.Keys(table[l.Number])) {
				want := table[l.Number][world]
				t.Run(fmt.Sprintf("%d/%s", l.Number, world), func(t *testing.T) {
					t.Parallel()
					if got := broken(t, l, world); !covers(got, want) {
						t.Errorf("failed: %v, want at least %v", got, want)
					}
					mu.Lock()
					defer mu.Unlock()
					for _, line := range want {
						at := fmt.Sprintf("%d:%d", l.Number, line)
						breaks[at] = append(breaks[at], world)
					}
				})
			}
		}
	})
	count(t, all, breaks)
}

func covers(got, want []int) bool {
	for _, line := range want {
		if !slices.Contains(got, line) {
			return false
		}
	}
	return true
}

// count holds that every lesson has a world in which it fails, and every
// expectation too, those apart that no server can make false.
func count(t *testing.T, all []*lesson.Lesson, breaks map[string][]string) {
	can, cannot := 0, 0
	for _, l := range all {
		fails := false
		for _, s := range l.Steps {
			for i := range s.Do {
				st := &s.Do[i]
				if st.Kind != lesson.Expect {
					continue
				}
				switch c := st.Condition; {
				case len(breaks[fmt.Sprintf("%d:%d", l.Number, st.Line)]) > 0:
					can, fails = can+1, true
				case unbreakable[c.What] != "" || c.Side == "local" || c.What == "marked":
					cannot++
				default:
					t.Errorf("%s:%d: nothing makes it false: %s", l.File, st.Line, st.Text)
				}
			}
		}
		if !fails {
			t.Errorf("%s: no world in which it fails", l.File)
		}
	}
	t.Logf("%d expectations fail where their claim is false; %d are about this program and device", can, cannot)
}

// everyWorld tries each lesson in each world.
func everyWorld(t *testing.T, all []*lesson.Lesson) map[int]map[string][]int {
	table := map[int]map[string][]int{}
	for _, l := range all {
		table[l.Number] = map[string][]int{}
		tried := map[string][]int{}
		for _, world := range worlds() {
			tried[world] = broken(t, l, world)
		}
		table[l.Number] = fewest(tried)
	}
	return table
}

// fewest keeps as few worlds as break all that any breaks: the usual run is kept short.
func fewest(tried map[string][]int) map[string][]int {
	kept, seen := map[string][]int{}, map[int]bool{}
	for {
		best, most := "", 0
		for _, world := range slices.Sorted(maps.Keys(tried)) {
			fresh := 0
			for _, n := range tried[world] {
				if !seen[n] {
					fresh++
				}
			}
			if fresh > most {
				best, most = world, fresh
			}
		}
		if best == "" {
			return kept
		}
		kept[best] = tried[best]
		for _, n := range tried[best] {
			seen[n] = true
		}
	}
}

func writeTable(t *testing.T, all []*lesson.Lesson, table map[int]map[string][]int) {
	var b strings.Builder
	b.WriteString("# lesson, world, and the lines of the page whose expectation fails there.\n# Written by: go test ./retrieval/lesson/stage -run FailsWhere -update\n")
	for _, l := range all {
		for _, world := range slices.Sorted(maps.Keys(table[l.Number])) {
			fmt.Fprintf(&b, "%d %s %s\n", l.Number, world, strings.Trim(fmt.Sprint(table[l.Number][world]), "[]"))
		}
	}
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(brokenTable, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readTable(t *testing.T) map[int]map[string][]int {
	text, err := os.ReadFile(brokenTable)
	if err != nil && !*update {
		t.Fatal(err)
	}
	table := map[int]map[string][]int{}
	for _, line := range strings.Split(string(text), "\n") {
		f := strings.Fields(line)
		if len(f) < 3 || f[0] == "#" {
			continue
		}
		var n, at int
		fmt.Sscan(f[0], &n)
		if table[n] == nil {
			table[n] = map[string][]int{}
		}
		for _, s := range f[2:] {
			fmt.Sscan(s, &at)
			table[n][f[1]] = append(table[n][f[1]], at)
		}
	}
	return table
}
