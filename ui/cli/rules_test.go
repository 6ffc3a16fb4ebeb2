package cli

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

type pkg struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

// packages lists the program's own packages with what they import.
func packages(t *testing.T) map[string]pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", "imapop/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	all := map[string]pkg{}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all[p.ImportPath] = p
	}
}

func room(path string) string {
	path = strings.TrimPrefix(path, "imapop/")
	return strings.SplitN(path, "/", 2)[0]
}

// TestImportsRunOneWay holds the house's rule: main → ui → retrieval → account, config → account.
func TestImportsRunOneWay(t *testing.T) {
	may := map[string]string{
		"imapop":    "ui",
		"ui":        "ui retrieval account config docs",
		"retrieval": "retrieval account",
		"config":    "config account",
		"account":   "account",
		"docs":      "",
	}
	for path, p := range packages(t) {
		allowed, known := may[room(path)]
		if !known {
			t.Errorf("%s is in no room of the house", path)
		}
		for _, imp := range p.Imports {
			if strings.HasPrefix(imp, "imapop/") && !strings.Contains(" "+allowed+" ", " "+room(imp)+" ") {
				t.Errorf("%s imports %s; it may import only: %s", path, imp, allowed)
			}
		}
	}
}

// TestScreensSeeOnlyPlainPackages keeps sockets, files of mail and servers out
// of the screens, however deep: only ui/cli wires.
func TestScreensSeeOnlyPlainPackages(t *testing.T) {
	plain := map[string]bool{
		"imapop/account": true, "imapop/account/draft": true, "imapop/retrieval": true,
		"imapop/retrieval/check": true, "imapop/retrieval/compare": true, "imapop/retrieval/plan": true, "imapop/retrieval/query": true, "imapop/retrieval/safe": true, "imapop/retrieval/lesson": true, "imapop/retrieval/choose": true, "imapop/retrieval/mime": true,
	}
	for path, p := range packages(t) {
		if room(path) != "ui" || strings.HasPrefix(path, "imapop/ui/cli") {
			continue
		}
		for _, dep := range p.Deps {
			if strings.HasPrefix(dep, "imapop/") && room(dep) != "ui" && !plain[dep] {
				t.Errorf("%s depends on %s, which is not plain", path, dep)
			}
		}
	}
}

// TestPlainPackagesAreFree keeps network, files and processes out of the rules.
func TestPlainPackagesAreFree(t *testing.T) {
	for _, path := range []string{"imapop/retrieval", "imapop/retrieval/check", "imapop/retrieval/choose", "imapop/retrieval/lesson", "imapop/retrieval/compare", "imapop/retrieval/plan", "imapop/retrieval/query", "imapop/retrieval/safe"} {
		for _, imp := range packages(t)[path].Imports {
			if imp == "net" || imp == "os" || imp == "os/exec" || strings.HasPrefix(imp, "github.com/emersion") {
				t.Errorf("%s imports %s", path, imp)
			}
		}
	}
	for _, imp := range packages(t)["imapop/retrieval/mime"].Imports { // go-message parses; it opens nothing
		if imp == "net" || imp == "net/http" || imp == "os" || imp == "os/exec" || imp == "time/tzdata" {
			t.Errorf("imapop/retrieval/mime imports %s", imp)
		}
	}
}
