package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testName = regexp.MustCompile(`\bTest[A-Z]\w*`)
	testFunc = regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)
)

// testsBelow lists every test function of the source tree.
func testsBelow(t *testing.T, root string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		for _, m := range testFunc.FindAllStringSubmatch(string(b), -1) {
			names[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// The behaviour table claims nothing that no test holds.
func TestBehaviourTableNamesTests(t *testing.T) {
	b, err := os.ReadFile("../../docs/behaviour.md")
	if err != nil {
		t.Fatal(err)
	}
	there := testsBelow(t, "../..")
	points := strings.Split(string(b), "\n## ")[1:]
	numbered := 0
	for _, p := range points {
		title, _, _ := strings.Cut(p, "\n")
		if title[0] < '0' || title[0] > '9' {
			continue // what the lessons observed is held by retrieval/lesson/stage
		}
		numbered++
		_, held, found := strings.Cut(p, "\n| held by |")
		if !found || len(testName.FindAllString(held, -1)) == 0 {
			t.Errorf("no test holds %q", title)
		}
	}
	if numbered != 22 {
		t.Errorf("%d points", numbered)
	}
	for _, name := range testName.FindAllString(string(b), -1) {
		if !there[name] {
			t.Errorf("there is no test %s", name)
		}
	}
}

// The points that are held on the real servers are all in the table.
func TestBehaviourTableIsWhole(t *testing.T) {
	b, err := os.ReadFile("../../docs/behaviour.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range testsBelow(t, "../../retrieval/live") {
		if strings.HasPrefix(name, "TestServers") && !strings.Contains(string(b), name) {
			t.Errorf("%s is not in the table", name)
		}
	}
}
