package compare

import (
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"imapop/retrieval"
	"imapop/retrieval/safe"
)

func TestReportIsStableJSON(t *testing.T) {
	v := twoSides()
	v.Account, v.At = "alice@demo", now
	v.IMAP.Folders = []retrieval.Folder{{Name: "INBOX", Counted: true, Messages: 3}, {Name: "Böxen", NoSelect: true}}
	v.Rows = append(v.Rows, retrieval.Row{UID: 44, Hole: retrieval.HoleArrived})
	out, err := json.Marshal(BuildReport(v))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"schema":"imapop.compare/1"`, `"account":"alice@demo"`, `"uidvalidity":1795486864`, `"name":"Böxen","selectable":false}`,
		`"imap":{"uid":41,"flags":["\\Answered","\\Seen","$Forwarded"],"octets":1000}`, `"certainty":"unique-id"`,
		`{"imap":{"uid":44,"flags":null,"octets":null},"pop3":null,"hole":"arrived after this POP3 session's snapshot"}`,
		`"messages":3,"unseen":0`, `"leave_on_server":"keep"`, `"paired":3`,
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%s is not in %s", want, out)
		}
	}
	var back Report
	if err := json.Unmarshal(out, &back); err != nil || len(back.Messages) != 4 || back.Messages[3].POP3 != nil {
		t.Errorf("%v, %+v", err, back)
	}
	for _, empty := range []string{`"capabilities":null`, `"folders":null`, `"messages":null`, `"differences":null`} {
		if out, _ := json.Marshal(BuildReport(&retrieval.View{})); strings.Contains(string(out), empty) {
			t.Errorf("%s", empty)
		}
	}
}

// Every field of the report is in its documentation, and nothing else is.
func TestReportIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/compare-json.md")
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]bool{}
	tags(reflect.TypeFor[Report](), fields)
	documented := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_0-9]+)` ").FindAllStringSubmatch(string(doc), -1) {
		documented[m[1]] = true
	}
	for f := range fields {
		if !documented[f] {
			t.Errorf("field %q is not documented", f)
		}
	}
	for f := range documented {
		if !fields[f] {
			t.Errorf("documented field %q does not exist", f)
		}
	}
	if !strings.Contains(string(doc), ReportSchema) {
		t.Error("the schema is not named")
	}
}

func tags(t reflect.Type, into map[string]bool) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t.PkgPath() != reflect.TypeFor[Report]().PkgPath() {
		return
	}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		into[name] = true
		tags(t.Field(i).Type, into)
	}
}

func TestReportText(t *testing.T) {
	v := twoSides()
	v.Account, v.At = "alice@demo", now
	text := BuildReport(v).Text(100)
	for _, want := range []string{"alice@demo", "3 paired, 0 only IMAP, 0 only POP3", "unique-id", "TRANSACTION", "difference"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

func FuzzForeignText(f *testing.F) {
	f.Add("\x1b[31m", 80)
	f.Add("a\r\nb\u202e", 20)
	f.Add("山田 太郎 e\u0301", 61)
	f.Fuzz(func(t *testing.T, s string, width int) {
		v := twoSides()
		v.Account, v.Policy, v.IMAP.Mailbox.Name, v.IMAP.Revision = s, s, s, s
		v.IMAP.Caps, v.POP3.Caps = []string{s}, []string{s, "EXPIRE " + s, "LOGIN-DELAY " + s}
		v.IMAP.Folders = []retrieval.Folder{{Name: s}}
		v.IMAP.Problem = &retrieval.Problem{What: s, Why: s}
		h := retrieval.Header{From: s, Subject: s, MessageID: s}
		v.Rows[0].Message.Header, v.Rows[0].Message.Flags = h, []string{s}
		v.Rows[1].Entry.Header, v.Rows[1].Entry.UniqueID = &h, s
		width %= 300
		for _, line := range strings.Split(BuildReport(v).Text(width), "\n") {
			clean(t, line)
			limit := 80
			if width > 0 {
				limit = max(width, leastWidth)
			}
			if safe.Width(line) > limit {
				t.Fatalf("%d columns of %d: %q", safe.Width(line), limit, line)
			}
		}
		for i := range v.Rows {
			for _, a := range Explain(v, i, now) {
				clean(t, a.IMAP.Text)
				clean(t, a.POP3.Text)
			}
		}
		if _, err := json.Marshal(BuildReport(v)); err != nil {
			t.Fatal(err)
		}
	})
}
