package query

import (
	"errors"
	"strings"
	"testing"
	"time"

	"imapop/retrieval"
)

var today = time.Date(2026, 11, 26, 23, 0, 0, 0, time.FixedZone("", 3600))

func TestWhatIsTypedAsSEARCH(t *testing.T) {
	for typed, want := range map[string]string{
		"":                                "ALL",
		"engine":                          `TEXT "engine"`,
		`"analytical engine" unseen`:      `TEXT "analytical engine" UNSEEN`,
		`"unseen"`:                        `TEXT "unseen"`,
		"from:ada subject:notes":          `FROM "ada" SUBJECT "notes"`,
		`FROM:"Ada Lovelace" -flagged`:    `FROM "Ada Lovelace" UNFLAGGED`,
		"-from:ada -unseen":               `NOT FROM "ada" SEEN`,
		"since:2026-11-01 before:1w":      "SINCE 1-Nov-2026 BEFORE 19-Nov-2026",
		"since:7d on:today":               "SINCE 19-Nov-2026 ON 26-Nov-2026",
		"larger:100k smaller:2M":          "LARGER 100000 SMALLER 2000000",
		"keyword:$Work is:unread":         "KEYWORD $Work UNSEEN",
		"body:x to:y cc:z":                `BODY "x" TO "y" CC "z"`,
		"https://example.org 12:30 a-b":   `TEXT "https://example.org" TEXT "12:30" TEXT "a-b"`,
		"draft is:draft read -is:flagged": `TEXT "draft" DRAFT TEXT "read" UNFLAGGED`,
		"grüße":                           `TEXT "grüße"`,
	} {
		q, err := Parse(typed, today)
		if err != nil || q.Command() != want {
			t.Errorf("%s: %s, %v; want %s", typed, q.Command(), err, want)
		}
	}
}

func TestWhatCannotBeUnderstoodIsSaid(t *testing.T) {
	for typed, part := range map[string]string{
		"frm:ada":                    "no key",
		"since:tomorrowish":          "2026-11-26",
		"since:d":                    "a date",
		"larger:many":                "octets",
		"larger:9999M":               "octets",
		"larger:0":                   "octets",
		"from:":                      "follow the colon",
		"from: ada":                  "follow the colon",
		`"open`:                      "closing",
		"- ada":                      "-from:ada",
		`keyword:"a b"`:              "blanks",
		`""`:                         "nothing to look for",
		"is:pink":                    "is: takes",
		strings.Repeat("a ", 30):     "at most",
		strings.Repeat("a", 600):     "longer",
		"a\x1b[31m":                  "no text",
		"on:9999999999999999999999d": "a date",
	} {
		_, err := Parse(typed, today)
		if e := (*Error)(nil); !errors.As(err, &e) || !strings.Contains(err.Error(), part) {
			t.Errorf("%.30q: %v; want %q in it", typed, err, part)
		}
	}
}

func TestMatchSaysWhenItCannotTell(t *testing.T) {
	read := "S"
	header := &retrieval.Header{From: "Ada Lovelace", Address: "ada@example.org", Subject: "Notes on the Engine", Date: time.Date(2026, 11, 20, 23, 59, 0, 0, time.UTC)}
	listed := Message{Octets: 3000}
	looked := Message{Octets: 3000, Header: header}
	copied := Message{Octets: 3000, Header: header, Signs: &read,
		Whole: &Whole{From: "Ada Lovelace <ada@example.org>", To: "alice", Subject: "Notes on the Engine", Header: "X-Loom: Jacquard", Text: "It weaves."}}
	for _, c := range []struct {
		typed                  string
		listed, looked, copied Verdict
	}{
		{"", Yes, Yes, Yes},
		{"larger:2k", Yes, Yes, Yes},
		{"smaller:2k from:ada", No, No, No}, // settled by the size alone
		{"from:ADA", Unknown, Yes, Yes},
		{"from:example.org", Unknown, Yes, Yes},
		{"-from:ada", Unknown, No, No},
		{"engine", Unknown, Yes, Yes},
		{"weaves", Unknown, Unknown, Yes}, // a header cannot show that the text lacks it
		{"-weaves", Unknown, Unknown, No},
		{"body:weaves jacquard", Unknown, Unknown, Yes},
		{"jacquard to:bob", Unknown, Unknown, No},
		{"unseen", Unknown, Unknown, No}, // POP3 has no flags: only a copy has marks
		{"flagged", Unknown, Unknown, No},
		{"keyword:$Work", Unknown, Unknown, Unknown},
		{"since:2026-11-20", Unknown, Yes, Yes},
		{"before:2026-11-20", Unknown, No, No},
		{"on:2026-11-20", Unknown, Yes, Yes},
	} {
		q, err := Parse(c.typed, today)
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range []Message{listed, looked, copied} {
			if got, want := q.Match(m), []Verdict{c.listed, c.looked, c.copied}[i]; got != want {
				t.Errorf("%q on message %d: %d, want %d", c.typed, i, got, want)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`-from:"a b" since:3m larger:2M is:x`)
	f.Add("on:é")
	f.Fuzz(func(t *testing.T, s string) {
		q, err := Parse(s, today)
		if err == nil && (len(q.Terms) > maxTerms || strings.ContainsAny(q.Command(), "\r\n")) {
			t.Errorf("%q: %q", s, q.Command())
		}
	})
}
