package config

import (
	"errors"
	"strings"

	"github.com/BurntSushi/toml"
)

// document is a TOML file that was read once for its values and once, line by
// line, for where each key stands: the library tells positions only of syntax
// errors, and a person needs the line of every fault.
type document struct {
	values map[string]any
	keys   []toml.Key
	lines  map[string]int // keyed by lineKey; 1-based
}

// parse reads the text. A syntax error comes back as a Problem with its line.
func parse(text string) (*document, *Problem) {
	d := &document{}
	md, err := toml.Decode(text, &d.values)
	if err != nil {
		p := syntaxProblem(text, err)
		return nil, &p
	}
	d.keys = md.Keys()
	d.lines = locate(text)
	return d, nil
}

// line is where a key was written, or the nearest table above it; 0: nowhere.
func (d *document) line(path ...string) int {
	for n := len(path); n > 0; n-- {
		if l, ok := d.lines[lineKey(path[:n])]; ok {
			return l
		}
	}
	return 0
}

func lineKey(path []string) string { return strings.Join(path, "\x00") }

// locate finds the line of every key in a text that is known to be valid. It
// parses one statement at a time: a statement is the fewest lines that parse
// below the table header in force, so that strings and arrays of several lines,
// quoted and dotted keys and inline tables need no parser of our own.
func locate(text string) map[string]int {
	found := map[string]int{}
	header, statement, start := "", "", 0
	for i, line := range strings.SplitAfter(text, "\n") {
		if statement == "" {
			if blank(line) {
				continue
			}
			start = i + 1
		}
		statement += line
		isHeader := strings.HasPrefix(strings.TrimSpace(statement), "[")
		source := statement
		if !isHeader {
			source = header + statement
		}
		var ignored map[string]any
		md, err := toml.Decode(source, &ignored)
		if err != nil {
			continue // the statement goes on in the next line
		}
		for _, k := range md.Keys() {
			mark(found, k, start)
		}
		if isHeader {
			header = strings.TrimRight(statement, "\r\n") + "\n"
		}
		statement = ""
	}
	return found
}

// mark notes where a key and the tables that it implies were first written.
func mark(found map[string]int, k toml.Key, line int) {
	for n := len(k); n > 0; n-- {
		if _, ok := found[lineKey(k[:n])]; !ok {
			found[lineKey(k[:n])] = line
		}
	}
}

func blank(line string) bool {
	s := strings.TrimSpace(line)
	return s == "" || s[0] == '#'
}

// syntaxProblem turns the library's error into a line and a text. What stands on
// a line that looks like a secret's is not repeated.
func syntaxProblem(text string, err error) Problem {
	var pe toml.ParseError
	if !errors.As(err, &pe) {
		return Problem{Text: strings.TrimPrefix(err.Error(), "toml: ")}
	}
	p := Problem{Line: pe.Position.Line, Text: pe.Message}
	if p.Text == "" {
		_, p.Text, _ = strings.Cut(pe.Error(), ": ")
	}
	lines := strings.Split(text, "\n")
	if p.Line >= 1 && p.Line <= len(lines) && secretive(lines[p.Line-1]) || secretive(pe.LastKey) {
		p.Text = "this line is not valid TOML (a text needs quotes around it)"
	}
	return p
}

// secretive reports whether a line or key is about a password.
func secretive(s string) bool {
	s = strings.ToLower(s)
	return strings.Contains(s, "pass") || strings.Contains(s, "secret") || strings.Contains(s, "token")
}
