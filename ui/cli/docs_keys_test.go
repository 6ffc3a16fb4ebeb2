package cli

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/charmbracelet/bubbles/key"

	"imapop/account/sandbox"
	"imapop/retrieval"
	"imapop/ui/checkup"
	"imapop/ui/choose"
	"imapop/ui/compare"
	"imapop/ui/compose"
	"imapop/ui/lesson"
	"imapop/ui/reader"
	"imapop/ui/transcript"
)

// docs is where the documentation is, seen from this package.
const docs = "../../docs"

func page(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// section is the text below a heading of level two, up to the next one.
func section(t *testing.T, text, heading string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, "\n## "+heading+"\n")
	if !found {
		t.Fatalf("no section %q", heading)
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	return rest
}

// TestKeysPage holds that docs/keys.md has a row for every binding of every
// screen, with its key, its help and all that the terminal may send for it, and
// no row for a key that is not there.
func TestKeysPage(t *testing.T) {
	text := page(t, filepath.Join(docs, "keys.md"))
	for heading, keys := range map[string]any{
		"The main screen": compare.Keys(), "Reading a message": reader.Keys(), "The wire": transcript.Keys(), "The account": checkup.Keys(), "The lessons": lesson.Keys(), "IMAP or POP3?": choose.Keys(), "Writing": compose.Keys(),
	} {
		rows := keyRows(section(t, text, heading))
		for name, b := range bindings(keys) {
			id := "`" + b.Help().Key + "` " + b.Help().Desc
			if want, got := strings.Join(sent(b), " "), rows[id]; got != want {
				t.Errorf("%s: %s: the page has %q for %s, the program %q", heading, name, got, id, want)
			}
			delete(rows, id)
		}
		for id := range rows {
			t.Errorf("%s: the page has a row for %s, the program no such key", heading, id)
		}
	}
}

// keyRows maps "`key` help" to the third column.
func keyRows(section string) map[string]string {
	rows := map[string]string{}
	for _, line := range strings.Split(section, "\n") {
		cells := strings.Split(line, " | ")
		if len(cells) < 4 || !strings.HasPrefix(line, "| `") {
			continue
		}
		rows[strings.TrimPrefix(cells[0], "| ")+" "+cells[1]] = cells[2]
	}
	return rows
}

// bindings are the fields of a KeyMap, by name.
func bindings(keys any) map[string]key.Binding {
	out := map[string]key.Binding{}
	v := reflect.ValueOf(keys)
	for i := range v.NumField() {
		out[v.Type().Field(i).Name] = v.Field(i).Interface().(key.Binding)
	}
	return out
}

func sent(b key.Binding) []string {
	var out []string
	for _, k := range b.Keys() {
		if k == " " {
			k = "space"
		}
		out = append(out, "`"+k+"`")
	}
	return out
}

var linkPattern = regexp.MustCompile(`\]\(([^)#\s]+)(#[^)\s]*)?\)`)

// TestLinks holds that every relative link of the README and the pages leads to
// a file of the repository.
func TestLinks(t *testing.T) {
	pages, err := filepath.Glob(docs + "/*.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, p := range append(pages, "../../README.md") {
		for _, m := range linkPattern.FindAllStringSubmatch(page(t, p), -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			seen++
			if _, err := os.Stat(filepath.Join(filepath.Dir(p), m[1])); err != nil {
				t.Errorf("%s: the link %s leads nowhere", p, m[1])
			}
		}
	}
	if seen == 0 {
		t.Error("no link was found; is the pattern right?")
	}
}

// TestRooms holds that the page of the architecture names every room, and none
// that there is not.
func TestRooms(t *testing.T) {
	text := page(t, docs+"/architecture.md")
	named := make(map[string]bool)
	for _, m := range regexp.MustCompile("`((?:account|config|retrieval|ui)(?:/[a-z0-9]+)*)`").FindAllStringSubmatch(text, -1) {
		named[m[1]] = true
	}
	there := make(map[string]bool)
	for _, top := range []string{"account", "config", "retrieval", "ui"} {
		if err := filepath.WalkDir("../../"+top, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
				there[strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "../../")] = true
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	for room := range there {
		if !named[room] {
			t.Errorf("%s is not named", room)
		}
	}
	for room := range named {
		if !there[room] {
			t.Errorf("%s is named and is not there", room)
		}
	}
}

var inlinePattern = regexp.MustCompile("`(imapop [^`\n]+)`")

// commandLines are the imapop command lines of a page: those in blocks of shell,
// without prompts, comments and what a shell does with them, and those in backticks.
func commandLines(text string) []string {
	var out []string
	shell := false
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "```") {
			shell = line == "```sh"
			continue
		}
		line = strings.TrimPrefix(strings.TrimSpace(line), "$ ")
		if !shell || line != "imapop" && !strings.HasPrefix(line, "imapop ") {
			continue
		}
		for _, end := range []string{" #", " | ", " > ", " &", ")", " \\"} {
			line, _, _ = strings.Cut(line, end)
		}
		out = append(out, line)
	}
	for _, m := range inlinePattern.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

// TestCommandLines holds that every imapop command line of the README and the
// guide names commands and flags that exist.
func TestCommandLines(t *testing.T) {
	for _, p := range []string{"../../README.md", docs + "/guide.md"} {
		lines := commandLines(page(t, p))
		if len(lines) == 0 {
			t.Errorf("%s: no command line was found", p)
		}
		for _, line := range lines {
			if err := checkLine(line); err != nil {
				t.Errorf("%s: %s: %v", p, line, err)
			}
		}
	}
}

// checkLine parses a command line as the program would, and runs nothing.
func checkLine(line string) error {
	root := newRoot(&options{streams: Streams{Out: io.Discard, Err: io.Discard}, version: "test"})
	root.InitDefaultCompletionCmd()
	cmd, rest, err := root.Find(strings.Fields(line)[1:])
	if err != nil {
		return err
	}
	cmd.InitDefaultHelpFlag()
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

func TestCheckLineCanFail(t *testing.T) {
	for _, line := range []string{"imapop sandbx", "imapop compare --jsn", "imapop sandbox --imap-port x", "imapop version now"} {
		if checkLine(line) == nil {
			t.Errorf("%q passes", line)
		}
	}
}

// TestHoles holds that the guide names every reason for a hole.
func TestHoles(t *testing.T) {
	text := page(t, filepath.Join(docs, "guide.md"))
	for _, h := range []retrieval.Hole{retrieval.HoleArrived, retrieval.HoleGone, retrieval.HoleFolder, retrieval.HoleHidden,
		retrieval.HoleUnpaired, retrieval.HoleNoSession, retrieval.HolePending} {
		if !strings.Contains(text, "`"+string(h)+"`") {
			t.Errorf("docs/guide.md does not name the hole %q", h)
		}
	}
}

// TestPolicyTable holds that the guide's table is what the demo server has:
// every policy, its values, the default first said, and whom it imitates.
func TestPolicyTable(t *testing.T) {
	text := page(t, filepath.Join(docs, "guide.md"))
	for _, p := range sandbox.PolicyNames() {
		values := "a duration"
		if p.Values != nil {
			values = "`" + strings.Join(p.Values, "` `") + "`"
		}
		row := "| `" + p.Name + "` | " + values + " | `" + p.Default + "` | " + p.Effect + " | " + p.Imitates + " |"
		if !strings.Contains(text, "\n"+row+"\n") {
			t.Errorf("docs/guide.md lacks the row\n%s", row)
		}
	}
}
