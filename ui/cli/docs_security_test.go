package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	heldName = regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w*`)
	heldFunc = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\([tf] \*testing\.[TF]\)`)
)

// TestSecurityTableNamesTests holds that docs/security.md claims nothing that no test holds.
func TestSecurityTableNamesTests(t *testing.T) {
	b, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, room := range []string{"account", "config", "retrieval", "ui"} {
		err := filepath.WalkDir(filepath.Join("../..", room), func(path string, _ os.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			code, err := os.ReadFile(path)
			for _, m := range heldFunc.FindAllStringSubmatch(string(code), -1) {
				there[m[1]] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range heldName.FindAllString(string(b), -1) {
		if !there[name] {
			t.Errorf("there is no %s", name)
		}
	}
	rows := 0
	for _, line := range strings.Split(string(b), "\n") {
		cells := strings.Split(line, " | ")
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| ---") || strings.HasPrefix(line, "| what is tried") {
			continue
		}
		rows++
		if len(cells) != 3 || !heldName.MatchString(cells[2]) {
			t.Errorf("no test holds %q", cells[0])
		}
	}
	if rows < 25 {
		t.Errorf("only %d rows", rows)
	}
}
