package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// table is one TOML table and where it stands.
type table struct {
	d      *decoder
	path   []string
	values map[string]any
}

// problem tells a fault of a key; "" is the table itself. The key's name leads the text.
func (t table) problem(key, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	at := t.path
	if key != "" {
		text = key + ": " + text
		at = append(slices.Clone(t.path), key)
	}
	t.d.problem(text, at...)
}

// name is the table as its header spells it.
func (t table) name() string {
	return "[" + toml.Key(t.path).String() + "]"
}

// place is the name with its preposition.
func (t table) place() string {
	if len(t.path) == 0 {
		return "at the top of the file"
	}
	return "in " + t.name()
}

// known tells every key that the table does not have, with the nearest one it has.
func (t table) known(keys []string) {
	for k := range t.values {
		if slices.Contains(keys, k) {
			continue
		}
		text := fmt.Sprintf("unknown key %q %s", k, t.place())
		switch near := nearest(k, keys); {
		case near != "":
			text += fmt.Sprintf("; did you mean %q?", near)
		default:
			text += elsewhere(k, keys)
		}
		t.d.problem(text, append(slices.Clone(t.path), k)...)
	}
}

// elsewhere says where a key belongs that stands in the wrong table, or what the
// table takes.
func elsewhere(k string, keys []string) string {
	switch {
	case slices.Contains(accountKeys, k):
		return "; it belongs in [accounts.NAME]"
	case slices.Contains(endpointKeys, k):
		return "; it belongs in [accounts.NAME.imap], .pop3 or .submission"
	case slices.Contains(oauthKeys, k):
		return "; it belongs in [accounts.NAME.oauth]"
	case slices.Contains(rootKeys, k):
		return "; it belongs at the top of the file"
	}
	return "; known here: " + strings.Join(keys, ", ")
}

// str reads a text; false when the key is absent or not a text.
func (t table) str(key string, to *string) bool {
	v, ok := t.values[key]
	if !ok {
		return false
	}
	s, ok := v.(string)
	if !ok {
		t.problem(key, "expected a text in quotes, found %s", kind(v))
		return false
	}
	*to = s
	return true
}

func (t table) boolean(key string, to *bool) {
	v, ok := t.values[key]
	if !ok {
		return
	}
	if *to, ok = v.(bool); !ok {
		t.problem(key, "expected true or false, found %s", kind(v))
	}
}

// strs reads a list of texts, or a single text as a list of one.
func (t table) strs(key string) []string {
	v, ok := t.values[key]
	if !ok {
		return nil
	}
	items, ok := v.([]any)
	if !ok {
		items = []any{v}
	}
	var list []string
	for _, item := range items {
		s, ok := item.(string)
		if !ok {
			t.problem(key, "expected a list of texts in quotes, found %s", kind(item))
			return nil
		}
		list = append(list, s)
	}
	if len(list) == 0 {
		t.problem(key, "the list is empty; leave it out instead")
	}
	return list
}

// sub enters a table below this one.
func (t table) sub(key string) (table, bool) {
	v, ok := t.values[key]
	if !ok {
		return table{}, false
	}
	m, ok := v.(map[string]any)
	if !ok {
		t.problem(key, "expected a table [%s], found %s", toml.Key(append(slices.Clone(t.path), key)), kind(v))
		return table{}, false
	}
	return table{d: t.d, path: append(slices.Clone(t.path), key), values: m}, true
}

// file reads a path; absent leaves what is there.
func (t table) file(key string, to *string) {
	var s string
	if !t.str(key, &s) {
		return
	}
	if s == "" || strings.ContainsRune(s, 0) {
		t.problem(key, "%q is not a path", s)
		return
	}
	p, err := t.d.expand(s)
	if err != nil {
		t.problem(key, "%v", err)
		return
	}
	*to = p
}

// kind names a TOML value's type for a person.
func kind(v any) string {
	switch v.(type) {
	case string:
		return "a text"
	case bool:
		return "true or false"
	case int64, float64:
		return "a number"
	case []any, []map[string]any:
		return "a list"
	case map[string]any:
		return "a table"
	case time.Time:
		return "a date"
	}
	return fmt.Sprintf("%T", v)
}
